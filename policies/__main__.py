"""The policy pack of the pulumi CLI: `pulumi preview --policy-pack policies`."""

import sys
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pulumi_policy import PolicyPack

from policies.rules import policies

PolicyPack("caas", policies(on=date.today()))
