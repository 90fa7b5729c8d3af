"""Checks of settings that Calico's operator would reject, and of insufficient pod addresses.

Source of the rules: pkg/controller/installation/validation.go and pkg/controller/ippool of
tigera/operator.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.addresses import AddressRange
from components.facts import ClusterFacts
from components.finding import Finding
from components.loadbalancing.addresses import overlaps
from components.network import firewall, kube_proxy
from components.network.blocks import check_blocks
from components.network.calico_settings import (
    Bgp,
    CalicoOptions,
    CalicoPeer,
    Encapsulation,
    PodPool,
)
from components.network.names import duplicates
from errors import network as codes

IPV6 = 6
LARGEST_BLOCK = {4: 20, 6: 116}
IPIP = (Encapsulation.IPIP, Encapsulation.IPIP_CROSS_SUBNET)
BY_BGP = (*IPIP, Encapsulation.NONE)


def check(calico: CalicoOptions, target: ClusterFacts) -> Iterator[Finding]:
    """Codes 1210 to 1216, 1226, 1227 and 1230."""
    yield from kube_proxy.check(target, calico.TITLE)
    yield from firewall.check(target, calico.between(target))
    pools = calico.effective_pools(target)
    for index, pool in enumerate(pools):
        for finding in (*_place(pool, target), *_block(calico, pool), *_travel(calico, pool)):
            yield finding.below("pools", index) if calico.pools else finding
    yield from overlaps(
        (("pools", index, "cidr"), AddressRange.of(pool.cidr)) for index, pool in enumerate(pools)
    )
    yield from _families(pools, target)
    yield from duplicates("pools", [pool.name for pool in pools])
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


def _place(pool: PodPool, target: ClusterFacts) -> Iterator[Finding]:
    own = AddressRange.of(pool.cidr)
    ranges = target.network.pods
    if not any(AddressRange.of(cidr).contains(own) for cidr in ranges):
        listed = ", ".join(str(cidr) for cidr in ranges)
        what = f"{pool.cidr} is not inside the addresses of pods"
        why = f"those of `{target.name}` are {listed}"
        yield Finding(codes.POOL_OUTSIDE_PODS, ("cidr",), what, why=why)


def _block(calico: CalicoOptions, pool: PodPool) -> Iterator[Finding]:
    network, size = pool.cidr.network, calico.block_size_of(pool)
    first = max(LARGEST_BLOCK[network.version], network.prefixlen)
    if not first <= size <= network.max_prefixlen:
        yield Finding(
            codes.BAD_BLOCK_SIZE,
            ("blockSize",),
            f"Calico makes no blocks of /{size} of {pool.cidr}",
            fix=f"Write {first} to {network.max_prefixlen}.",
        )


def _travel(calico: CalicoOptions, pool: PodPool) -> Iterator[Finding]:
    encapsulation = calico.encapsulation_of(pool)
    if encapsulation in IPIP and pool.cidr.network.version == IPV6:
        what = f"IPv6 packets of {pool.cidr} do not travel by `{encapsulation}`"
        fix = "Use `VXLAN`, `VXLANCrossSubnet` or `None` for it."
        yield Finding(codes.NETWORK_OPTION_NEEDS, ("encapsulation",), what, fix=fix)
    elif encapsulation in BY_BGP and not calico.bgp:
        what = f"routes of `{encapsulation}` are announced by BGP, and that is off"
        fix = "Add `bgp: {}`, or use `VXLAN` or `VXLANCrossSubnet`."
        yield Finding(codes.NETWORK_OPTION_NEEDS, ("encapsulation",), what, fix=fix)


def _families(pools: tuple[PodPool, ...], target: ClusterFacts) -> Iterator[Finding]:
    there = {pool.cidr.network.version for pool in pools}
    for cidr in target.network.pods:
        if cidr.network.version not in there:
            what = f"no pool has IPv{cidr.network.version} addresses"
            why = f"pods of `{target.name}` have them"
            yield Finding(codes.FAMILY_WITHOUT_POOL, ("pools",), what, why=why)


def _bgp(bgp: Bgp) -> Iterator[Finding]:
    if not bgp.node_to_node_mesh and not bgp.peers:
        what = "without the mesh and without peers no machine learns a route"
        yield Finding(codes.NETWORK_OPTION_NEEDS, ("nodeToNodeMesh",), what)
    yield from duplicates("peers", [peer.name for peer in bgp.peers])
    for index, peer in enumerate(bgp.peers):
        if not _is_whole(peer):
            what = f"the peer `{peer.name}` needs `peerIP` and `asNumber`, or `peerSelector`"
            yield Finding(codes.BAD_BGP_PEER, ("peers", index), what)


def _is_whole(peer: CalicoPeer) -> bool:
    router = (peer.peer_ip is not None, peer.as_number is not None)
    return router == (False, False) if peer.peer_selector else router == (True, True)
