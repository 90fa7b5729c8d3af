"""Addresses of Services: clusters in one network use different addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from components.addresses import AddressRange, Cidr, one_address
from components.cluster.settings import Cluster
from components.finding import Finding
from components.infrastructure.interface import Infrastructure
from components.loadbalancing.addresses import LoadBalancerSettings
from errors import network as codes
from stacks.settings.addons import Addons, PlacedSettings, addons_of
from stacks.settings.rules.addons import place_of

EVERYWHERE = (Cidr("0.0.0.0/0"), Cidr("::/0"))


@dataclass(frozen=True, slots=True)
class _Given:
    """Addresses that an add-on gives to Services of a cluster.

    Attributes:
        range: which.
        segment: the number of the network that the cluster is in.
        owner: the cluster's number, and the add-on that gives them; none of its Kubernetes API.
        name: the cluster's name.
        path: where the addresses stand in the settings.
    """

    range: AddressRange
    segment: int
    owner: tuple[int, str]
    name: str
    path: tuple[str | int, ...]

    @property
    def is_api(self) -> bool:
        """True if it is the address of a Kubernetes API, which no Service may use."""
        return not self.owner[1]


def check(
    stack: Addons, clusters: Sequence[PlacedSettings], infrastructure: Infrastructure
) -> Iterator[Finding]:
    """ADDRESSES_SHARED and ADDRESSES_TAKEN, between clusters and add-ons.

    One per range that begins inside another's, and per address of a Kubernetes API. Every cluster
    is looked at once, and every range compared with the three before it that reach furthest, so
    that a fleet costs little more than reading it.

    Args:
        stack: what the stack says about add-ons.
        clusters: all clusters with their places, the management cluster's too.
        infrastructure: what their machines are.
    """
    given = sorted(_given(stack, clusters, infrastructure), key=_order)
    for _segment, ranges in groupby(given, key=attrgetter("segment")):
        yield from _shared(ranges)


def _shared(ranges: Iterable[_Given]) -> Iterator[Finding]:
    """Walks ranges in address order, with those before that reach furthest."""
    told: set[tuple[str | int, ...]] = set()
    furthest: list[_Given] = []
    for one in ranges:
        others = (each for each in furthest if _is_another(one, each))
        other = next((each for each in others if each.range.overlaps(one.range)), None)
        if other and one.path not in told:
            told.add(one.path)
            yield _api(one, other) if one.is_api else _finding(one, other)
        if not one.is_api:
            furthest = _reaching([*furthest, one])


def _is_another(one: _Given, other: _Given) -> bool:
    """True if they belong to two owners; a cluster's own API is compared elsewhere."""
    return one.owner[0] != other.owner[0] if one.is_api else one.owner != other.owner


def _reaching(several: Iterable[_Given]) -> list[_Given]:
    """The range that reaches furthest, that of another owner, and that of another cluster."""
    best = sorted(several, key=lambda each: each.range.end, reverse=True)
    first = best[0]
    owner = next((each for each in best if each.owner != first.owner), None)
    cluster = next((each for each in best if each.owner[0] != first.owner[0]), None)
    return [first, *(each for each in (owner, cluster) if each)]


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


def _api(one: _Given, other: _Given) -> Finding:
    what = f"{other.range} of `{other.name}` has {one.range}, the address of the Kubernetes API"
    return Finding(codes.ADDRESSES_TAKEN, other.path, f"{what} of `{one.name}`")


def _given(
    stack: Addons, clusters: Sequence[PlacedSettings], infrastructure: Infrastructure
) -> Iterator[_Given]:
    segments = _segments([cluster for _, cluster in clusters])
    for number, (place, cluster) in enumerate(clusters):
        management = place[0] == "management"
        of_stack = Addons() if management else stack
        target = addons_of(of_stack, cluster, infrastructure, management=management)
        for key, settings in target.addons.items():
            if isinstance(settings, LoadBalancerSettings):
                at = (*place_of((key,), place, cluster), key)
                for one in settings.announced():
                    path = (*at, *one.path)
                    yield _Given(one.range, segments[number], (number, key), cluster.name, path)
        host = cluster.control_plane.endpoint.host
        if host and (address := one_address(host)):
            path = (*place, "controlPlane", "endpoint", "host")
            yield _Given(address, segments[number], (number, ""), cluster.name, path)


def _order(one: _Given) -> tuple[int, tuple[int, int], bool, tuple[int, str]]:
    return one.segment, one.range.order, one.is_api, one.owner


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
