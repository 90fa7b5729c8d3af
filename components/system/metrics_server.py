"""metrics-server: what pods and nodes use now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import METRICS, Addon
from components.addon_settings import AddonSettings, merged
from components.chart import Chart
from components.facts import ClusterFacts
from components.fields import Count, Flag
from components.finding import Finding
from components.pods import BUDGET, Resources, spread
from errors.ingress import KUBELET_CERTIFICATES

NAMESPACE = "kube-system"


class MetricsServerSettings(AddonSettings):
    """metrics-server, twice."""

    TITLE: ClassVar = "metrics-server"
    SUMMARY: ClassVar = "CPU and memory of pods and nodes, for `kubectl top` and HPAs."

    replicas: Annotated[Count, Field(ge=1, le=5)] = 2
    """The number of replicas, all active."""
    verify_kubelets: Flag = False
    """Checks the certificates of kubelets; needs `kubelet.serverTLSBootstrap` and an approver."""
    resources: Resources = Resources(cpu="100m", memory="200Mi")
    """The resources of each replica; for more than 100 machines add 1m and 2Mi for each."""

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """KUBELET_CERTIFICATES."""
        if not self.verify_kubelets:
            return
        groups = {"the control plane": target.control_plane.signed_kubelets} | {
            f"the pool `{pool.name}`": pool.signed_kubelets for pool in target.pools
        }
        own = [name for name, signed in groups.items() if not signed]
        if own:
            what = f"kubelets of `{target.name}` sign their own certificates: {', '.join(own)}"
            yield Finding(KUBELET_CERTIFICATES, ("verifyKubelets",), what)

    def addon(self, target: ClusterFacts) -> Addon:
        """One chart in kube-system."""
        watched = target.has("monitoring")
        return Addon(
            "metricsServer",
            charts=(
                Chart("metrics-server", NAMESPACE, merged(self._values(watched), self.values)),
            ),
            needs=(METRICS,) if watched else (),
            ready=(f"Deployment {NAMESPACE}/metrics-server",),
        )

    def _values(self, watched: bool) -> dict[str, Any]:
        return {
            "replicas": self.replicas,
            "podDisruptionBudget": {"enabled": True, **BUDGET},
            "topologySpreadConstraints": spread({"app.kubernetes.io/name": "metrics-server"}),
            "resources": self.resources.requirements(),
            "metrics": {"enabled": watched},
            "serviceMonitor": {"enabled": watched},
            # Without bootstrapped certificates a kubelet signs its own.
            "args": [] if self.verify_kubelets else ["--kubelet-insecure-tls"],
        }
