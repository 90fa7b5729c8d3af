"""Applications of tenants in stack files: checks, objects, network, and the preview in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.delivery.contents import BundleContents
from components.mappings import Manifest
from components.store.objects import bundled, release_name, short, source
from engine.objects import Key, Objects
from engine.plan.approvals import plan_approvals
from engine.plan.apps import changed_apps, judge_apps, plan_apps
from engine.plan.objects import plan_between
from engine.plan.tenant_delivery import TenantDelivery
from engine.plan.tenants import plan_tenants
from engine.program import run_program
from errors import CaasError, Code
from errors.store import (
    APP_ABOVE_QUOTA,
    APP_KUBERNETES_RANGE,
    APP_NEEDS_ROLE,
    APP_NOT_LISTED,
    APP_PLACE_UNKNOWN,
    APP_SETTING_FIXED,
    APP_SETTING_REFUSED,
    APP_SETTING_UNKNOWN,
    APP_TWICE,
    APP_UNKNOWN,
    APP_VERSION_UNKNOWN,
    APPS_WITHOUT_FLUX,
    ENTRY_INCONSISTENT,
    FLUX_MISPLACED,
    SHELF_MISSING,
)
from errors.tenants import NAMESPACE_PROTECTED
from stacks.settings import load_file
from tests.unit.test_error_examples import stack, written

LISTED = {"state": "listed", "digest": "sha256:" + "1" * 64}
ENTRY: dict[str, Any] = {
    "title": "Prices",
    "summary": "The prices of the shop.",
    "categories": ["shop"],
    "owner": "shop",
    "home": "https://prices.example.com",
    "licence": "MIT",
    "chart": "oci://registry.example.com/charts/prices",
    "kubernetes": ">=1.30,<1.37",
    "takes": {"cpu": "replicas * 500m", "memory": "replicas * 1Gi", "storage": "disk"},
    "form": {
        "replicas": {"title": "Pods", "type": "count", "default": 1, "most": 20, "at": "replicas"},
        "disk": {
            "title": "Volume",
            "type": "size",
            "default": "1Gi",
            "at": "disk",
            "changes": "never",
        },
        "host": {"title": "Host", "type": "host", "default": "prices.shop.example.com", "at": "h"},
    },
    "ports": [{"port": 8080, "what": "HTTP"}, {"port": 7000, "from": "itself", "what": "peers"}],
    "stays": {"what": "its volumes", "deleteWith": {"keep": False}},
    "versions": [
        {"version": "1.0.0", **LISTED},
        {"version": "1.1.0", **LISTED},
        {"version": "2.0.0", "reason": "not tried yet"},
    ],
}
APP = {"app": "internal/prices", "name": "prices", "in": "web"}


def file(root: Path, *apps: dict[str, Any], entry: dict[str, Any] = ENTRY, **tenant: Any) -> Path:
    """A stack with a tenant and its applications."""
    folder = root / "apps" / "prices"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "app.yaml").write_text(yaml.safe_dump(entry))
    shop = {"name": "shop", "namespaces": ["web", "data"], "domains": ["shop.example.com"]}
    config = stack("openstack") | {
        "store": {"internal": [{"name": "internal", "folder": "apps"}]},
        "tenants": [shop | tenant | {"apps": list(apps)}],
    }
    config["management"]["addons"] = {"flux": {}}
    path = root / "Pulumi.prod.yaml"
    path.write_text(written(config))
    return path


def refused(path: Path) -> tuple[Code, str]:
    with pytest.raises(CaasError) as caught:
        load_file(path)
    problem = caught.value.problems[0]
    return problem.code, str(problem)


@pytest.mark.parametrize(
    ("app", "code", "words"),
    [
        ({"app": "internal/price"}, APP_UNKNOWN, "Did you mean `internal/prices`?"),
        ({"app": "podinfo"}, APP_NOT_LISTED, "Its digest has not been read"),
        ({"version": "2.0.0"}, APP_NOT_LISTED, "not tried yet"),
        ({"version": "3.0.0"}, APP_VERSION_UNKNOWN, "It has 1.0.0, 1.1.0, 2.0.0."),
        ({"set": {"color": "blue"}}, APP_SETTING_UNKNOWN, "Its settings: disk, host, replicas."),
        ({"set": {"replicas": 50}}, APP_SETTING_REFUSED, "`50` is more than `20`"),
        (
            {"set": {"host": "shop.example.org"}},
            APP_SETTING_REFUSED,
            "none of the tenant's domains",
        ),
        ({"set": {"host": "a{{ .Values }}"}}, APP_SETTING_REFUSED, "is not a host name"),
        ({"in": "other"}, APP_PLACE_UNKNOWN, "`other` is no namespace of `shop`"),
        ({"set": {"replicas": 9}}, APP_ABOVE_QUOTA, "take 4.5 of 4 cpu"),
    ],
)
def test_what_is_refused(tmp_path: Path, app: dict[str, Any], code: Code, words: str) -> None:
    found, text = refused(file(tmp_path, APP | app))
    assert found is code
    assert words in text
    assert f"{tmp_path}/Pulumi.prod.yaml:" in text


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"needs": ["volumes", "postgresql-operator"]}, APP_NEEDS_ROLE),
        ({"kubernetes": ">=1.37"}, APP_KUBERNETES_RANGE),
        ({"takes": {"cpu": "cores"}}, ENTRY_INCONSISTENT),
    ],
)
def test_entries_that_do_not_fit(tmp_path: Path, entry: dict[str, Any], code: Code) -> None:
    assert refused(file(tmp_path, APP, entry=ENTRY | entry))[0] is code


def test_names_are_unique_in_a_tenant(tmp_path: Path) -> None:
    assert refused(file(tmp_path, APP, APP | {"in": "data"}))[0] is APP_TWICE


def test_two_applications_share_a_quota(tmp_path: Path) -> None:
    both = [APP | {"name": name, "set": {"replicas": 5}} for name in ("a", "b")]
    code, text = refused(file(tmp_path, *both))
    assert code is APP_ABOVE_QUOTA
    assert "tenants[0].apps[1]" in text
    load_file(file(tmp_path, both[0], both[1] | {"in": "data"}))


def test_flux_has_to_be_there(tmp_path: Path) -> None:
    path = file(tmp_path, APP)
    path.write_text(path.read_text().replace("addons:\n      flux: {}", "addons: {}"))
    assert refused(path)[0] is APPS_WITHOUT_FLUX
    facts = "version: 1.36.3, pods: [10.0.0.0/16], services: [10.1.0.0/16], controlPlanes: 1"
    facts += ", workers: 1, provides: [applications]"
    path.write_text(path.read_text().replace("addons: {}", f"facts: {{{facts}}}"))
    assert load_file(path).has_flux


def test_flux_and_shelves_are_where_they_belong(tmp_path: Path) -> None:
    path = file(tmp_path, APP)
    text = path.read_text()
    path.write_text(text.replace("config:\n", "config:\n  caas:addons: {flux: {}}\n"))
    assert refused(path)[0] is FLUX_MISPLACED
    path.write_text(text.replace("folder: apps", "folder: nowhere"))
    assert refused(path)[0] is SHELF_MISSING


def test_nobody_has_the_namespace_of_the_accounts(tmp_path: Path) -> None:
    """A pod in a namespace `clusters` could otherwise run as the deployer of another tenant."""
    path = file(tmp_path, namespaces=["web", "clusters"])
    assert refused(path)[0] is NAMESPACE_PROTECTED


def test_applications_of_the_tenants_own_file(tmp_path: Path) -> None:
    path = file(tmp_path)
    own = tmp_path / "tenants" / "prod" / "shop.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("apps:\n- {app: internal/prices, name: prices, in: web, set: {replicas: 2}}\n")
    (app,) = load_file(path).apps
    assert app.version.version == "1.1.0"
    own.write_text("apps:\n- {app: internal/prices, name: prices, in: web, set: {replicas: 99}}\n")
    assert f"{own}:2:65" in refused(path)[1]


def objects(path: Path) -> Objects:
    found = run_program("prod", path, load_file(path)).objects()
    return {Key.of(each): each for each in found}


def of_kind(found: Objects, kind: str) -> list[Manifest]:
    return [each for key, each in found.items() if key.kind == kind]


def test_objects_of_an_install(tmp_path: Path) -> None:
    found = objects(
        file(tmp_path, APP | {"set": {"replicas": 2}}, APP | {"name": "b", "in": "data"})
    )
    (repository,) = of_kind(found, "OCIRepository")
    assert repository["spec"]["ref"] == {"digest": LISTED["digest"]}
    second, first = of_kind(found, "HelmRelease")
    spec = first["spec"]
    assert first["metadata"]["name"] == "shop.prices.shop"
    assert spec["chartRef"]["name"] == repository["metadata"]["name"]
    assert spec["serviceAccountName"] == "shop-deployer"
    assert spec["kubeConfig"]["secretRef"] == {"name": "shop-kubeconfig", "key": "value"}
    assert spec["targetNamespace"] == spec["storageNamespace"] == "web"
    assert spec["values"] == {"replicas": 2, "disk": "1Gi", "h": "prices.shop.example.com"}
    assert second["spec"]["targetNamespace"] == "data"


def delivered(found: Objects, kind: str) -> list[Manifest]:
    texts = [each["data"]["objects.yaml"] for each in of_kind(found, "ConfigMap")]
    inside = [each for text in texts for each in yaml.safe_load_all(text)]
    return [each for each in inside if each["kind"] == kind]


def test_the_deployer_has_the_rights_of_owners_in_namespaces_of_the_tenant(tmp_path: Path) -> None:
    bindings = delivered(objects(file(tmp_path)), "RoleBinding")
    own = [each for each in bindings if each["metadata"]["name"] == "caas-deployer"]
    assert [each["metadata"]["namespace"] for each in own] == ["web", "data"]
    for each in own:
        assert each["roleRef"]["name"] == "caas-tenant-owner"
        account = {"kind": "ServiceAccount", "name": "shop-deployer", "namespace": "clusters"}
        assert each["subjects"] == [account]


def test_ports_where_pods_do_not_reach_each_other(tmp_path: Path) -> None:
    closed = {"name": "web", "openWithin": False}
    apps = (APP, APP | {"name": "other", "in": "data"})
    found = delivered(objects(file(tmp_path, *apps, namespaces=[closed, "data"])), "NetworkPolicy")
    own = {
        each["metadata"]["name"]: each["spec"]
        for each in found
        if "app" in str(each["metadata"]["name"])
    }
    assert own.keys() == {"caas-prices-app", "caas-to-apps"}
    chosen = {"matchLabels": {"app.kubernetes.io/instance": "prices"}}
    assert own["caas-prices-app"]["podSelector"] == chosen
    http, peers = own["caas-prices-app"]["ingress"]
    assert http == {"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 8080}]}
    assert peers["from"] == [{"podSelector": chosen}]


def words(before: Objects, after: Objects) -> list[str]:
    return [str(each) for each in plan_apps(before, after)]


def test_the_preview_in_words(tmp_path: Path) -> None:
    none = objects(file(tmp_path))
    old = objects(file(tmp_path, APP | {"version": "1.0.0"}))
    new = objects(file(tmp_path, APP | {"set": {"replicas": 3}}))
    gone = objects(file(tmp_path, APP | {"data": "delete"}))
    title = "app `prices` (shop/web)"
    takes = "0.5 CPU, 1Gi memory, 1Gi storage"
    assert words(none, old) == [
        f"{title}: internal/prices 1.0.0 is installed; takes {takes}, in `shop`"
    ]
    assert words(old, new) == [
        f"{title}: internal/prices 1.0.0 → 1.1.0; replicas 1 → 3; "
        f"takes 1.5 CPU, 3Gi memory, 1Gi storage, now {takes}, in `shop`"
    ]
    assert words(new, none) == [
        f"{title}: internal/prices 1.1.0 is removed; its volumes stay in the namespace, in `shop`"
    ]
    assert words(gone, none) == [
        f"{title}: internal/prices 1.1.0 is removed; nothing of it stays, in `shop`"
    ]
    assert "its data goes with it" in words(objects(file(tmp_path, APP)), gone)[0]
    suspended = objects(file(tmp_path, APP | {"suspend": True}))
    assert "all of it stays in the cluster" in words(suspended, none)[0]
    assert words(new, new) == []


def test_an_install_gives_no_person_rights(tmp_path: Path) -> None:
    none, new = objects(file(tmp_path, namespaces=["web"])), objects(file(tmp_path))
    live, after = TenantDelivery.of(plan_between(none.values(), new.values()))
    assert not [each for each in plan_tenants(live, after) if "deployer" in str(each)]


def test_owners_approve_applications(tmp_path: Path) -> None:
    people = {"owners": ["leads"]}
    none, new = objects(file(tmp_path, people=people)), objects(file(tmp_path, APP, people=people))
    live, after = TenantDelivery.of(plan_between(none.values(), new.values()))
    changed = changed_apps(none, new)
    assert [str(each) for each in plan_approvals(live, after, changed)] == [
        "approval: owners of `shop` (application `shop/prices`)"
    ]
    assert not changed_apps(new, new)


def test_a_value_that_stays_as_it_was(tmp_path: Path) -> None:
    old = objects(file(tmp_path, APP))
    new = objects(file(tmp_path, APP | {"set": {"disk": "2Gi"}}))
    with pytest.raises(CaasError) as caught:
        judge_apps(old, new)
    assert caught.value.problems[0].code is APP_SETTING_FIXED
    assert "it stays `1Gi` from the install on" in str(caught.value)
    judge_apps(old, old)


def test_names_fit_into_labels(tmp_path: Path) -> None:
    (app,) = load_file(file(tmp_path, APP)).apps
    assert release_name(app, "shop") == "shop.prices.shop"
    long = release_name(app, "c" * 60)
    assert len(long) <= 63
    assert long != release_name(app, "c" * 59)
    assert short("a" * 63) == "a" * 63


def test_charts_in_a_mirror_keep_their_digest(tmp_path: Path) -> None:
    path = file(tmp_path, APP, APP | {"name": "again", "in": "data"})
    mirror = {"registry": "harbor.example.com/m", "charts": "oci://harbor.example.com/charts"}
    config = yaml.safe_load(path.read_text())["config"]
    path.write_text(yaml.safe_dump({"config": config | {"caas:mirror": mirror}}))
    (repository,) = of_kind(objects(path), "OCIRepository")
    assert (
        repository["spec"]["url"] == "oci://harbor.example.com/m/registry.example.com/charts/prices"
    )
    found = bundled(BundleContents((), (), ()), load_file(path).apps)
    (chart,) = found.images
    assert chart.reference == f"registry.example.com/charts/prices:1.1.0@{LISTED['digest']}"
    assert "internal/prices" in found.open[0]


@pytest.mark.parametrize("signed", ["key", "identity"])
def test_charts_are_verified(tmp_path: Path, signed: str) -> None:
    key = "-----BEGIN PUBLIC KEY-----\nMFk=\n-----END PUBLIC KEY-----\n"
    by = {"key": key} if signed == "key" else {"issuer": "^https://a$", "subject": "^b$"}
    (app,) = load_file(file(tmp_path, APP, entry=ENTRY | {"signature": by})).apps
    *before, repository = source("internal/prices", app.entry, app.version, "clusters")
    verify = repository["spec"]["verify"]
    assert verify["provider"] == "cosign"
    if signed == "key":
        (secret,) = before
        assert verify["secretRef"]["name"] == secret["metadata"]["name"]
        assert secret["stringData"] == {"cosign.pub": key}
    else:
        assert verify["matchOIDCIdentity"] == [by]
