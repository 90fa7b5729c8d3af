"""Addresses of Services: ranges of them, and what in a cluster they must stay away from."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    summarize_address_range,
)
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, WithJsonSchema

from components.addon import AddonSettings, Target
from components.fields import Cidr, Count, Value, refusal, shown
from components.finding import Finding
from errors import network as codes

Path = tuple[str | int, ...]
IPV4 = 4
LONGEST = 2 * 45 + 1
"""Characters of a range: two addresses and a dash."""


def _one_address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        what = f"{shown(text)} is not an IP address"
        raise refusal(codes.BAD_ADDRESS, what) from None


Address = Annotated[
    str,
    AfterValidator(_one_address),
    WithJsonSchema({"type": "string", "pattern": "^[0-9a-fA-F:.]+$", "maxLength": 45}),
]
"""One IP address."""
Asn = Annotated[Count, Field(ge=1, le=4294967295)]
"""The number of an autonomous system of BGP."""
_SHORT = "(0|[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_LONG = "(0|[1-9][0-9]{0,9})"
STANDARD_COMMUNITY = f"{_SHORT}:{_SHORT}"
"""Two numbers of 16 bits, RFC 1997."""
LARGE_COMMUNITY = f"{_LONG}:{_LONG}:{_LONG}"
"""Three numbers of 32 bits, RFC 8092."""
Community = Annotated[str, Field(pattern=f"^{STANDARD_COMMUNITY}$|^{LARGE_COMMUNITY}$")]
"""A mark of BGP routes, `64512:1`, or a large one, `64512:1:2`."""


@dataclass(frozen=True, slots=True)
class AddressRange(Value):
    """Addresses from a first to a last one: `10.0.0.240/28`, `10.0.0.240-10.0.0.250`.

    Attributes:
        text: as it is written.
        first: its first address.
        last: its last address, of the same family.
    """

    text: str
    first: IPv4Address | IPv6Address
    last: IPv4Address | IPv6Address

    schema: ClassVar[dict[str, Any]] = {
        "type": "string",
        "pattern": r"^[0-9a-fA-F:.]+(/[0-9]{1,3}|-[0-9a-fA-F:.]+)$",
        "maxLength": LONGEST,
        "examples": ["10.0.0.240/28", "10.0.0.240-10.0.0.250"],
    }

    @classmethod
    def read(cls, value: object) -> AddressRange:
        """A range as YAML reads it."""
        if isinstance(value, cls):
            return value
        if not isinstance(value, str) or len(value) > LONGEST:
            raise refusal(codes.BAD_ADDRESS_RANGE, f"{shown(value)} is not a range of addresses")
        if "/" in value:
            return cls.of(Cidr.read(value))
        try:
            first, last = (ip_address(part) for part in value.split("-"))
        except ValueError:
            what = f"{shown(value)} is not a range of addresses"
            raise refusal(codes.BAD_ADDRESS_RANGE, what) from None
        if first.version != last.version or int(first) > int(last):
            what = f"the last address of `{value}` does not come after its first"
            raise refusal(codes.BAD_ADDRESS_RANGE, what)
        return cls(f"{first}-{last}", first, last)

    @classmethod
    def of(cls, cidr: Cidr) -> AddressRange:
        """All addresses of a network."""
        network = cidr.network
        return cls(str(cidr), network.network_address, network.broadcast_address)

    @property
    def version(self) -> int:
        """Its family: 4 or 6."""
        return self.first.version

    def networks(self) -> Iterator[IPv4Network | IPv6Network]:
        """The largest networks that it is made of."""
        first, last = int(self.first), int(self.last)
        if self.version == IPV4:
            yield from summarize_address_range(IPv4Address(first), IPv4Address(last))
        else:
            yield from summarize_address_range(IPv6Address(first), IPv6Address(last))

    def overlaps(self, other: AddressRange) -> bool:
        """Whether they have an address in common."""
        same = self.version == other.version
        return same and int(self.first) <= int(other.last) and int(other.first) <= int(self.last)

    def contains(self, other: AddressRange) -> bool:
        """Whether it has all addresses of the other."""
        same = self.version == other.version
        return same and int(self.first) <= int(other.first) and int(other.last) <= int(self.last)

    @property
    def order(self) -> tuple[int, int]:
        """Family and first address, to sort ranges by."""
        return self.version, int(self.first)

    @property
    def end(self) -> tuple[int, int]:
        """Family and last address, to see which range reaches furthest."""
        return self.version, int(self.last)

    def __str__(self) -> str:
        return self.text


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


class LoadBalancer(AddonSettings):
    """An add-on that gives addresses to Services of `type: LoadBalancer`."""

    @abstractmethod
    def announced(self) -> Iterator[Announced]:
        """The addresses that it gives away."""

    @property
    @abstractmethod
    def takes_all(self) -> bool:
        """Whether it answers Services that name no class."""


def check_balancer(balancer: LoadBalancer, target: Target) -> Iterator[Finding]:
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


def _family(one: Announced, target: Target) -> Iterator[Finding]:
    services = target.cluster.network.services
    if one.range.version not in {cidr.network.version for cidr in services}:
        what = f"{one.range} is IPv{one.range.version}, which Services do not have"
        why = f"those of `{target.cluster.name}`"
        yield Finding(codes.ADDRESS_FAMILY_UNUSED, one.path, what, why=why)


def _taken(one: Announced, target: Target) -> Iterator[Finding]:
    cluster = target.cluster
    why = f"in `{cluster.name}`"
    host = cluster.control_plane.endpoint.host
    if host and (endpoint := one_address(host)) and one.range.overlaps(endpoint):
        what = f"{one.range} has {host}, the address of the Kubernetes API"
        yield Finding(codes.ADDRESSES_TAKEN, one.path, what, why=why)
    for kind in ("pods", "services", "machines"):
        for cidr in getattr(cluster.network, kind):
            other = AddressRange.of(cidr)
            if not one.range.overlaps(other):
                continue
            if kind != "machines" or not one.reserved:
                what = f"{one.range} overlaps {cidr} of {kind}"
                yield Finding(codes.ADDRESSES_TAKEN, one.path, what, why=why)
            elif one.range.contains(other):
                what = f"{one.range} leaves no address of {cidr} to machines"
                yield Finding(codes.ADDRESSES_TAKEN, one.path, what, why=why)


def one_address(text: str) -> AddressRange | None:
    """The range with the one address that a text is; None for a name."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return AddressRange(text, address, address)
