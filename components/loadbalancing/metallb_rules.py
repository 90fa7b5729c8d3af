"""Checks of settings that MetalLB would reject.

Source of the rules: internal/config/config.go of MetalLB.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from components.facts import ClusterFacts
from components.finding import Finding
from components.loadbalancing import sessions
from components.loadbalancing.metallb_settings import (
    BgpAdvertisement,
    BgpPeer,
    DynamicAsn,
    MetalLBOptions,
)
from components.network.names import duplicates, unknown
from errors import network as codes

SHORTEST_HOLD_SECONDS = 3
HELD_FOR = 3  # keepalives, where one of the two times is not said
WHOLE = {4: 32, 6: 128}
AGGREGATION = {4: "aggregationLength", 6: "aggregationLengthV6"}


def check(settings: MetalLBOptions, target: ClusterFacts) -> Iterator[Finding]:
    """DUPLICATE_NAME, UNKNOWN_REFERENCE, BAD_BGP_PEER and BAD_AGGREGATION."""
    l2, bgp = settings.l2_advertisements, settings.bgp_advertisements
    for kind, named in (
        ("pools", settings.pools),
        ("l2Advertisements", l2),
        ("bgpAdvertisements", bgp),
        ("peers", settings.peers),
        ("bfdProfiles", settings.bfd_profiles),
    ):
        yield from duplicates(kind, [one.name for one in named])
    pools = [pool.name for pool in settings.pools]
    chosen = {
        "l2Advertisements": [one.ip_address_pools for one in l2],
        "bgpAdvertisements": [one.ip_address_pools for one in bgp],
    }
    for kind, advertisements in chosen.items():
        for index, names in enumerate(advertisements):
            for place, name in enumerate(names):
                yield from unknown((kind, index, "ipAddressPools", place), name, pools, "pool")
    for index, advertisement in enumerate(bgp):
        for finding in (
            *_references(advertisement, settings),
            *_aggregation(advertisement, settings),
        ):
            yield finding.below("bgpAdvertisements", index)
    profiles = [profile.name for profile in settings.bfd_profiles]
    others = sessions.of_network(target)
    for index, peer in enumerate(settings.peers):
        taken = (each.below("peerAddress") for each in sessions.taken(peer.peer_address, others))
        for finding in (*_peer(peer, profiles), *taken):
            yield finding.below("peers", index)


def _references(one: BgpAdvertisement, settings: MetalLBOptions) -> Iterator[Finding]:
    peers = [peer.name for peer in settings.peers]
    for index, name in enumerate(one.peers):
        yield from unknown(("peers", index), name, peers, "peer")
    for index, name in enumerate(one.communities):
        if ":" not in name:
            yield from unknown(("communities", index), name, settings.communities, "community")


def _aggregation(one: BgpAdvertisement, settings: MetalLBOptions) -> Iterator[Finding]:
    lengths = {4: one.aggregation_length, 6: one.aggregation_length_v6}
    if one.service_selectors and lengths != WHOLE:
        family = 4 if lengths[4] != WHOLE[4] else 6
        what = f"`{one.name}` is for chosen Services"
        yield Finding(codes.BAD_AGGREGATION, (AGGREGATION[family],), what)
        return
    chosen = one.ip_address_pools
    for pool in settings.pools:
        for addresses in pool.addresses if not chosen or pool.name in chosen else ():
            shortest = min(network.prefixlen for network in addresses.networks())
            length, path = lengths[addresses.version], AGGREGATION[addresses.version]
            if length < shortest:
                what = f"/{length} is more than {addresses} of the pool `{pool.name}`"
                fix = f"Use {shortest} or more."
                yield Finding(codes.BAD_AGGREGATION, (path,), what, fix=fix)


def _peer(peer: BgpPeer, profiles: Collection[str]) -> Iterator[Finding]:
    if peer.bfd_profile:
        yield from unknown(("bfdProfile",), peer.bfd_profile, profiles, "BFD profile")
    hold, keepalive = _times(peer)
    internal = peer.peer_asn == peer.my_asn or peer.dynamic_asn is DynamicAsn.INTERNAL
    for key, is_wrong, what in (
        (
            "peerASN",
            (peer.peer_asn is None) == (peer.dynamic_asn is None),
            "needs one of `peerASN` and `dynamicASN`",
        ),
        (
            "peerAddress",
            (peer.peer_address is None) == (peer.interface is None),
            "needs one of `peerAddress` and `interface`",
        ),
        (
            "ebgpMultiHop",
            peer.ebgp_multi_hop and internal,
            "is in the machines' own system, where there are no hops to count",
        ),
        ("holdTime", 0 < hold < SHORTEST_HOLD_SECONDS, "has a hold time below `3s`"),
        ("keepaliveTime", keepalive > hold, "has a keepalive time above its hold time"),
    ):
        if is_wrong:
            yield Finding(codes.BAD_BGP_PEER, (key,), f"the peer `{peer.name}` {what}")


def _times(peer: BgpPeer) -> tuple[float, float]:
    """The hold time and the keepalive time, in seconds; 0 if neither is set."""
    keepalive = peer.keepalive_time.seconds if peer.keepalive_time else 0
    hold = peer.hold_time.seconds if peer.hold_time else HELD_FOR * keepalive
    return hold, keepalive or hold / HELD_FOR
