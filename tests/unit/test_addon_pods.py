"""Pods of add-ons: what their namespaces let in, what they ask for, and what counts on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import catalog, chart_resources
from components.addon_settings import merged
from components.chart import Chart
from policies import check
from policies.rules import pod_security
from policies.rules.rule import MANDATORY
from tests.addons import upstream
from tests.addons.examples import Example, examples
from tests.policies.case import R

SECURITY: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(upstream.__file__).parent / "security.yaml").read_text()
)
BASELINE = [rule for rule in pod_security.RULES if rule.level is MANDATORY]
RESTRICTED = [rule for rule in pod_security.RULES if rule.name != "pods-have-read-only-roots"]
"""The last one is not a part of the Pod Security Standards."""
RULES = {"baseline": BASELINE, "restricted": RESTRICTED}
PARTS = {"harbor": {"nginx": "expose.type=loadBalancer", "exporter": "metrics.enabled=True"}}
"""Parts that a chart runs only where a value elsewhere has a value."""
EXAMPLES = list(examples())
OPTIONAL = {"enabled", "create", "jobEnabled"}
BUDGETS = {"podDisruptionBudget", "pdb"}
MONITORS = {"serviceMonitor", "podMonitor"}


def pods(chart: Chart) -> Iterator[R]:
    """The pods of a chart, as far as Pod Security is concerned, with the values of an add-on."""
    for pod in SECURITY[chart.name]:
        context = _context(chart, pod)
        wanted = _wanted(chart, pod["containers"])
        containers = [
            {"name": f"c{number}", "image": "a/b:1", "securityContext": _context(chart, each)}
            for number, each in enumerate(wanted)
        ]
        yield R(
            "kubernetes:core/v1:Pod",
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": pod["pod"], "namespace": chart.namespace},
                "spec": {"securityContext": context, "containers": containers},
            },
            name=pod["pod"],
        )


def _wanted(chart: Chart, entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for each in entries:
        if "when" not in each or upstream.at(chart.values, each["when"]):
            yield each


def _context(chart: Chart, entry: Mapping[str, Any]) -> dict[str, Any]:
    own = upstream.at(chart.values, entry["at"]) if "at" in entry else None
    return merged(entry["default"], own or {})


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_namespaces_let_the_pods_of_their_charts_in(example: Example) -> None:
    """A namespace whose level refuses a pod has a chart that never becomes ready."""
    addon = example.addon()
    for chart in addon.charts:
        level = addon.namespaces.get(chart.namespace, "privileged")
        if level == "privileged":
            continue
        assert chart.name in SECURITY, f"{chart.name}: describe its pods in security.yaml"
        found = check(list(pods(chart)), date(2026, 11, 28), RULES[level])
        assert [f"{each.object}: {each.message}" for each in found] == []


@pytest.mark.parametrize("chart", SECURITY)
def test_security_contexts_are_described_as_the_chart_has_them(chart: str) -> None:
    known = upstream.defaults(chart)
    for pod in SECURITY[chart]:
        for entry in (pod, *pod["containers"]):
            if "at" in entry:
                there = upstream.at(known, entry["at"]) or {}
                assert there == entry["default"], f"{chart}: {entry['at']}"


def _mappings(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield path, values
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _mappings(value, f"{path}.{key}" if path else key)


def _is_off(chart: Chart, path: str, part: Mapping[str, Any]) -> bool:
    elsewhere = PARTS.get(chart.name, {}).get(path, "")
    where, _, wanted = elsewhere.partition("=")
    return (
        part.get("enabled") is False
        or part.get("replicas") == 0
        or bool(elsewhere and str(upstream.at(chart.values, where)) != wanted)
    )


def _is_made(setting: Any) -> bool:
    """True if a budget or a monitor is switched on."""
    if not isinstance(setting, Mapping) or not setting:
        return False
    switches = [setting[key] for key in OPTIONAL & setting.keys()]
    return all(switches) if switches else True


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_nothing_counts_on_parts_that_do_not_run(example: Example) -> None:
    """A budget without pods never allows a disruption, and its alert never ends."""
    for chart in example.addon().charts:
        for path, part in _mappings(chart.values):
            if _is_off(chart, path, part):
                made = [key for key in BUDGETS | MONITORS if _is_made(part.get(key))]
                assert not made, f"{chart.name}: {path} is off and has {made}"


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_budgets_let_a_machine_be_drained(example: Example) -> None:
    for chart in example.addon().charts:
        for path, part in _mappings(chart.values):
            replicas = part.get("replicas", part.get("replicaCount"))
            for key in BUDGETS & part.keys():
                least = part[key].get("minAvailable") if _is_made(part[key]) else None
                if isinstance(least, int) and isinstance(replicas, int):
                    assert least < replicas, f"{chart.name}: {path}.{key} of {replicas}"


def is_whole(resources: Any) -> bool:
    """True if a container requests CPU and memory, and has a limit of memory."""
    found = resources if isinstance(resources, Mapping) else {}
    asked = {*(found.get("requests") or {}), *(found.get("limits") or {})}
    return {"cpu", "memory"} <= asked and "memory" in (found.get("limits") or {})


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_what_an_add_on_says_about_resources_is_whole(example: Example) -> None:
    for chart in example.addon().charts:
        table = chart_resources().get(chart.name, {})
        for path in table:
            assert is_whole(upstream.at(chart.values, path)), f"{chart.name}: {path}"
        for path, part in _mappings(chart.values):
            key = path.rpartition(".")[2]
            is_claim = "storage" in (part.get("requests") or {})
            if key == "resources" and {"requests", "limits"} & part.keys() and not is_claim:
                assert is_whole(part), f"{chart.name}: {path}"


def test_resources_are_of_charts_of_the_catalog() -> None:
    assert not chart_resources().keys() - catalog().charts.keys()


UNUSED = {
    "cilium": ("encryption.ztunnel", "nodeinit", "preflight", "clustermesh", "authentication"),
    "external-dns": ("provider.webhook",),
    "fluent-bit": ("hotReload",),
    "fluent-bit-events": ("hotReload",),
    "kube-prometheus-stack": (
        "defaultRules",
        "prometheusOperator.admissionWebhooks.deployment",
        "thanosRuler",
        "prometheus.prometheusSpec.storageSpec",
        "alertmanager.alertmanagerSpec.storage",
        "grafana.imageRenderer",
        "grafana.downloadDashboards",
    ),
    "loki": (
        *("write", "read", "backend", "bloomGateway", "bloomPlanner", "bloomBuilder"),
        *("chunksCache", "resultsCache", "memcachedExporter", "minio", "tableManager", "gateway"),
        *("lokiCanary", "overridesExporter", "patternIngester", "ruler", "sidecar"),
    ),
    # FRR has a separate chart, which sets its resources.
    "metallb": ("speaker.frr", "speaker.reloader", "speaker.frrMetrics", "speaker.initContainers"),
    "rook-ceph": ("discover",),
    "snapshot-controller": ("webhook",),
    "traefik": ("providers",),
}
"""Beginnings of paths of parts that the add-ons never run, and of what only ends in the word."""
NESTED = {
    "ceph-csi-drivers": ("operatorConfig", "drivers"),
    "csi-driver-nfs": ("controller", "node"),
    "rook-ceph-cluster": ("cephClusterSpec",),
}
"""Values in which resources are mappings by container."""


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_every_container_asks_for_resources(example: Example) -> None:
    for chart in example.addon().charts:
        if not catalog().charts[chart.name].images:
            continue
        values = merged(upstream.defaults(chart.name), chart.values)
        left_out = (*UNUSED.get(chart.name, ()), *NESTED.get(chart.name, ()))
        places = [
            f"{path}.resources" if path else "resources"
            for path, part in _mappings(values)
            if isinstance(part.get("resources", ""), Mapping)
        ]
        parts = dict(_mappings(values))
        for place in places:
            owner = parts[place.rpartition(".")[0]]
            if place.startswith(left_out) or _is_off(chart, place, owner):
                continue
            assert is_whole(upstream.at(values, place) or owner["resources"]), (
                f"{chart.name}: {place}"
            )
