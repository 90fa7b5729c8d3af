"""Rules about what machines know of registries."""

from __future__ import annotations

from collections.abc import Iterator

from components.cluster.settings import Cluster
from components.finding import Finding
from components.registry.hosts import Registries


def check(settings: Registries) -> Iterator[Finding]:
    """DUPLICATE_REGISTRY_HOST, EMPTY_REGISTRY_HOST; of the stack."""
    for finding in settings.check():
        yield finding.below("registries")


def check_cluster(cluster: Cluster) -> Iterator[Finding]:
    """The same, of a cluster that has its own."""
    if cluster.registries:
        yield from check(cluster.registries)
