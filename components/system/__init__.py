"""Services that every cluster needs: certificates, metrics of pods, DNS records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lazy import lazily

if TYPE_CHECKING:
    from components.system.cert_manager import CertManagerSettings
    from components.system.descheduler import DeschedulerSettings
    from components.system.external_dns import ExternalDnsSettings
    from components.system.metrics_server import MetricsServerSettings
    from components.system.node_problem_detector import NodeProblemDetectorSettings
    from components.system.resources import (
        CertManager,
        Descheduler,
        ExternalDns,
        MetricsServer,
        NodeProblemDetector,
    )

__all__ = [
    "CertManager",
    "CertManagerSettings",
    "Descheduler",
    "DeschedulerSettings",
    "ExternalDns",
    "ExternalDnsSettings",
    "MetricsServer",
    "MetricsServerSettings",
    "NodeProblemDetector",
    "NodeProblemDetectorSettings",
]

__getattr__ = lazily(
    __name__,
    {
        "CertManager": "resources",
        "CertManagerSettings": "cert_manager",
        "Descheduler": "resources",
        "DeschedulerSettings": "descheduler",
        "ExternalDns": "resources",
        "ExternalDnsSettings": "external_dns",
        "MetricsServer": "resources",
        "MetricsServerSettings": "metrics_server",
        "NodeProblemDetector": "resources",
        "NodeProblemDetectorSettings": "node_problem_detector",
    },
)
