"""`caas reach` from a stack file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from errors.program import CLUSTER_NOT_FOUND, NAMESPACE_NOT_FOUND
from tests.unit.command_line import Outcome, within
from tests.unit.test_error_examples import stack as example
from tests.unit.test_error_examples import written

POLICIES = {"namespaces": ["shop", "pay"], "allowWithin": True}


@pytest.fixture(autouse=True)
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack `blue`: a cluster with policies, and one without."""
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    monkeypatch.setenv("CAAS_STATE", str(tmp_path / "state"))
    two = {"name": "two", "version": "1.36.3", "addons": {"networkPolicies": None}}
    config: dict[str, Any] = {
        "caas:management": {"mode": "existing"},
        "caas:clusters": [{"name": "one", "version": "1.36.3"}, two],
        "caas:addons": {"calico": {}, "networkPolicies": POLICIES},
    }
    (tmp_path / "Pulumi.blue.yaml").write_text(yaml.safe_dump({"config": config}))


def reach(*arguments: str) -> Outcome:
    return within("reach", *arguments, "--stack", "blue")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (("shop", "shop:80"), 0),
        (("shop", "pay:80"), 2),
        (("shop", "kube-system:53/UDP", "--to-labels", "k8s-app=kube-dns"), 0),
        (("shop", "kube-system:53/UDP"), 2),
        (("shop", "kube-system:53/SCTP", "--to-labels", "k8s-app=kube-dns"), 2),
        (("shop", "internet:443"), 2),
        (("kube-system", "internet:443"), 0),
        (("10.9.0.7", "shop:80"), 2),
        (("shop", "[fd00::1]:443"), 2),
        (("default", "kube-system:80", "--cluster", "two"), 0),
    ],
)
def test_the_exit_status_is_the_answer(asked: tuple[str, ...], status: int) -> None:
    done = reach(*asked)
    assert done.status == status, done.err
    assert (": yes" in done.out) is (status == 0)


def test_each_direction_names_its_rule() -> None:
    done = reach("kube-system", "shop:80")
    assert done.out.splitlines() == [
        "one: kube-system to shop on TCP 80: no",
        "    out: open: no policy decides about egress of kube-system",
        "    in: closed: no ingress rule allows it in NetworkPolicy shop/allow-within, "
        "NetworkPolicy shop/default-deny",
    ]


def test_programs_get_the_same() -> None:
    done = reach("shop", "shop:8443", "--output", "json")
    found = json.loads(done.out)
    assert (found["allowed"], found["port"], found["protocol"]) == (True, 8443, "TCP")
    (one,) = found["clusters"]  # the other one knows no namespace `shop`
    assert (one["cluster"], one["pairs"], one["openPairs"]) == ("one", 1, 1)
    assert one["egress"]["reason"] == "NetworkPolicy shop/allow-within, egress rule 1"


def test_unknown_names_are_refused() -> None:
    refused = reach("shopp", "shop:80")
    assert (refused.status, NAMESPACE_NOT_FOUND.id in refused.err) == (1, True)
    assert "`shopp`" in refused.err and "pay, shop" in refused.err
    assert NAMESPACE_NOT_FOUND.id in reach("shop", "pay:80", "--cluster", "two").err
    absent = reach("shop", "pay:80", "--cluster", "three")
    assert (absent.status, CLUSTER_NOT_FOUND.id in absent.err) == (1, True)
    assert "One of: one, two" in absent.err


TENANTS = [
    {
        "name": "shop",
        "namespaces": ["web", "data"],
        "connections": [
            {"from": "web", "to": "payments/api", "ports": [8443]},
            {"from": "web", "to": "internet", "ports": [443]},
        ],
    },
    {
        "name": "payments",
        "namespaces": ["api"],
        "accepts": [{"from": "shop/web", "to": "api", "ports": [8443]}],
    },
]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (("web", "payments/api:8443"), 0),
        (("shop/web", "api:8443"), 0),
        (("shop/data", "payments/api:8443"), 2),
        (("web", "payments/api:443"), 2),
        (("payments/api", "shop/web:8443"), 2),
        (("web", "internet:443"), 0),
        (("web", "10.1.2.3:443"), 2),
        (("payments/web", "api:8443"), 1),
    ],
)
def test_tenants_reach_what_both_sides_agreed_on(
    asked: tuple[str, ...], status: int, tmp_path: Path
) -> None:
    config = example("openstack") | {"tenants": TENANTS}
    (tmp_path / "Pulumi.blue.yaml").write_text(written(config))
    done = reach(*asked)
    assert done.status == status, done.out + done.err
    if asked == ("web", "payments/api:443"):
        assert "no egress rule allows it" in done.out


@pytest.mark.parametrize(
    "wrong",
    [
        ("shop", "pay"),
        ("shop", "pay:0"),
        ("shop", "pay:70000"),
        ("shop", "pay:1/ICMP"),
        ("Shop", "pay:80"),
        ("shop", "pay:80", "--to-labels", "app"),
    ],
)
def test_a_misspelt_question_is_misuse(wrong: tuple[str, ...]) -> None:
    assert reach(*wrong).status == 64
