"""Where the pods of an add-on run, so that one machine or zone that fails leaves the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BUDGET = {"maxUnavailable": 1}
"""A drain takes one pod at a time. Not `minAvailable`: that stops drains where one pod is all."""
CRITICAL = "system-cluster-critical"
"""The priority class of what a whole cluster depends on."""
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
