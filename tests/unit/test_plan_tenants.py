"""The words of a preview about tenants, and what is refused about running ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.plan.plan import Plan
from engine.session import Session
from errors import CaasError
from errors.tenants import NAMESPACE_NOT_LEAVING
from plane.progress import Silent
from tests.unit.test_error_examples import stack, written

SHOP = {
    "name": "shop",
    "people": {"members": ["devs"]},
    "namespaces": [{"name": "web", "quota": {"cpu": 2}}],
    "connections": [{"from": "web", "to": "payments/api", "ports": [8443]}],
}
PAYMENTS: dict[str, Any] = {"name": "payments", "namespaces": ["api"]}
ACCEPTING = {**PAYMENTS, "accepts": [{"from": "shop/web", "to": "api", "ports": [8443]}]}

MEMORY = "requests.memory 8Gi, limits.memory 8Gi"
DEFAULT, OWN = f"requests.cpu 4, {MEMORY}", f"requests.cpu 2, {MEMORY}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    monkeypatch.setenv("CAAS_STATE", str(tmp_path / "state"))
    return tmp_path


def session(folder: Path, *tenants: dict[str, Any]) -> Session:
    config = stack("openstack")
    config["tenants"] = list(tenants)
    (folder / "Pulumi.example.yaml").write_text(written(config))
    return Session("example", Silent())


def planned(folder: Path, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Plan:
    objects = list(session(folder, *before).record().objects())
    later = session(folder, *after)
    return later.plan_from(objects, later.record())


def words(folder: Path, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    return [str(change) for change in planned(folder, before, after).tenants]


def test_a_new_tenant(folder: Path) -> None:
    assert words(folder, [], [SHOP, PAYMENTS]) == [
        f"tenant `payments`: namespace `api` added, {DEFAULT}, in `shop`",
        f"tenant `shop`: namespace `web` added, {OWN}, in `shop`",
        "tenant `shop`: `devs` becomes member in `shop`",
    ]


def test_consent_opens_and_its_end_closes(folder: Path) -> None:
    ends = "`shop/web`", "`payments/api` on TCP 8443 in `shop`"
    assert words(folder, [SHOP, PAYMENTS], [SHOP, ACCEPTING]) == [
        f"network: {ends[0]} may now reach {ends[1]}"
    ]
    assert words(folder, [SHOP, ACCEPTING], [SHOP, PAYMENTS]) == [
        f"network: {ends[0]} may no longer reach {ends[1]}"
    ]


def test_people_and_quotas(folder: Path) -> None:
    web = {"name": "web", "quota": {"cpu": 4, "pods": 9}}
    later = {**SHOP, "people": {"viewers": ["devs"]}, "namespaces": [web]}
    assert words(folder, [SHOP, PAYMENTS], [later, PAYMENTS]) == [
        "tenant `shop`: pods of `web` no limit → 9 in `shop`",
        "tenant `shop`: requests.cpu of `web` 2 → 4 in `shop`",
        "tenant `shop`: `devs` becomes viewer in `shop`",
        "tenant `shop`: `devs` is member no more in `shop`",
    ]


def test_a_namespace_leaves_in_two_steps(folder: Path) -> None:
    leaving = {**SHOP, "namespaces": [{**SHOP["namespaces"][0], "leaving": True}]}
    gone = {**SHOP, "namespaces": ["other"], "connections": []}
    with pytest.raises(CaasError) as caught:
        planned(folder, [SHOP, ACCEPTING], [gone, PAYMENTS])
    assert [problem.code for problem in caught.value.problems] == [NAMESPACE_NOT_LEAVING]
    assert words(folder, [SHOP, ACCEPTING], [leaving, ACCEPTING]) == [
        "tenant `shop`: namespace `web` is closed in `shop`",
        "tenant `shop`: `devs` is member no more in `shop`",
        "network: `shop/web` may no longer reach `payments/api` on TCP 8443 in `shop`",
    ]
    assert words(folder, [leaving, PAYMENTS], [gone, PAYMENTS]) == [
        f"tenant `shop`: namespace `other` added, {DEFAULT}, in `shop`",
        "tenant `shop`: namespace `web` is no longer managed in `shop`",
        "tenant `shop`: `devs` becomes member in `shop`",
    ]
    plan = planned(folder, [leaving, PAYMENTS], [gone, PAYMENTS])
    assert any("Namespace web" in str(change) for change in plan.addons)


def test_nothing_is_said_about_what_stays(folder: Path) -> None:
    assert words(folder, [SHOP, ACCEPTING], [SHOP, ACCEPTING]) == []
