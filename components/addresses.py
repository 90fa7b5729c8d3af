"""Address types: ranges, single addresses, and the numbers of BGP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
    summarize_address_range,
)
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, WithJsonSchema

from components.fields import Count, Value, refusal, shown
from errors import network as codes
from errors import stack_file

IPV4 = 4
LONGEST = 2 * 45 + 1
"""Characters of a range: two addresses and a dash."""


@lru_cache(maxsize=16384)
def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text)


class Cidr(str, Value):
    """An address range in CIDR notation, in its shortest spelling: `10.128.0.0/12`."""

    __slots__ = ()
    schema: ClassVar[dict[str, Any]] = {
        "type": "string",
        "pattern": r"^[0-9a-fA-F:.]+/[0-9]{1,3}$",
        "examples": ["192.168.0.0/16", "fd00:10::/108"],
    }

    def __new__(cls, text: str) -> Cidr:
        """A range; host bits are refused."""
        if not re.fullmatch(r"[0-9a-fA-F:.]{2,45}/[0-9]{1,3}", text, re.ASCII):
            raise refusal(stack_file.BAD_CIDR, f"{shown(text)} is not an address range")
        try:
            interface = ip_interface(text)
        except ValueError:
            what = f"{shown(text)} is not an address range"
            raise refusal(stack_file.BAD_CIDR, what) from None
        if interface.ip != interface.network.network_address:
            raise refusal(
                stack_file.HOST_BITS,
                f"`{text}` is not the first address of its network",
                fix=f"Write `{interface.network}`.",
            )
        return super().__new__(cls, str(interface.network))

    @classmethod
    def read(cls, value: object) -> Cidr:
        """A range as YAML reads it."""
        if isinstance(value, cls):
            return value
        if not isinstance(value, str):
            raise refusal(stack_file.BAD_CIDR, f"{shown(value)} is not an address range")
        return cls(value)

    @property
    def network(self) -> IPv4Network | IPv6Network:
        """The range as a network of the standard library."""
        return _network(str(self))

    def __str__(self) -> str:
        return str.__str__(self)


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
        """True if the ranges overlap."""
        same = self.version == other.version
        return same and int(self.first) <= int(other.last) and int(other.first) <= int(self.last)

    def contains(self, other: AddressRange) -> bool:
        """True if the range contains the other."""
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


def one_address(text: str) -> AddressRange | None:
    """The range with the one address that a text is; None for a name."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return AddressRange(text, address, address)
