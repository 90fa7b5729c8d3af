"""Rules about the receivers of a tenant's alerts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.finding import Finding
from components.observability.alert_settings import Alerts
from errors.tenants import RECEIVER_OF_ALL, TENANT_RECEIVER_UNKNOWN


def receiver_findings(alerts: Alerts, receivers: Sequence[str]) -> Iterator[Finding]:
    """TENANT_RECEIVER_UNKNOWN and RECEIVER_OF_ALL; paths begin at the tenant.

    Args:
        alerts: of the add-on `monitoring` of a cluster.
        receivers: of the tenant.
    """
    teams = {each.name for each in alerts.teams}
    webhooks = {each.name: each for each in alerts.webhooks}
    for index, name in enumerate(receivers):
        path = ("alerts", "receivers", index)
        if "@" in name:
            if not alerts.email:
                what = f"`{name}` is to get mail, and `alerts` of `monitoring` have no mail server"
                yield Finding(TENANT_RECEIVER_UNKNOWN, path, what)
        elif name in webhooks and not webhooks[name].for_tenants:
            yield Finding(RECEIVER_OF_ALL, path, f"the webhook `{name}` gets all alerts")
        elif name not in webhooks and name not in teams:
            what = f"`alerts` of `monitoring` have no webhook and no team `{name}`"
            yield Finding(TENANT_RECEIVER_UNKNOWN, path, what)
