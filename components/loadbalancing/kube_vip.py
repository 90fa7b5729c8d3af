"""kube-vip for Services: its cloud provider gives addresses, its DaemonSet announces them.

The address of the Kubernetes API on vSphere is another kube-vip, a static pod of the machines.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import LOAD_BALANCER, METRICS, Addon, Port
from components.addon_settings import merged
from components.addresses import Address, AddressRange, Asn
from components.chart import Chart
from components.cluster.control_plane_settings import SecretName
from components.facts import ClusterFacts
from components.fields import Count, Flag, Namespace, Settings
from components.finding import Finding
from components.loadbalancing import sessions
from components.loadbalancing.addresses import Announced, LoadBalancerSettings, check_balancer
from components.loadbalancing.metallb_settings import Interface
from components.pods import CRITICAL, NODE_CRITICAL
from errors import network as codes

NAMESPACE = "kube-system"
CLASS = "kube-vip.io/kube-vip-class"
GLOBAL = "global"
HIGHLY_AVAILABLE = 2
METRICS_PORT = 2113
"""One after that of the kube-vip that holds the address of the Kubernetes API."""


class RouterPeer(Settings):
    """A router that machines talk BGP with."""

    address: Address
    """The router's address."""
    as_number: Asn
    """The router's autonomous system."""
    multi_hop: Flag = False
    """The router is more than one hop away."""
    port: Annotated[Count, Field(ge=1, le=65535)] = 179


class KubeVipBgp(Settings):
    """Addresses by BGP, from every machine."""

    as_number: Asn
    """The machines' autonomous system."""
    peers: Annotated[tuple[RouterPeer, ...], Field(max_length=50)] = ()
    """The routers, without passwords."""
    peers_secret: SecretName | None = None
    """In place of `peers`: a Secret in `kube-system` whose `bgp_peers` has them all as kube-vip
    reads them, `10.0.0.1:64513:password:false`, commas between."""


class KubeVipSettings(LoadBalancerSettings):
    """kube-vip: each Service has one machine that answers for it, and another when it fails."""

    TITLE: ClassVar = "kube-vip"
    SUMMARY: ClassVar = "Gives Services of `type: LoadBalancer` addresses, and announces them."
    EXAMPLE: ClassVar = {"addresses": ["10.100.0.0/24"]}

    addresses: Annotated[tuple[AddressRange, ...], Field(min_length=1, max_length=100)]
    """For Services of all namespaces; `10.0.0.240/28` or `10.0.0.240-10.0.0.250`."""
    namespaces: Annotated[
        dict[Namespace, Annotated[tuple[AddressRange, ...], Field(min_length=1, max_length=100)]],
        Field(max_length=200),
    ] = Field(default_factory=dict)
    """Addresses of a namespace's own, `{shop: [10.0.1.0/28]}`; it gets no others."""
    reserved: Flag = False
    """The addresses lie in the machines' network, and DHCP and address pools leave them out."""
    interface: Interface | None = None
    """The network interface that has the addresses; without it that of the default route."""
    bgp: KubeVipBgp | None = None
    """Addresses by BGP; without it by ARP and NDP."""
    by_class: Flag = False
    """Only Services with the `loadBalancerClass` `kube-vip.io/kube-vip-class` are answered;
    otherwise also all that name none."""

    @property
    def takes_all(self) -> bool:
        """True if it handles Services without a class."""
        return not self.by_class

    def announced(self) -> Iterator[Announced]:
        """The addresses of all namespaces."""
        for index, one in enumerate(self.addresses):
            yield Announced(("addresses", index), one, self.reserved)
        for name, several in self.namespaces.items():
            for index, one in enumerate(several):
                yield Announced(("namespaces", name, index), one, self.reserved)

    def addon(self, target: ClusterFacts) -> Addon:
        """A chart for the cloud provider, and the main one for the DaemonSet."""
        watched = target.has("monitoring")
        bgp = self.bgp
        return Addon(
            "kubeVip",
            charts=(
                Chart("kube-vip-cloud-provider", NAMESPACE, self._provider()),
                Chart("kube-vip", NAMESPACE, merged(self._values(target, watched), self.values)),
            ),
            secrets=(bgp.peers_secret,) if bgp and bgp.peers_secret else (),
            provides=(LOAD_BALANCER,) if self.takes_all else (),
            needs=(METRICS,) if watched else (),
            ports=tuple(self._ports()),
            privileges=("the host's network", "addresses and raw packets on it (NET_ADMIN)"),
            ready=(
                f"Deployment {NAMESPACE}/kube-vip-cloud-provider",
                f"DaemonSet {NAMESPACE}/kube-vip",
            ),
        )

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """Addresses that are not free or of two owners, and routers twice or not at all."""
        yield from check_balancer(self, target)
        if GLOBAL in self.namespaces:
            what = f"`{GLOBAL}` is kube-vip's name for the addresses of all namespaces"
            yield Finding(codes.DUPLICATE_NAME, ("namespaces", GLOBAL), what, key=True)
        if self.bgp and bool(self.bgp.peers) == bool(self.bgp.peers_secret):
            what = "BGP needs one of `peers` and `peersSecret`"
            yield Finding(codes.BAD_BGP_PEER, ("bgp",), what)
        others = sessions.of_network(target)
        for index, peer in enumerate(self.bgp.peers if self.bgp else ()):
            path = ("bgp", "peers", index, "address")
            yield from (each.below(*path) for each in sessions.taken(peer.address, others))

    def _provider(self) -> dict[str, Any]:
        pools = {GLOBAL: self.addresses, **self.namespaces}
        # Written as ranges: of a key with networks and one with ranges only the first is read.
        data = {
            f"range-{name}": ",".join(f"{one.first}-{one.last}" for one in several)
            for name, several in pools.items()
        }
        return {
            "cm": {"data": data},
            "enableloadbalancerClass": self.by_class,
            "replicasCount": HIGHLY_AVAILABLE,
            "priorityClassName": CRITICAL,
        }

    def _values(self, target: ClusterFacts, watched: bool) -> dict[str, Any]:
        return {
            "env": {
                # Of the Kubernetes API, which is not its part here.
                "cp_enable": "false",
                "lb_enable": "false",
                "vip_subnet": "32,128",
                "vip_leaderelection": "false",
                **({"lb_class_only": "true", "lb_class_name": CLASS} if self.by_class else {}),
                "prometheus_server": f":{METRICS_PORT}",
                **self._announcing(),
            },
            **self._routers(),
            # Control-plane machines carry no traffic of Services, unless there are no others.
            **({"tolerations": []} if target.pools else {}),
            "priorityClassName": NODE_CRITICAL,
            "podMonitor": {"enabled": watched},
        }

    def _announcing(self) -> dict[str, str]:
        if self.bgp is None:
            return {
                "vip_arp": "true",
                "svc_election": "true",
                "vip_interface": self.interface or "",
            }
        peers = {"bgp_peers": ",".join(map(_written, self.bgp.peers))} if self.bgp.peers else {}
        return {
            "vip_arp": "false",
            "svc_election": "false",
            # Routers bring packets to the machine, so no interface has to answer for addresses.
            "vip_interface": self.interface or "lo",
            "bgp_enable": "true",
            "bgp_as": str(self.bgp.as_number),
            **peers,
        }

    def _routers(self) -> dict[str, Any]:
        if self.bgp is None:
            return {}
        own = {"bgp_routerid": {"fieldRef": {"fieldPath": "status.podIP"}}}
        secret = self.bgp.peers_secret
        return {"envValueFrom": own} | (
            {"envFrom": [{"secretRef": {"name": secret}}]} if secret else {}
        )

    def _ports(self) -> Iterator[Port]:
        for number in sorted({peer.port for peer in self.bgp.peers} if self.bgp else ()):
            yield Port(number, "machines to routers, BGP")
        yield Port(METRICS_PORT, "Prometheus to machines")


def _written(peer: RouterPeer) -> str:
    """A peer as kube-vip reads it: address, system, password, whether it is far, port."""
    host = f"[{peer.address}]" if ":" in peer.address else peer.address
    far = "true" if peer.multi_hop else "false"
    return f"{host}:{peer.as_number}::{far}:{peer.port}"
