"""How many machines get a block of pod addresses, where a network plug-in divides them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network

from components.addon import Target
from components.finding import Finding
from errors import network as codes

Divided = tuple[IPv4Network | IPv6Network, int]
"""A range, and the network bits of its blocks."""


def check_blocks(
    ranges: Iterable[Divided], target: Target, path: tuple[str | int, ...]
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
    machines = target.cluster.most_in_rollout
    for version, number in blocks.items():
        if number < machines:
            yield Finding(
                codes.POD_POOLS_TOO_SMALL,
                path,
                f"the IPv{version} addresses of pods have {number} blocks, "
                f"`{target.cluster.name}` may have {machines} machines",
                why="a rollout adds machines",
            )
