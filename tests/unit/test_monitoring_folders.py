"""Dashboards and rules of a user: what is taken from a folder, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from components.observability import files
from errors import observability as codes
from tests.addons.examples import addon
from tests.unit.test_monitoring import found_in, objects


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A checkout with folders of a user."""
    monkeypatch.setattr(files, "CHECKOUT", tmp_path)
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


def named(found: dict[str, dict[str, Any]], beginning: str) -> dict[str, Any]:
    """The object of a file, whose name ends in a digest."""
    (one,) = (each for name, each in found.items() if re.fullmatch(f"{beginning}-[0-9a-f]+", name))
    return one


def dashboard(uid: str) -> str:
    return json.dumps({"uid": uid, "title": uid.title(), "id": 7, "panels": []})


class TestFolders:
    def test_dashboards_of_a_user_keep_their_folders(self, checkout: Path) -> None:
        (checkout / "orders").mkdir()
        (checkout / "orders" / "Big Picture.json").write_text(dashboard("orders-big"))
        (checkout / "other.json").write_text(dashboard("other"))
        (checkout / "v1.2").mkdir()
        (checkout / "v1.2" / "new.json").write_text(dashboard("new"))
        found = objects(addon("monitoring", {"dashboards": "mine"}), "ConfigMap")
        deep = named(found, "dashboard-custom-orders-big-picture")
        assert deep["metadata"]["annotations"] == {"grafana_folder": "orders"}
        assert json.loads(deep["data"]["orders-big.json"])["id"] is None
        top = named(found, "dashboard-custom-other")["metadata"]["annotations"]
        assert top == {"grafana_folder": "custom"}
        dotted = named(found, "dashboard-custom-v1-2-new")["metadata"]["annotations"]
        assert dotted == {"grafana_folder": "v1.2"}

    def test_a_change_is_seen(self, checkout: Path) -> None:
        settings = {"dashboards": "mine"}
        before = objects(addon("monitoring", settings), "ConfigMap")
        (checkout / "a.json").write_text(dashboard("a"))
        after = objects(addon("monitoring", settings), "ConfigMap")
        assert [name for name in after if name not in before] == [
            named(after, "dashboard-custom-a")["metadata"]["name"]
        ]

    def test_rules_of_a_user_come_along(self, checkout: Path) -> None:
        text = "groups: [{name: mine, rules: [{alert: Slow, expr: up == 0, for: 1h30m}]}]"
        (checkout / "slow.yml").write_text(text)
        found = objects(addon("monitoring", {"rules": "mine"}), "PrometheusRule")
        rule = named(found, "custom-slow")
        assert rule["spec"]["groups"][0]["rules"][0]["alert"] == "Slow"

    def test_every_file_is_an_object_of_its_own(self, checkout: Path) -> None:
        for name in ("a-b.yaml", "a b.yaml", "a-b.yml", "A-b.yaml"):
            text = "groups: [{name: mine, rules: [{alert: Slow, expr: up == 0}]}]"
            (checkout / name).write_text(text)
        found = addon("monitoring", {"rules": "mine"}).objects
        names = [each["metadata"]["name"] for each in found if "custom-" in str(each["metadata"])]
        assert len(set(names)) == 4

    def test_a_folder_has_a_name_that_a_machine_takes(self) -> None:
        with pytest.raises(ValidationError):
            found_in({"rules": "mine\0"})

    @pytest.mark.parametrize("folder", ["nowhere", "../elsewhere", "/etc"])
    @pytest.mark.parametrize("key", ["dashboards", "rules"])
    def test_a_folder_must_be_in_the_checkout(self, checkout: Path, key: str, folder: str) -> None:
        assert found_in({key: folder}) == [(codes.FOLDER_NOT_FOUND, (key,))]

    @pytest.mark.parametrize(
        "text",
        [
            "{",
            "[]",
            pytest.param("[" * 100_000, id="deep"),
            '{"title": "No panels", "uid": "a"}',
            '{"title": "", "uid": "a", "panels": []}',
            '{"title": "No uid", "panels": []}',
            '{"title": "Long uid", "uid": "' + "a" * 41 + '", "panels": []}',
        ],
    )
    def test_a_file_that_is_no_dashboard(self, checkout: Path, text: str) -> None:
        (checkout / "a.json").write_text(text)
        assert found_in({"dashboards": "mine"}) == [(codes.BAD_DASHBOARD, ("dashboards",))]

    @pytest.mark.parametrize("uid", ["caas-etcd", "b"])
    def test_a_uid_is_there_once(self, checkout: Path, uid: str) -> None:
        for name in ("b", uid):
            (checkout / f"{name}.json").write_text(dashboard(name))
        (checkout / "z.json").write_text(dashboard("b"))
        expected = [(codes.DASHBOARD_TWICE, ("dashboards",))] * (1 if uid == "b" else 2)
        assert found_in({"dashboards": "mine"}) == expected

    @pytest.mark.parametrize(
        "text",
        [
            "a: [",
            "[]",
            "groups: []",
            "groups: [{rules: [{alert: A, expr: up}]}]",
            "groups: [{name: a, rules: []}]",
            "groups: [{name: a, rules: [{alert: A}]}]",
            "groups: [{name: a, rules: [{expr: up}]}]",
            "groups: [{name: a, rules: [{alert: A, record: b, expr: up}]}]",
            "groups: [&a {name: a, rules: [{alert: A, expr: 1}]}, *a]",
            "groups: [{name: a, rules: [{alert: A, expr: 1.5}]}]",
            "groups: [{name: a, rules: [{alert: A, expr: up, labels: {severity: 1}}]}]",
            "groups: [{name: a, rules: [{alert: A, expr: up, annotations: {since: 2026-01-31}}]}]",
            "groups: [{name: a, rules: [{alert: A, expr: up, for: 60}]}]",
            "groups: [{name: a, rules: [{alert: A, expr: up, severity: critical}]}]",
            "groups: [{name: a, rules: [{alert: A, expr: up, for: 30m1h}]}]",
            pytest.param("[" * 5000, id="deep"),
            "groups: [{name: a, interval: 1 m, rules: [{alert: A, expr: up}]}]",
        ],
    )
    def test_a_file_that_has_no_rules(self, checkout: Path, text: str) -> None:
        (checkout / "a.yaml").write_text(text)
        assert found_in({"rules": "mine"}) == [(codes.BAD_RULES, ("rules",))]
