"""Calico, through its operator."""

from __future__ import annotations

from typing import Any, ClassVar

from components.addon import NETWORK, Addon, AddonSettings, Port, SecurityLevel, Target, merged
from components.chart import Chart

NAMESPACE = "tigera-operator"


class Calico(AddonSettings):
    """Calico: pods get addresses of the cluster's ranges, over VXLAN."""

    TITLE: ClassVar = "Calico"
    SUMMARY: ClassVar = "Network plug-in with network policies."

    def addon(self, target: Target) -> Addon:
        """Its definitions, which are a chart of their own since 3.32, and its operator."""
        values = merged(self._values(target), self.values)
        return Addon(
            "calico",
            charts=(
                Chart("calico-definitions", NAMESPACE),
                Chart("tigera-operator", NAMESPACE, values),
            ),
            namespaces={NAMESPACE: SecurityLevel.PRIVILEGED},
            provides=(NETWORK,),
            ports=(Port(4789, "pods of one machine to those of another", "UDP"),),
            privileges=("the host's network", "the host's kernel modules and iptables"),
            ready=("DaemonSet calico-system/calico-node",),
        )

    def _values(self, target: Target) -> dict[str, Any]:
        ranges = target.cluster.network.pods
        pools = [{"cidr": str(cidr), "encapsulation": "VXLAN"} for cidr in ranges]
        return {
            "installation": {"calicoNetwork": {"bgp": "Disabled", "ipPools": pools}},
            "goldmane": {"enabled": False},
            "whisker": {"enabled": False},
            # The chart before it brings them.
            "manageCRDs": False,
        }
