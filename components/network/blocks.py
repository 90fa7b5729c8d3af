"""The number of machines that get a block of pod addresses, if a network plug-in divides them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network

from components.facts import ClusterFacts
from components.finding import Finding
from errors import network as codes

Divided = tuple[IPv4Network | IPv6Network, int]
"""A range, and the network bits of its blocks."""


def check_blocks(
    ranges: Iterable[Divided], target: ClusterFacts, path: tuple[str | int, ...]
) -> Iterator[Finding]:
    """POD_POOLS_TOO_SMALL, for each family with fewer blocks than machines in a rollout.

    Args:
        ranges: those that blocks are taken from.
        target: the cluster.
        path: where the finding belongs, in the add-on's settings.
    """
    blocks: dict[int, int] = {}
    for network, size in ranges:
        if size >= network.prefixlen:  # others are found elsewhere
            more = 2 ** (size - network.prefixlen)
            blocks[network.version] = blocks.get(network.version, 0) + more
    machines = target.most_in_rollout
    for version, number in blocks.items():
        if number < machines:
            yield Finding(
                codes.POD_POOLS_TOO_SMALL,
                path,
                f"fewer blocks of IPv{version} addresses of pods, {number}, than machines",
                why=f"`{target.name}` may have {machines}: a rollout adds machines",
            )
