"""The objects that follow kube-prometheus-stack: dashboards, rules, and the endpoint for the
fleet's metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.chart import CLUSTER_NAME
from components.digests import content_name
from components.ingress.classes import GROUP
from components.mappings import Manifest
from components.observability import files
from components.observability.files import Dashboard, Rules
from components.observability.settings import DashboardGateway, Receive
from components.observability.values import NAME, NAMESPACE
from components.placeholders import filled

MANAGEMENT_ONLY = ("fleet", "cluster-api")
"""The files of dashboards and rules that only a management cluster has data for."""
RECEIVER_ONLY = ("receiver",)
"""The files of rules for a cluster that takes the metrics of others."""
PORT = 9090
WRITE = "/api/v1/write"
REMOTE_WRITE = "remote-write"
GIB = 2**30


def dashboard(each: Dashboard, name: str) -> Manifest:
    """A dashboard as the ConfigMap that Grafana's sidecar looks for."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": {"grafana_dashboard": "1"},
            "annotations": {"grafana_folder": each.folder},
        },
        "data": {f"{each.uid}.json": each.text},
    }


def prometheus_rule(
    name: str, groups: Sequence[Mapping[str, Any]], namespace: str = NAMESPACE
) -> Manifest:
    """Rules as the object that the operator looks for."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"groups": [dict(group) for group in groups]},
    }


def own_names(found: Mapping[str, Any], *, management: bool, receives: bool) -> list[str]:
    """The project's files for a cluster."""
    without = {*(() if management else MANAGEMENT_ONLY), *(() if receives else RECEIVER_ONLY)}
    return [name for name in found if name not in without]


def own_rules(runbooks: str, *, management: bool, receives: bool) -> Iterator[Manifest]:
    """The project's rules; each alert with the address of what to do about it.

    What is sent elsewhere gets the cluster's name on its way; a management cluster's own series of
    the fleet are named here. Elsewhere they are not: clusters would not share these objects then.
    """
    known = files.own_rules()
    labels = {"cluster": CLUSTER_NAME} if management else {}
    for name in own_names(known, management=management, receives=receives):
        yield prometheus_rule(f"caas-{name}", finished(known[name].groups, runbooks, labels))


def finished(
    groups: Sequence[Mapping[str, Any]], runbooks: str, labels: Mapping[str, str] | None = None
) -> list[Mapping[str, Any]]:
    """Groups of the project's rules as clusters get them.

    Args:
        groups: as the files have them.
        runbooks: where `docs/` is published; empty for pages of the checkout.
        labels: of every series that they record.
    """
    return [
        {**group, "rules": [_finished(rule, runbooks, labels or {}) for rule in group["rules"]]}
        for group in groups
    ]


def _finished(rule: Mapping[str, Any], base: str, labels: Mapping[str, str]) -> dict[str, Any]:
    if "record" in rule:
        return {**rule, "labels": {**labels, **rule.get("labels", {})}} if labels else dict(rule)
    page = rule["annotations"]["runbook_url"]
    address = f"{base.rstrip('/')}/{page.removeprefix('docs/')}" if base else page
    return {**rule, "annotations": {**rule["annotations"], "runbook_url": address}}


def facts(tenant_label: str, etcd_quota_gib: int | None) -> Manifest:
    """Facts that rules and dashboards compare with, as series: owners of namespaces, etcd's quota.

    Args:
        tenant_label: the label of namespaces that names their tenant.
        etcd_quota_gib: the size limit of etcd's database in GiB; None for an external etcd.
    """
    label = _metric_label(tenant_label)
    tenants = (
        f'label_replace(kube_namespace_labels{{{label}!=""}}, "tenant", "$1", "{label}", "(.+)")'
    )
    records = {"local:namespace_tenant": f"max by (namespace, tenant) ({tenants})"}
    if etcd_quota_gib is not None:
        records["local:etcd_quota_bytes"] = f"vector({etcd_quota_gib * GIB})"
    rules = [{"record": name, "expr": expression} for name, expression in records.items()]
    return prometheus_rule("caas-facts", [{"name": "caas-facts", "rules": rules}])


def _metric_label(key: str) -> str:
    """The name of an object's label in kube-state-metrics: `label_caas_dev_tenant`.

    Source: `labelName` and `toSnakeCase` in `internal/store/utils.go` of kube-state-metrics.
    """
    name = re.sub(r"[^A-Za-z0-9_]", "_", key)
    return "label_" + re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def users_rules(path: str) -> Iterator[Manifest]:
    """A user's rules, an object per file."""
    for each in files.rules(path):
        if isinstance(each, Rules):
            yield prometheus_rule(_name("custom", each.file), each.groups)


def users_dashboards(path: str) -> Iterator[Manifest]:
    """A user's dashboards, an object per file."""
    for each in files.dashboards(path):
        if isinstance(each, Dashboard):
            yield dashboard(each, _name("dashboard-custom", each.file))


def _name(prefix: str, file: str) -> str:
    """A name of an object for a file: `a b.yaml`, `a-b.yaml` and `A/b.yml` have one each."""
    readable = re.sub(r"[^a-z0-9]+", "-", file.rpartition(".")[0].lower()).strip("-")[:200]
    return content_name(f"{prefix}-{readable or 'file'}", {"file": file})


def grafana_route(hostname: str, gateway: DashboardGateway) -> Manifest:
    """The route to Grafana. The chart has one too, but would wait for the Gateway API with it."""
    return _route("grafana", hostname, gateway, {"backendRefs": [{"name": "grafana", "port": 80}]})


def way_in(receive: Receive, gateway: DashboardGateway, replicas: int) -> Iterator[Manifest]:
    """The route for the metrics of other clusters, and who may use it.

    The replicas don't share what they are sent, so the first gets every request and each of the
    others a copy of it.
    """
    if not receive.hostname:
        return
    first, *others = ({"name": f"{NAME}-prometheus-{n}", "port": PORT} for n in range(replicas))
    mirrors = [
        {"type": "RequestMirror", "requestMirror": {"backendRef": other}} for other in others
    ]
    rule: Manifest = {
        "matches": [{"path": {"type": "Exact", "value": WRITE}, "method": "POST"}],
        "backendRefs": [first],
    } | ({"filters": mirrors} if mirrors else {})
    yield _route(REMOTE_WRITE, receive.hostname, gateway, rule)
    yield {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "SecurityPolicy",
        "metadata": {"name": REMOTE_WRITE, "namespace": NAMESPACE},
        "spec": {
            "targetRefs": [{"group": GROUP, "kind": "HTTPRoute", "name": REMOTE_WRITE}],
            "basicAuth": {"users": {"name": receive.secret}},
        },
    }


def _route(name: str, hostname: str, gateway: DashboardGateway, rule: Manifest) -> Manifest:
    section = {"sectionName": gateway.section} if gateway.section else {}
    parent = {"name": gateway.name, "namespace": gateway.namespace} | section
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "parentRefs": [parent],
            "hostnames": [filled(hostname)],
            "rules": [rule],
        },
    }
