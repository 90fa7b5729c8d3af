"""`./caas tenants`: namespaces with quotas, people, and connections with their state."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.command_line import within
from tests.unit.test_error_examples import stack, written

TENANTS = [
    {
        "name": "shop",
        "quota": {"cpu": 8},
        "namespaces": [
            {"name": "web", "in": {"clusters": ["shop"]}, "quota": {"cpu": 2}},
            {"name": "data", "quota": {"cpu": 3}},
        ],
        "connections": [
            {"from": "web", "to": "data", "ports": [5432]},
            {"from": "data", "to": "payments/api", "ports": [443, 8443]},
            {"from": "web", "to": "internet", "ports": [443]},
        ],
    },
    {
        "name": "payments",
        "namespaces": ["api"],
        "accepts": [{"from": "shop/data", "to": "api", "ports": [443]}],
    },
]


@pytest.fixture(autouse=True)
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = stack("openstack")
    config["clusters"].append(dict(config["clusters"][0], name="two"))
    (tmp_path / "Pulumi.shop.yaml").write_text(written(config | {"tenants": TENANTS}))
    (tmp_path / "Pulumi.none.yaml").write_text(written(config))
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    monkeypatch.setenv("CAAS_STATE", str(tmp_path / "state"))


def lines(*arguments: str) -> list[list[str]]:
    done = within("tenants", *arguments)
    assert done.status == 0, done.err
    return [line.split() for line in done.out.splitlines()]


def test_all_tenants() -> None:
    assert lines("--stack", "shop")[1:] == [
        ["shop", "web", "shop", "2", "8Gi", "-", "-", "-"],
        ["shop", "data", "shop,", "two", "3", "8Gi", "-", "-", "-"],
        ["payments", "api", "shop,", "two", "4", "8Gi", "-", "-", "-"],
    ]


def test_one_tenant_with_what_the_other_side_has_not_accepted() -> None:
    text = within("tenants", "shop", "--stack", "shop").out
    assert "web → data on TCP 5432: open in shop\n" in text
    assert "on TCP 443, 8443: open in shop, two; not accepted by the other tenant: 8443" in text
    assert "payments  api" not in text


def test_json() -> None:
    done = within("tenants", "shop", "--stack", "shop", "--output", "json")
    (shop,) = json.loads(done.out)["tenants"]
    assert [(row["name"], row["clusters"]) for row in shop["namespaces"]] == [
        ("web", ["shop"]),
        ("data", ["shop", "two"]),
    ]
    assert [row["waiting"] for row in shop["connections"]] == [[], [8443], []]


def test_a_stack_without_tenants() -> None:
    assert within("tenants", "--stack", "none").out == "`none` has no tenants.\n"
