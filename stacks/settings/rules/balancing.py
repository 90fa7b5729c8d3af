"""Addresses of Services: whoever gives them away in one network has addresses of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from components.addons import Addons, addons_of
from components.cluster.settings import Cluster
from components.fields import Cidr
from components.finding import Finding
from components.infrastructure.interface import Infrastructure, Placed
from components.loadbalancer.addresses import AddressRange, LoadBalancer
from errors import network as codes
from stacks.settings.rules.addons import place_of

EVERYWHERE = (Cidr("0.0.0.0/0"), Cidr("::/0"))


@dataclass(frozen=True, slots=True)
class _Given:
    """Addresses that an add-on gives to Services of a cluster.

    Attributes:
        range: which.
        segment: the number of the network that the cluster is in.
        owner: the cluster's number, and the add-on that gives them.
        name: the cluster's name.
        path: where the addresses stand in the settings.
    """

    range: AddressRange
    segment: int
    owner: tuple[int, str]
    name: str
    path: tuple[str | int, ...]


def check(
    stack: Addons, clusters: Sequence[Placed], infrastructure: Infrastructure
) -> Iterator[Finding]:
    """ADDRESSES_SHARED, one per range that begins inside a range of another cluster or add-on.

    Every cluster is looked at once, and every range compared with those before it that reach
    furthest, so that a fleet costs little more than reading it.

    Args:
        stack: what the stack says about add-ons.
        clusters: all clusters with their places, the management cluster's too.
        infrastructure: what their machines are.
    """
    given = sorted(_given(stack, clusters, infrastructure), key=_order)
    for _segment, ranges in groupby(given, key=attrgetter("segment")):
        yield from _shared(ranges)


def _shared(ranges: Iterable[_Given]) -> Iterator[Finding]:
    """Walks ranges in address order, with the two that reach furthest, of two owners."""
    told: set[tuple[str | int, ...]] = set()
    furthest: list[_Given] = []
    for one in ranges:
        other = next((each for each in furthest if each.owner != one.owner), None)
        if other and other.range.overlaps(one.range) and one.path not in told:
            told.add(one.path)
            yield _finding(one, other)
        best = sorted([*furthest, one], key=lambda each: each.range.end, reverse=True)
        second = next((each for each in best if each.owner != best[0].owner), None)
        furthest = [best[0], second] if second else [best[0]]


def _finding(one: _Given, other: _Given) -> Finding:
    same = one.path == other.path
    return Finding(
        codes.ADDRESSES_SHARED,
        one.path,
        f"`{other.name}` and `{one.name}` both announce {one.range}"
        if same
        else f"{one.range} of `{one.name}` overlaps {other.range} of `{other.name}`",
        fix="Write the addresses below `addons` of each cluster." if same else "",
    )


def _given(
    stack: Addons, clusters: Sequence[Placed], infrastructure: Infrastructure
) -> Iterator[_Given]:
    segments = _segments([cluster for _, cluster in clusters])
    for number, (place, cluster) in enumerate(clusters):
        management = place[0] == "management"
        of_stack = Addons() if management else stack
        target = addons_of(of_stack, cluster, infrastructure, management=management)
        for key, settings in target.addons.items():
            if isinstance(settings, LoadBalancer):
                at = (*place_of((key,), place, target), key)
                for one in settings.announced():
                    path = (*at, *one.path)
                    yield _Given(one.range, segments[number], (number, key), cluster.name, path)


def _order(one: _Given) -> tuple[int, tuple[int, int], tuple[int, str]]:
    return one.segment, one.range.order, one.owner


def _segments(clusters: Sequence[Cluster]) -> list[int]:
    """The number of each cluster's network: those whose machines' ranges overlap share one.

    A cluster that does not say where its machines are, or is routed, may be in any network, which
    makes all of them one.
    """
    own = [
        EVERYWHERE if cluster.network.routed else cluster.network.machines or EVERYWHERE
        for cluster in clusters
    ]
    joined = list(range(len(clusters)))

    def root(number: int) -> int:
        while joined[number] != number:
            joined[number] = joined[joined[number]]
            number = joined[number]
        return number

    furthest: tuple[AddressRange, int] | None = None
    ranges = ((AddressRange.of(cidr), number) for number, one in enumerate(own) for cidr in one)
    for one, number in sorted(ranges, key=lambda each: (each[0].order, each[1])):
        if furthest and furthest[0].overlaps(one):
            joined[root(number)] = root(furthest[1])
        if not furthest or one.end > furthest[0].end:
            furthest = one, number
    return [root(number) for number in range(len(clusters))]
