"""The components of this folder; arguments and outputs of all: `AddonComponent`."""

from __future__ import annotations

from components.delivery.component import AddonComponent
from components.system.cert_manager import CertManagerSettings
from components.system.descheduler import DeschedulerSettings
from components.system.external_dns import ExternalDnsSettings
from components.system.metrics_server import MetricsServerSettings
from components.system.node_problem_detector import NodeProblemDetectorSettings


class CertManager(AddonComponent):
    """cert-manager, which makes and renews certificates.

    The arguments are the fields of `CertManagerSettings`.

        CertManager("certificates", cluster=shop)
    """

    SETTINGS = CertManagerSettings


class MetricsServer(AddonComponent):
    """metrics-server: CPU and memory of pods and nodes.

    The arguments are the fields of `MetricsServerSettings`.

        MetricsServer("metrics", cluster=shop)
    """

    SETTINGS = MetricsServerSettings


class ExternalDns(AddonComponent):
    """external-dns: DNS records of Services, Ingresses and routes.

    The arguments are the fields of `ExternalDnsSettings`.

        ExternalDns("dns", cluster=shop, aws={"region": "eu-central-1", "secret": "dns"})
    """

    SETTINGS = ExternalDnsSettings


class NodeProblemDetector(AddonComponent):
    """node-problem-detector: faults of machines as conditions of nodes.

    The arguments are the fields of `NodeProblemDetectorSettings`.

        NodeProblemDetector("problems", cluster=shop)
    """

    SETTINGS = NodeProblemDetectorSettings


class Descheduler(AddonComponent):
    """descheduler: evicts pods that belong on another machine.

    The arguments are the fields of `DeschedulerSettings`.

        Descheduler("descheduler", cluster=shop)
    """

    SETTINGS = DeschedulerSettings
