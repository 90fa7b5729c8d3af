"""metrics-server: what pods and nodes use now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import METRICS, Addon, AddonSettings, Target, merged
from components.chart import Chart
from components.fields import Count, Flag
from components.finding import Finding
from components.ingress.names import Resources
from components.ingress.placement import BUDGET, spread
from errors.ingress import KUBELET_CERTIFICATES

NAMESPACE = "kube-system"


class MetricsServer(AddonSettings):
    """metrics-server, twice."""

    TITLE: ClassVar = "metrics-server"
    SUMMARY: ClassVar = "CPU and memory of pods and nodes, for `kubectl top` and HPAs."

    replicas: Annotated[Count, Field(ge=1, le=5)] = 2
    """How many run; each of them can answer."""
    verify_kubelets: Flag = False
    """Checks the certificates of kubelets; needs `kubelet.serverTLSBootstrap` and an approver."""
    resources: Resources = Resources(cpu="100m", memory="200Mi")
    """What each asks for; beyond 100 machines give it 1m and 2Mi more for each."""

    def check(self, target: Target) -> Iterator[Finding]:
        """KUBELET_CERTIFICATES."""
        if not self.verify_kubelets:
            return
        cluster = target.cluster
        groups = {"the control plane": cluster.control_plane.kubelet} | {
            f"the pool `{pool.name}`": pool.kubelet for pool in cluster.worker_pools
        }
        own = [name for name, kubelet in groups.items() if not kubelet.server_tls_bootstrap]
        if own:
            what = f"kubelets of `{cluster.name}` sign their own certificates: {', '.join(own)}"
            yield Finding(KUBELET_CERTIFICATES, ("verifyKubelets",), what)

    def addon(self, target: Target) -> Addon:
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
