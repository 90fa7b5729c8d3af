"""Checks of settings that Cilium would reject or ignore, and of insufficient pod addresses."""

from __future__ import annotations

from collections.abc import Iterator

from components.facts import ClusterFacts
from components.finding import Finding
from components.loadbalancing.addresses import check_balancer
from components.network import firewall
from components.network.blocks import check_blocks
from components.network.cilium_settings import (
    CiliumBgp,
    CiliumOptions,
    EncryptionType,
    Ipam,
    IpamMode,
    Routing,
)
from components.network.names import duplicates
from errors import network as codes

SHORTEST_HOLD_SECONDS = 3
MASK_KEYS = {4: "maskSizeV4", 6: "maskSizeV6"}


def check(cilium: CiliumOptions, target: ClusterFacts) -> Iterator[Finding]:
    """Codes 1212, 1213, 1215, 1226, 1227, 1230, and those of addresses of Services."""
    yield from check_balancer(cilium, target)
    yield from firewall.check(target, cilium.between())
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


def _options(cilium: CiliumOptions, target: ClusterFacts) -> Iterator[Finding]:
    encryption, hubble = cilium.encryption, cilium.hubble
    has_proxy = target.network.kube_proxy
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
            "IPsec encrypts the traffic of pods, not that of machines",
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
            "no route would be advertised to routers",
            "Add `loadBalancer`, or set `advertisePods: true`.",
        ),
    ]
    for path, is_wrong, what, fix in wrong:
        if is_wrong:
            yield Finding(codes.NETWORK_OPTION_NEEDS, path, what, fix=fix)


def _ipam(cilium: CiliumOptions, target: ClusterFacts) -> Iterator[Finding]:
    ipam, ranges = cilium.ipam, target.network.pods
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
            what = f"`{key}` is of `cluster-pool`; Kubernetes uses its own block sizes"
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
            what = f"the peer `{peer.name}` has a keepalive time above its hold time"
            yield Finding(codes.BAD_BGP_PEER, ("peers", index, "keepaliveTime"), what)
