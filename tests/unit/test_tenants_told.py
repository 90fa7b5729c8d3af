"""Alerts, logs and dashboards of tenants: what the add-ons of a cluster make of them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from errors import Code
from errors.addons import ADDON_NEEDS
from errors.logs import LOG_LIMIT_UNREACHABLE, LOG_STORE_CANNOT
from errors.tenants import CLUSTER_WITHOUT_ISSUER, RECEIVER_OF_ALL, TENANT_RECEIVER_UNKNOWN
from stacks.settings import Stack
from stacks.settings.advice import advice
from tests.addons.lua import Collector, loaded
from tests.unit.test_tenants import CLUSTERS, PAY, WEB, objects, refused, stack


def watched(**alerts: Any) -> dict[str, Any]:
    return {"addons": {"calico": {}, "monitoring": {"alerts": alerts}}}


CHAT = {"name": "chat", "url": "https://chat.example.com"}
SERVER = {"host": "mail.example.com", "from": "a@example.com", "to": ["b@example.com"]}


def test_receivers_of_alerts_are_those_of_each_cluster() -> None:
    """A tenant without them is in no route; one with them in those of its clusters."""
    shop = WEB | {"alerts": {"receivers": ["chat", "leads@example.com"]}}
    more = watched(webhooks=[CHAT | {"forTenants": True}], email=SERVER)
    found = stack([shop, PAY], **more)
    target = found.target(found.clusters[0])
    (chart,) = target.addons["monitoring"].addon(target).charts
    routes = chart.values["alertmanager"]["config"]["route"]["routes"]
    matchers = [each["matchers"] for each in routes]
    assert ['namespace =~ "web"'] in matchers
    assert "api" not in str(matchers)
    lab = {"name": "shop", "clusters": ["lab"], "alerts": {"receivers": ["leads@example.com"]}}
    found = stack([lab], **more)
    target = found.target(found.clusters[-1])
    (chart,) = target.addons["monitoring"].addon(target).charts
    (names,) = re.findall(r'namespace !~ \\"(.*?)\\"', json.dumps(chart.values))
    assert {"monitoring", "calico-system", "kube-.*", "caas-.*"} <= {*names.split("|")}


@pytest.mark.parametrize(
    ("code", "receiver", "alerts"),
    [
        (TENANT_RECEIVER_UNKNOWN, "chta", {"webhooks": [CHAT]}),
        (TENANT_RECEIVER_UNKNOWN, "a@example.com", {"webhooks": [CHAT]}),
        (TENANT_RECEIVER_UNKNOWN, "a@example.com", None),
        (RECEIVER_OF_ALL, "chat", {"webhooks": [CHAT]}),
    ],
)
def test_a_receiver_has_to_be_there_and_for_tenants(
    code: Code, receiver: str, alerts: dict[str, Any] | None
) -> None:
    more = watched(**alerts) if alerts is not None else {}
    shop = WEB | {"alerts": {"receivers": [receiver]}}
    assert [found for found, _ in refused([shop], **more)] == [code.reason]


LOGGED: dict[str, Any] = {"addons": {"calico": {}, "logs": {}}}


def chart_of(found: Stack, place: int, addon: str, name: str) -> dict[str, Any]:
    """The values of a chart in a cluster of a stack."""
    target = found.target(found.clusters[place])
    charts = target.addons[addon].addon(target).charts
    (chart,) = (each for each in charts if each.name == name)
    return dict(chart.values)


def test_logs_of_a_tenant_have_a_retention_and_a_limit() -> None:
    shop = WEB | {"logs": {"days": 90, "linesPerSecond": 300}}
    found = stack([shop, PAY | {"logs": {"days": 90}}], **LOGGED)
    limits = chart_of(found, 0, "logs", "loki")["loki"]["limits_config"]
    assert limits["retention_stream"] == [
        {"selector": '{class="tenants-90"}', "priority": 1, "period": "90d"}
    ]
    nodes = chart_of(found, 0, "logs", "fluent-bit")["luaScripts"]["records.lua"]
    assert '["shop"] = 300' in nodes
    assert '["web"]' not in nodes, "a change of namespaces restarts no collector of nodes"


def records(found: Stack, place: int) -> Collector:
    """The script of the collector of events in a cluster."""
    values = chart_of(found, place, "logs", "fluent-bit-events")
    return loaded(values["luaScripts"]["records.lua"])


def test_events_carry_the_tenant_of_their_namespace() -> None:
    lab = {"name": "pay", "clusters": ["lab"], "logs": {"days": 30}}
    found = stack([WEB | {"logs": {"days": 90}}, lab], **LOGGED)

    def told(place: int, namespace: str) -> tuple[Any, Any]:
        about = {"kind": "Pod", "name": "a", "namespace": namespace}
        record = records(found, place).record("in.events", involvedObject=about)
        assert record
        return record.get("tenant"), record["class"]

    assert told(0, "web") == ("shop", "tenants-90")
    assert told(0, "webs") == (None, "default")
    assert told(2, "of-its-owners") == ("pay", "tenants-30")
    for name in ("logging", "kube-system", "caas-x", "calico-system", "default"):
        assert told(2, name) == (None, "default")
    assert told(2, "kubernetes") == ("pay", "tenants-30")


def test_namespaces_carry_the_label_that_add_ons_know() -> None:
    other = {"logs": {"tenantLabel": "example.com/team"}}
    found = stack([WEB], addons={**LOGGED["addons"], **other})
    target = found.target(found.clusters[0])
    labels = objects(target, "Namespace")[("", "web")]["metadata"]["labels"]
    assert labels["example.com/team"] == labels["caas.dev/tenant"] == "shop"


def test_each_tenant_of_a_cluster_has_a_folder_in_grafana() -> None:
    lab = {"name": "pay", "clusters": ["lab"]}
    found = stack([WEB, lab], **watched())
    names = []
    for cluster in (found.clusters[0], found.clusters[2]):
        boards = objects(found.target(cluster), "ConfigMap")
        names.append([name for _, name in boards if name.startswith("dashboard-tenant-")])
    assert names == [["dashboard-tenant-shop"], ["dashboard-tenant-pay"]]
    board = objects(found.target(found.clusters[0]), "ConfigMap")[
        ("monitoring", "dashboard-tenant-shop")
    ]
    assert board["metadata"]["annotations"] == {"grafana_folder": "tenant-shop"}
    (content,) = map(json.loads, board["data"].values())
    (variable,) = content["templating"]["list"]
    assert (variable["type"], variable["current"]["value"]) == ("custom", "shop")
    assert len(content["uid"]) <= 40


@pytest.mark.parametrize(
    ("code", "logs", "addon"),
    [
        (LOG_STORE_CANNOT, {"days": 90}, {"store": "victoriaLogs"}),
        (LOG_LIMIT_UNREACHABLE, {"linesPerSecond": 300}, {"limits": {"node": 200}}),
        (ADDON_NEEDS, {"days": 90}, None),
    ],
)
def test_logs_of_a_tenant_are_what_the_add_on_can(
    code: Code, logs: dict[str, Any], addon: dict[str, Any] | None
) -> None:
    addons = {"calico": {}}
    given = addons | ({"logs": addon} if addon is not None else {})
    found = refused([WEB | {"logs": logs}], addons=given)
    assert [reason for reason, _ in found] == [code.reason]


ISSUER = {"url": "https://id.example.com", "audiences": ["caas"]}


def test_groups_without_an_issuer_are_advice() -> None:
    """Not of users, of clusters with an issuer, and of clusters without the tenant."""
    known = {"controlPlane": {"authentication": {"issuers": [ISSUER]}}}
    clusters = [CLUSTERS[0], CLUSTERS[1] | known, CLUSTERS[2]]
    shop = {"people": {"owners": ["leads"]}, **WEB}
    users = PAY | {"people": {"members": ["user:ann"]}}
    found = [*advice(stack([users, shop], clusters=clusters))]
    assert [(each.code, each.path) for each in found] == [
        (CLUSTER_WITHOUT_ISSUER, ("tenants", 1, "people"))
    ]
    assert found[0].what == "the group `leads` of `shop` cannot log in to `orders` and 1 more"
    everywhere = [each | known for each in CLUSTERS]
    assert [*advice(stack([shop], clusters=everywhere))] == []
    there = {"name": "shop", "people": {"owners": ["leads"]}, "clusters": ["reports"]}
    assert [*advice(stack([there], clusters=clusters))] == []
