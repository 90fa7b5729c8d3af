"""Certificates, metrics, names, order: what is put into a cluster, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from components.addon import GATEWAY_API, METRICS, SecurityLevel
from components.addon_settings import resolved
from components.chart import CLUSTER_NAME
from errors.addons import ADDON_UNSUPPORTED
from errors.ingress import (
    DNS_CREDENTIALS,
    DNS_PROVIDERS,
    DNS_SOURCE_MISSING,
    DNS_SYNC_UNBOUNDED,
    KUBELET_CERTIFICATES,
)
from tests.addons.examples import addon, target
from tests.addons.monitored import watched
from tests.addons.problems import load, problems
from tests.addons.upstream import CHARTS, at, unknown_values

AWS = {"aws": {"region": "eu-central-1", "secret": "dns"}}


def values(key: str, settings: dict[str, Any], **others: Any) -> dict[str, Any]:
    """The values of its only chart."""
    (chart,) = addon(key, settings, others=others).charts
    return dict(chart.values)


# ---- cert-manager ------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["certManager", "envoyGateway"])
def test_the_support_matrix_holds_on_the_newest_kubernetes(key: str) -> None:
    assert problems({key: {}}, version="1.37.2") == [(ADDON_UNSUPPORTED, key)]
    assert load({key: {}}, version="1.36.3")
    assert load({key: {"allowUnsupported": True}}, version="1.37.2")


def test_cert_manager_is_highly_available_and_restricted() -> None:
    found = addon("certManager", {})
    (chart,) = found.charts
    parts = {"": 2, "webhook.": 3, "cainjector.": 2}
    for part, replicas in parts.items():
        assert at(chart.values, f"{part}replicaCount") == replicas
        assert at(chart.values, f"{part}podDisruptionBudget") == {
            "enabled": True,
            "maxUnavailable": 1,
        }
        assert at(chart.values, f"{part}resources.limits.memory")
    assert found.namespaces == {"cert-manager": SecurityLevel.RESTRICTED}
    assert "config" not in chart.values
    assert found.needs == ()


def test_cert_manager_looks_at_gateways_where_there_are_any() -> None:
    found = addon("certManager", {}, others={"traefik": {}})
    assert GATEWAY_API in found.needs
    config = at(found.charts[0].values, "config")
    assert config["gatewayAPI"] == {"enabled": True}
    assert "featureGates" not in config


def test_listener_sets_are_looked_at_where_tenants_may_have_them() -> None:
    tenants = {"namespaces": {"tenant": "yes"}}
    own = {"hostname": "a.example.com", "certificate": "a"}
    others: dict[str, Any] = {"envoyGateway": {}, "gateway": {"listeners": [own]}}
    assert "featureGates" not in values("certManager", {}, **others)["config"]
    assert values("externalDns", AWS, **others)["enableGatewayListenerSets"] is False
    others["gateway"]["tenants"] = tenants
    config = values("certManager", {}, **others)["config"]
    assert config["gatewayAPI"] == {"enabled": True, "enableListenerSet": True}
    assert config["featureGates"] == {"ListenerSets": True}
    assert values("externalDns", AWS, **others)["enableGatewayListenerSets"] is True


def test_the_gateway_api_comes_before_cert_manager() -> None:
    order = [each.name for each in resolved(target({"certManager": {}, "envoyGateway": {}}))]
    assert order == ["envoyGateway", "certManager"]


def test_records_can_be_looked_up_elsewhere_and_approved_by_another() -> None:
    settings = {"nameservers": ["192.0.2.53:53", "1.1.1.1:53"], "approve": False}
    found = values("certManager", settings)
    assert found["dns01RecursiveNameservers"] == "192.0.2.53:53,1.1.1.1:53"
    assert found["dns01RecursiveNameserversOnly"] is True
    assert found["disableAutoApproval"] is True


def test_cert_manager_values_pass_the_charts_schema() -> None:
    file = CHARTS / "cert-manager/values.schema.json"
    if not file.exists():
        pytest.skip("the chart's schema is not here (../shared/upstream/charts)")
    settings = {"nameservers": ["192.0.2.53:53"], "approve": False}
    for others in ({}, {"envoyGateway": {}}):
        found = values("certManager", settings, **others)
        jsonschema.validate(found, json.loads(file.read_text()))
        assert not unknown_values("cert-manager", found)


# ---- metrics -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "settings", "path"),
    [
        ("certManager", {}, "prometheus.servicemonitor.enabled"),
        ("metricsServer", {}, "serviceMonitor.enabled"),
        ("externalDns", AWS, "serviceMonitor.enabled"),
        ("nodeProblemDetector", {}, "metrics.serviceMonitor.enabled"),
        ("descheduler", {}, "serviceMonitor.enabled"),
    ],
)
def test_each_is_scraped_where_something_scrapes(
    key: str, settings: dict[str, Any], path: str
) -> None:
    assert at(values(key, settings), path) is False
    found = watched(key, settings)
    assert METRICS in found.needs
    assert at(found.charts[0].values, path) is True


def test_metrics_server_trusts_only_certificates_of_the_cluster() -> None:
    verify = {"metricsServer": {"verifyKubelets": True}}
    bootstrap = {"kubelet": {"serverTLSBootstrap": True}}
    expected = [(KUBELET_CERTIFICATES, "metricsServer.verifyKubelets")]
    assert problems(verify) == expected
    pools = [{"name": "general"}]
    assert problems(verify, controlPlane=bootstrap, workerPools=pools) == expected
    own = [{"name": "general", **bootstrap}]
    stack = load(verify, controlPlane=bootstrap, workerPools=own)
    assert stack.clusters[0].addons.metrics_server
    assert values("metricsServer", {})["args"] == ["--kubelet-insecure-tls"]


# ---- external-dns ------------------------------------------------------------------------------


def test_external_dns_marks_its_records_with_the_clusters_name() -> None:
    found = values("externalDns", AWS)
    assert found["txtOwnerId"] == CLUSTER_NAME
    assert found["policy"] == "upsert-only"
    assert found["sources"] == ["service", "ingress"]
    assert values("externalDns", {**AWS, "owner": "blue"})["txtOwnerId"] == "blue"


def test_external_dns_watches_routes_where_there_are_any() -> None:
    found = addon("externalDns", AWS, others={"envoyGateway": {}})
    assert found.charts[0].values["sources"][-1] == "gateway-httproute"
    assert GATEWAY_API in found.needs


PROVIDERS: dict[str, dict[str, Any]] = {
    "aws": {"region": "eu-central-1", "zones": "public", "role": "arn:aws:iam::1:role/dns"},
    "google": {"project": "p", "zones": "private"},
    "azure": {"resourceGroup": "g", "subscription": "s"},
    "rfc2136": {"host": "192.0.2.53", "zones": ["example.com"], "keyName": "caas"},
    "cloudflare": {"proxied": True},
    "designate": {},
}


@pytest.mark.parametrize("key", PROVIDERS)
def test_credentials_are_names_of_secrets(key: str) -> None:
    found = addon("externalDns", {key: {**PROVIDERS[key], "secret": "dns-credentials"}})
    assert found.secrets == ("dns-credentials",)
    (chart,) = found.charts
    pod = [chart.values.get("env"), chart.values.get("extraVolumes")]
    assert "dns-credentials" in json.dumps(pod)
    assert "dns-credentials" not in json.dumps(chart.values.get("extraArgs", {}))
    assert not unknown_values("external-dns", chart.values)


@pytest.mark.parametrize("key", PROVIDERS)
def test_machines_elsewhere_have_no_role(key: str) -> None:
    wrong = {"externalDns": {key: PROVIDERS[key]}}
    assert problems(wrong) == [(DNS_CREDENTIALS, f"externalDns.{key}")]


def test_the_secret_of_dynamic_updates_is_no_argument() -> None:
    found = values("externalDns", {"rfc2136": {**PROVIDERS["rfc2136"], "secret": "tsig"}})
    assert found["extraArgs"] == {
        "rfc2136-host": "192.0.2.53",
        "rfc2136-port": "53",
        "rfc2136-zone": ["example.com"],
        "rfc2136-tsig-keyname": "caas",
        "rfc2136-tsig-secret-alg": "hmac-sha256",
        "rfc2136-tsig-axfr": True,
    }
    assert found["env"][0]["name"] == "EXTERNAL_DNS_RFC2136_TSIG_SECRET"


def test_designate_is_a_second_container_as_restricted_as_the_first() -> None:
    found = values("externalDns", {"designate": {"secret": "clouds"}})["provider"]
    assert found["name"] == "webhook"
    assert found["webhook"]["image"]["repository"].startswith("ghcr.io/inovex/")
    assert found["webhook"]["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("settings", [{}, {**AWS, "cloudflare": {"secret": "token"}}])
def test_external_dns_has_exactly_one_provider(settings: dict[str, Any]) -> None:
    assert problems({"externalDns": settings}) == [(DNS_PROVIDERS, "externalDns")]


def test_records_are_deleted_only_in_your_domains() -> None:
    wrong = {"externalDns": {**AWS, "policy": "sync"}}
    assert problems(wrong) == [(DNS_SYNC_UNBOUNDED, "externalDns.policy")]
    assert load({"externalDns": {**AWS, "policy": "sync", "domainFilters": ["example.com"]}})


def test_sources_are_defined_in_the_cluster() -> None:
    settings = {**AWS, "sources": ["service", "gateway-httproute"]}
    assert problems({"externalDns": settings}) == [(DNS_SOURCE_MISSING, "externalDns.sources[1]")]
    assert load({"externalDns": settings, "envoyGateway": {}})


# ---- machines and pods -------------------------------------------------------------------------


def test_every_machine_is_looked_at() -> None:
    found = addon("nodeProblemDetector", {})
    assert found.charts[0].values["tolerations"] == [{"operator": "Exists"}]
    assert found.namespaces == {"node-problem-detector": SecurityLevel.PRIVILEGED}
    assert found.privileges


def test_descheduling_is_careful() -> None:
    found = values("descheduler", {})
    policy = found["deschedulerPolicy"]
    assert policy["maxNoOfPodsToEvictPerNode"] == 5
    (profile,) = policy["profiles"]
    assert "LowNodeUtilization" not in json.dumps(profile)
    assert profile["pluginConfig"][0] == {
        "name": "DefaultEvictor",
        "args": {"podProtections": {"extraEnabled": ["PodsWithPVC"]}, "nodeFit": True},
    }
    assert "LowNodeUtilization" in json.dumps(values("descheduler", {"evenOut": True}))
