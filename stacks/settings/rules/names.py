"""Names are unique: clusters in a stack, pools in a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.cluster.settings import Cluster
from components.finding import Finding
from errors import stack_rules


def check_clusters(clusters: Sequence[tuple[int, Cluster]]) -> Iterator[Finding]:
    """DUPLICATE_CLUSTER."""
    first: dict[str, int] = {}
    for index, cluster in clusters:
        other = first.setdefault(cluster.name, index)
        if other != index:
            yield Finding(
                stack_rules.DUPLICATE_CLUSTER,
                ("clusters", index, "name"),
                f"there is already a cluster `{cluster.name}`",
                why=f"clusters[{other}]",
            )


def check_pools(cluster: Cluster) -> Iterator[Finding]:
    """DUPLICATE_POOL."""
    first: dict[str, int] = {}
    for index, pool in enumerate(cluster.worker_pools):
        other = first.setdefault(pool.name, index)
        if other != index:
            yield Finding(
                stack_rules.DUPLICATE_POOL,
                ("workerPools", index, "name"),
                f"the cluster `{cluster.name}` already has a pool `{pool.name}`",
                why=f"workerPools[{other}]",
            )
