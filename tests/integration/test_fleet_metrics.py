"""The fleet's series arrive, and nothing else: one real Prometheus writes to another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plane.binaries import tools
from plane.progress import Silent
from tests.addons.upstream import at
from tests.integration.kubectl import eventually
from tests.observability.programs import prometheus, samples
from tests.observability.sinks import http_sink
from tests.unit.test_monitoring import addon, objects

pytestmark = [pytest.mark.plane, pytest.mark.timeout(600)]
LIMIT = 90.0
METRICS = """
kube_node_info{node="a"} 1
kube_node_info{node="b"} 1
kube_node_status_condition{node="a",condition="Ready",status="true"} 1
kube_node_status_condition{node="b",condition="Ready",status="true"} 0
"""


def written(settings: dict[str, Any]) -> dict[str, Any]:
    """`remoteWrite` of the chart's values, as Prometheus' own configuration writes it."""
    values = addon("monitoring", {"remoteWrite": settings}).charts[0].values
    (found,) = at(values, "prometheus.prometheusSpec.remoteWrite")
    kept = [
        {"source_labels": each["sourceLabels"], "regex": each["regex"], "action": each["action"]}
        for each in found["writeRelabelConfigs"]
    ]
    return {"remote_write": [{"url": found["url"], "write_relabel_configs": kept}]}


def test_only_the_series_of_the_fleet_arrive(tmp_path: Path) -> None:
    summary = objects(addon("monitoring", {}), "PrometheusRule")["caas-summary"]
    summary["spec"]["groups"][0]["interval"] = "1s"
    programs = tools.prometheus(Silent())
    with http_sink() as web, prometheus(programs, tmp_path / "management", web.url) as management:
        web.metrics = METRICS
        sent = written({"url": f"{management}/api/v1/write"})
        rules = [summary]
        with prometheus(programs, tmp_path / "shop", web.url, rules, sent) as shop:
            ready = 'caas:cluster_nodes_ready{cluster="shop"}'
            eventually(lambda: bool(samples(management, ready)), LIMIT)
            assert [each["value"][1] for each in samples(management, ready)] == ["1"]
            assert samples(shop, '{job="test",__name__="kube_node_info"}')
            names = samples(management, 'count by (__name__) ({cluster="shop"})')
            found = {each["metric"]["__name__"] for each in names}
            assert "caas:cluster_nodes" in found
            assert all(name.startswith("caas:") for name in found)
