"""Pods of add-ons: placement that survives the loss of a machine or a zone, and resources.

Source of the pattern of amounts:
https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from components.fields import Settings

Amount = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?(m|[kMGTP]|[KMGTP]i)?$", max_length=20)]
"""An amount as Kubernetes writes it: `250m`, `512Mi`."""
BUDGET = {"maxUnavailable": 1}
"""A drain takes one pod at a time. Not `minAvailable`: that stops drains where one pod is all."""
CRITICAL = "system-cluster-critical"
"""The priority class of what a whole cluster depends on."""
NODE_CRITICAL = "system-node-critical"
"""The priority class of what a machine depends on."""
_TOPOLOGIES = ("kubernetes.io/hostname", "topology.kubernetes.io/zone")


def spread(labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Topology spread constraints: over machines and zones where that is possible."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(labels)},
        }
        for key in _TOPOLOGIES
    ]


class Resources(Settings):
    """The resource requests of each pod. Its memory is also its limit; its CPU has none."""

    cpu: Amount = "100m"
    """CPU that is reserved for it."""
    memory: Amount = "256Mi"
    """Memory that is reserved for it, and that it is ended for taking more of."""

    def requirements(self) -> dict[str, Any]:
        """As a container has them."""
        return {
            "requests": {"cpu": self.cpu, "memory": self.memory},
            "limits": {"memory": self.memory},
        }
