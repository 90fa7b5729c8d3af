"""Rules between the values of a stack file.

Each rule is a generator of findings over settings that are already valid one by one. `check` runs
all of them over whatever part of a stack could be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from packaging.version import Version

from components.cluster.rules import EACH_CLUSTER, control_plane, names, pools, registries
from components.delivery.mirror import Mirror
from components.finding import Finding
from components.infrastructure.interface import Infrastructure
from components.placeholders import CLUSTER, unfilled
from errors.layers import PLACEHOLDER_NOT_FILLED
from stacks.settings.addons import Addons, ClusterSettings, PlacedSettings
from stacks.settings.rules import addons, balancing, management, releases, routing
from stacks.settings.stack import Management

__all__ = ["Finding", "check", "check_infrastructure", "check_placeholders", "registries"]


def check(
    clusters: Sequence[tuple[int, ClusterSettings]],
    listed: Sequence[Version],
    known: Sequence[Version],
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
    clusters: Sequence[tuple[int, ClusterSettings]],
    where: Management,
    installed: Addons,
    mirror: Mirror | None = None,
) -> Iterator[Finding]:
    """Everything that is wrong between the infrastructure, the clusters and their management.

    Args:
        infrastructure: valid by itself.
        clusters: with their positions in `clusters:`.
        where: the management cluster's settings.
        installed: the stack's add-ons.
        mirror: the stack's mirror of charts and images.
    """
    placed: list[PlacedSettings] = [(("clusters", index), cluster) for index, cluster in clusters]
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
    yield from _unfilled(infrastructure)
    yield from addons.check(installed, placed, infrastructure, where, mirror)
    yield from balancing.check(installed, placed, infrastructure)


def check_placeholders(
    clusters: Sequence[tuple[int, ClusterSettings]], where: Management
) -> Iterator[Finding]:
    """PLACEHOLDER_NOT_FILLED of clusters, their add-ons aside.

    It walks through all settings, and so is left out where no text has the placeholder.

    Args:
        clusters: with their positions in `clusters:`.
        where: the management cluster's settings.
    """
    placed: list[PlacedSettings] = [(("clusters", index), cluster) for index, cluster in clusters]
    if where.cluster:
        placed.append((("management", "cluster"), where.cluster))
    for place, cluster in placed:
        for path in unfilled(cluster):
            if path[0] != "addons":
                yield _left((*place, *path))


def _unfilled(infrastructure: Infrastructure) -> Iterator[Finding]:
    """PLACEHOLDER_NOT_FILLED of the infrastructure; add-ons have rules for each cluster."""
    for path in unfilled(infrastructure):
        yield _left(("infrastructure", *path))


def _left(path: tuple[str | int, ...]) -> Finding:
    what = f"`{CLUSTER}` would stay as it is in `{path[-1]}`"
    return Finding(PLACEHOLDER_NOT_FILLED, path, what)
