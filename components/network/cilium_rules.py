"""What Cilium refuses or ignores, and pod addresses that do not suffice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.addon import Target
from components.finding import Finding
from components.loadbalancer.addresses import check_balancer
from components.loadbalancer.metallb_rules import duplicates
from components.network.blocks import check_blocks
from components.network.cilium_settings import (
    CiliumBgp,
    EncryptionType,
    Ipam,
    IpamMode,
    Routing,
)
from errors import network as codes

if TYPE_CHECKING:
    from components.network.cilium import Cilium

SHORTEST_HOLD_SECONDS = 3
MASK_KEYS = {4: "maskSizeV4", 6: "maskSizeV6"}


def check(cilium: Cilium, target: Target) -> Iterator[Finding]:
    """Codes 1212, 1213, 1215, 1226, 1227, and those of addresses of Services."""
    yield from check_balancer(cilium, target)
    yield from _options(cilium, target)
    for finding in _ipam(cilium, target):
        yield finding.below("ipam")
    if cilium.load_balancer:
        for finding in (
            *duplicates("pools", [pool.name for pool in cilium.load_balancer.pools]),
            *duplicates("l2", [policy.name for policy in cilium.load_balancer.l2]),
        ):
            yield finding.below("loadBalancer")
    if cilium.bgp:
        for finding in _bgp(cilium.bgp):
            yield finding.below("bgp")


def _options(cilium: Cilium, target: Target) -> Iterator[Finding]:
    encryption, hubble = cilium.encryption, cilium.hubble
    has_proxy = target.cluster.network.kube_proxy
    without_proxy = "Set `network.kubeProxy: false` for the cluster; only a new one can have it."
    wrong = [
        (
            ("directNodeRoutes",),
            cilium.direct_node_routes and cilium.routing is not Routing.NATIVE,
            f"there are no routes between machines with `{cilium.routing}`",
            "Use `routing: native`.",
        ),
        (
            ("encryption", "nodeEncryption"),
            encryption is not None
            and encryption.node_encryption
            and encryption.type is EncryptionType.IPSEC,
            "IPsec encrypts what pods say, and not what machines say",
            "Use `type: wireguard`.",
        ),
        (
            ("hubble", "ui"),
            hubble.ui and not (hubble.enabled and hubble.relay),
            "the browser shows what the relay collects, and that is off",
            "Set `enabled` and `relay` too.",
        ),
        (
            ("gateway",),
            cilium.gateway and has_proxy,
            "Gateways need Cilium in the place of kube-proxy",
            without_proxy,
        ),
        (
            ("loadBalancer",),
            cilium.answers_for_addresses and has_proxy,
            "machines answer for addresses only where Cilium is in the place of kube-proxy",
            f"{without_proxy} Or announce the addresses by `bgp`.",
        ),
        (
            ("bgp",),
            cilium.bgp is not None and not cilium.load_balancer and not cilium.bgp.advertise_pods,
            "routers would be told nothing",
            "Add `loadBalancer`, or set `advertisePods: true`.",
        ),
    ]
    for path, is_wrong, what, fix in wrong:
        if is_wrong:
            yield Finding(codes.NETWORK_OPTION_NEEDS, path, what, fix=fix)


def _ipam(cilium: Cilium, target: Target) -> Iterator[Finding]:
    ipam, ranges = cilium.ipam, target.cluster.network.pods
    if ipam.mode is IpamMode.KUBERNETES:
        yield from _ignored(ipam)
        return
    for cidr in ranges:
        size, network = cilium.mask_size(cidr.network.version), cidr.network
        if not network.prefixlen <= size <= network.max_prefixlen:
            yield Finding(
                codes.BAD_BLOCK_SIZE,
                (MASK_KEYS[network.version],),
                f"Cilium makes no blocks of /{size} of {cidr}",
                fix=f"Write {network.prefixlen} to {network.max_prefixlen}.",
            )
    divided = [(cidr.network, cilium.mask_size(cidr.network.version)) for cidr in ranges]
    yield from check_blocks(divided, target, ())


def _ignored(ipam: Ipam) -> Iterator[Finding]:
    for key, size in ((MASK_KEYS[4], ipam.mask_size_v4), (MASK_KEYS[6], ipam.mask_size_v6)):
        if size is not None:
            what = f"`{key}` is of `cluster-pool`; Kubernetes has block sizes of its own"
            fix = "Use `mode: cluster-pool`, or `node-cidr-mask-size` of the controller manager."
            yield Finding(codes.NETWORK_OPTION_NEEDS, (key,), what, fix=fix)


def _bgp(bgp: CiliumBgp) -> Iterator[Finding]:
    yield from duplicates("peers", [peer.name for peer in bgp.peers])
    for index, peer in enumerate(bgp.peers):
        hold, keepalive = peer.hold_time.seconds, peer.keepalive_time.seconds
        if hold < SHORTEST_HOLD_SECONDS:
            what = f"the peer `{peer.name}` has a hold time below `3s`"
            yield Finding(codes.BAD_BGP_PEER, ("peers", index, "holdTime"), what)
        elif keepalive > hold:
            what = f"the peer `{peer.name}` is kept alive later than it is held"
            yield Finding(codes.BAD_BGP_PEER, ("peers", index, "keepaliveTime"), what)
