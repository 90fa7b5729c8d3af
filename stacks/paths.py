"""Where a stack keeps its state on this machine."""

from __future__ import annotations

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


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
