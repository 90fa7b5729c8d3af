"""Calico, through its operator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from components.addon import NETWORK, Addon, Port, SecurityLevel
from components.addon_settings import merged
from components.chart import Chart
from components.facts import ClusterFacts
from components.finding import Finding
from components.mappings import Manifest
from components.network import calico_bgp, calico_rules, mtu
from components.network.calico_settings import CalicoOptions, Dataplane, PodPool
from components.network.mtu import Overhead
from components.pods import CRITICAL

NAMESPACE = "tigera-operator"
SYSTEM = calico_bgp.NAMESPACE
NODE_METRICS_PORT, TYPHA_METRICS_PORT = 9091, 9093


class CalicoSettings(CalicoOptions):
    """Calico: pods get addresses of the cluster's ranges, over VXLAN."""

    TITLE: ClassVar = "Calico"
    SUMMARY: ClassVar = "Network plug-in with network policies."

    def addon(self, target: ClusterFacts) -> Addon:
        """Its CRDs, which are a separate chart since 3.32, and its operator."""
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

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """The settings that the operator would reject, and insufficient addresses."""
        yield from calico_rules.check(self, target)
        yield from mtu.check(target, self.mtu, self._overheads(target))

    def _overheads(self, target: ClusterFacts) -> Iterator[Overhead]:
        """The overhead of each encapsulation; like Calico, the check subtracts the largest."""
        for pool in self.effective_pools(target):
            encapsulation = self.encapsulation_of(pool)
            if encapsulation.startswith("VXLAN"):
                yield Overhead.VXLAN
            elif encapsulation.startswith("IPIP"):
                yield Overhead.IPIP
        if self.wireguard:
            yield Overhead.WIREGUARD

    def _values(self, target: ClusterFacts) -> dict[str, Any]:
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
            # Of the operator; it gives its own pods the right class.
            "priorityClassName": CRITICAL,
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

    def _addresses(self, target: ClusterFacts) -> dict[str, Any]:
        """The selection of a machine's address, per family."""
        found = (
            {"interface": self.node_interface}
            if self.node_interface
            else {"kubernetes": "NodeInternalIP"}
        )
        families = {cidr.network.version for cidr in target.network.pods}
        return {f"nodeAddressAutodetectionV{version}": found for version in sorted(families)}

    def _felix(self, target: ClusterFacts) -> dict[str, Any]:
        if not self.wireguard:
            return {}
        keys = {4: "wireguardEnabled", 6: "wireguardEnabledV6"}
        return {keys[cidr.network.version]: True for cidr in target.network.pods}

    def _objects(self, target: ClusterFacts) -> Iterator[Manifest]:
        if self.bgp:
            yield from calico_bgp.objects(self.bgp, target.network.services)

    def _ports(self, target: ClusterFacts) -> Iterator[Port]:
        yield from self.between(target)
        if target.has("monitoring"):
            yield Port(NODE_METRICS_PORT, "Prometheus to machines")
            yield Port(TYPHA_METRICS_PORT, "Prometheus to Typha")
