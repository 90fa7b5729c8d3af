"""BGP sessions: a router has one with a machine, and the network plug-in may have it already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.facts import ClusterFacts
from components.finding import Finding
from components.network.calico import CalicoSettings
from components.network.cilium import CiliumSettings
from errors import network as codes


def of_network(target: ClusterFacts) -> dict[str, str]:
    """The routers that the network plug-in talks BGP with, each with the plug-in's name."""
    return dict(_sessions(target))


def taken(address: str | None, sessions: Mapping[str, str]) -> Iterator[Finding]:
    """BAD_BGP_PEER, at the address, of a router that has a session with the network plug-in.

    Args:
        address: the router's.
        sessions: those of the network plug-in.
    """
    if title := sessions.get(address or ""):
        yield Finding(
            codes.BAD_BGP_PEER,
            (),
            f"machines already have a session with {address}, by {title}",
            why="a router has one session with an address",
            fix=f"Let {title} announce the addresses of Services, and remove the peer.",
        )


def _sessions(target: ClusterFacts) -> Iterator[tuple[str, str]]:
    for settings in (target.addons.get("calico"), target.addons.get("cilium")):
        if isinstance(settings, CalicoSettings) and settings.bgp:
            yield from (
                (peer.peer_ip, CalicoSettings.TITLE) for peer in settings.bgp.peers if peer.peer_ip
            )
        elif isinstance(settings, CiliumSettings) and settings.bgp:
            yield from ((peer.peer_address, CiliumSettings.TITLE) for peer in settings.bgp.peers)
