"""Clusters of the embedded plane: `local`, and every stack with `management.mode: embedded`.

No pods run on the plane, so there are neither add-ons nor autoscalers.
"""

from __future__ import annotations

from stacks.environment import Environment
from stacks.settings import Stack
from stacks.settings.stack import ManagementMode

MODE = ManagementMode.EMBEDDED


def compose(stack: str, settings: Stack) -> None:
    """Registers the stack, part by part."""
    here = Environment(stack, settings)
    foundation = here.foundation()
    shared = [*here.credentials(foundation), *here.cluster_class()]
    here.clusters(foundation, after=shared)
    here.etcd_snapshots()
