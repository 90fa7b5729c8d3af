"""node-problem-detector: tells the API server what is wrong with a machine."""

from __future__ import annotations

from typing import Any, ClassVar

from components.addon import METRICS, Addon, SecurityLevel
from components.addon_settings import AddonSettings, merged
from components.chart import Chart
from components.facts import ClusterFacts
from components.pods import Resources

NAMESPACE = "node-problem-detector"


class NodeProblemDetectorSettings(AddonSettings):
    """node-problem-detector on every machine."""

    TITLE: ClassVar = "node-problem-detector"
    SUMMARY: ClassVar = "Reports kernel faults, read-only disks and the like as node conditions."

    resources: Resources = Resources(cpu="20m", memory="80Mi")
    """The resource requests on each machine."""

    def addon(self, target: ClusterFacts) -> Addon:
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
