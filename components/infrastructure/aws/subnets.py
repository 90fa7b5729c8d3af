"""The division of a VPC's range: large private subnets, small public ones."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network

RESERVED = 5
"""Addresses of every subnet that AWS keeps."""


def subnets(
    network: IPv4Network, zones: int
) -> tuple[Sequence[IPv4Network], Sequence[IPv4Network]]:
    """The private and the public subnets, one each for every zone.

    The range is cut into equal blocks, one for each zone and one more, which the public subnets
    share: 10.0.0.0/16 over three zones gives 10.0.0.0/18, 10.0.64.0/18 and 10.0.128.0/18, and
    10.0.192.0/20, 10.0.208.0/20 and 10.0.224.0/20. What is left over stays free.

    Raises:
        ValueError: the range is too small to be divided at all.
    """
    blocks = list(network.subnets(prefixlen_diff=zones.bit_length()))
    private, rest = blocks[:zones], blocks[zones]
    return private, list(rest.subnets(prefixlen_diff=max((zones - 1).bit_length(), 1)))[:zones]


def room(network: IPv4Network) -> int:
    """The number of machines that fit into a subnet."""
    return max(network.num_addresses - RESERVED, 0)
