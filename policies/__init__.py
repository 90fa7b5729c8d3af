"""What a cluster must be before it is made: rules for the pulumi CLI and for checks without it."""

from policies.run import Recorded, Violation, check

__all__ = ["Recorded", "Violation", "check"]
