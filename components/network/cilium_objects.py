"""Cilium's objects: addresses of Services, who answers for them, and BGP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from components.addresses import AddressRange
from components.mappings import Manifest
from components.network.cilium_settings import CiliumBgp, CiliumPeer, ServiceAddresses
from components.network.selector import written

API_VERSION = "cilium.io/v2"
L2_API_VERSION = "cilium.io/v2alpha1"
NAME = "caas"
ADVERTISED = {"advertise": NAME}
EVERY_SERVICE = {
    "matchExpressions": [{"key": NAME, "operator": "NotIn", "values": ["not-advertised"]}]
}
"""Cilium advertises no Service where nothing is selected; this selects all."""
LARGE = 2
"""The colons of a large community."""


def addresses(settings: ServiceAddresses, *, answered: bool) -> Iterator[Manifest]:
    """A CiliumLoadBalancerIPPool each, and who answers for them.

    Args:
        settings: the settings.
        answered: whether machines answer for them in their own network.
    """
    for pool in settings.pools:
        spec: dict[str, Any] = {"blocks": [_block(one) for one in pool.addresses]}
        if pool.service_selector:
            spec["serviceSelector"] = written(pool.service_selector)
        yield _object("CiliumLoadBalancerIPPool", pool.name, spec)
    if not answered:
        return
    for policy in settings.l2:
        said = written(policy)
        name = str(said.pop("name"))
        yield _object(
            "CiliumL2AnnouncementPolicy", name, said | {"loadBalancerIPs": True}, L2_API_VERSION
        )
    if not settings.l2:
        spec = {"loadBalancerIPs": True}
        yield _object("CiliumL2AnnouncementPolicy", NAME, spec, L2_API_VERSION)


def bgp(settings: CiliumBgp, families: Iterable[int], *, services: bool) -> Iterator[Manifest]:
    """The CiliumBGPClusterConfig, a CiliumBGPPeerConfig for each peer, and the announcements.

    Args:
        settings: the settings.
        families: of addresses, 4 and 6.
        services: whether addresses of Services are announced.
    """
    for peer in settings.peers:
        yield _object("CiliumBGPPeerConfig", peer.name, _peer(peer, families))
    routes: list[dict[str, Any]] = []
    attributes = _attributes(settings)
    if services:
        told = {"addresses": ["LoadBalancerIP"]}
        route = {"advertisementType": "Service", "service": told, "selector": EVERY_SERVICE}
        routes.append(route | attributes)
    if settings.advertise_pods:
        routes.append({"advertisementType": "PodCIDR"} | attributes)
    advertisement = _object("CiliumBGPAdvertisement", NAME, {"advertisements": routes})
    yield {**advertisement, "metadata": {"name": NAME, "labels": ADVERTISED}}
    instance = {
        "name": NAME,
        "localASN": settings.local_asn,
        "peers": [
            {
                "name": peer.name,
                "peerASN": peer.peer_asn,
                "peerAddress": peer.peer_address,
                "peerConfigRef": {"name": peer.name},
            }
            for peer in settings.peers
        ],
    }
    chosen = {"nodeSelector": written(settings.node_selector)} if settings.node_selector else {}
    yield _object("CiliumBGPClusterConfig", NAME, {"bgpInstances": [instance]} | chosen)


def _object(
    kind: str, name: str, spec: Mapping[str, Any], api_version: str = API_VERSION
) -> Manifest:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name},
        "spec": dict(spec),
    }


def _block(one: AddressRange) -> dict[str, str]:
    if "/" in one.text:
        return {"cidr": one.text}
    return {"start": str(one.first), "stop": str(one.last)}


def _peer(peer: CiliumPeer, families: Iterable[int]) -> dict[str, Any]:
    told = {"safi": "unicast", "advertisements": {"matchLabels": ADVERTISED}}
    spec: dict[str, Any] = {
        "timers": {
            "holdTimeSeconds": peer.hold_time.seconds,
            "keepAliveTimeSeconds": peer.keepalive_time.seconds,
            "connectRetryTimeSeconds": peer.connect_retry_time.seconds,
        },
        "transport": {"peerPort": peer.peer_port},
        "ebgpMultihop": peer.ebgp_multihop,
        "gracefulRestart": {"enabled": peer.graceful_restart},
        "families": [{"afi": f"ipv{version}"} | told for version in families],
    }
    return spec | ({"authSecretRef": peer.password_secret} if peer.password_secret else {})


def _attributes(settings: CiliumBgp) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    large = [one for one in settings.communities if one.count(":") == LARGE]
    standard = [one for one in settings.communities if one not in large]
    communities = {
        kind: several for kind, several in (("standard", standard), ("large", large)) if several
    }
    if communities:
        attributes["communities"] = communities
    if settings.local_preference is not None:
        attributes["localPreference"] = settings.local_preference
    return {"attributes": attributes} if attributes else {}
