"""Metrics, dashboards and alerts of a cluster: kube-prometheus-stack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from components.addon import GATEWAY_API, METRICS, Addon, Port, SecurityLevel
from components.addon_settings import merged
from components.chart import Chart
from components.facts import ClusterFacts
from components.finding import Finding
from components.mappings import Manifest
from components.observability import files, objects
from components.observability.alertmanager import secrets_of
from components.observability.rules_of_settings import check
from components.observability.settings import MonitoringOptions
from components.observability.tenant_dashboards import tenant_dashboard
from components.observability.values import CHART, NAME, NAMESPACE, chart_values


class MonitoringSettings(MonitoringOptions):
    """Prometheus, Alertmanager and Grafana, twice where it matters, with their own volumes."""

    TITLE: ClassVar = "Monitoring"
    SUMMARY: ClassVar = (
        "Prometheus, Alertmanager and Grafana, with dashboards, alerts and where these go."
    )

    def addon(self, target: ClusterFacts) -> Addon:
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

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """The problems of receivers, credentials, folders and their files."""
        yield from check(self, target)

    def _objects(self, target: ClusterFacts) -> Iterator[Manifest]:
        management, receives = target.management, self.receive is not None
        known = files.own_dashboards()
        for name in objects.own_names(known, management=management, receives=receives):
            yield objects.dashboard(known[name], f"dashboard-{name}")
        yield from (tenant_dashboard(each.name) for each in target.tenants)
        if self.dashboards:
            yield from objects.users_dashboards(self.dashboards)
        yield from objects.own_rules(
            self.runbooks or "",
            management=management,
            receives=bool(self.receive and self.receive.expected and management),
        )
        yield objects.facts(self.tenant_label, target.control_plane.etcd_quota_gib)
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
