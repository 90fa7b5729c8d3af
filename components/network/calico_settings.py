"""Settings of Calico; keys are those of its objects."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.addon import Port
from components.addon_settings import AddonSettings
from components.addresses import Address, Cidr, Community
from components.cluster.control_plane_settings import SecretName
from components.facts import ClusterFacts
from components.fields import Count, Flag, Namespace, Settings

BlockSize = Annotated[Count, Field(ge=20, le=128)]
Expression = Annotated[str, Field(min_length=1, max_length=1024)]
"""A selector in Calico's own words, `all()`, `has(rack)`, `rack == 'one'`."""
Asn = Annotated[Count, Field(ge=1, le=2147483647)]
"""The number of an autonomous system; Calico's definitions take it as a signed 32-bit number."""


class Encapsulation(StrEnum):
    """The encapsulation of pod traffic between machines."""

    VXLAN = "VXLAN"
    VXLAN_CROSS_SUBNET = "VXLANCrossSubnet"
    IPIP = "IPIP"
    IPIP_CROSS_SUBNET = "IPIPCrossSubnet"
    NONE = "None"


class Dataplane(StrEnum):
    """The dataplane that forwards and filters packets."""

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
    """The machines that use blocks of the pool."""


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
    """The machines that connect to the peer."""
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
    """Sessions between all machines, for up to about 100 machines. Off with route reflectors."""
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


IPV4, IPV6 = 4, 6
BLOCK_SIZES = {IPV4: 26, IPV6: 122}
"""The default block sizes of Calico."""
WIREGUARD_PORTS = {IPV4: 51820, IPV6: 51821}
BETWEEN = "pods of one machine to those of another"


class CalicoOptions(AddonSettings):
    """The settings of Calico, and what follows from them.

    The base of `CalicoSettings`, which imports the rules that read these settings.
    """

    encapsulation: Encapsulation = Encapsulation.VXLAN
    """The encapsulation between machines: `VXLAN` works everywhere; `VXLANCrossSubnet` omits it
    within a subnet, and `None` everywhere, if the network routes the addresses of pods."""
    block_size: BlockSize | None = None
    """The network bits of what a machine takes of IPv4 addresses at a time; without it 26. Cannot
    be changed later. IPv6 has 122, unless a pool sets another."""
    nat_outgoing: Flag = True
    """Translates the addresses of pods to their machine's address for traffic that leaves the
    cluster."""
    pools: Annotated[tuple[PodPool, ...], Field(max_length=25)] = ()
    """Parts of the pod ranges that differ; without them each range is one pool."""
    mtu: Annotated[Count, Field(ge=1280, le=9000)] | None = None
    """The largest packet of pods; without it found out on the machines."""
    dataplane: Dataplane = Dataplane.IPTABLES
    """`BPF` takes the place of kube-proxy, which is switched off; `Nftables` requires kube-proxy
    in the same mode."""
    wireguard: Flag = False
    """Encrypts the traffic between pods of different machines."""
    bgp: Bgp | None = None
    """Routes by BGP; needed for `IPIP` and `None`."""
    node_interface: Annotated[str, Field(pattern=r"^[A-Za-z0-9.*|_()\\\[\]-]{1,100}$")] | None = (
        None
    )
    """The interface between machines, a regular expression; without it that of a node's address."""
    control_plane_replicas: Annotated[Count, Field(ge=1, le=5)] = 2
    """The number of API servers and controllers; Typha scales with the machines."""
    api_server: Flag = True
    """Serves Calico's own policies to `kubectl`."""
    goldmane: Flag = False
    """Collects flows between pods."""
    whisker: Flag = False
    """Shows them in a browser; needs `goldmane`."""

    def effective_pools(self, target: ClusterFacts) -> tuple[PodPool, ...]:
        """The pools: those of the settings, or the ranges of the cluster."""
        return self.pools or tuple(
            PodPool(name=f"pods-ipv{cidr.network.version}", cidr=cidr)
            for cidr in target.network.pods
        )

    def block_size_of(self, pool: PodPool) -> int:
        """The network bits of a machine's blocks of a pool."""
        if pool.block_size:
            return pool.block_size
        version = pool.cidr.network.version
        common = self.block_size if version == IPV4 else None
        return common or BLOCK_SIZES[version]

    def encapsulation_of(self, pool: PodPool) -> Encapsulation:
        """The encapsulation of a pool."""
        return pool.encapsulation or self.encapsulation

    def between(self, target: ClusterFacts) -> Iterator[Port]:
        """The ports that must be open between machines."""
        for encapsulation in sorted(
            {self.encapsulation_of(pool).value for pool in self.effective_pools(target)}
        ):
            if encapsulation.startswith("VXLAN"):
                yield Port(4789, BETWEEN, "UDP")
            elif encapsulation.startswith("IPIP"):
                yield Port(0, BETWEEN, "IP-in-IP")
        if self.wireguard:
            for family in sorted(cidr.network.version for cidr in target.network.pods):
                yield Port(WIREGUARD_PORTS[family], f"{BETWEEN}, encrypted", "UDP")
        if self.bgp:
            yield Port(179, "machines among each other and to routers, BGP")
        yield Port(5473, "machines to Typha, which sends them changes")
