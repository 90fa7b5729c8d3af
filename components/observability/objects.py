"""What follows kube-prometheus-stack: dashboards, rules, and the way in for the fleet's metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.chart import CLUSTER_NAME
from components.cluster.control_plane_settings import Etcd
from components.observability import files
from components.observability.files import Dashboard, Rules
from components.observability.settings import Gateway, Receive
from components.observability.values import NAME, NAMESPACE, parent

Manifest = dict[str, Any]

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


def prometheus_rule(name: str, groups: Sequence[Mapping[str, Any]]) -> Manifest:
    """Rules as the object that the operator looks for."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"groups": [dict(group) for group in groups]},
    }


def own_names(found: Mapping[str, Any], *, management: bool, receives: bool) -> list[str]:
    """Which of the project's files a cluster gets."""
    without = {*(() if management else MANAGEMENT_ONLY), *(() if receives else RECEIVER_ONLY)}
    return [name for name in found if name not in without]


def own_rules(runbooks: str, *, management: bool, receives: bool) -> Iterator[Manifest]:
    """The project's rules; each alert with the address of what to do about it."""
    known = files.own_rules()
    for name in own_names(known, management=management, receives=receives):
        groups = [_with_runbooks(group, runbooks) for group in known[name].groups]
        yield prometheus_rule(f"caas-{name}", groups)


def _with_runbooks(group: Mapping[str, Any], base: str) -> dict[str, Any]:
    return {**group, "rules": [_finished(rule, base) for rule in group["rules"]]}


def _finished(rule: Mapping[str, Any], base: str) -> dict[str, Any]:
    if "record" in rule:  # a fleet's series say whose they are, also where nothing sends them
        return {**rule, "labels": {"cluster": CLUSTER_NAME, **rule.get("labels", {})}}
    page = rule["annotations"]["runbook_url"]
    address = f"{base.rstrip('/')}/{page.removeprefix('docs/')}" if base else page
    return {**rule, "annotations": {**rule["annotations"], "runbook_url": address}}


def facts(tenant_label: str, etcd: Etcd) -> Manifest:
    """What rules and dashboards compare with, as series: whose a namespace is, etcd's quota."""
    label = _metric_label(tenant_label)
    tenants = (
        f'label_replace(kube_namespace_labels{{{label}!=""}}, "tenant", "$1", "{label}", "(.+)")'
    )
    records = {"local:namespace_tenant": f"max by (namespace, tenant) ({tenants})"}
    if not etcd.external:
        records["local:etcd_quota_bytes"] = f"vector({etcd.quota_gib * GIB})"
    rules = [{"record": name, "expr": expression} for name, expression in records.items()]
    return prometheus_rule("caas-facts", [{"name": "caas-facts", "rules": rules}])


def _metric_label(key: str) -> str:
    """How kube-state-metrics calls a label of an object: `label_capsule_clastix_io_tenant`.

    Source: `labelName` and `toSnakeCase` in `internal/store/utils.go` of kube-state-metrics.
    """
    name = re.sub(r"[^A-Za-z0-9_]", "_", key)
    return "label_" + re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def users_rules(path: str) -> Iterator[Manifest]:
    """A user's rules, an object per file."""
    for each in files.rules(path):
        if isinstance(each, Rules):
            yield prometheus_rule(f"custom-{_slug(each.file)}", each.groups)


def users_dashboards(path: str) -> Iterator[Manifest]:
    """A user's dashboards, an object per file."""
    for each in files.dashboards(path):
        if isinstance(each, Dashboard):
            yield dashboard(each, f"dashboard-custom-{_slug(each.file)}")


def _slug(file: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", file.rpartition(".")[0].lower()).strip("-")[:200] or "file"


def way_in(receive: Receive, gateway: Gateway, replicas: int) -> Iterator[Manifest]:
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
    metadata = {"name": REMOTE_WRITE, "namespace": NAMESPACE}
    yield {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": metadata,
        "spec": {
            "parentRefs": [parent(gateway)],
            "hostnames": [receive.hostname],
            "rules": [rule],
        },
    }
    yield {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "SecurityPolicy",
        "metadata": metadata,
        "spec": {
            "targetRefs": [
                {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": REMOTE_WRITE}
            ],
            "basicAuth": {"users": {"name": receive.secret}},
        },
    }
