"""Settings of Cilium."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.addon import Port
from components.addresses import Address, AddressRange, Asn, Community
from components.cluster.control_plane_settings import SecretName
from components.fields import Count, Duration, Flag, Namespace, Settings
from components.loadbalancing.addresses import Announced, LoadBalancerSettings
from components.network.selector import Selector

Name = Namespace
Pattern = Annotated[str, Field(min_length=1, max_length=100)]
"""A regular expression of the names of network interfaces."""


class Routing(StrEnum):
    """The encapsulation of pod traffic between machines."""

    VXLAN = "vxlan"
    GENEVE = "geneve"
    NATIVE = "native"


class IpamMode(StrEnum):
    """The owner of the division of pod addresses."""

    KUBERNETES = "kubernetes"
    CLUSTER_POOL = "cluster-pool"


class Ipam(Settings):
    """The division of pod addresses; cannot be changed later."""

    mode: IpamMode = IpamMode.KUBERNETES
    """`kubernetes`: machines have the blocks that Kubernetes gives them; `cluster-pool`: Cilium
    assigns blocks of the sizes below."""
    mask_size_v4: Annotated[Count, Field(ge=1, le=32)] | None = None
    """The network bits of a machine's block, with `cluster-pool`; without it 24."""
    mask_size_v6: Annotated[Count, Field(ge=1, le=128)] | None = None
    """The same of IPv6; without it 120."""


class EncryptionType(StrEnum):
    """The encryption between machines."""

    WIREGUARD = "wireguard"
    IPSEC = "ipsec"


class CiliumEncryption(Settings):
    """Encrypts the traffic between pods of different machines."""

    type: EncryptionType = EncryptionType.WIREGUARD
    node_encryption: Flag = False
    """Also the traffic between machines; WireGuard only."""
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
    """The metrics, if the cluster has monitoring; each with its options, `dns:query`."""


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
    """The machines that may answer; all without it."""
    service_selector: Selector | None = None
    """For which Services; all of them without it."""


class ServiceAddresses(Settings):
    """Addresses for Services of `type: LoadBalancer`.

    Without `l2` and without `bgp` of Cilium, any machine answers for any of them.
    """

    pools: Annotated[tuple[ServicePool, ...], Field(min_length=1, max_length=100)]
    """The addresses; checked against everything else in the stack."""
    l2: Annotated[tuple[L2Policy, ...], Field(max_length=100)] = ()
    """The announcement in the machines' network."""
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
    """The number of hops to the router."""
    graceful_restart: Flag = True
    """Routes stay while Cilium restarts."""


class CiliumBgp(Settings):
    """Routes of Services, and of pods, by BGP."""

    local_asn: Annotated[Asn, Field(alias="localASN")]
    """The machines' autonomous system."""
    peers: Annotated[tuple[CiliumPeer, ...], Field(min_length=1, max_length=100)]
    """The routers."""
    node_selector: Selector | None = None
    """The machines that connect to the peers; all without it."""
    advertise_pods: Flag = False
    """Routers learn each machine's addresses of pods."""
    communities: Annotated[tuple[Community, ...], Field(max_length=50)] = ()
    """Of all routes: `64512:1`, or large ones, `64512:1:2`."""
    local_preference: Annotated[Count, Field(ge=0, le=4294967295)] | None = None
    """Of all routes, inside one autonomous system."""


MASK_SIZES = {4: 24, 6: 120}
"""The default block sizes of Cilium."""
BETWEEN = "pods of one machine to those of another"


class CiliumOptions(LoadBalancerSettings):
    """The settings of Cilium, and what follows from them.

    The base of `CiliumSettings`, which imports the rules that read these settings.
    """

    routing: Routing = Routing.VXLAN
    """The routing between machines: a tunnel, or `native` if the network routes the addresses of
    pods."""
    direct_node_routes: Flag = False
    """With `native`: machines are in one subnet, and install routes to each other."""
    mtu: Annotated[Count, Field(ge=1280, le=9000)] | None = None
    """The largest packet of the machines' network; without it found out on the machines. Packets of
    pods are smaller by what tunnels and encryption add."""
    ipam: Ipam = Ipam()
    """The division of pod addresses."""
    encryption: CiliumEncryption | None = None
    """Encrypts the traffic between pods."""
    hubble: Hubble = Hubble()
    """Flows between pods."""
    load_balancer: ServiceAddresses | None = None
    """Addresses for Services of `type: LoadBalancer`."""
    bgp: CiliumBgp | None = None
    """Routes by BGP."""
    gateway: Flag = False
    """Gateways of the Gateway API, with its definitions; needs a cluster without kube-proxy."""

    @property
    def takes_all(self) -> bool:
        """True if it handles Services without a class."""
        return self.load_balancer is not None and not self.load_balancer.by_class

    def announced(self) -> Iterator[Announced]:
        """The addresses of all pools."""
        for number, pool in enumerate(self.load_balancer.pools if self.load_balancer else ()):
            for index, one in enumerate(pool.addresses):
                path = ("loadBalancer", "pools", number, "addresses", index)
                yield Announced(path, one, pool.reserved)

    def gateway_class(self) -> str:
        """`cilium`, where it serves Gateways."""
        return "cilium" if self.gateway else ""

    @property
    def answers_for_addresses(self) -> bool:
        """True if machines answer for addresses of Services in their network."""
        return self.load_balancer is not None and (bool(self.load_balancer.l2) or self.bgp is None)

    def mask_size(self, version: int) -> int:
        """The prefix length of a machine's block, with Cilium's IPAM."""
        said = {4: self.ipam.mask_size_v4, 6: self.ipam.mask_size_v6}
        return said[version] or MASK_SIZES[version]

    def between(self) -> Iterator[Port]:
        """The ports that must be open between machines."""
        yield Port(4240, "machines among each other, whether they are healthy")
        if self.routing is not Routing.NATIVE:
            yield Port(8472 if self.routing is Routing.VXLAN else 6081, BETWEEN, "UDP")
        if self.encryption:
            encrypted = f"{BETWEEN}, encrypted"
            wireguard = self.encryption.type is EncryptionType.WIREGUARD
            yield Port(51871, encrypted, "UDP") if wireguard else Port(0, encrypted, "ESP")
        if self.hubble.enabled:
            yield Port(4244, "Hubble's relay to machines")
