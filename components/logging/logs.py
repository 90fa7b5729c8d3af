"""Logs: collected on every node, searched in a store, archived, forwarded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from components.addon import METRICS, VOLUMES, Addon, Port, SecurityLevel
from components.addon_settings import merged
from components.chart import Chart
from components.facts import ClusterFacts, TenantFacts
from components.finding import Finding
from components.logging import collector, loki, pipeline, rules, search, victoria_logs
from components.logging.forwards import authorities
from components.logging.options import LogsOptions
from components.logging.outputs import LOKI, Properties, s3
from components.logging.outputs import victoria_logs as to_victoria_logs
from components.logging.settings import Bucket, LogSource, LogStore
from components.logging.tenants import (
    NO_OWNERS,
    NamespaceOwners,
    limits_with,
    owners_of,
    retention_with,
)
from components.observability.monitoring import MonitoringSettings
from components.tenancy.platform import platform_patterns

NAMESPACE = "logging"


class LogsSettings(LogsOptions):
    """Fluent Bit on every node, and Loki or VictoriaLogs, or a store elsewhere."""

    TITLE: ClassVar = "Logs"
    SUMMARY: ClassVar = (
        "Collects, limits, redacts, stores, archives and forwards the logs of containers, nodes, "
        "the Kubernetes API and events."
    )

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """Codes 1390 to 1399, see `components.logging.rules`."""
        yield from rules.check(self, target)

    def addon(self, target: ClusterFacts) -> Addon:
        """The store, the collectors, and how Grafana finds the store.

        The namespace is privileged because the collectors read folders of the machines; all other
        pods in it are restricted by their own settings.
        """
        watched = target.has("monitoring")
        return Addon(
            "logs",
            charts=(*self._store(watched, target.tenants), *self._collectors(watched, target)),
            namespaces={NAMESPACE: SecurityLevel.PRIVILEGED},
            objects=tuple(self._objects(target)) if watched else (),
            secrets=tuple(self._secrets()),
            needs=tuple(self._needs(watched)),
            ports=(Port(2020, "Prometheus to collectors"),),
            privileges=(
                "root without capabilities, in the collectors of nodes",
                "reads /var/log, /run/log/journal and /etc/machine-id of the machines",
                f"writes {collector.HOST_STATE} on the machines",
            ),
            ready=(*self._store_ready(), f"DaemonSet {NAMESPACE}/{collector.NODES}"),
        )

    def _needs(self, watched: bool) -> Iterator[str]:
        if self.store is not LogStore.NONE:
            yield VOLUMES
        if watched:
            yield METRICS

    def _store(self, watched: bool, tenants: Sequence[TenantFacts]) -> Iterator[Chart]:
        if self.store is LogStore.LOKI:
            values = loki.values(
                mode=self.mode,
                replicas=self.loki_replicas,
                volume=self.volume,
                bucket=self.object_storage,
                retention=retention_with(self.retention, tenants),
                limits=self.limits.store,
                metrics=watched,
            )
            yield Chart("loki", NAMESPACE, merged(values, self.values))
        elif self.store is LogStore.VICTORIA_LOGS:
            values = victoria_logs.values(
                volume=self.volume, retention=self.retention, metrics=watched
            )
            yield Chart("victoria-logs-single", NAMESPACE, merged(values, self.values))

    def _script(self, tenants: Sequence[TenantFacts], owners: NamespaceOwners = NO_OWNERS) -> str:
        return pipeline.script(
            collect=self.collect,
            tenant_label=self.tenant_label,
            retention=retention_with(self.retention, tenants),
            limits=limits_with(self.limits, tenants),
            redact=self.redact,
            owners=owners,
        )

    def _owners(self, target: ClusterFacts) -> NamespaceOwners:
        tenants = target.tenants
        whole = any(each.whole_cluster for each in tenants)
        return owners_of(tenants, platform_patterns(target, "logs", NAMESPACE) if whole else ())

    def _collectors(self, watched: bool, target: ClusterFacts) -> Iterator[Chart]:
        script = self._script(target.tenants)
        found = list(self._outputs())
        outputs = "\n".join(found)
        shared = collector.shared(self.forward, self.buckets, metrics=watched)
        if set(self.collect) - {LogSource.EVENTS}:
            own = f"{collector.NODES}-*_{NAMESPACE}_"
            values = collector.nodes(self.collect, own, outputs, script, shared)
            more = merged(self.values if self.store is LogStore.NONE else {}, self.collector_values)
            yield Chart("fluent-bit", NAMESPACE, merged(values, more))
        if LogSource.EVENTS in self.collect:
            buffer = self.buffer.destination_mib * len(found)
            # Of nodes it is not: a change of namespaces would restart all of them.
            script = self._script(target.tenants, self._owners(target))
            values = collector.events(outputs, script, shared, buffer)
            yield Chart("fluent-bit-events", NAMESPACE, values)

    def _outputs(self) -> Iterator[str]:
        if to_store := self._to_store():
            yield pipeline.output("store", to_store, self.buffer)
        if self.archive:
            yield pipeline.output("archive", s3(self.archive, "archive"), self.buffer)
        for each in self.forward:
            output = each.output()
            yield pipeline.output(each.name, output, self.buffer, each.sources, each.classes)

    def _to_store(self) -> Properties:
        if self.store is LogStore.LOKI:
            host = loki.push_host(self.mode, NAMESPACE)
            return LOKI | {"host": host, "port": str(loki.PORT)}
        if self.store is LogStore.VICTORIA_LOGS:
            return to_victoria_logs(victoria_logs.host(NAMESPACE), victoria_logs.PORT)
        return {}

    def _objects(self, target: ClusterFacts) -> Iterator[dict[str, Any]]:
        if self.store is LogStore.LOKI:
            url = loki.search_url(self.mode, NAMESPACE)
            yield search.datasource(NAMESPACE, search.LOKI, url)
            yield search.dashboard(NAMESPACE)
        elif self.store is LogStore.VICTORIA_LOGS:
            url = f"http://{victoria_logs.host(NAMESPACE)}:{victoria_logs.PORT}"
            yield search.datasource(NAMESPACE, search.VICTORIA_LOGS, url)
        monitoring = target.addons["monitoring"]
        runbooks = monitoring.runbooks if isinstance(monitoring, MonitoringSettings) else None
        yield search.alerts(NAMESPACE, runbooks or "")

    def _secrets(self) -> list[str]:
        buckets: list[Bucket] = [*self.buckets]
        if self.object_storage and self.store is LogStore.LOKI:
            buckets.append(self.object_storage)
        names = {each.secret for each in buckets if each.secret}
        names |= {each.login for each in self.forward if each.login}
        return sorted(names | {secret for _, secret in authorities(self.forward)})

    def _store_ready(self) -> tuple[str, ...]:
        if self.store is LogStore.LOKI:
            return loki.ready(self.mode, NAMESPACE)
        if self.store is LogStore.VICTORIA_LOGS:
            return (f"StatefulSet {NAMESPACE}/{victoria_logs.NAME}",)
        return ()
