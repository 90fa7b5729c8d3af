"""Dashboards and rules as files: whole, with metrics that exist and pages that are there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from components.observability import files
from tests.observability import expressions

ROOT = Path(__file__).resolve().parents[2]
SUBJECTS = {
    *("fleet", "cluster", "etcd", "control-plane", "node"),
    *("namespace", "tenant", "ingress", "storage"),
}


def dashboards() -> dict[str, dict[str, Any]]:
    return {name: json.loads(each.text) for name, each in files.own_dashboards().items()}


def alerts() -> list[dict[str, Any]]:
    groups = (group for rules in files.own_rules().values() for group in rules.groups)
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def test_there_is_a_dashboard_for_each_subject() -> None:
    assert dashboards().keys() == SUBJECTS
    assert len({each["uid"] for each in dashboards().values()}) == len(SUBJECTS)


@pytest.mark.parametrize("name", sorted(SUBJECTS))
def test_a_dashboard_is_whole(name: str) -> None:
    content = dashboards()[name]
    numbers = [panel["id"] for panel in content["panels"]]
    assert len(set(numbers)) == len(numbers)
    taken: set[tuple[int, int]] = set()
    for panel in content["panels"]:
        assert panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "prometheus"}
        assert panel["targets"]
        place = panel["gridPos"]
        columns = range(place["x"], place["x"] + place["w"])
        cells = {(x, y) for x in columns for y in range(place["y"], place["y"] + place["h"])}
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
    used = set(re.findall(r"\$([a-z]+)", json.dumps(content["panels"])))
    assert used <= {each["name"] for each in content["templating"]["list"]}


def test_every_metric_is_one_that_exists() -> None:
    known = expressions.known_metrics()
    everything = [*expressions.of_dashboards(), *expressions.of_rules(), *expressions.variables()]
    assert len(everything) > 100
    for place, expression in everything:
        found = expressions.metrics(expression)
        assert found, place
        assert found <= known, place


def test_every_metric_of_the_list_is_used() -> None:
    everything = [*expressions.of_dashboards(), *expressions.of_rules(), *expressions.variables()]
    used = set().union(*(expressions.metrics(expression) for _, expression in everything))
    recorded = {"kube_namespace_labels"}  # by a rule that is made from the settings
    endings = {f"{name}{ending}" for name in used for ending in ("", *expressions.ENDINGS)}
    short = {re.sub("_(bucket|count|sum)$", "", name) for name in used} | recorded
    names = {name for name in expressions.known_metrics() if name not in endings}
    unused = {name for name in names if re.sub("_(bucket|count|sum)$", "", name) not in short}
    assert {name for name in unused if not name.startswith("caas:")} == set()


def test_only_the_fleets_dashboard_shows_alerts_that_other_clusters_have_sent() -> None:
    everything = [*expressions.of_dashboards(), *expressions.of_rules()]
    found = {place: expression for place, expression in everything if "ALERTS{" in expression}
    assert len(found) == 3
    for place, expression in found.items():
        assert ('prometheus_replica=""' in expression) is not place.startswith("fleet"), place


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_how_bad_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^## (\w+)$", (ROOT / page).read_text(), re.M)
    assert anchor == rule["alert"].lower()
    assert rule["alert"] in headings


def test_every_section_of_the_runbook_is_about_an_alert() -> None:
    headings = re.findall(r"^## (\w+)$", (ROOT / "docs/runbooks/alerts.md").read_text(), re.M)
    assert sorted(headings) == sorted(rule["alert"] for rule in alerts())
