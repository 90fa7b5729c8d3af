"""Staging: clusters of a management cluster that is there, on the network of a data centre.

The composition of `dev` too, and of every stack with `management.mode: existing`. Production
differs: it makes its network, and a management cluster that it hands itself over to.
"""

from __future__ import annotations

from stacks.environment import Environment
from stacks.settings import Stack
from stacks.settings.stack import ManagementMode

MODE = ManagementMode.EXISTING


def compose(stack: str, settings: Stack) -> None:
    """Registers the stack, part by part."""
    here = Environment(stack, settings)
    foundation = here.foundation()  # groups of machines; the network and credentials are there
    shared = [*here.credentials(foundation), *here.cluster_class()]
    shared += here.cloud_integrations()  # cloud controller manager and volumes
    shared += here.addons()  # network, ingress, metrics, logs of every cluster
    clusters = here.clusters(foundation, after=shared)
    here.autoscalers(clusters)
    here.tenants()
    here.etcd_snapshots()
    here.addons_of_management()
    here.apps(clusters)  # applications of tenants, by Flux
