"""The folder of a stack's state on this machine."""

from __future__ import annotations

import os
import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def project_name() -> str:
    """The name of the Pulumi project, out of `Pulumi.yaml` of the checkout."""
    found = re.search(r"^name: *[\"']?([\w.-]+)", (CHECKOUT / "Pulumi.yaml").read_text(), re.M)
    return found[1] if found else CHECKOUT.name


def state_directory(stack: str) -> Path:
    """The folder of one stack's state: $CAAS_STATE/<stack>, or .caas/<stack> in the checkout.

    It is not created. `stack` is the short name, `local`.
    """
    own = os.environ.get("CAAS_STATE")
    root = Path.cwd() / Path(own).expanduser() if own else CHECKOUT / ".caas"
    return root / stack


def stack_file(stack: str) -> Path:
    """The stack file of `stack`, `stacks/Pulumi.<stack>.yaml`; it need not exist."""
    own = os.environ.get("CAAS_STACKS")
    root = Path.cwd() / Path(own).expanduser() if own else CHECKOUT / "stacks"
    return root / f"Pulumi.{stack}.yaml"


def has_module(stack: str) -> bool:
    """True if `stacks/` has a module with the stack's name, usually its composition."""
    return (CHECKOUT / "stacks" / f"{stack.replace('-', '_')}.py").exists() or stack == "settings"
