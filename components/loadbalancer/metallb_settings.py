"""What a stack file says about MetalLB; keys are those of its objects, in API group metallb.io."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.cluster.control_plane_settings import SecretName
from components.fields import Count, Duration, Flag, Namespace, Settings
from components.loadbalancer.addresses import (
    LARGE_COMMUNITY,
    STANDARD_COMMUNITY,
    Address,
    AddressRange,
    Asn,
)
from components.network.selector import Selectors

Name = Namespace
"""The name of an object, a DNS label."""
Names = Annotated[tuple[Name, ...], Field(max_length=100)]
Interface = Annotated[str, Field(pattern=r"^[^\s/:]{1,15}$")]
"""A network interface of Linux."""
Milliseconds = Annotated[Count, Field(ge=10, le=60000)]
_VALUE = f"^{STANDARD_COMMUNITY}$|^large:{LARGE_COMMUNITY}$"
CommunityValue = Annotated[str, Field(pattern=_VALUE)]
"""`65535:65282`, or a large community, `large:64512:1:2`."""
NameOrValue = Annotated[str, Field(pattern=f"{_VALUE}|^[^:]+$", max_length=63)]


class ServiceAllocation(Settings):
    """Which Services a pool is for."""

    priority: Annotated[Count, Field(ge=0, le=1000000)] = 0
    """Lower goes first; `0` is the lowest priority of all."""
    namespaces: Names = ()
    """Services of these namespaces."""
    namespace_selectors: Selectors = ()
    """Services of namespaces with these labels."""
    service_selectors: Selectors = ()
    """Services with these labels."""


class AddressPool(Settings):
    """Addresses that Services get."""

    name: Name
    addresses: Annotated[tuple[AddressRange, ...], Field(min_length=1, max_length=100)]
    """Ranges, `10.0.0.240/28` or `10.0.0.240-10.0.0.250`."""
    auto_assign: Flag = True
    """Whether Services that ask for no pool get addresses of this one."""
    avoid_buggy_ips: Annotated[Flag, Field(alias="avoidBuggyIPs")] = False
    """Leaves out addresses that end in `.0` and `.255`, which old equipment does not take."""
    service_allocation: ServiceAllocation | None = None
    """Keeps the pool for some Services."""
    reserved: Flag = False
    """They lie in the machines' network, and DHCP and address pools leave them out."""


class L2Advertisement(Settings):
    """Pools that a machine answers for in its own network, by ARP and NDP."""

    name: Name
    ip_address_pools: Names = ()
    """Which pools; all of them when empty."""
    interfaces: Annotated[tuple[Interface, ...], Field(max_length=50)] = ()
    """On which network interfaces; all of them when empty."""
    node_selectors: Selectors = ()
    """Which machines may answer; all of them when empty."""
    service_selectors: Selectors = ()
    """For which Services; all of them when empty."""


class DynamicAsn(StrEnum):
    """How the autonomous system of a peer is found."""

    INTERNAL = "internal"
    EXTERNAL = "external"


class BgpPeer(Settings):
    """A router that machines talk BGP with."""

    name: Name
    my_asn: Annotated[Asn, Field(alias="myASN")]
    """The machines' autonomous system."""
    peer_asn: Annotated[Asn | None, Field(alias="peerASN")] = None
    """The router's autonomous system."""
    dynamic_asn: Annotated[DynamicAsn | None, Field(alias="dynamicASN")] = None
    """In place of `peerASN`: any that is the same as, or another than `myASN`."""
    local_asn: Annotated[Asn | None, Field(alias="localASN")] = None
    """The autonomous system that this peer is told in place of `myASN`."""
    peer_address: Address | None = None
    """The router's address."""
    interface: Interface | None = None
    """In place of `peerAddress`: the interface of an unnumbered peer."""
    peer_port: Annotated[Count, Field(ge=1, le=16384)] = 179
    source_address: Address | None = None
    """The machine's address that is used."""
    router_id: Annotated[Address | None, Field(alias="routerID")] = None
    hold_time: Duration | None = None
    """After how long without a word the peer is lost; at least `3s`."""
    keepalive_time: Duration | None = None
    connect_time: Duration | None = None
    node_selectors: Selectors = ()
    """Which machines talk to it; all of them when empty."""
    password_secret: SecretName | None = None
    """A Secret of type `kubernetes.io/basic-auth` with `password`, in `metallb-system`."""
    bfd_profile: Name | None = None
    """One of `bfdProfiles`."""
    ebgp_multi_hop: Flag = False
    """The router is more than one hop away."""
    enable_graceful_restart: Flag = False
    """Routes stay while MetalLB restarts; cannot be changed later."""
    vrf: Interface | None = None
    dual_stack_address_family: Flag = False
    """Routes of both families over this one session."""


class BfdProfile(Settings):
    """How fast a broken path to a peer is noticed, in milliseconds."""

    name: Name
    receive_interval: Milliseconds = 300
    transmit_interval: Milliseconds = 300
    detect_multiplier: Annotated[Count, Field(ge=2, le=255)] = 3
    """After how many missing packets a path is broken."""
    echo_interval: Milliseconds = 50
    echo_mode: Flag = False
    passive_mode: Flag = False
    minimum_ttl: Annotated[Count, Field(ge=1, le=254)] = 254


class BgpAdvertisement(Settings):
    """Pools that are told to BGP peers."""

    name: Name
    ip_address_pools: Names = ()
    """Which pools; all of them when empty."""
    peers: Names = ()
    """Which peers; all of them when empty."""
    aggregation_length: Annotated[Count, Field(ge=1, le=32)] = 32
    """The prefix of routes; shorter than 32 puts addresses together."""
    aggregation_length_v6: Annotated[Count, Field(ge=1, le=128)] = 128
    local_pref: Annotated[Count, Field(ge=0, le=4294967295)] = 0
    """The local preference, inside one autonomous system."""
    communities: Annotated[tuple[NameOrValue, ...], Field(max_length=50)] = ()
    """Values such as `65535:65282`, or names of `communities`."""
    node_selectors: Selectors = ()
    """Which machines are the next hop; all of them when empty."""
    service_selectors: Selectors = ()
    """For which Services; all of them when empty."""
