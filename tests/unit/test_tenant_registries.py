"""Projects of tenants in Harbor: which Harbor, what is made there, and which namespaces pull."""

from __future__ import annotations

from typing import Any

import pytest

from components.registry.contents import Contents
from errors import Code
from errors.registries import DUPLICATE_CONTENT, TENANT_HARBOR_UNKNOWN
from operations.registry.client import HarborClient
from operations.registry.sync import Sync
from stacks.settings.tenant_registries import PullPlace, pull_places, tenants_of, with_projects
from tests.unit.fake_harbor import PASSWORD, FakeHarbor, serving
from tests.unit.test_registry_sync import Drawer
from tests.unit.test_tenants import CLUSTERS, refused, stack

SHOP: dict[str, Any] = {
    "name": "shop",
    "namespaces": ["web", {"name": "old", "leaving": True}],
    "registry": {"quota": "200Gi"},
}
HARBOR: dict[str, Any] = {
    "host": "registry.example.com",
    "expose": "loadBalancer",
    "tlsSecret": "tls",
    "contents": {"projects": [{"name": "hub"}]},
}


def with_harbor(*names: str, **settings: Any) -> list[dict[str, Any]]:
    """The clusters, some of them with a Harbor."""
    addons = {"addons": {"calico": {}, "harbor": HARBOR | settings}}
    return [each | (addons if each["name"] in names else {}) for each in CLUSTERS]


def test_the_project_of_a_tenant_is_made_once() -> None:
    found = stack([SHOP, {"name": "pay", "namespaces": ["api"]}], clusters=with_harbor("lab"))
    contents = with_projects(Contents(), tenants_of(found, "lab"))
    with serving(FakeHarbor()) as harbor:
        client, drawer = HarborClient(harbor.url, "admin", PASSWORD), Drawer()
        Sync(client, contents, drawer).apply(lambda _what: None)
        assert [each["name"] for each in harbor.projects.values()] == ["shop"]
        assert [each["hard"]["storage"] for each in harbor.quotas.values()] == [200 * 2**30]
        robots = {each["name"]: each for each in harbor.robots.values()}
        assert robots.keys() == {"robot$shop+pull", "robot$shop+push"}
        assert robots["robot$shop+pull"]["duration"] == -1, "pods pull while they are there"
        actions = {
            name: {one["action"] for each in robot["permissions"] for one in each["access"]}
            for name, robot in robots.items()
        }
        assert "push" in actions["robot$shop+push"]
        assert "push" not in actions["robot$shop+pull"]
        assert {"robot-shop-pull", "robot-shop-push"} <= drawer.logins.keys()
        assert [*Sync(client, contents, drawer).changes()] == []


def test_namespaces_that_pull() -> None:
    """Those of its tenant in all clusters, and none that leaves."""
    found = stack([SHOP], clusters=with_harbor("lab"))
    places = pull_places(found, tenants_of(found, "lab"))
    assert places == {each["name"]: [PullPlace("shop", "web")] for each in CLUSTERS}


def test_a_tenant_chooses_among_several() -> None:
    shop = SHOP | {"registry": {"quota": "1Gi", "cluster": "lab"}}
    found = stack([shop], clusters=with_harbor("lab", "orders"))
    assert [each.name for each in tenants_of(found, "lab")] == ["shop"]
    assert tenants_of(found, "orders") == []


@pytest.mark.parametrize(
    ("code", "tenant", "harbors", "settings"),
    [
        (TENANT_HARBOR_UNKNOWN, SHOP, (), {}),
        (TENANT_HARBOR_UNKNOWN, SHOP, ("lab", "orders"), {}),
        (
            TENANT_HARBOR_UNKNOWN,
            SHOP | {"registry": {"quota": "1Gi", "cluster": "orders"}},
            ("lab",),
            {},
        ),
        (DUPLICATE_CONTENT, SHOP, ("lab",), {"contents": {"projects": [{"name": "shop"}]}}),
    ],
)
def test_one_harbor_has_the_project(
    code: Code, tenant: dict[str, Any], harbors: tuple[str, ...], settings: dict[str, Any]
) -> None:
    found = refused([tenant], clusters=with_harbor(*harbors, **settings))
    assert [reason for reason, _ in found] == [code.reason]
