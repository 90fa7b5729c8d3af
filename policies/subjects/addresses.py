"""Pools of addresses that are handed out: to load balancers, and to pods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from components.mappings import texts
from policies.subjects.resource import Item
from policies.subjects.subject import RegisteredStack, StackSubject


@dataclass(frozen=True, slots=True, order=True)
class AddressSpan:
    """Addresses that follow one another.

    Attributes:
        version: 4 or 6.
        first: the first address, as a number.
        last: the last one.
        text: as it is written.
        pool: the name of its pool.
    """

    version: int
    first: int
    last: int
    text: str
    pool: str


def parsed(text: str, pool: str) -> AddressSpan | None:
    """Reads `192.0.2.0/28` or `192.0.2.10-192.0.2.20`; None for anything else."""
    first, dash, last = (part.strip() for part in text.partition("-"))
    try:
        if dash:
            low, high = ip_address(first), ip_address(last)
            return AddressSpan(low.version, int(low), int(high), text, pool)
        network = ip_network(text, strict=False)
    except ValueError:
        return None  # the pool's own controller says so
    low, high = network.network_address, network.broadcast_address
    return AddressSpan(network.version, int(low), int(high), text, pool)


def _overlapping(stack: RegisteredStack) -> Iterator[tuple[Item, tuple[AddressSpan, AddressSpan]]]:
    """Each range, by its first address, with the one before it that reaches furthest."""
    found = [
        (there, item)
        for item in stack.of("IPAddressPool")
        for text in texts(item.spec, "addresses")
        if (there := parsed(text, str(item.metadata.get("name") or "")))
    ]
    furthest: AddressSpan | None = None
    for there, item in sorted(found, key=lambda pair: pair[0]):
        if furthest and furthest.version == there.version:
            yield item, (furthest, there)
            furthest = max(furthest, there, key=lambda each: each.last)
        else:
            furthest = there


POOLS = StackSubject("address pools of MetalLB", _overlapping)
