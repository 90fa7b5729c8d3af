"""What a stack file says about Cilium."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.cluster.control_plane_settings import SecretName
from components.fields import Count, Duration, Flag, Namespace, Settings
from components.loadbalancer.addresses import Address, AddressRange, Asn, Community
from components.network.selector import Selector

Name = Namespace
Pattern = Annotated[str, Field(min_length=1, max_length=100)]
"""A regular expression of the names of network interfaces."""


class Routing(StrEnum):
    """How packets of pods get from one machine to another."""

    VXLAN = "vxlan"
    GENEVE = "geneve"
    NATIVE = "native"


class IpamMode(StrEnum):
    """Who divides the addresses of pods among machines."""

    KUBERNETES = "kubernetes"
    CLUSTER_POOL = "cluster-pool"


class Ipam(Settings):
    """How addresses of pods are divided; cannot be changed later."""

    mode: IpamMode = IpamMode.KUBERNETES
    """`kubernetes`: machines have the blocks that Kubernetes gives them; `cluster-pool`: Cilium
    gives blocks of its own, of the sizes below."""
    mask_size_v4: Annotated[Count, Field(ge=1, le=32)] | None = None
    """The network bits of a machine's block, with `cluster-pool`; without it 24."""
    mask_size_v6: Annotated[Count, Field(ge=1, le=128)] | None = None
    """The same of IPv6; without it 120."""


class EncryptionType(StrEnum):
    """How packets between machines are encrypted."""

    WIREGUARD = "wireguard"
    IPSEC = "ipsec"


class CiliumEncryption(Settings):
    """Encrypts what pods say to pods of other machines."""

    type: EncryptionType = EncryptionType.WIREGUARD
    node_encryption: Flag = False
    """Also what machines say to machines; WireGuard only."""
    key_secret: SecretName = "cilium-ipsec-keys"  # noqa: S105 - a name
    """The Secret with the `keys` of IPsec, in `kube-system`."""


class Hubble(Settings):
    """Flows between pods, as Cilium sees them."""

    enabled: Flag = True
    relay: Flag = True
    """One address for the flows of all machines."""
    ui: Flag = False
    """Shows them in a browser; needs `relay`."""
    metrics: Annotated[tuple[str, ...], Field(max_length=30)] = (
        "dns",
        "drop",
        "flow",
        "icmp",
        "port-distribution",
        "tcp",
    )
    """What is counted, where the cluster has monitoring; each with its options, `dns:query`."""


class ServicePool(Settings):
    """Addresses that Services get."""

    name: Name
    addresses: Annotated[tuple[AddressRange, ...], Field(min_length=1, max_length=100)]
    """Ranges, `10.0.0.240/28` or `10.0.0.240-10.0.0.250`."""
    service_selector: Selector | None = None
    """For which Services; all of them without it."""
    reserved: Flag = False
    """They lie in the machines' network, and DHCP and address pools leave them out."""


class L2Policy(Settings):
    """Services that a machine answers for in its own network, by ARP and NDP."""

    name: Name
    interfaces: Annotated[tuple[Pattern, ...], Field(max_length=50)] = ()
    """On which network interfaces; all of them when empty."""
    node_selector: Selector | None = None
    """Which machines may answer; all of them without it."""
    service_selector: Selector | None = None
    """For which Services; all of them without it."""


class ServiceAddresses(Settings):
    """Addresses for Services of `type: LoadBalancer`.

    Without `l2` and without `bgp` of Cilium, any machine answers for any of them.
    """

    pools: Annotated[tuple[ServicePool, ...], Field(min_length=1, max_length=100)]
    """The addresses; checked against everything else in the stack."""
    l2: Annotated[tuple[L2Policy, ...], Field(max_length=100)] = ()
    """Who answers for them in the machines' network."""
    by_class: Flag = False
    """Only Services with the `loadBalancerClass` `io.cilium/l2-announcer` or
    `io.cilium/bgp-control-plane` are answered; otherwise also all that name none."""


class CiliumPeer(Settings):
    """A router that machines talk BGP with."""

    name: Name
    peer_asn: Annotated[Asn, Field(alias="peerASN")]
    """The router's autonomous system."""
    peer_address: Address
    """The router's address."""
    peer_port: Annotated[Count, Field(ge=1, le=65535)] = 179
    password_secret: SecretName | None = None
    """A Secret with the key `password`, in `kube-system`."""
    hold_time: Duration = Duration(90)
    """After how long without a word the peer is lost; at least `3s`."""
    keepalive_time: Duration = Duration(30)
    connect_retry_time: Duration = Duration(120)
    ebgp_multihop: Annotated[Count, Field(ge=1, le=255)] = 1
    """How many hops the router may be away."""
    graceful_restart: Flag = True
    """Routes stay while Cilium restarts."""


class CiliumBgp(Settings):
    """Routes of Services, and of pods, by BGP."""

    local_asn: Annotated[Asn, Field(alias="localASN")]
    """The machines' autonomous system."""
    peers: Annotated[tuple[CiliumPeer, ...], Field(min_length=1, max_length=100)]
    """The routers."""
    node_selector: Selector | None = None
    """Which machines talk to them; all of them without it."""
    advertise_pods: Flag = False
    """Routers learn each machine's addresses of pods."""
    communities: Annotated[tuple[Community, ...], Field(max_length=50)] = ()
    """Of all routes: `64512:1`, or large ones, `64512:1:2`."""
    local_preference: Annotated[Count, Field(ge=0, le=4294967295)] | None = None
    """Of all routes, inside one autonomous system."""
