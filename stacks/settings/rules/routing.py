"""Routed clusters: their reachable ranges must not overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from itertools import groupby

from components.cluster.rules.network import KINDS
from components.cluster.settings import Cluster
from components.finding import Finding
from errors import stack_rules


@dataclass(frozen=True, slots=True)
class _Range:
    network: IPv4Network | IPv6Network
    kind: str
    cluster: int
    name: str
    position: int


@dataclass(slots=True)
class _Seen:
    """The ranges that are exactly one network: by kind, those of two clusters, which suffices."""

    network: IPv4Network | IPv6Network
    ranges: dict[str, list[_Range]] = field(default_factory=dict)

    def add(self, one: _Range) -> None:
        kept = self.ranges.setdefault(one.kind, [])
        if not kept or (len(kept) == 1 and kept[0].cluster != one.cluster):
            kept.append(one)

    def conflict(self, one: _Range) -> _Range | None:
        """A range of another cluster that may not overlap `one`."""
        return next(
            (
                other
                for kind, kept in self.ranges.items()
                if not _may_share(one, kind, self.network)
                for other in kept
                if other.cluster != one.cluster
            ),
            None,
        )


def _may_share(one: _Range, kind: str, network: IPv4Network | IPv6Network) -> bool:
    """Service addresses stay inside a cluster; machines may live in the same network."""
    if one.kind != kind:
        return False
    return kind == "services" or (kind == "machines" and one.network == network)


def check(clusters: Sequence[tuple[int, Cluster]]) -> Iterator[Finding]:
    """ROUTED_RANGES_OVERLAP, one per range that overlaps an earlier or a larger one.

    Ranges in CIDR notation nest or are apart, so one walk in address order with a stack of the
    ranges around the current one finds every overlap.
    """
    ranges = sorted(_routed(clusters), key=_order)
    around: list[_Seen] = []
    for network, group in groupby(ranges, key=lambda one: one.network):
        while around and not _contains(around[-1].network, network):
            around.pop()
        around.append(_Seen(network))
        for one in group:
            other = next((found for seen in around if (found := seen.conflict(one))), None)
            if other:
                yield _finding(one, other)
            around[-1].add(one)


def _routed(clusters: Sequence[tuple[int, Cluster]]) -> Iterator[_Range]:
    for index, cluster in clusters:
        if cluster.network.routed:
            for kind in KINDS:
                for position, cidr in enumerate(getattr(cluster.network, kind)):
                    yield _Range(cidr.network, kind, index, cluster.name, position)


def _order(one: _Range) -> tuple[int, int, int, int]:
    network = one.network
    return network.version, int(network.network_address), network.prefixlen, one.cluster


def _contains(outer: IPv4Network | IPv6Network, inner: IPv4Network | IPv6Network) -> bool:
    return outer.version == inner.version and outer.overlaps(inner)


def _finding(one: _Range, other: _Range) -> Finding:
    return Finding(
        stack_rules.ROUTED_RANGES_OVERLAP,
        ("clusters", one.cluster, "network", one.kind, one.position),
        f"{one.network} of {one.kind} of `{one.name}` overlaps {other.network} of {other.kind} "
        f"of `{other.name}`",
        why="both clusters are routed",
    )
