"""node-problem-detector: tells the API server what is wrong with a machine."""

from __future__ import annotations

from typing import Any, ClassVar

from components.addon import METRICS, Addon, AddonSettings, SecurityLevel, Target, merged
from components.chart import Chart
from components.ingress.names import Resources

NAMESPACE = "node-problem-detector"


class NodeProblemDetector(AddonSettings):
    """node-problem-detector on every machine."""

    TITLE: ClassVar = "node-problem-detector"
    SUMMARY: ClassVar = "Reports kernel faults, read-only disks and the like as node conditions."

    resources: Resources = Resources(cpu="20m", memory="80Mi")
    """What it asks for on each machine."""

    def addon(self, target: Target) -> Addon:
        """One chart, on every machine whatever its taints."""
        watched = target.has("monitoring")
        values = merged(self._values(watched), self.values)
        return Addon(
            "nodeProblemDetector",
            charts=(Chart("node-problem-detector", NAMESPACE, values),),
            namespaces={NAMESPACE: SecurityLevel.PRIVILEGED},
            needs=(METRICS,) if watched else (),
            privileges=("reads the host's logs and kernel messages", "a privileged container"),
            ready=(f"DaemonSet {NAMESPACE}/node-problem-detector",),
        )

    def _values(self, watched: bool) -> dict[str, Any]:
        return {
            "settings": {
                # Machines here run containerd, not Docker.
                "log_monitors": ["/config/kernel-monitor.json", "/config/readonly-monitor.json"],
            },
            "tolerations": [{"operator": "Exists"}],
            "resources": self.resources.requirements(),
            "metrics": {"enabled": watched, "serviceMonitor": {"enabled": watched}},
        }
