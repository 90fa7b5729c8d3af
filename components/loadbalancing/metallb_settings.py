"""Settings of MetalLB; keys are those of its objects, in API group metallb.io."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.addresses import LARGE_COMMUNITY, STANDARD_COMMUNITY, Address, AddressRange, Asn
from components.cluster.control_plane_settings import SecretName
from components.fields import Count, Duration, Flag, Namespace, Settings
from components.loadbalancing.addresses import Announced, LoadBalancerSettings
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
    """The Services that may use a pool."""

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
    """Assigns addresses of this pool to Services that request no pool."""
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
    """The pools; empty for all."""
    interfaces: Annotated[tuple[Interface, ...], Field(max_length=50)] = ()
    """On which network interfaces; all of them when empty."""
    node_selectors: Selectors = ()
    """The machines that may announce; empty for all."""
    service_selectors: Selectors = ()
    """For which Services; all of them when empty."""


class DynamicAsn(StrEnum):
    """The detection of a peer's autonomous system."""

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
    """The local autonomous system for this peer, instead of `myASN`."""
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
    """The machines that connect to it; empty for all."""
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
    """The detection time of a broken path to a peer, in milliseconds."""

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
    """Pools that are announced to BGP peers."""

    name: Name
    ip_address_pools: Names = ()
    """The pools; empty for all."""
    peers: Names = ()
    """The peers; empty for all."""
    aggregation_length: Annotated[Count, Field(ge=1, le=32)] = 32
    """The prefix of routes; shorter than 32 puts addresses together."""
    aggregation_length_v6: Annotated[Count, Field(ge=1, le=128)] = 128
    local_pref: Annotated[Count, Field(ge=0, le=4294967295)] = 0
    """The local preference, inside one autonomous system."""
    communities: Annotated[tuple[NameOrValue, ...], Field(max_length=50)] = ()
    """Values such as `65535:65282`, or names of `communities`."""
    node_selectors: Selectors = ()
    """The machines that are the next hop; empty for all."""
    service_selectors: Selectors = ()
    """For which Services; all of them when empty."""


LoadBalancerClass = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9./_-]*[A-Za-z0-9])?$")]


class MetalLBOptions(LoadBalancerSettings):
    """The settings of MetalLB, and what follows from them.

    The base of `MetalLBSettings`, which imports the rules that read these settings.
    """

    pools: Annotated[tuple[AddressPool, ...], Field(min_length=1, max_length=100)]
    """The addresses; checked against everything else in the stack."""
    l2_advertisements: Annotated[tuple[L2Advertisement, ...], Field(max_length=100)] = ()
    """Pools that one machine answers for, and another when it fails."""
    bgp_advertisements: Annotated[tuple[BgpAdvertisement, ...], Field(max_length=100)] = ()
    """Pools that routers send to all machines."""
    peers: Annotated[tuple[BgpPeer, ...], Field(max_length=100)] = ()
    """The routers."""
    bfd_profiles: Annotated[tuple[BfdProfile, ...], Field(max_length=100)] = ()
    """The detection time of broken paths."""
    communities: Annotated[dict[Name, CommunityValue], Field(max_length=100)] = Field(
        default_factory=dict
    )
    """Names for BGP communities, `{no-advertise: "65535:65282"}`."""
    load_balancer_class: Annotated[LoadBalancerClass, Field(max_length=253)] | None = None
    """Only Services with this `spec.loadBalancerClass` are answered; without it, all that name
    none."""

    @property
    def takes_all(self) -> bool:
        """True if it handles Services without a class."""
        return self.load_balancer_class is None

    def announced(self) -> Iterator[Announced]:
        """The addresses of all pools."""
        for number, pool in enumerate(self.pools):
            for index, one in enumerate(pool.addresses):
                yield Announced(("pools", number, "addresses", index), one, pool.reserved)
