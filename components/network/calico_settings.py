"""What a stack file says about Calico; keys are those of its own objects."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.cluster.control_plane_settings import SecretName
from components.fields import Cidr, Count, Flag, Namespace, Settings
from components.loadbalancer.addresses import Address, Community

BlockSize = Annotated[Count, Field(ge=20, le=128)]
Expression = Annotated[str, Field(min_length=1, max_length=1024)]
"""A selector in Calico's own words, `all()`, `has(rack)`, `rack == 'one'`."""
Asn = Annotated[Count, Field(ge=1, le=2147483647)]
"""The number of an autonomous system; Calico's definitions take it as a signed 32-bit number."""


class Encapsulation(StrEnum):
    """How packets of pods get from one machine to another."""

    VXLAN = "VXLAN"
    VXLAN_CROSS_SUBNET = "VXLANCrossSubnet"
    IPIP = "IPIP"
    IPIP_CROSS_SUBNET = "IPIPCrossSubnet"
    NONE = "None"


class Dataplane(StrEnum):
    """What in the kernel forwards and filters packets."""

    IPTABLES = "Iptables"
    NFTABLES = "Nftables"
    BPF = "BPF"


class PodPool(Settings):
    """A part of the pod addresses."""

    name: Namespace
    cidr: Cidr
    """Inside a range of `network.pods`."""
    block_size: BlockSize | None = None
    """The network bits of what a machine takes at a time; without it that of `calico`."""
    encapsulation: Encapsulation | None = None
    """Without it that of `calico`."""
    nat_outgoing: Flag | None = None
    """Without it that of `calico`."""
    node_selector: Expression = "all()"
    """Which machines take blocks of it."""


class CalicoPeer(Settings):
    """A router, or machines, that machines talk BGP with."""

    name: Namespace
    peer_ip: Annotated[Address | None, Field(alias="peerIP")] = None
    """The router's address."""
    as_number: Asn | None = None
    """The router's autonomous system; with `peerIP`."""
    peer_selector: Expression | None = None
    """In place of both: machines, route reflectors for example."""
    node_selector: Expression = "all()"
    """Which machines talk to it."""
    password_secret: SecretName | None = None
    """A Secret with the key `password`, in `calico-system`."""
    keep_original_next_hop: Flag = False


class Advertisement(Settings):
    """Communities of routes."""

    cidr: Cidr
    communities: Annotated[tuple[Community, ...], Field(min_length=1, max_length=50)]


class Bgp(Settings):
    """Routes of pods, and of Services, by BGP."""

    as_number: Asn = 64512
    """The machines' autonomous system."""
    node_to_node_mesh: Flag = True
    """Every machine talks to every other; up to about 100 machines. Off with route reflectors."""
    peers: Annotated[tuple[CalicoPeer, ...], Field(max_length=100)] = ()
    """The routers."""
    service_cluster_ips: Annotated[Flag, Field(alias="serviceClusterIPs")] = False
    """Routers learn the cluster-internal addresses of Services."""
    service_load_balancer_ips: Annotated[
        tuple[Cidr, ...], Field(alias="serviceLoadBalancerIPs", max_length=50)
    ] = ()
    """Routers learn these addresses of Services; something else gives them to the Services."""
    prefix_advertisements: Annotated[tuple[Advertisement, ...], Field(max_length=500)] = ()
    """Communities of routes."""
