"""Every alert rule fires when it shall and is quiet when it shall, says promtool."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.observability import files
from plane.binaries import tools
from plane.progress import Silent
from tests.observability import expressions
from tests.unit.test_monitoring import objects, on_management

CASES: dict[str, Any] = yaml.load((expressions.HERE / "alerts.yaml").read_text(), yaml.CSafeLoader)
LIMIT = 120.0
FIRES = 'alertname="A",alertstate="firing",severity="critical"'


@pytest.fixture(scope="module")
def promtool() -> Path:
    return tools.prometheus(Silent()) / "promtool"


def run(promtool: Path, *arguments: str) -> str:
    """The output of promtool, which must succeed."""
    done = subprocess.run(
        [str(promtool), *arguments], capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def rule_of(alert: str) -> dict[str, Any]:
    groups = (group for rules in files.own_rules().values() for group in rules.groups)
    (found,) = (rule for group in groups for rule in group["rules"] if rule.get("alert") == alert)
    return dict(found)


def test_every_alert_has_a_case() -> None:
    groups = (group for rules in files.own_rules().values() for group in rules.groups)
    alerts = {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}
    assert CASES.keys() == alerts


def test_what_is_delivered_is_valid(promtool: Path, tmp_path: Path) -> None:
    rules = objects(on_management({"receive": {}}), "PrometheusRule")
    for name, rule in rules.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(rule["spec"]))
    said = run(promtool, "check", "rules", *(str(file) for file in tmp_path.iterdir()))
    assert said.count("SUCCESS") == len(rules)


def test_alerts_fire_and_are_quiet(promtool: Path, tmp_path: Path) -> None:
    tests = []
    for alert, case in CASES.items():
        rule = rule_of(alert)
        notes = {key: text.strip() for key, text in rule["annotations"].items()}
        fires = {
            "exp_labels": rule["labels"] | case["fires"]["labels"],
            "exp_annotations": notes | {"summary": case["fires"]["summary"]},
        }
        for name, expected in (("fires", [fires]), ("quiet", [])):
            series = case[name]["series"].items()
            tests.append(
                {
                    "name": f"{alert} {name}",
                    "interval": "1m",
                    "input_series": [{"series": key, "values": text} for key, text in series],
                    "alert_rule_test": [
                        {
                            "eval_time": case[name]["at"],
                            "alertname": alert,
                            "exp_alerts": expected,
                        }
                    ],
                }
            )
    own = sorted(str(file) for file in (files.HERE / "rules").glob("*.yaml"))
    own = [file for file in own if not file.endswith("summary.yaml")]  # it makes what is given
    file = tmp_path / "tests.yaml"
    file.write_text(yaml.safe_dump({"rule_files": own, "tests": tests}))
    run(promtool, "test", "rules", str(file))


def test_a_cluster_is_summed_up(promtool: Path, tmp_path: Path) -> None:
    series = {
        'kube_node_info{node="a"}': "1x20",
        'kube_node_info{node="b"}': "1x20",
        'kube_node_status_condition{node="a",condition="Ready",status="true"}': "1x20",
        'kube_node_status_condition{node="b",condition="Ready",status="true"}': "0x20",
        'apiserver_request_total{code="200"}': "0+100x20",
        'node_memory_MemTotal_bytes{instance="a"}': "8x20",
        'node_memory_MemAvailable_bytes{instance="a"}': "5x20",
        f"ALERTS{{{FIRES}}}": "1x20",
        'ALERTS{alertname="Watchdog",alertstate="firing",severity="critical"}': "1x20",
        # Two replicas of another cluster have sent it here.
        f'ALERTS{{{FIRES},cluster="shop",prometheus_replica="a"}}': "1x20",
        f'ALERTS{{{FIRES},cluster="shop",prometheus_replica="b"}}': "1x20",
    }
    expected = {
        "caas:cluster_nodes": 2,
        "caas:cluster_nodes_ready": 1,
        "caas:cluster_memory_used_bytes": 3,
        "caas:cluster_api_error_ratio": 0,
        'caas:cluster_alerts_firing{severity="critical"}': 1,
    }
    checks = [
        {"expr": name, "eval_time": "10m", "exp_samples": [{"labels": name, "value": value}]}
        for name, value in expected.items()
    ]
    test = {
        "interval": "1m",
        "input_series": [{"series": key, "values": text} for key, text in series.items()],
        "promql_expr_test": checks,
    }
    summary = str(files.HERE / "rules" / "summary.yaml")
    file = tmp_path / "tests.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [summary], "tests": [test]}))
    run(promtool, "test", "rules", str(file))


def test_tenants_are_named_by_the_label_of_their_namespaces(promtool: Path, tmp_path: Path) -> None:
    facts = objects(on_management({}), "PrometheusRule")["caas-facts"]["spec"]
    (tmp_path / "facts.yaml").write_text(yaml.safe_dump(facts))
    labels = 'namespace="shop",label_caas_dev_tenant="acme"'
    tenant = 'local:namespace_tenant{namespace="shop",tenant="acme"}'
    series = {
        f"kube_namespace_labels{{{labels}}}": "1x5",
        'kube_namespace_labels{namespace="x"}': "1x5",
    }
    test = {
        "input_series": [{"series": key, "values": text} for key, text in series.items()],
        "promql_expr_test": [
            {
                "expr": "local:namespace_tenant",
                "eval_time": "3m",
                "exp_samples": [{"labels": tenant, "value": 1}],
            }
        ],
    }
    file = tmp_path / "tests.yaml"
    file.write_text(yaml.safe_dump({"rule_files": ["facts.yaml"], "tests": [test]}))
    run(promtool, "test", "rules", str(file))


def test_every_expression_of_the_dashboards_parses(promtool: Path, tmp_path: Path) -> None:
    rules = [
        {"record": f"expression:{index}", "expr": expression}
        for index, (_, expression) in enumerate(expressions.of_dashboards())
    ]
    assert len(rules) > 80
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}))
    run(promtool, "check", "rules", str(file))
