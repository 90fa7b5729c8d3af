"""Names that are known before anything is made, so that templates can hold them.

Everything that the foundation makes is called after the stack. A server group's name says whose
it is and how it places machines: another placement is another group, and thus other machines.
"""

from __future__ import annotations

from collections.abc import Mapping

from components.cluster.machine import Placement
from components.cluster.settings import Cluster

POLICIES: Mapping[Placement, str] = {
    Placement.SPREAD: "soft-anti-affinity",
    Placement.STRICT_SPREAD: "anti-affinity",
    Placement.PACK: "soft-affinity",
}
"""Nova's policy for each placement; `any` needs no group."""

CREDENTIALS = "openstack-credentials"
"""The Secret with `clouds.yaml` for Cluster API's provider."""
CLUSTER_CLOUD_CONFIG = "openstack-cloud-config"
"""The Secret on the management cluster that holds the clusters' own Secret."""
CLOUD = "openstack"
"""The cloud's name in every `clouds.yaml` that the foundation writes."""
SECRET_OF_CLUSTERS = "cloud-config"  # noqa: S105 - a name
"""The Secret in `kube-system` of every cluster that the cloud controller manager and CSI read."""

CONTAINERS = ("etcd-backups", "logs", "registry")


def control_plane_group(stack: str, cluster: str, placement: str) -> str:
    """The server group of a control plane; dots keep names of clusters and pools apart."""
    return f"{stack}.{cluster}.control-plane.{placement}"


def pool_group(stack: str, cluster: str, pool: str, placement: str) -> str:
    """The server group of a worker pool."""
    return f"{stack}.{cluster}.pool.{pool}.{placement}"


def server_groups(stack: str, cluster: Cluster) -> dict[str, Placement]:
    """The server groups that a cluster asks for, by name."""
    wanted = cluster.control_plane.machine.placement
    groups = {control_plane_group(stack, cluster.name, wanted): wanted}
    for pool in cluster.worker_pools:
        wanted = pool.machine.placement
        groups[pool_group(stack, cluster.name, pool.name, wanted)] = wanted
    return {name: placement for name, placement in groups.items() if placement in POLICIES}
