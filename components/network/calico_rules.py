"""What Calico's operator refuses, and pod addresses that do not suffice.

Source of the rules: pkg/controller/installation/validation.go and pkg/controller/ippool of
tigera/operator.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.addon import Target
from components.finding import Finding
from components.loadbalancer.addresses import AddressRange, overlaps
from components.network import kube_proxy
from components.network.blocks import check_blocks
from components.network.calico_settings import Bgp, CalicoPeer, Encapsulation, PodPool
from errors import network as codes

if TYPE_CHECKING:
    from components.network.calico import Calico

IPV6 = 6
LARGEST_BLOCK = {4: 20, 6: 116}
IPIP = (Encapsulation.IPIP, Encapsulation.IPIP_CROSS_SUBNET)
BY_BGP = (*IPIP, Encapsulation.NONE)


def check(calico: Calico, target: Target) -> Iterator[Finding]:
    """Codes 1210 to 1216, 1225 and 1227."""
    yield from kube_proxy.check(target, calico.TITLE)
    pools = calico.effective_pools(target)
    for index, pool in enumerate(pools):
        for finding in (*_place(pool, target), *_block(calico, pool), *_travel(calico, pool)):
            yield finding.below("pools", index) if calico.pools else finding
    yield from overlaps(
        (("pools", index, "cidr"), AddressRange.of(pool.cidr)) for index, pool in enumerate(pools)
    )
    yield from _families(pools, target)
    yield from check_blocks(
        [(pool.cidr.network, calico.block_size_of(pool)) for pool in pools],
        target,
        ("pools",) if calico.pools else ("blockSize",),
    )
    if calico.whisker and not calico.goldmane:
        what = "`whisker` shows what `goldmane` collects, and that is off"
        yield Finding(codes.NETWORK_OPTION_NEEDS, ("whisker",), what)
    if calico.bgp:
        for finding in _bgp(calico.bgp):
            yield finding.below("bgp")


def _place(pool: PodPool, target: Target) -> Iterator[Finding]:
    own = AddressRange.of(pool.cidr)
    ranges = target.cluster.network.pods
    if not any(AddressRange.of(cidr).contains(own) for cidr in ranges):
        listed = ", ".join(str(cidr) for cidr in ranges)
        what = f"{pool.cidr} is not inside the pod addresses of `{target.cluster.name}`"
        yield Finding(codes.POOL_OUTSIDE_PODS, ("cidr",), what, why=f"they are {listed}")


def _block(calico: Calico, pool: PodPool) -> Iterator[Finding]:
    network, size = pool.cidr.network, calico.block_size_of(pool)
    first = max(LARGEST_BLOCK[network.version], network.prefixlen)
    if not first <= size <= network.max_prefixlen:
        yield Finding(
            codes.BAD_BLOCK_SIZE,
            ("blockSize",),
            f"Calico makes no blocks of /{size} of {pool.cidr}",
            fix=f"Write {first} to {network.max_prefixlen}.",
        )


def _travel(calico: Calico, pool: PodPool) -> Iterator[Finding]:
    encapsulation = calico.encapsulation_of(pool)
    if encapsulation in IPIP and pool.cidr.network.version == IPV6:
        what = f"IPv6 packets of {pool.cidr} do not travel by `{encapsulation}`"
        fix = "Use `VXLAN`, `VXLANCrossSubnet` or `None` for it."
        yield Finding(codes.NETWORK_OPTION_NEEDS, ("encapsulation",), what, fix=fix)
    elif encapsulation in BY_BGP and not calico.bgp:
        what = f"routes of `{encapsulation}` are told by BGP, and that is off"
        fix = "Add `bgp: {}`, or use `VXLAN` or `VXLANCrossSubnet`."
        yield Finding(codes.NETWORK_OPTION_NEEDS, ("encapsulation",), what, fix=fix)


def _families(pools: tuple[PodPool, ...], target: Target) -> Iterator[Finding]:
    there = {pool.cidr.network.version for pool in pools}
    for cidr in target.cluster.network.pods:
        if cidr.network.version not in there:
            what = f"no pool has IPv{cidr.network.version} addresses for `{target.cluster.name}`"
            yield Finding(codes.FAMILY_WITHOUT_POOL, ("pools",), what)


def _bgp(bgp: Bgp) -> Iterator[Finding]:
    if not bgp.node_to_node_mesh and not bgp.peers:
        what = "without the mesh and without peers no machine learns a route"
        yield Finding(codes.NETWORK_OPTION_NEEDS, ("nodeToNodeMesh",), what)
    names: set[str] = set()
    for index, peer in enumerate(bgp.peers):
        if peer.name in names:
            what = f"`{peer.name}` is there twice in `peers`"
            yield Finding(codes.DUPLICATE_NAME, ("peers", index, "name"), what)
        names.add(peer.name)
        if not _is_whole(peer):
            what = f"the peer `{peer.name}` needs `peerIP` and `asNumber`, or `peerSelector`"
            yield Finding(codes.BAD_BGP_PEER, ("peers", index), what)


def _is_whole(peer: CalicoPeer) -> bool:
    router = (peer.peer_ip is not None, peer.as_number is not None)
    return router == (False, False) if peer.peer_selector else router == (True, True)
