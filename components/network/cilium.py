"""Cilium: a network by eBPF, in the place of kube-proxy where the cluster has none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from components.addon import GATEWAY_API, LOAD_BALANCER, NETWORK, Addon, Port
from components.addon_settings import merged
from components.chart import Chart
from components.facts import ClusterFacts
from components.finding import Finding
from components.ingress.classes import DEFINITIONS
from components.mappings import Manifest
from components.network import cilium_objects, cilium_rules, mtu
from components.network.cilium_settings import (
    MASK_SIZES,
    CiliumOptions,
    EncryptionType,
    IpamMode,
    Routing,
)

NAMESPACE = "kube-system"
HIGHLY_AVAILABLE = 2


class CiliumSettings(CiliumOptions):
    """Cilium; it takes the place of kube-proxy exactly where `network.kubeProxy` is false."""

    TITLE: ClassVar = "Cilium"
    SUMMARY: ClassVar = "Network plug-in with policies, flows, and load balancing, by eBPF."

    def addon(self, target: ClusterFacts) -> Addon:
        """One chart, and before it the CRDs of the Gateway API if they are needed."""
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

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """The settings that Cilium would reject or ignore, and addresses that are not free."""
        yield from cilium_rules.check(self, target)
        yield from mtu.check(target, self.mtu)

    def _values(self, target: ClusterFacts) -> dict[str, Any]:
        watched = target.has("monitoring")
        machines = target.control_plane.replicas + sum(pool.fewest for pool in target.pools)
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

    def _families(self, target: ClusterFacts) -> dict[str, Any]:
        """Addresses of pods, and how they travel."""
        ranges = {cidr.network.version: str(cidr) for cidr in target.network.pods}
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

    def _services(self, target: ClusterFacts) -> dict[str, Any]:
        """The implementation of Services and of their addresses."""
        values: dict[str, Any] = {
            "kubeProxyReplacement": "false",
            "defaultLBServiceIPAM": "lbipam" if self.takes_all else "none",
        }
        if target.network.kube_proxy:
            return values
        # Without kube-proxy the API's own Service leads nowhere; kubeadm has written down where.
        found = {"k8sServiceHost": target.control_plane.host or "auto"}
        port = (
            {"k8sServicePort": str(target.control_plane.port)} if target.control_plane.host else {}
        )
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

    def _hubble(self, target: ClusterFacts) -> dict[str, Any]:
        hubble = self.hubble
        if not hubble.enabled:
            return {"enabled": False}
        values: dict[str, Any] = {
            "enabled": True,
            "relay": {"enabled": hubble.relay},
            "ui": {"enabled": hubble.ui},
            # Made in the cluster and renewed there; Helm would make new ones at every change.
            "tls": {"auto": {"method": "cronJob"}},
        }
        if target.has("monitoring") and hubble.metrics:
            values["metrics"] = {"enabled": list(hubble.metrics)}
        return values

    def _objects(self, target: ClusterFacts) -> Iterator[Manifest]:
        if self.load_balancer:
            default = self.answers_for_addresses
            yield from cilium_objects.addresses(self.load_balancer, answered=default)
        if self.bgp:
            families = [cidr.network.version for cidr in target.network.services]
            services = self.load_balancer is not None
            yield from cilium_objects.bgp(self.bgp, families, services=services)

    def _secrets(self) -> Iterator[str]:
        if self.encryption and self.encryption.type is EncryptionType.IPSEC:
            yield self.encryption.key_secret
        named = {peer.password_secret for peer in self.bgp.peers} if self.bgp else set()
        yield from (name for name in named if name)

    def _ports(self, target: ClusterFacts) -> Iterator[Port]:
        yield from self.between()
        if self.bgp:
            for number in sorted({peer.peer_port for peer in self.bgp.peers}):
                yield Port(number, "machines to routers, BGP")
        if target.has("monitoring"):
            yield Port(9962, "Prometheus to machines")
            yield Port(9963, "Prometheus to Cilium's operator")
            if self.hubble.enabled and self.hubble.metrics:
                yield Port(9965, "Prometheus to machines, Hubble")
