"""Calico, through its operator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import (
    NETWORK,
    Addon,
    AddonSettings,
    Manifest,
    Port,
    SecurityLevel,
    Target,
    merged,
)
from components.chart import Chart
from components.fields import Count, Flag
from components.finding import Finding
from components.network import calico_bgp, calico_rules
from components.network.calico_settings import (
    Bgp,
    BlockSize,
    Dataplane,
    Encapsulation,
    PodPool,
)

NAMESPACE = "tigera-operator"
SYSTEM = calico_bgp.NAMESPACE
NODE_METRICS_PORT, TYPHA_METRICS_PORT = 9091, 9093
BETWEEN = "pods of one machine to those of another"
IPV4, IPV6 = 4, 6
WIREGUARD_PORTS = {IPV4: 51820, IPV6: 51821}
BLOCK_SIZES = {IPV4: 26, IPV6: 122}
"""What a machine takes at a time where nothing is said; Calico's own defaults."""


class Calico(AddonSettings):
    """Calico: pods get addresses of the cluster's ranges, over VXLAN."""

    TITLE: ClassVar = "Calico"
    SUMMARY: ClassVar = "Network plug-in with network policies."

    encapsulation: Encapsulation = Encapsulation.VXLAN
    """How packets get to other machines: `VXLAN` works everywhere; `VXLANCrossSubnet` leaves them
    as they are inside a subnet, `None` everywhere, where the network lets addresses of pods
    through."""
    block_size: BlockSize | None = None
    """The network bits of what a machine takes of IPv4 addresses at a time; without it 26. Cannot
    be changed later. IPv6 has 122, where a pool says nothing else."""
    nat_outgoing: Flag = True
    """Whether pods have their machine's address outside of the cluster."""
    pools: Annotated[tuple[PodPool, ...], Field(max_length=25)] = ()
    """Parts of the pod ranges that differ; without them each range is one pool."""
    mtu: Annotated[Count, Field(ge=1280, le=9000)] | None = None
    """The largest packet of pods; without it found out on the machines."""
    dataplane: Dataplane = Dataplane.IPTABLES
    """`BPF` takes the place of kube-proxy, which is switched off; `Nftables` wants kube-proxy in
    the same mode."""
    wireguard: Flag = False
    """Encrypts what pods say to pods of other machines."""
    bgp: Bgp | None = None
    """Routes by BGP; needed for `IPIP` and `None`."""
    node_interface: Annotated[str, Field(pattern=r"^[A-Za-z0-9.*|_()\\\[\]-]{1,100}$")] | None = (
        None
    )
    """The interface between machines, a regular expression; without it that of a node's address."""
    control_plane_replicas: Annotated[Count, Field(ge=1, le=5)] = 2
    """How many API servers and controllers run; Typha grows with the machines by itself."""
    api_server: Flag = True
    """Serves Calico's own policies to `kubectl`."""
    goldmane: Flag = False
    """Collects flows between pods."""
    whisker: Flag = False
    """Shows them in a browser; needs `goldmane`."""

    def addon(self, target: Target) -> Addon:
        """Its definitions, which are a chart of their own since 3.32, and its operator."""
        values = merged(self._values(target), self.values)
        return Addon(
            "calico",
            charts=(
                Chart("calico-definitions", NAMESPACE),
                Chart("tigera-operator", NAMESPACE, values),
            ),
            # Both always: a namespace that went with the last password would take the pods along.
            namespaces=dict.fromkeys((NAMESPACE, SYSTEM), SecurityLevel.PRIVILEGED),
            objects=tuple(self._objects(target)),
            secrets=calico_bgp.secrets(self.bgp),
            provides=(NETWORK,),
            ports=tuple(self._ports(target)),
            privileges=("the host's network", "the host's kernel modules and iptables"),
            ready=(f"DaemonSet {SYSTEM}/calico-node",),
        )

    def check(self, target: Target) -> Iterator[Finding]:
        """What the operator would refuse, and addresses that do not suffice."""
        yield from calico_rules.check(self, target)

    def effective_pools(self, target: Target) -> tuple[PodPool, ...]:
        """The pools: those that are said, or the ranges of the cluster."""
        return self.pools or tuple(
            PodPool(name=f"pods-ipv{cidr.network.version}", cidr=cidr)
            for cidr in target.cluster.network.pods
        )

    def block_size_of(self, pool: PodPool) -> int:
        """The network bits of a machine's blocks of a pool."""
        if pool.block_size:
            return pool.block_size
        version = pool.cidr.network.version
        common = self.block_size if version == IPV4 else None
        return common or BLOCK_SIZES[version]

    def encapsulation_of(self, pool: PodPool) -> Encapsulation:
        """How packets of a pool's addresses travel."""
        return pool.encapsulation or self.encapsulation

    def _values(self, target: Target) -> dict[str, Any]:
        network: dict[str, Any] = {
            "bgp": "Enabled" if self.bgp else "Disabled",
            "linuxDataplane": self.dataplane.value,
            "ipPools": [self._pool(pool) for pool in self.effective_pools(target)],
            **self._addresses(target),
        }
        if self.mtu:
            network["mtu"] = self.mtu
        if self.dataplane is Dataplane.BPF:
            # The operator finds the API server by itself, then switches kube-proxy off.
            network |= {"bpfNetworkBootstrap": "Enabled", "kubeProxyManagement": "Enabled"}
        metrics = (
            {"nodeMetricsPort": NODE_METRICS_PORT, "typhaMetricsPort": TYPHA_METRICS_PORT}
            if target.has("monitoring")
            else {}
        )
        return {
            "installation": {
                "calicoNetwork": network,
                "controlPlaneReplicas": self.control_plane_replicas,
                **metrics,
            },
            "apiServer": {"enabled": self.api_server},
            "goldmane": {"enabled": self.goldmane},
            "whisker": {"enabled": self.whisker},
            # Made from the start, so that the release owns it when something is set later.
            "defaultFelixConfiguration": {"enabled": True, **self._felix(target)},
            # The chart before it brings them.
            "manageCRDs": False,
        }

    def _pool(self, pool: PodPool) -> dict[str, Any]:
        nat = self.nat_outgoing if pool.nat_outgoing is None else pool.nat_outgoing
        return {
            "name": pool.name,
            "cidr": str(pool.cidr),
            "encapsulation": self.encapsulation_of(pool).value,
            "natOutgoing": "Enabled" if nat else "Disabled",
            "nodeSelector": pool.node_selector,
            "blockSize": self.block_size_of(pool),
        }

    def _addresses(self, target: Target) -> dict[str, Any]:
        """Which address of a machine the others reach it at, in each family."""
        found = (
            {"interface": self.node_interface}
            if self.node_interface
            else {"kubernetes": "NodeInternalIP"}
        )
        families = {cidr.network.version for cidr in target.cluster.network.pods}
        return {f"nodeAddressAutodetectionV{version}": found for version in sorted(families)}

    def _felix(self, target: Target) -> dict[str, Any]:
        if not self.wireguard:
            return {}
        keys = {IPV4: "wireguardEnabled", IPV6: "wireguardEnabledV6"}
        return {keys[cidr.network.version]: True for cidr in target.cluster.network.pods}

    def _objects(self, target: Target) -> Iterator[Manifest]:
        if self.bgp:
            yield from calico_bgp.objects(self.bgp, target.cluster.network.services)

    def between(self, target: Target) -> Iterator[Port]:
        """What machines must let through among each other."""
        for encapsulation in sorted(
            {self.encapsulation_of(pool).value for pool in self.effective_pools(target)}
        ):
            if encapsulation.startswith("VXLAN"):
                yield Port(4789, BETWEEN, "UDP")
            elif encapsulation.startswith("IPIP"):
                yield Port(0, BETWEEN, "IP-in-IP")
        if self.wireguard:
            for family in sorted(cidr.network.version for cidr in target.cluster.network.pods):
                yield Port(WIREGUARD_PORTS[family], f"{BETWEEN}, encrypted", "UDP")
        if self.bgp:
            yield Port(179, "machines among each other and to routers, BGP")
        yield Port(5473, "machines to Typha, which tells them what has changed")

    def _ports(self, target: Target) -> Iterator[Port]:
        yield from self.between(target)
        if target.has("monitoring"):
            yield Port(NODE_METRICS_PORT, "Prometheus to machines")
            yield Port(TYPHA_METRICS_PORT, "Prometheus to Typha")
