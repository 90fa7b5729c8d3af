"""Cilium: a network by eBPF, in the place of kube-proxy where the cluster has none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import (
    GATEWAY_API,
    LOAD_BALANCER,
    NETWORK,
    Addon,
    Manifest,
    Port,
    Target,
    merged,
)
from components.chart import Chart
from components.fields import Count, Flag
from components.finding import Finding
from components.ingress.classes import DEFINITIONS
from components.loadbalancer.addresses import Announced, LoadBalancer
from components.network import cilium_objects, cilium_rules
from components.network.cilium_settings import (
    CiliumBgp,
    CiliumEncryption,
    EncryptionType,
    Hubble,
    Ipam,
    IpamMode,
    Routing,
    ServiceAddresses,
)

NAMESPACE = "kube-system"
MASK_SIZES = {4: 24, 6: 120}
"""What a machine takes where nothing is said; Cilium's own defaults."""
BETWEEN = "pods of one machine to those of another"
HIGHLY_AVAILABLE = 2


class Cilium(LoadBalancer):
    """Cilium; it takes the place of kube-proxy exactly where `network.kubeProxy` is false."""

    TITLE: ClassVar = "Cilium"
    SUMMARY: ClassVar = "Network plug-in with policies, flows, and load balancing, by eBPF."

    routing: Routing = Routing.VXLAN
    """How packets get to other machines: in a tunnel, or `native`, where the network lets addresses
    of pods through."""
    direct_node_routes: Flag = False
    """With `native`: machines are in one subnet, and tell each other their routes."""
    mtu: Annotated[Count, Field(ge=1280, le=9000)] | None = None
    """The largest packet of pods; without it found out on the machines."""
    ipam: Ipam = Ipam()
    """How addresses of pods are divided."""
    encryption: CiliumEncryption | None = None
    """Encrypts what pods say to each other."""
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
        """Whether it answers Services that name no class."""
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

    def addon(self, target: Target) -> Addon:
        """One chart, and before it the definitions of the Gateway API where they are asked for."""
        values = merged(self._values(target), self.values)
        definitions = (DEFINITIONS,) if self.gateway else ()
        return Addon(
            "cilium",
            charts=(*definitions, Chart("cilium", NAMESPACE, values)),
            objects=tuple(self._objects(target)),
            secrets=tuple(sorted(self._secrets())),
            provides=(
                NETWORK,
                *((LOAD_BALANCER,) if self.takes_all else ()),
                *((GATEWAY_API,) if self.gateway else ()),
            ),
            ports=tuple(self._ports(target)),
            privileges=("the host's network", "programs in the host's kernel (eBPF)"),
            ready=(f"DaemonSet {NAMESPACE}/cilium", f"Deployment {NAMESPACE}/cilium-operator"),
        )

    def check(self, target: Target) -> Iterator[Finding]:
        """What Cilium would refuse or ignore, and addresses that are not free."""
        yield from cilium_rules.check(self, target)

    @property
    def answers_for_addresses(self) -> bool:
        """Whether machines answer for addresses of Services in their own network."""
        return self.load_balancer is not None and (bool(self.load_balancer.l2) or self.bgp is None)

    def mask_size(self, version: int) -> int:
        """The network bits of a machine's block, with IPAM of its own."""
        said = {4: self.ipam.mask_size_v4, 6: self.ipam.mask_size_v6}
        return said[version] or MASK_SIZES[version]

    def _values(self, target: Target) -> dict[str, Any]:
        watched = target.has("monitoring")
        machines = target.cluster.control_plane.replicas + sum(
            pool.fewest for pool in target.cluster.worker_pools
        )
        return {
            **self._families(target),
            **self._services(target),
            **({"MTU": self.mtu} if self.mtu else {}),
            "encryption": self._encryption(),
            "hubble": self._hubble(target),
            "l2announcements": {"enabled": self.answers_for_addresses},
            "bgpControlPlane": {"enabled": self.bgp is not None},
            "gatewayAPI": self._gateways(),
            "operator": {
                "replicas": min(machines, HIGHLY_AVAILABLE),
                "podDisruptionBudget": {"enabled": machines > 1},
            },
            # No ServiceMonitor: its kind is not there before the network is.
            "prometheus": {"enabled": watched},
        }

    def _families(self, target: Target) -> dict[str, Any]:
        """Addresses of pods, and how they travel."""
        ranges = {cidr.network.version: str(cidr) for cidr in target.cluster.network.pods}
        values: dict[str, Any] = {
            f"ipv{version}": {"enabled": version in ranges} for version in MASK_SIZES
        }
        own = self.ipam.mode is IpamMode.CLUSTER_POOL
        values["ipam"] = {"mode": self.ipam.mode.value}
        if own:
            values["ipam"]["operator"] = {
                key: value
                for version, cidr in ranges.items()
                for key, value in (
                    (f"clusterPoolIPv{version}PodCIDRList", [cidr]),
                    (f"clusterPoolIPv{version}MaskSize", self.mask_size(version)),
                )
            }
        else:
            values["k8s"] = {f"requireIPv{version}PodCIDR": True for version in ranges}
        if self.routing is not Routing.NATIVE:
            return values | {"routingMode": "tunnel", "tunnelProtocol": self.routing.value}
        native = {f"ipv{version}NativeRoutingCIDR": cidr for version, cidr in ranges.items()}
        direct = {"autoDirectNodeRoutes": self.direct_node_routes}
        return values | {"routingMode": "native"} | native | direct

    def _services(self, target: Target) -> dict[str, Any]:
        """Who forwards packets to Services, and who gives them addresses."""
        values: dict[str, Any] = {
            "kubeProxyReplacement": "false",
            "defaultLBServiceIPAM": "lbipam" if self.takes_all else "none",
        }
        if target.cluster.network.kube_proxy:
            return values
        endpoint = target.cluster.control_plane.endpoint
        # Without kube-proxy the API's own Service leads nowhere; kubeadm has written down where.
        found = {"k8sServiceHost": endpoint.host or "auto"}
        port = {"k8sServicePort": str(endpoint.port)} if endpoint.host else {}
        return values | {"kubeProxyReplacement": "true"} | found | port

    def _gateways(self) -> dict[str, Any]:
        """Charts have no order: this one fails, and is tried again, until its class is defined.

        Left to itself it would leave the class out for good, and its operator all Gateways.
        """
        if not self.gateway:
            return {"enabled": False}
        return {"enabled": True, "gatewayClass": {"create": "true"}}

    def _encryption(self) -> dict[str, Any]:
        if self.encryption is None:
            return {"enabled": False}
        values: dict[str, Any] = {
            "enabled": True,
            "type": self.encryption.type.value,
            "nodeEncryption": self.encryption.node_encryption,
        }
        if self.encryption.type is EncryptionType.IPSEC:
            values["ipsec"] = {"secretName": self.encryption.key_secret}
        return values

    def _hubble(self, target: Target) -> dict[str, Any]:
        hubble = self.hubble
        if not hubble.enabled:
            return {"enabled": False}
        values: dict[str, Any] = {
            "enabled": True,
            "relay": {"enabled": hubble.relay},
            "ui": {"enabled": hubble.ui},
            # Made in the cluster and renewed there; Helm would make new ones at every change.
            "tls": {"auto": {"method": "cronJob"}},
            "peerService": {"clusterDomain": target.cluster.network.service_domain},
        }
        if target.has("monitoring") and hubble.metrics:
            values["metrics"] = {"enabled": list(hubble.metrics)}
        return values

    def _objects(self, target: Target) -> Iterator[Manifest]:
        if self.load_balancer:
            default = self.answers_for_addresses
            yield from cilium_objects.addresses(self.load_balancer, answered=default)
        if self.bgp:
            families = [cidr.network.version for cidr in target.cluster.network.services]
            services = self.load_balancer is not None
            yield from cilium_objects.bgp(self.bgp, families, services=services)

    def _secrets(self) -> Iterator[str]:
        if self.encryption and self.encryption.type is EncryptionType.IPSEC:
            yield self.encryption.key_secret
        named = {peer.password_secret for peer in self.bgp.peers} if self.bgp else set()
        yield from (name for name in named if name)

    def between(self) -> Iterator[Port]:
        """What machines must let through among each other."""
        yield Port(4240, "machines among each other, whether they are healthy")
        if self.routing is not Routing.NATIVE:
            yield Port(8472 if self.routing is Routing.VXLAN else 6081, BETWEEN, "UDP")
        if self.encryption:
            encrypted = f"{BETWEEN}, encrypted"
            wireguard = self.encryption.type is EncryptionType.WIREGUARD
            yield Port(51871, encrypted, "UDP") if wireguard else Port(0, encrypted, "ESP")
        if self.hubble.enabled:
            yield Port(4244, "Hubble's relay to machines")

    def _ports(self, target: Target) -> Iterator[Port]:
        yield from self.between()
        if self.bgp:
            for number in sorted({peer.peer_port for peer in self.bgp.peers}):
                yield Port(number, "machines to routers, BGP")
        if target.has("monitoring"):
            yield Port(9962, "Prometheus to machines")
            yield Port(9963, "Prometheus to Cilium's operator")
            if self.hubble.enabled and self.hubble.metrics:
                yield Port(9965, "Prometheus to machines, Hubble")
