"""Costs by tenant, by hand: whole clusters, shares of quotas, and what cannot be split."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli import estimate as shown
from cli.check import markdown
from cli.check.found import Checked
from cli.check.report import CheckReport
from cli.check.worker import check
from components.estimate import TENANT_RULE, Estimate, Range
from engine.session import Session
from plane.progress import Silent
from stacks.settings.tenant_costs import costs_of
from tests.unit.command_line import within
from tests.unit.test_error_examples import stack, written

# 4 CPUs and 32 GiB, 1 EUR an hour; control planes have another type, without a price. A cluster
# with three workers costs 3 x 730, and they have 12 CPUs and 96 GiB.
TYPE = "SCS-4V-32"
PRICES = f"""\
source: a test
date: 2026-11-22
currency: EUR
machines: {{{TYPE}: 1}}
"""
WORKERS = 3 * 730
Tenants = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    monkeypatch.setenv("CAAS_STATE", str(tmp_path / "state"))
    (tmp_path / "prices.yaml").write_text(PRICES)
    return tmp_path


def cluster(name: str, kind: str = TYPE, **size: Any) -> dict[str, Any]:
    pool = {"name": "general", "machine": {"type": kind}, **(size or {"replicas": 3})}
    return {"name": name, "version": "1.36.3", "workerPools": [pool]}


def session(folder: Path, tenants: Tenants, *clusters: dict[str, Any]) -> Session:
    config = stack("openstack") | {"clusters": list(clusters), "tenants": tenants}
    config["infrastructure"]["prices"] = str(folder / "prices.yaml")
    (folder / "Pulumi.shop.yaml").write_text(written(config))
    return Session("shop", Silent())


def team(name: str, cpu: int = 3, memory: str = "4Gi", **more: Any) -> dict[str, Any]:
    namespace = {"name": f"{name}-web", "quota": {"cpu": cpu, "memory": memory}}
    return {"name": name, "namespaces": [namespace], **more}


def estimated(folder: Path, tenants: Tenants, *clusters: dict[str, Any]) -> Estimate:
    """The estimate of a new stack, whose tenants cost what the stack file says."""
    one = session(folder, tenants, *clusters)
    found = one.estimate(one.plan(offline="a test"))
    told = costs_of(one.settings).costs
    assert {each.tenant: each.after for each in found.tenants} == told.monthly
    assert [each for each in told.notes if each not in found.notes] == []
    parts = sum((each.after for each in (*found.tenants, found.platform)), Range())
    assert parts.as_json() == found.after.as_json(), "nothing is lost and nothing counted twice"
    return found


def costs(found: Estimate) -> dict[str, Any]:
    return {each.tenant: each.after.as_json() for each in found.tenants}


def test_the_larger_share_counts(folder: Path) -> None:
    """3 of 12 CPUs are a quarter, 48 of 96 GiB a half."""
    tenants = [team("shop"), team("payments", cpu=1, memory="48Gi")]
    found = estimated(folder, tenants, cluster("one"))
    assert costs(found) == {"shop": WORKERS / 4, "payments": WORKERS / 2}
    assert found.platform.after.as_json() == WORKERS / 4


def test_shares_are_those_of_each_cluster(folder: Path) -> None:
    """The namespaces of a tenant count together, in each of their clusters."""
    both = team("shop", cpu=2, memory="1Gi")
    both["namespaces"].append(
        {"name": "more", "in": {"clusters": ["two"]}, "quota": {"cpu": 1, "memory": "47Gi"}}
    )
    found = estimated(folder, [both], cluster("one"), cluster("two"))
    assert costs(found) == {"shop": round(WORKERS / 6 + WORKERS / 2, 2)}


def test_quotas_above_the_workers_share_in_proportion(folder: Path) -> None:
    tenants = [team("shop", cpu=24), team("payments", cpu=8)]
    found = estimated(folder, tenants, cluster("one"))
    assert costs(found) == {"shop": WORKERS * 3 / 4, "payments": WORKERS / 4}
    assert found.platform.after.as_json() == 0


def test_a_whole_cluster_counts_wholly(folder: Path) -> None:
    shop = team("shop", clusters=["one"])
    shop["namespaces"][0]["in"] = {"clusters": ["two"]}
    found = estimated(folder, [shop], cluster("one"), cluster("two"))
    assert costs(found) == {"shop": WORKERS + WORKERS / 4}


def test_autoscaling_is_a_range_of_the_same_share(folder: Path) -> None:
    """3 of the 24 CPUs of six machines."""
    found = estimated(folder, [team("shop")], cluster("one", autoscaling={"min": 2, "max": 6}))
    assert costs(found) == {"shop": {"min": 2 * 730 / 8, "max": 6 * 730 / 8}}


@pytest.mark.parametrize("bad", [cluster("one", "m9.huge"), cluster("one", replicas=0)])
def test_a_size_that_is_not_known_is_told(folder: Path, bad: dict[str, Any]) -> None:
    found = estimated(folder, [team("shop")], bad)
    assert costs(found) == {"shop": 0}
    assert any(note.startswith("Workers of `one` are none, or") for note in found.notes)


@pytest.mark.slow
def test_a_change_of_a_quota(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the preview, as data, and in the comment on a pull request."""
    file = folder / "Pulumi.shop.yaml"
    session(folder, [team("shop"), team("payments")], cluster("one"))
    before = check(file, registered=True)
    objects = before["registered"]["objects"]
    later = session(folder, [team("shop", cpu=6), team("payments")], cluster("one"))
    found = later.estimate(later.plan_from(objects, later.record()))
    expected = {
        "tenants": [
            {"name": "payments", "monthlyBefore": 547.5, "monthlyAfter": 547.5},
            {"name": "shop", "monthlyBefore": 547.5, "monthlyAfter": 1095},
        ],
        "platform": {"name": "(platform)", "monthlyBefore": 1095, "monthlyAfter": 547.5},
        "tenantRule": TENANT_RULE,
    }
    assert found.as_dict() | expected == found.as_dict()
    shown.show(found)
    said = capsys.readouterr().out
    assert [line.split() for line in said.splitlines() if line.startswith(("shop", "(pl"))] == [
        ["shop", "547.50", "1,095.00"],
        ["(platform)", "1,095.00", "547.50"],
    ]
    assert TENANT_RULE in " ".join(said.split())
    checked = Checked.of(json.loads(json.dumps(check(file, before), default=str)))
    comment = markdown.text(CheckReport([checked], "main", "0123456789"))
    assert "| shop | 547.50 | 1,095.00 |\n| (platform) | 1,095.00 | 547.50 |\n" in comment
    assert "payments" not in comment, "its cost is as before"


def test_the_command(folder: Path) -> None:
    session(folder, [team("shop"), team("payments", cpu=6)], cluster("one"))
    said = within("tenants", "payments", "--stack", "shop").out
    lines = [line.split() for line in said.splitlines()]
    assert ["TENANT", "EUR", "A", "MONTH"] in lines
    assert ["payments", "1,095.00"] in lines
    assert TENANT_RULE in " ".join(said.split())
    done = within("tenants", "--stack", "shop", "--output", "json")
    found = {each["name"]: each["cost"] for each in json.loads(done.out)["tenants"]}
    assert found["shop"] == {
        "monthly": 547.5,
        "currency": "EUR",
        "pricesOf": "2026-11-22",
        "rule": TENANT_RULE,
        "notes": [],
    }


def test_without_prices_there_is_no_cost(folder: Path) -> None:
    config = stack("openstack") | {"tenants": [team("shop")]}
    (folder / "Pulumi.shop.yaml").write_text(written(config))
    one = Session("shop", Silent())
    assert one.estimate(one.plan(offline="a test")).tenants == ()
    assert "A MONTH" not in within("tenants", "--stack", "shop").out
    (shop,) = json.loads(within("tenants", "--stack", "shop", "--output", "json").out)["tenants"]
    assert shop["cost"] is None
