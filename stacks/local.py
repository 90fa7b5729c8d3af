"""Clusters of the embedded plane: `local`, and every stack with `management.mode: embedded`.

Machines in containers get their add-ons; others of the plane get none. Autoscalers are pods of a
management cluster, and none run on the plane.
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
    if settings.infrastructure.IN_CONTAINERS:
        shared += here.addons()
    here.clusters(foundation, after=shared)
    here.etcd_snapshots()
