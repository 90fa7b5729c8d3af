"""Logs in a cluster: the store, the collectors, the search."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from catalog import catalog
from components.addon import METRICS, VOLUMES, Addon
from components.chart import CLUSTER_NAME
from tests.addons.examples import addon
from tests.addons.monitored import watched
from tests.addons.upstream import CHARTS, unknown_values

S3 = {"bucket": "logs", "region": "eu-central-1", "secret": "s3"}
FORWARDS: list[dict[str, Any]] = [
    {"type": "syslog", "name": "siem", "host": "siem.example.com", "ca": "siem-ca"},
    {
        "type": "kafka",
        "name": "bus",
        "brokers": ["a.example.com:9093", "b.example.com:9093"],
        "topic": "logs",
        "secret": "bus",
        "ca": "bus-ca",
    },
    {"type": "elasticsearch", "name": "es", "url": "https://es.example.com:9200", "secret": "es"},
    {"type": "opensearch", "name": "os", "url": "https://os.example.com:9200", "verify": False},
    {
        "type": "http",
        "name": "hook",
        "url": "https://in.example.com",
        "path": "/v1/logs?x=1",
        "secret": "hook",
        "bearer": True,
    },
    {"type": "loki", "name": "fleet", "url": "https://loki.example.com", "tenant": "edge"},
    {"type": "s3", "name": "copy", **S3},
]
EVERYTHING: dict[str, Any] = {
    "objectStorage": S3,
    "archive": S3 | {"bucket": "archive"},
    "retention": {"days": 30, "classes": [{"name": "audit", "days": 365, "sources": ["audit"]}]},
    "forward": FORWARDS,
}
CASES: dict[str, dict[str, Any]] = {
    "least": {},
    "everything": EVERYTHING,
    "distributed": {"mode": "distributed", "objectStorage": S3 | {"endpoint": "http://s3:9000"}},
    "victoria": {"store": "victoriaLogs", "volume": {"sizeGiB": 200, "storageClass": "fast"}},
    "elsewhere": {"store": "none", "forward": FORWARDS},
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Addon:
    return addon("logs", CASES[request.param])


def values(found: Addon, chart: str) -> dict[str, Any]:
    return {each.name: dict(each.values) for each in found.charts}[chart]


def sections(found: Addon, part: str, chart: str = "fluent-bit") -> list[dict[str, str]]:
    """The sections of a part of a collector's configuration."""
    blocks = re.split(r"^\[[A-Z]+\]$", values(found, chart)["config"][part], flags=re.M)
    lines = ([line.split(maxsplit=1) for line in block.strip().splitlines()] for block in blocks)
    return [dict(each) for each in lines if each]


def test_every_value_is_one_of_the_charts(case: Addon) -> None:
    for chart in case.charts:
        assert not unknown_values(chart.name, chart.values), chart.name


def test_values_of_loki_pass_the_schema_of_its_chart(case: Addon) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    file = CHARTS / "loki/values.schema.json"
    if not file.exists():
        pytest.skip("the schema of the chart loki is not here (../shared/upstream/charts)")
    for chart in case.charts:
        if chart.name == "loki":
            jsonschema.validate(json.loads(json.dumps(chart.values)), json.loads(file.read_text()))


def test_nothing_is_a_template_but_the_name_of_the_cluster(case: Addon) -> None:
    for chart in case.charts:
        text = json.dumps(chart.values)
        assert text.count("{{") == text.count(CLUSTER_NAME)
        if chart.name.startswith("fluent-bit"):
            assert CLUSTER_NAME in text


def test_the_two_collectors_are_one_version() -> None:
    charts = catalog().charts
    nodes, events = charts["fluent-bit"], charts["fluent-bit-events"]
    assert (nodes.name, nodes.version, nodes.images) == (
        events.name,
        events.version,
        events.images,
    )


def test_the_least_is_one_loki_on_a_volume() -> None:
    loki = values(addon("logs", {}), "loki")
    assert loki["deploymentMode"] == "Monolithic"
    assert loki["singleBinary"]["replicas"] == 1
    assert loki["singleBinary"]["persistence"] == {"enabled": True, "size": "50Gi"}
    assert loki["loki"]["storage"] == {"type": "filesystem"}
    assert loki["loki"]["commonConfig"]["replication_factor"] == 1
    (schema,) = loki["loki"]["schemaConfig"]["configs"]
    assert (schema["schema"], schema["store"]) == ("v13", "tsdb")
    compactor = loki["loki"]["compactor"]
    assert (compactor["retention_enabled"], compactor["delete_request_store"]) == (
        True,
        "filesystem",
    )
    assert loki["loki"]["limits_config"]["retention_period"] == "14d"


def test_object_storage_makes_loki_three() -> None:
    loki = values(addon("logs", EVERYTHING), "loki")
    assert loki["singleBinary"]["replicas"] == 3
    assert loki["loki"]["commonConfig"]["replication_factor"] == 3
    assert loki["loki"]["storage"]["bucketNames"]["chunks"] == "logs"
    assert loki["loki"]["compactor"]["delete_request_store"] == "s3"
    keys = {
        each["name"]: each["valueFrom"]["secretKeyRef"] for each in loki["defaults"]["extraEnv"]
    }
    assert keys["AWS_ACCESS_KEY_ID"] == {"name": "s3", "key": "accessKeyId"}
    assert keys["AWS_SECRET_ACCESS_KEY"] == {"name": "s3", "key": "secretAccessKey"}


def test_clusters_that_share_a_bucket_have_an_index_each() -> None:
    loki = values(addon("logs", EVERYTHING), "loki")["loki"]
    (schema,) = loki["schemaConfig"]["configs"]
    assert schema["index"]["path_prefix"] == f"{CLUSTER_NAME}/index/"
    assert loki["compactor"]["delete_request_store_key_prefix"] == f"{CLUSTER_NAME}/index/"
    alone = values(addon("logs", {}), "loki")
    assert CLUSTER_NAME not in json.dumps(alone)


@pytest.mark.parametrize(("replicas", "copies"), [(1, 1), (2, 1), (3, 3), (7, 3)])
def test_new_lines_are_held_by_one_or_three(replicas: int, copies: int) -> None:
    loki = values(addon("logs", {"objectStorage": S3, "replicas": replicas}), "loki")
    assert loki["loki"]["commonConfig"]["replication_factor"] == copies


def test_classes_are_kept_as_long_as_they_say() -> None:
    classes = [
        {"name": "audit", "days": 365, "sources": ["audit"]},
        {"name": "pay", "days": 90, "namespaces": ["pay"]},
    ]
    loki = values(addon("logs", {"retention": {"days": 7, "classes": classes}}), "loki")
    assert loki["loki"]["limits_config"]["retention_stream"] == [
        {"selector": '{class="audit"}', "priority": 2, "period": "365d"},
        {"selector": '{class="pay"}', "priority": 1, "period": "90d"},
    ]


def test_a_distributed_loki_is_written_to_and_asked_at_its_parts() -> None:
    found = addon("logs", CASES["distributed"])
    loki = values(found, "loki")
    assert loki["singleBinary"]["replicas"] == 0
    assert loki["ingester"]["replicas"] == 3
    assert loki["loki"]["storage"]["s3"] == {
        "region": "eu-central-1",
        "endpoint": "http://s3:9000",
        "s3ForcePathStyle": True,
        "insecure": True,
    }
    (store,) = sections(found, "outputs")
    assert store["host"] == "loki-distributor.logging.svc"
    assert "StatefulSet logging/loki-ingester" in found.ready


def test_victoria_logs_takes_json() -> None:
    found = addon("logs", CASES["victoria"])
    server = values(found, "victoria-logs-single")["server"]
    assert server["persistentVolume"] == {
        "enabled": True,
        "size": "200Gi",
        "storageClassName": "fast",
    }
    assert server["retentionPeriod"] == "14d"
    (store,) = sections(found, "outputs")
    assert store["host"] == "victoria-logs.logging.svc"
    assert store["uri"].startswith("/insert/jsonline?_stream_fields=cluster,node,namespace,")


def test_each_source_is_read_where_it_is() -> None:
    inputs = {each["alias"]: each for each in sections(addon("logs", {}), "inputs")}
    assert inputs["containers"]["path"] == "/var/log/containers/*.log"
    assert inputs["audit"]["path"] == "/var/log/kubernetes/audit/audit.log"
    assert inputs["journal"]["name"] == "systemd"
    assert "systemd_filter" not in inputs["journal"]
    assert all(each["storage.type"] == "filesystem" for each in inputs.values())
    (events,) = sections(addon("logs", {}), "inputs", "fluent-bit-events")
    assert events["name"] == "kubernetes_events"


def test_the_kubelet_alone_is_a_part_of_the_journal() -> None:
    (journal,) = sections(addon("logs", {"collect": ["kubelet"]}), "inputs")
    assert journal["systemd_filter"] == "_SYSTEMD_UNIT=kubelet.service"


def test_what_is_not_collected_is_not_dropped_by_the_script() -> None:
    def filters(collect: list[str]) -> list[str]:
        found = sections(addon("logs", {"collect": collect}), "filters")
        return [each["alias"] for each in found]

    assert filters(["journal", "kubelet"]) == ["records", "classes"]
    assert filters(["journal", "containers"]) == ["namespaces", "kubelet", "records", "classes"]
    (kubelet, *_) = sections(addon("logs", {"collect": ["journal"]}), "filters")
    assert (kubelet["name"], kubelet["match"]) == ("grep", "in.journal")
    assert kubelet["exclude"] == r"_SYSTEMD_UNIT ^kubelet\.service$"


def test_what_is_not_collected_needs_no_collector() -> None:
    assert [each.name for each in addon("logs", {"collect": ["events"]}).charts] == [
        "loki",
        "fluent-bit-events",
    ]
    assert [each.name for each in addon("logs", {"collect": ["audit"]}).charts] == [
        "loki",
        "fluent-bit",
    ]


def test_collectors_are_on_every_node_and_can_do_little() -> None:
    nodes = values(addon("logs", {}), "fluent-bit")
    assert nodes["tolerations"] == [{"operator": "Exists"}]
    assert nodes["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert nodes["securityContext"]["readOnlyRootFilesystem"]
    mounts = {each["mountPath"]: each.get("readOnly") for each in nodes["daemonSetVolumeMounts"]}
    assert {path for path, read_only in mounts.items() if not read_only} == {"/var/lib/fluent-bit"}
    events = values(addon("logs", {}), "fluent-bit-events")
    assert events["podSecurityContext"]["runAsNonRoot"]
    assert (events["kind"], events["replicaCount"]) == ("Deployment", 1)


def test_every_destination_has_its_own_buffer_and_name() -> None:
    found = addon("logs", EVERYTHING | {"buffer": {"destinationMiB": 256}})
    outputs = sections(found, "outputs")
    assert [each["alias"] for each in outputs] == [
        *("store", "archive", "siem", "bus", "es", "os", "hook", "fleet", "copy"),
    ]
    for each in outputs:
        file = each["name"] == "s3"
        assert each["store_dir_limit_size" if file else "storage.total_limit_size"] == "256M"
        assert each["retry_limit"] == ("1000" if file else "no_limits")
    volumes = values(found, "fluent-bit-events")["extraVolumes"]
    (state,) = (each["emptyDir"] for each in volumes if each["name"] == "state")
    assert state == {"sizeLimit": f"{9 * 256 + 64}Mi"}
    assert len({each["store_dir"] for each in outputs if "store_dir" in each}) == 2


def test_destinations_choose_by_class_and_source() -> None:
    forward = [{**FORWARDS[0], "sources": ["audit", "kubelet"], "classes": ["default"]}]
    (_, siem) = sections(addon("logs", {"forward": forward}), "outputs")
    assert siem["match_regex"] == r"^out\.(default)\.(audit|kubelet)$"
    assert "match" not in siem


def test_credentials_come_from_secrets_by_name() -> None:
    found = addon("logs", EVERYTHING)
    assert found.secrets == ("bus", "bus-ca", "es", "hook", "s3", "siem-ca")
    for chart in ("fluent-bit", "fluent-bit-events"):
        env = {each["name"]: each for each in values(found, chart)["env"]}
        assert env["CLUSTER_NAME"]["value"] == CLUSTER_NAME
        sources = {
            name: tuple(each["valueFrom"]["secretKeyRef"].values())
            for name, each in env.items()
            if "secretKeyRef" in each.get("valueFrom", {})
        }
        assert sources == {
            "AWS_ACCESS_KEY_ID": ("s3", "accessKeyId"),
            "AWS_SECRET_ACCESS_KEY": ("s3", "secretAccessKey"),
            "FORWARD_BUS_USERNAME": ("bus", "username"),
            "FORWARD_BUS_PASSWORD": ("bus", "password"),
            "FORWARD_ES_USERNAME": ("es", "username"),
            "FORWARD_ES_PASSWORD": ("es", "password"),
            "FORWARD_HOOK_TOKEN": ("hook", "token"),
        }
        mounted = {each["secret"]["secretName"] for each in _secrets(values(found, chart))}
        assert mounted == {"bus-ca", "siem-ca"}


def _secrets(chart: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in chart["extraVolumes"] if "secret" in each]


def test_variables_of_the_configuration_are_there() -> None:
    found = addon("logs", EVERYTHING)
    named = {each["name"] for each in values(found, "fluent-bit")["env"]}
    used = set(re.findall(r"\$\{([A-Z_]+)\}", values(found, "fluent-bit")["config"]["outputs"]))
    assert used
    assert used <= named


def test_the_archive_has_a_folder_for_each_class() -> None:
    archive = sections(addon("logs", EVERYTHING), "outputs")[1]
    assert archive["bucket"] == "archive"
    assert archive["s3_key_format"].startswith("/logs/$TAG[1]/$TAG[2]/${CLUSTER_NAME}/%Y/%m/%d/")
    assert archive["store_dir"] == "/var/lib/fluent-bit/s3-archive"


def test_values_of_the_user_win() -> None:
    settings = {
        "values": {"loki": {"limits_config": {"ingestion_rate_mb": 99}}},
        "collectorValues": {"resources": {"limits": {"memory": "1Gi"}}},
    }
    found = addon("logs", settings)
    assert values(found, "loki")["loki"]["limits_config"]["ingestion_rate_mb"] == 99
    assert values(found, "fluent-bit")["resources"]["limits"]["memory"] == "1Gi"
    elsewhere = addon("logs", CASES["elsewhere"] | {"values": {"logLevel": "debug"}})
    assert values(elsewhere, "fluent-bit")["logLevel"] == "debug"


@pytest.mark.parametrize(
    ("settings", "plugin", "url"),
    [
        ({}, "loki", "http://loki.logging.svc:3100"),
        (CASES["distributed"], "loki", "http://loki-query-frontend.logging.svc:3100"),
        (
            CASES["victoria"],
            "victoriametrics-logs-datasource",
            "http://victoria-logs.logging.svc:9428",
        ),
    ],
)
def test_grafana_finds_the_store(settings: dict[str, Any], plugin: str, url: str) -> None:
    found = watched("logs", settings)
    maps = {each["metadata"]["name"]: each for each in found.objects}
    source = maps["logs-datasource"]
    assert source["metadata"]["labels"] == {"grafana_datasource": "1"}
    (inside,) = yaml.safe_load(source["data"]["logs.yaml"])["datasources"]
    assert (inside["type"], inside["url"]) == (plugin, url)
    assert values(found, "fluent-bit")["serviceMonitor"] == {"enabled": True}
    assert found.needs == (VOLUMES, METRICS)


def test_the_dashboard_searches_by_every_label() -> None:
    found = watched("logs", {})
    (board,) = (each for each in found.objects if each["metadata"]["name"] == "logs-dashboard")
    content = json.loads(board["data"]["logs.json"])
    names = [each["name"] for each in content["templating"]["list"]]
    assert {"cluster", "tenant", "namespace", "pod", "container", "source", "text"} == set(names)
    everything = {each["name"]: each.get("allValue") for each in content["templating"]["list"]}
    assert everything["cluster"] == everything["source"] == ".+"  # or Loki refuses the search
    assert everything["tenant"] == everything["pod"] == ".*"
    for panel in content["panels"]:
        (query,) = panel["targets"]
        assert set(re.findall(r"\$([a-z]+)", query["expr"])) <= set(names)


def test_alerts_name_pages_where_they_are_published() -> None:
    others = {"monitoring": {"runbooks": "https://docs.example.com/caas"}}
    for settings, base in (({"monitoring": {}}, "docs"), (others, "https://docs.example.com/caas")):
        found = addon("logs", {}, others=settings)
        (alerts,) = (each for each in found.objects if each["kind"] == "PrometheusRule")
        assert alerts["metadata"] == {"name": "logs", "namespace": "logging"}
        rules = alerts["spec"]["groups"][0]["rules"]
        assert rules[0]["annotations"]["runbook_url"] == f"{base}/logs.md#logslimited"


def test_without_monitoring_nothing_asks_for_its_definitions() -> None:
    found = addon("logs", {})
    assert not found.objects
    assert found.needs == (VOLUMES,)
    assert not addon("logs", CASES["elsewhere"]).needs
    assert values(found, "loki")["monitoring"] == {"serviceMonitor": {"enabled": False}}
