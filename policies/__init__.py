"""Rules that must hold before resources are created, for the pulumi CLI and for checks without
it."""

from policies.configuration import Configuration
from policies.run import Recorded, Violation, check

__all__ = ["Configuration", "Recorded", "Violation", "check"]
