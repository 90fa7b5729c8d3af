"""The components of this folder; arguments and outputs of all: `AddonComponent`."""

from __future__ import annotations

from components.delivery.component import AddonComponent
from components.observability.monitoring import MonitoringSettings


class Monitoring(AddonComponent):
    """Prometheus, Alertmanager and Grafana.

    The arguments are the fields of `MonitoringSettings`.

        Monitoring("monitoring", cluster=shop, retention_days=30)
    """

    SETTINGS = MonitoringSettings
