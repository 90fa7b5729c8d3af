"""VictoriaLogs: keeps logs on one volume, and finds any word in them."""

from __future__ import annotations

from typing import Any

from components.logging.settings import LogVolume, Retention

NAME = "victoria-logs"
PORT = 9428


def values(*, volume: LogVolume, retention: Retention, metrics: bool) -> dict[str, Any]:
    """The values of the chart: one replica, because its chart knows no more.

    Args:
        volume: where logs are; the oldest go when it is nearly full.
        retention: of which `days` counts; it has no classes.
        metrics: whether the cluster has ServiceMonitors.
    """
    storage = {"storageClassName": volume.storage_class} if volume.storage_class else {}
    return {
        "server": {
            "fullnameOverride": NAME,
            "retentionPeriod": f"{retention.days}d",
            "retentionMaxDiskUsagePercent": 90,
            "persistentVolume": {"enabled": True, "size": f"{volume.size_gib}Gi", **storage},
            "podSecurityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "resources": {
                "requests": {"cpu": "200m", "memory": "512Mi"},
                "limits": {"memory": "2Gi"},
            },
            "serviceMonitor": {"enabled": metrics},
        },
    }


def host(namespace: str) -> str:
    """The host that takes logs and answers searches."""
    return f"{NAME}.{namespace}.svc"
