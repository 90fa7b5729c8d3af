"""A cluster of real nodes on one machine: containers of Docker, with all that production has."""

from __future__ import annotations

from stacks.environment import Environment
from stacks.settings import Stack
from stacks.settings.stack import ManagementMode

MODE = ManagementMode.EMBEDDED


def compose(stack: str, settings: Stack) -> None:
    """Registers the stack, part by part."""
    here = Environment(stack, settings)
    shared = here.cluster_class()
    shared += here.addons()  # the plane runs the add-on provider that installs them
    here.clusters(None, after=shared)
    here.etcd_snapshots()
