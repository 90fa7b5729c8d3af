"""descheduler: moves pods that would be better off elsewhere."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import METRICS, Addon, SecurityLevel
from components.addon_settings import AddonSettings, merged
from components.chart import Chart
from components.facts import ClusterFacts
from components.fields import Count, Duration, Flag
from components.pods import Resources, spread

NAMESPACE = "descheduler"


class DeschedulerSettings(AddonSettings):
    """descheduler, careful: a few pods at a time, none with volumes, and budgets are kept."""

    TITLE: ClassVar = "descheduler"
    SUMMARY: ClassVar = "Evicts pods that break their own rules by now, or crowd a machine."

    replicas: Annotated[Count, Field(ge=1, le=3)] = 2
    """The number of replicas; one is active."""
    interval: Duration = Duration(300)
    """The interval."""
    per_node: Annotated[Count, Field(ge=1, le=100)] = 5
    """The maximum number of evictions per machine and run."""
    per_namespace: Annotated[Count, Field(ge=1, le=100)] = 5
    """The maximum number of evictions per namespace and run."""
    even_out: Flag = False
    """Also takes pods from machines that are used much while others are used little; not together
    with an autoscaler, which empties machines."""
    resources: Resources = Resources(cpu="100m", memory="256Mi")
    """The resource requests."""

    def addon(self, target: ClusterFacts) -> Addon:
        """One chart, as a Deployment with leader election."""
        watched = target.has("monitoring")
        values = merged(self._values(watched), self.values)
        return Addon(
            "descheduler",
            charts=(Chart("descheduler", NAMESPACE, values),),
            namespaces={NAMESPACE: SecurityLevel.RESTRICTED},
            needs=(METRICS,) if watched else (),
            privileges=("evicts pods of every namespace",),
            ready=(f"Deployment {NAMESPACE}/descheduler",),
        )

    def _values(self, watched: bool) -> dict[str, Any]:
        labels = {"app.kubernetes.io/name": "descheduler"}
        return {
            "kind": "Deployment",
            "replicas": self.replicas,
            "leaderElection": {"enabled": True, "resourceNamespace": NAMESPACE},
            "podSecurityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "deschedulingInterval": str(self.interval),
            "resources": self.resources.requirements(),
            "topologySpreadConstraints": spread(labels),
            "service": {"enabled": watched},
            "serviceMonitor": {"enabled": watched},
            "deschedulerPolicy": {
                "maxNoOfPodsToEvictPerNode": self.per_node,
                "maxNoOfPodsToEvictPerNamespace": self.per_namespace,
                "profiles": [self._profile()],
            },
        }

    def _profile(self) -> dict[str, Any]:
        protections = {"extraEnabled": ["PodsWithPVC"]}
        evictor = {"podProtections": protections, "nodeFit": True}
        restarts = {"podRestartThreshold": 100, "includingInitContainers": True}
        affinity = {"nodeAffinityType": ["requiredDuringSchedulingIgnoredDuringExecution"]}
        usage = {
            "thresholds": {"cpu": 20, "memory": 20, "pods": 20},
            "targetThresholds": {"cpu": 50, "memory": 50, "pods": 50},
        }
        arguments: dict[str, dict[str, Any]] = {
            "DefaultEvictor": evictor,
            "RemovePodsHavingTooManyRestarts": restarts,
            "RemovePodsViolatingNodeAffinity": affinity,
            "LowNodeUtilization": usage,
        }
        balance = ["RemoveDuplicates", "RemovePodsViolatingTopologySpreadConstraint"]
        deschedule = [
            "RemovePodsHavingTooManyRestarts",
            "RemovePodsViolatingNodeTaints",
            "RemovePodsViolatingNodeAffinity",
            "RemovePodsViolatingInterPodAntiAffinity",
        ]
        if self.even_out:
            balance.append("LowNodeUtilization")
        enabled = ["DefaultEvictor", *balance, *deschedule]
        return {
            "name": "default",
            "pluginConfig": [
                {"name": name, **({"args": arguments[name]} if name in arguments else {})}
                for name in enabled
            ],
            "plugins": {
                "balance": {"enabled": balance},
                "deschedule": {"enabled": deschedule},
            },
        }
