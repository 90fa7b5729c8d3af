"""Names are unique: clusters in a stack, pools in a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from components.cluster.settings import Cluster
from components.finding import Finding
from errors import stack_rules


def check_clusters(clusters: Sequence[tuple[int, Cluster]]) -> Iterator[Finding]:
    """DUPLICATE_CLUSTER."""
    for index, name, first in repeated((index, cluster.name) for index, cluster in clusters):
        yield Finding(
            stack_rules.DUPLICATE_CLUSTER,
            ("clusters", index, "name"),
            f"there is already a cluster `{name}`",
            why=f"clusters[{first}]",
        )


def check_pools(cluster: Cluster) -> Iterator[Finding]:
    """DUPLICATE_POOL."""
    for index, name, first in repeated(enumerate(pool.name for pool in cluster.worker_pools)):
        yield Finding(
            stack_rules.DUPLICATE_POOL,
            ("workerPools", index, "name"),
            f"the cluster `{cluster.name}` already has a pool `{name}`",
            why=f"workerPools[{first}]",
        )


def repeated(names: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str, int]]:
    """Names that were there before: the position, the name, and where it stood first."""
    first: dict[str, int] = {}
    for index, name in names:
        if (other := first.setdefault(name, index)) != index:
            yield index, name, other
