"""Rules between the values of a stack file.

Each rule is a generator of findings over settings that are already valid one by one. `check` runs
all of them over whatever part of a stack could be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from packaging.version import Version

from components.addons import Addons
from components.cluster.settings import Cluster
from components.finding import Finding
from components.infrastructure.interface import Infrastructure, Placed
from stacks.settings.rules import (
    addons,
    arguments,
    balancing,
    control_plane,
    machines,
    management,
    names,
    network,
    pools,
    registries,
    releases,
    routing,
)
from stacks.settings.stack import Management

__all__ = ["Finding", "check", "check_infrastructure", "registries"]

EACH_CLUSTER = (
    arguments.check,
    control_plane.check,
    machines.check,
    names.check_pools,
    network.check,
    pools.check,
    registries.check_cluster,
)


def check(
    clusters: Sequence[tuple[int, Cluster]], listed: Sequence[Version], known: Sequence[Version]
) -> Iterator[Finding]:
    """Everything that is wrong between the values of a stack.

    Args:
        clusters: with their positions in `clusters:`.
        listed: `kubernetesVersions`.
        known: the Kubernetes releases of the catalog.
    """
    yield from names.check_clusters(clusters)
    yield from releases.check(clusters, listed, known)
    yield from routing.check(clusters)
    for index, cluster in clusters:
        for rule in EACH_CLUSTER:
            for finding in rule(cluster):
                yield finding.below("clusters", index)


def check_infrastructure(
    infrastructure: Infrastructure,
    clusters: Sequence[tuple[int, Cluster]],
    where: Management,
    installed: Addons,
) -> Iterator[Finding]:
    """Everything that is wrong between the infrastructure, the clusters and their management.

    Args:
        infrastructure: valid by itself.
        clusters: with their positions in `clusters:`.
        where: the management cluster's settings.
        installed: the stack's add-ons.
    """
    placed: list[Placed] = [(("clusters", index), cluster) for index, cluster in clusters]
    if where.cluster:
        placed.append((("management", "cluster"), where.cluster))
        for rule in EACH_CLUSTER:
            for finding in rule(where.cluster):
                yield finding.below("management", "cluster")
    yield from management.check(where, infrastructure)
    for place, cluster in placed:
        for finding in pools.check_infrastructure(infrastructure, cluster):
            yield finding.below(*place)
    yield from control_plane.check_infrastructure(infrastructure, placed)
    yield from infrastructure.check(placed)
    yield from addons.check(installed, placed, infrastructure, where)
    yield from balancing.check(installed, placed, infrastructure)
