"""Addresses of Services in a cluster: those that an add-on gives, and those that it must not."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from components.addon_settings import AddonSettings
from components.addresses import AddressRange, one_address
from components.facts import ClusterFacts
from components.finding import Finding
from errors import network as codes

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Announced:
    """Addresses that a cluster gives to Services.

    Attributes:
        path: their place, from the add-on's settings.
        range: which.
        reserved: whether they may lie in the machines' network.
    """

    path: Path
    range: AddressRange
    reserved: bool = False


class LoadBalancerSettings(AddonSettings):
    """An add-on that gives addresses to Services of `type: LoadBalancer`."""

    @abstractmethod
    def announced(self) -> Iterator[Announced]:
        """The addresses that it gives away."""

    @property
    @abstractmethod
    def takes_all(self) -> bool:
        """True if it handles Services without a class."""


def check_balancer(balancer: LoadBalancerSettings, target: ClusterFacts) -> Iterator[Finding]:
    """LOAD_BALANCER_OWNED, ADDRESSES_TAKEN, ADDRESS_FAMILY_UNUSED and POOLS_OVERLAP."""
    if balancer.takes_all and target.infrastructure.BALANCES_SERVICES:
        yield Finding(
            codes.LOAD_BALANCER_OWNED,
            (),
            f"{balancer.TITLE} and the controller of `{target.infrastructure.name}` would both "
            "answer Services",
            key=True,
        )
    announced = list(balancer.announced())
    for one in announced:
        yield from _family(one, target)
        yield from _taken(one, target)
    yield from overlaps((one.path, one.range) for one in announced)


def overlaps(ranges: Iterable[tuple[Path, AddressRange]]) -> Iterator[Finding]:
    """POOLS_OVERLAP, for each range that begins inside one that is before it in their order."""
    furthest: tuple[Path, AddressRange] | None = None
    for path, one in sorted(ranges, key=lambda each: (each[1].order, each[0])):
        if furthest and furthest[1].overlaps(one):
            what = f"{one} overlaps {furthest[1]}"
            yield Finding(codes.POOLS_OVERLAP, path, what, why=spelled(furthest[0]))
        if not furthest or one.end > furthest[1].end:
            furthest = path, one


def spelled(path: Path) -> str:
    """A path as messages show it: `pools[0].addresses[1]`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def _family(one: Announced, target: ClusterFacts) -> Iterator[Finding]:
    services = target.network.services
    if one.range.version not in {cidr.network.version for cidr in services}:
        what = f"{one.range} is IPv{one.range.version}, which Services do not have"
        why = f"those of `{target.name}`"
        yield Finding(codes.ADDRESS_FAMILY_UNUSED, one.path, what, why=why)


def _taken(one: Announced, target: ClusterFacts) -> Iterator[Finding]:
    why = f"in `{target.name}`"
    host = target.control_plane.host
    if host and (endpoint := one_address(host)) and one.range.overlaps(endpoint):
        what = f"{one.range} has {host}, the address of the Kubernetes API"
        yield Finding(codes.ADDRESSES_TAKEN, one.path, what, why=why)
    for kind in ("pods", "services", "machines"):
        for cidr in getattr(target.network, kind):
            other = AddressRange.of(cidr)
            if not one.range.overlaps(other):
                continue
            if kind != "machines" or not one.reserved:
                what = f"{one.range} overlaps {cidr} of {kind}"
                yield Finding(codes.ADDRESSES_TAKEN, one.path, what, why=why)
            elif one.range.contains(other):
                what = f"{one.range} leaves no address of {cidr} to machines"
                yield Finding(codes.ADDRESSES_TAKEN, one.path, what, why=why)
