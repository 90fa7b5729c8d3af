"""Rules between the values of one cluster, and between it and its infrastructure."""

from __future__ import annotations

from collections.abc import Iterator

from components.cluster.rules import (
    arguments,
    control_plane,
    known_names,
    machines,
    names,
    network,
    pools,
    registries,
)
from components.cluster.settings import Cluster
from components.finding import Finding
from components.infrastructure.interface import Infrastructure

EACH_CLUSTER = (
    arguments.check,
    control_plane.check,
    known_names.check,
    machines.check,
    names.check_pools,
    network.check,
    pools.check,
    registries.check_cluster,
)
"""Rules of a cluster by itself; paths of their findings begin at its settings."""


def check_cluster(cluster: Cluster, infrastructure: Infrastructure) -> Iterator[Finding]:
    """The problems of a cluster alone on its infrastructure; paths begin at its settings."""
    for rule in EACH_CLUSTER:
        yield from rule(cluster)
    placed = [((), cluster)]
    yield from pools.check_infrastructure(infrastructure, cluster)
    yield from control_plane.check_infrastructure(infrastructure, placed)
    yield from infrastructure.check(placed)
