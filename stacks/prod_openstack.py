"""Production on OpenStack: the stack makes everything, and its management cluster manages itself.

Staging differs: it makes no network and no management cluster.
"""

from __future__ import annotations

from stacks.environment import Environment
from stacks.settings import Stack
from stacks.settings.stack import ManagementMode

MODE = ManagementMode.SELF_MANAGED


def compose(stack: str, settings: Stack) -> None:
    """Registers the stack, part by part."""
    here = Environment(stack, settings)
    foundation = here.foundation()  # network, groups, credentials, containers, DNS zone
    shared = [*here.credentials(foundation), *here.cluster_class()]
    # The plane that bootstraps the management cluster has no add-on provider: nothing waits for it.
    here.cloud_integrations()  # cloud controller manager, Cinder
    here.addons()  # network, ingress, metrics, logs, backups of every workload cluster
    clusters = here.clusters(foundation, after=shared)
    here.autoscalers(clusters)
    here.tenants()
    here.etcd_snapshots()
    here.management_cluster()  # its add-ons, and Cluster API in it
    here.apps(clusters)  # applications of tenants, by Flux
