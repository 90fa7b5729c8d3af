"""Metrics, dashboards and alerts of clusters and of the fleet: kube-prometheus-stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lazy import lazily

if TYPE_CHECKING:
    from components.observability.monitoring import MonitoringSettings
    from components.observability.resources import Monitoring

__all__ = [
    "Monitoring",
    "MonitoringSettings",
]

__getattr__ = lazily(
    __name__,
    {
        "Monitoring": "resources",
        "MonitoringSettings": "monitoring",
    },
)
