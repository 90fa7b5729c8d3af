"""Rules between the values of a stack file.

Each rule is a generator of findings over settings that are already valid one by one. `check` runs
all of them over whatever part of a stack could be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from packaging.version import Version

from components.cluster.settings import Cluster
from stacks.settings.rules import arguments, machines, names, network, releases, routing
from stacks.settings.rules.finding import Finding

__all__ = ["Finding", "check"]

EACH_CLUSTER = (arguments.check, machines.check, names.check_pools, network.check)


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
