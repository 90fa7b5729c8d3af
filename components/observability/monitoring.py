"""Metrics, dashboards and alerts of a cluster: kube-prometheus-stack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from components.addon import (
    GATEWAY_API,
    METRICS,
    Addon,
    AddonSettings,
    Manifest,
    Port,
    SecurityLevel,
    Target,
    merged,
)
from components.chart import Chart
from components.fields import Count, LabelKey, WebAddress
from components.finding import Finding
from components.observability import files, objects
from components.observability.alert_settings import Alerts
from components.observability.alertmanager import secrets_of
from components.observability.rules_of_settings import check
from components.observability.settings import Gateway, Grafana, Receive, RemoteWrite, Storage
from components.observability.values import CHART, NAME, NAMESPACE, chart_values

Folder = Annotated[str, Field(pattern=r"^[^\x00]+$", max_length=512)]


class Monitoring(AddonSettings):
    """Prometheus, Alertmanager and Grafana, twice where it matters, with their own volumes."""

    TITLE: ClassVar = "Monitoring"
    SUMMARY: ClassVar = (
        "Prometheus, Alertmanager and Grafana, with dashboards, alerts and where these go."
    )

    retention_days: Annotated[Count, Field(ge=1, le=3650)] = 15
    """How long metrics are kept; less where the volume is full before."""
    storage: Storage | None = Storage(size=50)
    """The volume of each Prometheus; null keeps nothing over a restart."""
    replicas: Annotated[Count, Field(ge=1, le=5)] = 2
    """How many Prometheus and how many Alertmanager run; each Prometheus has everything."""
    alerts: Alerts = Alerts()
    """Who is told of alerts; nobody where nothing is said."""
    grafana: Grafana = Grafana()
    """Where dashboards are looked at, and by whom."""
    dashboards: Folder | None = None
    """A folder of the checkout with dashboards of yours, `*.json`; a folder in it is one in
    Grafana."""
    rules: Folder | None = None
    """A folder of the checkout with alert and recording rules of yours, `*.yaml` as Prometheus
    reads them."""
    runbooks: WebAddress | None = None
    """Where this project's `docs/` is published; without it alerts name pages of the checkout."""
    tenant_label: LabelKey = "capsule.clastix.io/tenant"
    """The label of namespaces that names their tenant."""
    gateway: Gateway = Gateway()
    """The Gateway that routes go through."""
    remote_write: RemoteWrite | None = None
    """A store elsewhere that gets metrics of this cluster."""
    receive: Receive | None = None
    """Takes the metrics of other clusters, on a management cluster."""

    def addon(self, target: Target) -> Addon:
        """One chart; dashboards and rules follow it."""
        routed = self.grafana.hostname or (self.receive and self.receive.hostname)
        values = merged(chart_values(self, target), self.values)
        return Addon(
            "monitoring",
            charts=(Chart(CHART, NAMESPACE, values),),
            namespaces={NAMESPACE: SecurityLevel.PRIVILEGED},
            objects=tuple(self._objects(target)),
            secrets=self._secrets(),
            provides=(METRICS,),
            needs=(GATEWAY_API,) if routed else (),
            ports=(
                Port(9100, "Prometheus to the node exporter of each machine"),
                Port(10250, "Prometheus to the kubelet of each machine"),
            ),
            privileges=(
                "the host's processes, network and mounts, to read (node exporter)",
                "every object of the cluster, to read its state (kube-state-metrics)",
            ),
            ready=(
                f"Deployment {NAMESPACE}/{NAME}-operator",
                f"StatefulSet {NAMESPACE}/prometheus-{NAME}",
                f"StatefulSet {NAMESPACE}/alertmanager-{NAME}",
                f"Deployment {NAMESPACE}/grafana",
                f"Deployment {NAMESPACE}/kube-state-metrics",
                f"DaemonSet {NAMESPACE}/node-exporter",
            ),
        )

    def check(self, target: Target) -> Iterator[Finding]:
        """What is wrong with receivers, credentials, folders and their files."""
        yield from check(self, target)

    def _objects(self, target: Target) -> Iterator[Manifest]:
        management, receives = target.management, self.receive is not None
        known = files.own_dashboards()
        for name in objects.own_names(known, management=management, receives=receives):
            yield objects.dashboard(known[name], f"dashboard-{name}")
        if self.dashboards:
            yield from objects.users_dashboards(self.dashboards)
        yield from objects.own_rules(
            self.runbooks or "",
            management=management,
            receives=bool(self.receive and self.receive.expected and management),
        )
        yield objects.facts(self.tenant_label, target.cluster.control_plane.etcd)
        if self.rules:
            yield from objects.users_rules(self.rules)
        if self.grafana.hostname:
            yield objects.grafana_route(self.grafana.hostname, self.gateway)
        if self.receive:
            yield from objects.way_in(self.receive, self.gateway, self.replicas)

    def _secrets(self) -> tuple[str, ...]:
        grafana, written, received = self.grafana, self.remote_write, self.receive
        found = {
            *secrets_of(self.alerts),
            grafana.admin_secret,
            grafana.oidc.secret if grafana.oidc else None,
            *((written.secret, written.token_secret, written.ca_secret) if written else ()),
            received.secret if received and received.hostname else None,
        }
        return tuple(sorted(name for name in found if name))
