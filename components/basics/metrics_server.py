"""metrics-server: what pods and nodes use now."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import Addon, AddonSettings, Target, merged
from components.chart import Chart
from components.fields import Count, Flag

NAMESPACE = "kube-system"


class MetricsServer(AddonSettings):
    """metrics-server, twice."""

    TITLE: ClassVar = "metrics-server"
    SUMMARY: ClassVar = "CPU and memory of pods and nodes, for `kubectl top` and HPAs."

    replicas: Annotated[Count, Field(ge=1, le=5)] = 2
    """How many run; each of them can answer."""
    verify_kubelets: Flag = False
    """Checks the certificates of kubelets; needs `kubelet.serverTLSBootstrap` and an approver."""

    def addon(self, target: Target) -> Addon:
        """One chart in kube-system."""
        return Addon(
            "metricsServer",
            charts=(Chart("metrics-server", NAMESPACE, merged(self._values(), self.values)),),
            ready=(f"Deployment {NAMESPACE}/metrics-server",),
        )

    def _values(self) -> dict[str, Any]:
        return {
            "replicas": self.replicas,
            "podDisruptionBudget": {"enabled": True, "minAvailable": 1},
            # Without bootstrapped certificates a kubelet signs its own.
            "args": [] if self.verify_kubelets else ["--kubelet-insecure-tls"],
        }
