"""The approvals that changes of tenants need, from the objects before and after."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from cli.check import markdown
from cli.check.found import Checked
from cli.check.report import CheckReport
from cli.check.worker import check
from cli.plan import as_dict, summary
from components.mappings import Manifest
from components.tenancy.names import TERMS_ANNOTATION
from engine.plan.plan import Plan
from engine.session import Session
from plane.progress import Silent
from tests.unit.test_error_examples import stack, written

Tenants = list[dict[str, Any]]
WEB = {"name": "web", "quota": {"cpu": 2}}
SHOP: dict[str, Any] = {
    "name": "shop",
    "people": {"owners": ["leads"], "members": ["devs"]},
    "quota": {"cpu": 60, "memory": "240Gi"},
    "domains": ["shop.example.com"],
    "namespaces": [WEB],
    "connections": [{"from": "web", "to": "payments/api", "ports": [8443]}],
}
PAYMENTS: dict[str, Any] = {
    "name": "payments",
    "people": {"owners": ["payers"]},
    "namespaces": ["api"],
}
ACCEPTING = {**PAYMENTS, "accepts": [{"from": "shop/web", "to": "api", "ports": [8443]}]}
ALONE = {**SHOP, "connections": []}
PLATFORM, OWNERS = "approval: platform", "approval: owners of `shop`"
INTERNET = {"from": "web", "to": "internet", "ports": [443]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    monkeypatch.setenv("CAAS_STATE", str(tmp_path / "state"))
    return tmp_path


def session(folder: Path, tenants: Tenants, names: list[str], **more: Any) -> Session:
    config = stack("openstack") | more
    config["clusters"] = [{**config["clusters"][0], "name": name} for name in names]
    config["tenants"] = tenants
    (folder / "Pulumi.example.yaml").write_text(written(config))
    return Session("example", Silent())


def planned(
    folder: Path,
    before: Tenants,
    after: Tenants,
    *,
    clusters: tuple[list[str], list[str]] = (["one"], ["one"]),
    defaults: tuple[dict[str, Any], dict[str, Any]] = ({}, {}),
) -> Plan:
    objects = _objects(session(folder, before, clusters[0], tenantDefaults=defaults[0]))
    later = session(folder, after, clusters[1], tenantDefaults=defaults[1])
    return later.plan_from(objects, later.record())


RECORDED: dict[str, list[Manifest]] = {}
"""The objects of stack files; tests begin with few different ones."""


def _objects(session: Session) -> list[Manifest]:
    text = session.file.read_text()
    if text not in RECORDED:
        RECORDED[text] = list(session.record().objects())
    return copy.deepcopy(RECORDED[text])


def told(folder: Path, before: Tenants, after: Tenants, **more: Any) -> list[str]:
    return [str(each) for each in planned(folder, before, after, **more).approvals]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"quota": {"cpu": 61, "memory": "240Gi"}}, f"{PLATFORM} (quota of `shop`)"),
        ({"domains": ["example.org"]}, f"{PLATFORM} (domains of `shop`)"),
        (
            {"people": {"owners": ["leads", "cto"], "members": ["devs"]}},
            f"{PLATFORM} (owners of `shop`)",
        ),
        ({"storageClasses": ["fast"]}, f"{PLATFORM} (StorageClasses of `shop`)"),
        ({"leaving": True}, f"{PLATFORM} (`leaving` of `shop`)"),
        (
            {"namespaces": [{**WEB, "podSecurity": "baseline"}]},
            f"{PLATFORM} (Pod Security of `shop/web`)",
        ),
        (
            {"namespaces": [{**WEB, "quota": {"cpu": 2, "pods": 9}}]},
            f"{PLATFORM} (pods of `shop/web` without a quota)",
        ),
        (
            {"people": {"owners": ["leads"], "members": ["devs", "ops"], "viewers": ["user:ann"]}},
            f"{OWNERS} (members of `shop`, viewers of `shop`)",
        ),
        ({"namespaces": [{**WEB, "quota": {"cpu": 4}}]}, f"{OWNERS} (namespace `shop/web`)"),
        ({"namespaces": [WEB, "tools"]}, f"{OWNERS} (namespace `shop/tools`)"),
        ({"namespaces": [{**WEB, "openWithin": False}]}, f"{OWNERS} (namespace `shop/web`)"),
        (
            {"connections": [*SHOP["connections"], INTERNET]},
            f"{OWNERS} (connection from `shop/web` to `internet`)",
        ),
    ],
    ids=lambda each: ",".join(each) if isinstance(each, dict) else "",
)
def test_one_decides(folder: Path, change: dict[str, Any], expected: str) -> None:
    """The other tenant has its side of a connection open, and is not asked again."""
    assert told(folder, [SHOP, ACCEPTING], [{**SHOP, **change}, ACCEPTING]) == [expected]


@pytest.mark.slow
def test_the_other_tenant_accepts_and_stops(folder: Path) -> None:
    line = "approval: owners of `payments` (connection from `shop/web` to `payments/api`)"
    assert told(folder, [SHOP, PAYMENTS], [SHOP, ACCEPTING]) == [line]
    assert told(folder, [SHOP, ACCEPTING], [SHOP, PAYMENTS]) == [line]
    closed = {**SHOP, "connections": []}
    both = told(folder, [closed, PAYMENTS], [SHOP, ACCEPTING])
    assert both == [line, line.replace("owners of `payments`", "owners of `shop`")]
    orphans = [{**each, "people": {"members": ["devs"]}} for each in (PAYMENTS, ACCEPTING)]
    found = told(folder, [SHOP, orphans[0]], [SHOP, orphans[1]])
    assert found == [line.replace("owners of `payments`", "platform")]


def test_tenants_that_come_and_go(folder: Path) -> None:
    empty = {**PAYMENTS, "people": {}, "namespaces": [{"name": "api", "leaving": True}]}
    assert told(folder, [], [SHOP, PAYMENTS]) == [
        f"{PLATFORM} (tenant `payments`)",
        f"{PLATFORM} (tenant `shop`)",
    ]
    assert told(folder, [ALONE, empty], [ALONE]) == [f"{PLATFORM} (removal of `payments`)"]
    assert told(folder, [ALONE], [ALONE]) == []


@pytest.mark.slow
def test_clusters(folder: Path) -> None:
    """A whole cluster is the platform's matter; a new cluster of the stack needs no tenant."""
    one, two = ["one"], ["one", "two"]
    assert told(folder, [SHOP, ACCEPTING], [SHOP, ACCEPTING], clusters=(one, two)) == []
    here = {**ALONE, "namespaces": [{**WEB, "in": {"clusters": ["one"]}}]}
    found = told(folder, [here], [{**here, "namespaces": [WEB]}], clusters=(two, two))
    assert found == [f"{OWNERS} (namespace `shop/web`)"]
    # The quota has to hold the machines, whose sizes this infrastructure does not know.
    free = {**here, "quota": {}}
    whole = {**free, "clusters": ["two"]}
    assert told(folder, [free], [whole], clusters=(two, two)) == [
        f"{PLATFORM} (clusters of `shop`)"
    ]
    assert told(folder, [free], [whole], clusters=(one, two)) == [
        f"{PLATFORM} (clusters of `shop`)"
    ]
    assert told(folder, [whole], [free], clusters=(two, one)) == [
        f"{PLATFORM} (clusters of `shop`)"
    ]


@pytest.mark.slow
def test_settings_of_all_tenants(folder: Path) -> None:
    """Shares and destinations that a tenant has without an entry are no decision of its owners."""
    reaches = [{"to": "internet", "ports": [443]}]
    later = {"quota": {"cpu": 5}, "reaches": reaches, "limits": {"cpu": "50m"}}
    shop = {**ALONE, "namespaces": [WEB, "tools"]}
    line = f"{PLATFORM} (settings of all tenants, for `shop`)"
    assert told(folder, [shop], [shop], defaults=({}, later)) == [line]
    assert told(folder, [shop], [shop], defaults=(later, later)) == []
    # A share that only the defaults have needs no quota; one that it chooses does.
    free = {**ALONE, "quota": {}}
    assert told(folder, [free], [{**free, "namespaces": [WEB, "tools"]}]) == [
        f"{OWNERS} (namespace `shop/tools`)"
    ]
    assert told(folder, [free], [{**free, "namespaces": [{**WEB, "quota": {"cpu": 3}}]}]) == [
        f"{PLATFORM} (cpu of `shop/web` without a quota)"
    ]


def test_the_order_of_names_is_no_change(folder: Path) -> None:
    before, after = (
        {**ALONE, "domains": each, "people": {"owners": each}}
        for each in (["a.example", "b.example"], ["b.example", "a.example"])
    )
    assert told(folder, [before], [after]) == []


@pytest.mark.slow
def test_receivers_of_alerts(folder: Path) -> None:
    email = {"host": "mail.example.com", "from": "a@example.com", "to": ["b@example.com"]}
    addons = {"calico": {}, "monitoring": {"alerts": {"email": email}}}
    before = list(session(folder, [ALONE], ["one"], addons=addons).record().objects())
    later = {**ALONE, "alerts": {"receivers": ["leads@example.com"]}}
    found = session(folder, [later], ["one"], addons=addons)
    plan = found.plan_from(before, found.record())
    assert [str(each) for each in plan.approvals] == [f"{OWNERS} (receivers of alerts of `shop`)"]


def test_terms_stay_out_of_clusters(folder: Path) -> None:
    """A change of the quota changes one object of the management cluster."""
    plan = planned(folder, [ALONE], [{**ALONE, "quota": {"cpu": 61, "memory": "240Gi"}}])
    assert [(each.key.kind, each.operation.value) for each in plan.objects.changes] == [
        ("ClusterResourceSet", "update")
    ]
    assert plan.tenants == ()
    assert "leads" in plan.objects.changes[0].diff() and TERMS_ANNOTATION in str(plan.objects)
    assert summary(plan)[-1] == f"{PLATFORM} (quota of `shop`)"
    estimate = session(folder, [ALONE], ["one"]).estimate(plan)
    assert as_dict(plan, (), estimate)["approvals"] == [
        {"approver": "platform", "tenant": "shop", "reasons": ["quota of `shop`"]}
    ]


def test_a_check_lists_them(folder: Path) -> None:
    """In the sentences of every form, and as data."""
    file = folder / "Pulumi.example.yaml"
    session(folder, [SHOP, PAYMENTS], ["one"])
    before = check(file, registered=True)
    session(folder, [SHOP, ACCEPTING], ["one"])
    checked = Checked.of(json.loads(json.dumps(check(file, before), default=str)))
    line = "approval: owners of `payments` (connection from `shop/web` to `payments/api`)"
    assert f"- {line}\n" in markdown.text(CheckReport([checked], "main", "0123456789"))
    assert checked.change and checked.as_dict()["change"]["approvals"] == [
        {
            "approver": "owners",
            "tenant": "payments",
            "reasons": ["connection from `shop/web` to `payments/api`"],
        }
    ]


def test_objects_of_an_earlier_release(folder: Path) -> None:
    """Without recorded terms nothing is derived, and the next plan has them."""
    objects = list(session(folder, [ALONE], ["one"]).record().objects())
    for each in objects:
        each["metadata"].get("annotations", {}).pop(TERMS_ANNOTATION, None)
    later = session(folder, [{**ALONE, "domains": []}], ["one"])
    assert later.plan_from(objects, later.record()).approvals == ()
