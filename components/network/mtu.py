"""The packet size of pods against that of the network between machines.

Sources of the overheads: https://docs.tigera.io/calico/latest/networking/configuring/mtu and
RFC 7348 (VXLAN), RFC 2003 (IP in IP).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum

from components.facts import ClusterFacts
from components.finding import Finding
from errors.layers import MTU_TOO_LARGE

IPV6 = 6
_IPV6_HEADER = 20
"""The additional length of an IPv6 header compared with IPv4, in bytes."""


class Overhead(IntEnum):
    """Bytes that a way between machines adds to a packet of a pod, over IPv4."""

    NONE = 0
    IPIP = 20
    VXLAN = 50
    WIREGUARD = 60

    def over(self, target: ClusterFacts) -> int:
        """The same in a cluster, whose machines may have IPv6 addresses."""
        families = {cidr.network.version for cidr in target.network.pods}
        return self + (_IPV6_HEADER if IPV6 in families and self else 0)


def check(
    target: ClusterFacts, mtu: int | None, overheads: Iterable[Overhead] = ()
) -> Iterator[Finding]:
    """MTU_TOO_LARGE, with the largest value that fits.

    Args:
        target: the cluster; its infrastructure knows the network of the machines, or not.
        mtu: the packet size that the settings name, in bytes; None where it is found out.
        overheads: what the plug-in adds to such a packet. None of a plug-in whose `mtu` is that of
            the machines' network, from which it subtracts what it adds.
    """
    network = target.infrastructure.network_mtu
    if mtu is None or network is None:
        return
    overhead = max((each.over(target) for each in overheads), default=0)
    if mtu + overhead > network:
        added = f", and each packet of a pod gets {overhead} more on its way" if overhead else ""
        yield Finding(
            MTU_TOO_LARGE,
            ("mtu",),
            f"packets of {mtu} bytes do not fit into the network of the machines",
            why=f"it carries {network} bytes{added}",
            fix=f"Use at most {network - overhead}, or leave `mtu` out.",
        )
