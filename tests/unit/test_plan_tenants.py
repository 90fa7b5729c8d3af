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


def session(folder: Path, *tenants: dict[str, Any], **more: Any) -> Session:
    config = stack("openstack") | more
    config["tenants"] = list(tenants)
    (folder / "Pulumi.example.yaml").write_text(written(config))
    return Session("example", Silent())


def planned(folder: Path, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Plan:
    objects = list(session(folder, *before).record().objects())
    later = session(folder, *after)
    return later.plan_from(objects, later.record())


def words(folder: Path, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    return [str(change) for change in planned(folder, before, after).tenants]


STAYS = "network: no connection opens or closes in `shop`"
REST = "network: no other connection opens or closes in `shop`"


def test_a_new_tenant(folder: Path) -> None:
    assert words(folder, [], [SHOP, PAYMENTS]) == [
        f"tenant `payments`: namespace `api` added, {DEFAULT}, in `shop`",
        f"tenant `shop`: namespace `web` added, {OWN}, in `shop`",
        "tenant `shop`: `devs` becomes member in `shop`",
        STAYS,
    ]


@pytest.mark.slow
def test_consent_opens_and_its_end_closes(folder: Path) -> None:
    ends = "`shop/web`", "`payments/api` on TCP 8443 in `shop`"
    assert words(folder, [SHOP, PAYMENTS], [SHOP, ACCEPTING]) == [
        f"network: {ends[0]} may now reach {ends[1]}",
        REST,
    ]
    assert words(folder, [SHOP, ACCEPTING], [SHOP, PAYMENTS]) == [
        f"network: {ends[0]} may no longer reach {ends[1]}",
        REST,
    ]


@pytest.mark.slow
def test_people_and_quotas(folder: Path) -> None:
    web = {"name": "web", "quota": {"cpu": 4, "pods": 9}}
    later = {**SHOP, "people": {"viewers": ["devs"]}, "namespaces": [web]}
    assert words(folder, [SHOP, PAYMENTS], [later, PAYMENTS]) == [
        "tenant `shop`: pods of `web` no limit → 9 in `shop`",
        "tenant `shop`: requests.cpu of `web` 2 → 4 in `shop`",
        "tenant `shop`: `devs` becomes viewer in `shop`",
        "tenant `shop`: `devs` is member no more in `shop`",
        STAYS,
    ]


@pytest.mark.slow
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
        "network: `shop/web` may no longer reach `shop/web` on every port in `shop`",
        REST,
    ]
    assert words(folder, [leaving, PAYMENTS], [gone, PAYMENTS]) == [
        f"tenant `shop`: namespace `other` added, {DEFAULT}, in `shop`",
        "tenant `shop`: namespace `web` leaves in `shop`",
        "tenant `shop`: `devs` becomes member in `shop`",
        STAYS,
    ]
    plan = planned(folder, [leaving, PAYMENTS], [gone, PAYMENTS])
    assert any("Namespace web" in str(change) for change in plan.addons)


@pytest.mark.slow
def test_a_whole_cluster(folder: Path) -> None:
    own = {"name": "shop", "people": {"owners": ["leads"]}, "clusters": ["shop"]}
    assert words(folder, [], [own]) == [
        "tenant `shop`: whole cluster given in `shop`",
        "tenant `shop`: `leads` becomes owner of the cluster in `shop`",
    ]
    with pytest.raises(CaasError) as caught:
        planned(folder, [own], [])
    assert [problem.code for problem in caught.value.problems] == [NAMESPACE_NOT_LEAVING]
    leaving = own | {"leavingClusters": ["shop"]}
    assert words(folder, [own], [leaving]) == [
        "tenant `shop`: `leads` is owner of the cluster no more in `shop`",
    ]
    assert words(folder, [leaving], []) == ["tenant `shop`: whole cluster given no more in `shop`"]


def test_nothing_is_said_about_what_stays(folder: Path) -> None:
    assert words(folder, [SHOP, ACCEPTING], [SHOP, ACCEPTING]) == []


@pytest.mark.slow
def test_addresses_and_what_the_platform_reaches(folder: Path) -> None:
    """A range that is open already opens nothing, and a new Gateway does."""
    ranges = ("internet", "10.1.0.0/16", "10.0.0.0/8")
    entries = [{"from": "web", "to": each, "ports": [443, 80]} for each in ranges]
    shop = {"name": "shop", "namespaces": ["web"]}

    def told(before: list[Any], after: list[Any]) -> list[str]:
        was, becomes = ({**shop, "connections": each} for each in (before, after))
        return [each for each in words(folder, [was], [becomes]) if each != REST]

    ends = ("the internet", "`10.1.0.0/16`", "the rest of `10.0.0.0/8`")
    may = [f"network: `shop/web` may now reach {end} on TCP 80, 443 in `shop`" for end in ends]
    assert told([], entries[:2]) == sorted(may[:2])
    assert told(entries[2:], entries[1:]) == [STAYS]
    assert told(entries[:2], entries) == may[2:]


@pytest.mark.slow
def test_every_change_of_a_policy_is_seen(folder: Path) -> None:
    """Policies of an add-on in a namespace of a tenant, and a namespace that is closed."""
    open_within = {"networkPolicies": {"namespaces": ["web"], "allowWithin": True}}
    shop = {"name": "shop", "namespaces": [{"name": "web", "openWithin": False}]}
    before = list(session(folder, shop).record().objects())
    later = session(folder, shop, addons={"calico": {}, **open_within})
    found = [str(each) for each in later.plan_from(before, later.record()).tenants]
    assert found == ["network: `shop/web` may now reach `shop/web` on every port in `shop`", REST]
    gateway = {"envoyGateway": {}, "certManager": {}, "calico": {}}
    before = list(session(folder, shop, addons=gateway).record().objects())
    later = session(folder, {**shop, "leaving": True}, addons=gateway)
    found = [str(each) for each in later.plan_from(before, later.record()).tenants]
    assert found == [
        "network: `envoy-gateway-system` may no longer reach `shop/web` on every port in `shop`",
        REST,
    ]
