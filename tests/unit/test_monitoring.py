"""kube-prometheus-stack: what a stack file says, and what a cluster gets for it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from components.addon import GATEWAY_API, METRICS, Addon
from components.chart import CLUSTER_NAME
from components.facts import ClusterFacts
from components.infrastructure.in_memory import InMemory
from components.observability import files
from errors import Code
from errors import observability as codes
from stacks.settings.addons import Addons, ClusterSettings, addons_of
from tests.addons.examples import LEAST, addon, target
from tests.addons.upstream import at, unknown_values

GUIDE = Path(__file__).resolve().parents[2] / "docs/observability.md"
MAIL = {
    "email": {"host": "smtp.example.com", "from": "caas@example.com", "to": ["ops@example.com"]}
}
EVERYTHING: dict[str, Any] = {
    "retentionDays": 30,
    "storage": {"size": 100, "class": "fast"},
    "replicas": 3,
    "alerts": {
        "email": MAIL["email"] | {"passwordSecret": "smtp", "user": "caas"},
        "sms": {
            "sns": {"region": "eu-central-1", "secret": "sns"},
            "numbers": ["+4915112345678"],
        },
    },
    "grafana": {
        "hostname": "grafana.example.com",
        "adminSecret": "grafana-admin",
        "storage": {"size": 5, "class": "fast"},
        "oidc": {
            "secret": "grafana-oidc",
            "authUrl": "https://sso.example.com/auth",
            "tokenUrl": "https://sso.example.com/token",
            "userInfoUrl": "https://sso.example.com/userinfo",
            "admins": ["platform"],
            "editors": ["O'Reilly"],
        },
    },
    "remoteWrite": {
        "url": "https://metrics.example.com/api/v1/write",
        "secret": "fleet",
        "caSecret": "fleet-ca",
    },
    "gateway": {"name": "public", "namespace": "gateway", "section": "https"},
}


def values(settings: dict[str, Any], **cluster: Any) -> dict[str, Any]:
    return dict(addon("monitoring", settings, **cluster).charts[0].values)


def on_management(settings: dict[str, Any]) -> Addon:
    cluster = ClusterSettings.model_validate(LEAST | {"addons": {"monitoring": settings}})
    there = addons_of(Addons(), cluster, InMemory(), management=True)
    return there.addons["monitoring"].addon(there)


def objects(found: Addon, kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in found.objects if each["kind"] == kind}


class TestValues:
    def test_every_value_of_every_setting_is_one_of_the_chart(self) -> None:
        assert not unknown_values("kube-prometheus-stack", values(EVERYTHING))
        receiving = on_management({"receive": {}}).charts[0].values
        assert not unknown_values("kube-prometheus-stack", receiving)

    def test_metrics_are_kept_twice_and_fit_on_their_volumes(self) -> None:
        spec = at(values({}), "prometheus.prometheusSpec")
        assert spec["replicas"] == 2
        assert spec["retention"] == "15d"
        assert spec["retentionSize"] == f"{int(50 * 1024 * 0.85)}MiB"
        claim = spec["storageSpec"]["volumeClaimTemplate"]["spec"]
        assert claim["resources"] == {"requests": {"storage": "50Gi"}}
        assert "storageClassName" not in claim
        assert at(values({}), "prometheus.podDisruptionBudget") == {"enabled": True}

    def test_without_storage_nothing_is_claimed(self) -> None:
        found = values({"storage": None, "replicas": 1})
        assert "storageSpec" not in at(found, "prometheus.prometheusSpec")
        assert "storage" not in at(found, "alertmanager.alertmanagerSpec")
        assert at(found, "alertmanager.podDisruptionBudget") == {"enabled": False}

    def test_it_sees_the_monitors_of_everybody(self) -> None:
        spec = at(values({}), "prometheus.prometheusSpec")
        selectors = [key for key in spec if key.endswith("SelectorNilUsesHelmValues")]
        assert len(selectors) == 5
        assert not any(spec[key] for key in selectors)

    def test_a_thousand_machines_and_more_are_found(self) -> None:
        found = values({})
        assert at(found, "prometheus.prometheusSpec.serviceDiscoveryRole") == "EndpointSlice"
        assert at(found, "prometheusOperator.kubeletEndpointSliceEnabled")
        assert not at(found, "prometheusOperator.kubeletEndpointsEnabled")

    def test_its_series_say_which_cluster_they_are_of(self) -> None:
        assert at(values({}), "prometheus.prometheusSpec.externalLabels") == {
            "cluster": CLUSTER_NAME
        }

    def test_what_kubeadm_binds_to_the_loopback_address_is_not_scraped(self) -> None:
        found = values({})
        for part in ("kubeEtcd", "kubeControllerManager", "kubeScheduler", "kubeProxy"):
            assert found[part] == {"enabled": False}

    @pytest.mark.parametrize(
        ("address", "is_scraped"), [("10.0.0.1", True), ("::", True), ("127.0.0.1", False)]
    )
    def test_what_a_cluster_makes_reachable_is(self, address: str, is_scraped: bool) -> None:
        argument = {"extraArgs": [{"name": "bind-address", "value": address}]}
        kubeadm = {"kubeadm": {"controllerManager": argument, "scheduler": argument}}
        found = values({}, controlPlane=kubeadm)
        assert found["kubeControllerManager"] == {"enabled": is_scraped}
        assert found["kubeScheduler"] == {"enabled": is_scraped}

    def test_definitions_are_upgraded_by_a_pinned_image(self) -> None:
        job = at(values({}), "crds.upgradeJob")
        assert job["enabled"]
        assert job["image"]["busybox"]["tag"] != "latest"

    def test_it_waits_for_nothing_that_wants_to_be_watched(self) -> None:
        both = addon("monitoring", {}, others={"certManager": {}})
        assert both.needs == ()
        assert METRICS in both.provides

    def test_own_values_win(self) -> None:
        own = {"prometheus": {"prometheusSpec": {"retention": "1d"}}}
        assert at(values({"values": own}), "prometheus.prometheusSpec.retention") == "1d"

    def test_grafana_is_reached_through_the_gateway_with_the_users_of_a_provider(self) -> None:
        found = at(values(EVERYTHING), "grafana")
        assert found["admin"] == {"existingSecret": "grafana-admin"}
        assert found["deploymentStrategy"] == {"type": "Recreate"}
        route = objects(addon("monitoring", EVERYTHING), "HTTPRoute")["grafana"]["spec"]
        assert route["parentRefs"] == [
            {"name": "public", "namespace": "gateway", "sectionName": "https"}
        ]
        login = found["grafana.ini"]["auth.generic_oauth"]
        assert login["client_secret"] == "$__file{/etc/secrets/oidc/client-secret}"
        assert login["role_attribute_path"] == (
            "contains(groups[*], 'platform') && 'Admin' || "
            r"contains(groups[*], 'O\'Reilly') && 'Editor' || 'Viewer'"
        )
        assert GATEWAY_API in addon("monitoring", EVERYTHING).needs
        assert GATEWAY_API not in addon("monitoring", {}).needs

    def test_one_line_is_the_grafana_of_each_cluster(self) -> None:
        found = addon("monitoring", {"grafana": {"hostname": "grafana.{cluster}.example.com"}})
        host = f"grafana.{CLUSTER_NAME}.example.com"
        assert objects(found, "HTTPRoute")["grafana"]["spec"]["hostnames"] == [host]
        server = found.charts[0].values["grafana"]["grafana.ini"]["server"]
        assert server == {"root_url": f"https://{host}"}

    def test_grafana_takes_what_other_add_ons_bring(self) -> None:
        sidecar = at(values({}), "grafana.sidecar")
        assert sidecar["datasources"]["searchNamespace"] == "ALL"
        assert sidecar["dashboards"]["folderAnnotation"] == "grafana_folder"

    def test_a_stateless_grafana_claims_no_volume(self) -> None:
        assert "persistence" not in at(values({}), "grafana")

    def test_only_the_series_of_the_fleet_are_sent(self) -> None:
        (sent,) = at(values(EVERYTHING), "prometheus.prometheusSpec.remoteWrite")
        assert sent["basicAuth"]["password"] == {"name": "fleet", "key": "password"}
        assert sent["tlsConfig"] == {"ca": {"secret": {"name": "fleet-ca", "key": "ca.crt"}}}
        (kept,) = sent["writeRelabelConfigs"]
        assert kept["action"] == "keep"
        everything = {"url": "https://m.example.com", "series": "all", "tokenSecret": "t"}
        (sent,) = at(values({"remoteWrite": everything}), "prometheus.prometheusSpec.remoteWrite")
        assert "writeRelabelConfigs" not in sent
        assert sent["authorization"]["credentials"] == {"name": "t", "key": "token"}

    def test_secrets_are_named_never_held(self) -> None:
        assert addon("monitoring", EVERYTHING).secrets == (
            *("fleet", "fleet-ca", "grafana-admin", "grafana-oidc", "smtp", "sns"),
        )
        spec = at(values(EVERYTHING), "alertmanager.alertmanagerSpec")
        assert spec["secrets"] == ["smtp", "sns"]
        assert (
            spec["containers"][0]["env"][0]["value"] == "/etc/alertmanager/secrets/sns/credentials"
        )


class TestManagement:
    def test_it_sees_the_objects_of_cluster_api(self) -> None:
        found = on_management({}).charts[0].values
        state = at(found, "kube-state-metrics.customResourceState.config.spec.resources")
        kinds = {each["groupVersionKind"]["kind"] for each in state}
        assert kinds == {"Cluster", "KubeadmControlPlane", "MachineDeployment", "Machine"}
        assert at(found, "kube-state-metrics.rbac.extraRules")

    def test_its_dashboards_and_rules_are_only_there(self) -> None:
        there, elsewhere = on_management({}), addon("monitoring", {})
        for kind in ("ConfigMap", "PrometheusRule"):
            more = objects(there, kind).keys() - objects(elsewhere, kind).keys()
            assert more == {"dashboard-fleet"} if kind == "ConfigMap" else {"caas-cluster-api"}

    def test_a_silent_cluster_is_told_of_where_the_others_are_heard(self) -> None:
        assert "caas-receiver" not in objects(on_management({}), "PrometheusRule")
        assert "caas-receiver" in objects(on_management({"receive": {}}), "PrometheusRule")
        quiet = on_management({"receive": {"expected": False}})
        assert "caas-receiver" not in objects(quiet, "PrometheusRule")

    def test_every_replica_gets_what_is_sent(self) -> None:
        receive = {"hostname": "metrics.example.com", "secret": "writers"}
        found = on_management({"receive": receive, "replicas": 3})
        (rule,) = objects(found, "HTTPRoute")["remote-write"]["spec"]["rules"]
        assert rule["backendRefs"] == [{"name": "monitoring-prometheus-0", "port": 9090}]
        mirrors = [each["requestMirror"]["backendRef"]["name"] for each in rule["filters"]]
        assert mirrors == ["monitoring-prometheus-1", "monitoring-prometheus-2"]
        policy = objects(found, "SecurityPolicy")["remote-write"]["spec"]
        assert policy["basicAuth"] == {"users": {"name": "writers"}}
        assert "writers" in found.secrets
        spec = at(found.charts[0].values, "prometheus")
        assert spec["servicePerReplica"] == {"enabled": True}
        assert spec["prometheusSpec"]["enableRemoteWriteReceiver"]


class TestObjects:
    def test_alerts_name_pages_where_they_are_published(self) -> None:
        published = addon("monitoring", {"runbooks": "https://docs.example.com/caas/"})
        rules = objects(published, "PrometheusRule")["caas-etcd"]["spec"]["groups"][0]["rules"]
        address = "https://docs.example.com/caas/runbooks/alerts.md#etcdnearlyfull"
        assert rules[0]["annotations"]["runbook_url"] == address
        inside = objects(addon("monitoring", {}), "PrometheusRule")["caas-etcd"]
        page = inside["spec"]["groups"][0]["rules"][0]["annotations"]["runbook_url"]
        assert page == "docs/runbooks/alerts.md#etcdnearlyfull"

    def test_a_management_cluster_names_its_own_series_of_the_fleet(self) -> None:
        found = objects(on_management({}), "PrometheusRule")["caas-summary"]
        for rule in found["spec"]["groups"][0]["rules"]:
            assert rule["labels"] == {"cluster": CLUSTER_NAME}

    def test_clusters_share_what_is_delivered(self) -> None:
        found = addon("monitoring", EVERYTHING)
        assert CLUSTER_NAME not in json.dumps(found.objects)
        assert CLUSTER_NAME in json.dumps(found.charts[0].values)

    def test_rules_know_the_quota_of_etcd_and_the_label_of_tenants(self) -> None:
        settings = {"tenantLabel": "example.com/ownerTeam"}
        etcd = {"etcd": {"quotaGiB": 8, "disk": {"sizeGiB": 16}}}
        found = addon("monitoring", settings, controlPlane=etcd)
        (group,) = objects(found, "PrometheusRule")["caas-facts"]["spec"]["groups"]
        rules = {rule["record"]: rule["expr"] for rule in group["rules"]}
        assert rules["local:etcd_quota_bytes"] == f"vector({8 * 2**30})"
        assert "label_example_com_owner_team" in rules["local:namespace_tenant"]

    def test_an_etcd_elsewhere_has_no_quota_here(self) -> None:
        etcd = {"etcd": {"external": {"endpoints": ["https://etcd.example.com:2379"]}}}
        found = addon("monitoring", {}, controlPlane=etcd)
        (group,) = objects(found, "PrometheusRule")["caas-facts"]["spec"]["groups"]
        assert [rule["record"] for rule in group["rules"]] == ["local:namespace_tenant"]

    def test_all_of_it_fits_into_what_is_delivered(self) -> None:
        found = on_management({"receive": {}})
        assert len(json.dumps(found.objects)) < 200_000


def found_in(settings: dict[str, Any], **cluster: Any) -> list[tuple[Code, tuple[str | int, ...]]]:
    there: ClusterFacts = target({"monitoring": settings}, **cluster)
    return [(each.code, each.path) for each in there.addons["monitoring"].check(there)]


def test_the_guide_is_true(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(files, "CHECKOUT", tmp_path)
    for folder in ("dashboards", "rules"):
        (tmp_path / "monitoring" / folder).mkdir(parents=True)
    blocks = re.findall(r"^( *)```yaml\n *(monitoring:.*?)^ *```", GUIDE.read_text(), re.M | re.S)
    assert len(blocks) >= 5
    for indent, block in blocks:
        text = re.sub(f"^{indent}", "", block, flags=re.M)
        found = found_in(yaml.load(text, yaml.CSafeLoader)["monitoring"])
        assert {code for code, _ in found} <= {codes.RECEIVER_OPEN}  # Envoy Gateway is not there


@pytest.mark.parametrize("url", ["metrics.example.com/api/v1/write", "https://", "https://a b"])
@pytest.mark.parametrize(
    "settings",
    [
        {"remoteWrite": {"url": ...}},
        {"alerts": {"heartbeat": {"url": ...}}},
        {"runbooks": ...},
    ],
)
def test_an_address_is_one(settings: dict[str, Any], url: str) -> None:
    with pytest.raises(ValidationError):
        found_in(json.loads(json.dumps(settings, default=lambda _: url)))


def test_nothing_is_wrong_with_the_examples() -> None:
    assert not found_in({})
    assert not found_in(EVERYTHING)


@pytest.mark.parametrize(
    ("settings", "code", "path"),
    [
        (
            {"remoteWrite": {"url": "https://m", "secret": "a", "tokenSecret": "b"}},
            codes.HALF_CREDENTIALS,
            ("remoteWrite", "tokenSecret"),
        ),
        (
            {"receive": {"hostname": "m.example.com", "secret": "a"}},
            codes.RECEIVER_OPEN,
            ("receive", "hostname"),
        ),
    ],
)
def test_what_is_wrong(settings: dict[str, Any], code: Code, path: tuple[str, ...]) -> None:
    assert found_in(settings) == [(code, path)]
