"""Harbor: the values of its chart, the objects beside it, and the settings that are refused."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from components.addon import CERTIFICATES, GATEWAY_API, VOLUMES
from components.delivery.rules import check_target
from components.registry.contents import Contents
from errors import Code, registries
from tests.addons.examples import addon, target
from tests.addons.upstream import unknown_values
from tests.unit import aws_stack

LEAST = {"host": "registry.example.com"}
SHARED = {
    "database": {"host": "db.example.com", "secret": "harbor-db"},
    "valkey": {"addresses": ["valkey:6379"], "secret": "harbor-valkey"},
    "images": {"s3": {"bucket": "images", "region": "eu", "secret": "harbor-s3"}},
    "trivy": False,  # it can't read the password of `valkey`
}
OIDC = {"name": "us", "issuer": "https://id.example.com", "clientId": "h", "secret": "harbor-oidc"}


def values(**harbor: Any) -> Any:
    return addon("harbor", LEAST | harbor).charts[0].values


def found(harbor: dict[str, Any]) -> list[tuple[Code, tuple[str | int, ...]]]:
    where = target({"harbor": LEAST | harbor})
    own = [each for each in check_target(where) if 1320 <= each.code.number < 1350]
    return [(each.code, each.path[1:]) for each in own]


@pytest.mark.parametrize(
    ("harbor", "wanted"),
    [
        ({}, []),
        ({"replicas": 2} | SHARED, []),
        ({"replicas": 2}, [(registries.HARBOR_NOT_SHARED, ("replicas",))]),
        (
            {"replicas": 2} | SHARED | {"images": None},
            [(registries.HARBOR_NOT_SHARED, ("replicas",))],
        ),
        ({"images": {}}, [(registries.HARBOR_STORE, ("images",))]),
        ({"expose": "ingress"}, [(registries.HARBOR_WITHOUT_CERTIFICATE, ("expose",))]),
        ({"expose": "loadBalancer"}, [(registries.HARBOR_WITHOUT_CERTIFICATE, ("expose",))]),
        ({"expose": "loadBalancer", "tlsSecret": "tls"}, []),
        ({"internalTls": True}, [(registries.HARBOR_INTERNAL_TLS, ("internalTls",))]),
        (
            {"contents": {"projects": [{"name": "a"}, {"name": "a"}]}},
            [(registries.DUPLICATE_CONTENT, ("contents", "projects", 1, "name"))],
        ),
        (
            {"contents": {"projects": [{"name": "a", "robots": [{"name": "r"}, {"name": "r"}]}]}},
            [(registries.DUPLICATE_CONTENT, ("contents", "projects", 0, "robots", 1, "name"))],
        ),
        (  # both Secrets would be robot-shop-ci-push
            {
                "contents": {
                    "projects": [
                        {"name": "shop", "robots": [{"name": "ci-push"}]},
                        {"name": "shop-ci", "robots": [{"name": "push"}]},
                    ]
                }
            },
            [(registries.DUPLICATE_CONTENT, ("contents", "projects", 1, "robots", 0))],
        ),
        (
            {
                "contents": {
                    "registries": [{"name": "hub", "url": "https://h.example.com", "secret": "s"}],
                    "projects": [{"name": "shop", "robots": [{"name": "ci", "secret": "s"}]}],
                }
            },
            [(registries.DUPLICATE_CONTENT, ("contents", "projects", 0, "robots", 0))],
        ),
        (
            {"contents": {"projects": [{"name": "hub", "cacheOf": "dockerhub"}]}},
            [(registries.UNKNOWN_REGISTRY, ("contents", "projects", 0, "cacheOf"))],
        ),
        (
            {"contents": {"replications": [{"name": "r", "registry": "other"}]}},
            [(registries.UNKNOWN_REGISTRY, ("contents", "replications", 0, "registry"))],
        ),
        (
            {"contents": {"projects": [{"name": "a", "retention": {"tags": "v*"}}]}},
            [(registries.RETENTION_EMPTY, ("contents", "projects", 0, "retention"))],
        ),
    ],
)
def test_rules(harbor: dict[str, Any], wanted: list[tuple[Code, tuple[str | int, ...]]]) -> None:
    assert found(harbor) == wanted


@pytest.mark.parametrize(
    ("schedule", "good"),
    [
        ("0 0 3 * * *", True),
        ("0 */15 * * * *", True),
        ("0 3 * * *", False),  # no seconds
        ("30 0 3 * * *", False),
        ("0 * 3 * * *", False),
    ],
)
def test_harbor_wants_schedules_with_seconds(schedule: str, good: bool) -> None:
    retention = {"name": "a", "retention": {"newest": 1, "schedule": schedule}}
    replication = {"name": "r", "registry": "hub", "schedule": schedule}
    for contents in ({"projects": [retention]}, {"replications": [replication]}):
        with nullcontext() if good else pytest.raises(ValidationError):
            Contents.model_validate(contents)


def test_no_default_password_is_left() -> None:
    given = values(secret="keys")
    assert given["existingSecretAdminPassword"] == "keys"
    assert given["existingSecretSecretKey"] == "keys"
    assert given["core"]["existingSecret"] == "keys"
    assert given["core"]["existingXsrfSecret"] == "keys"
    assert given["jobservice"]["existingSecret"] == "keys"
    assert given["registry"]["existingSecret"] == "keys"
    assert given["registry"]["credentials"] == {"existingSecret": "keys"}


def test_only_harbor_reaches_the_database_that_comes_along() -> None:
    small = {each["metadata"]["name"]: each for each in addon("harbor", LEAST).objects}
    assert set(small) == {"harbor-database", "harbor-redis"}
    (rule,) = small["harbor-database"]["spec"]["ingress"]
    assert rule["ports"] == [{"port": 5432, "protocol": "TCP"}]
    assert rule["from"] == [
        {"podSelector": {"matchLabels": {"app": "harbor", "release": "harbor"}}}
    ]
    assert addon("harbor", LEAST | SHARED).objects == ()


def test_highly_available() -> None:
    given = values(replicas=3, **SHARED)
    for part in ("core", "portal", "registry", "jobservice", "trivy", "nginx", "exporter"):
        assert given[part]["replicas"] == 3
        runs = part not in ("nginx", "exporter", "trivy")
        assert given[part]["podDisruptionBudget"] == {"enabled": runs, "minAvailable": 1}
    external = given["database"]["external"]
    assert (external["host"], external["sslmode"]) == ("db.example.com", "verify-full")
    assert given["redis"]["external"]["tlsOptions"] == {"enable": True}
    assert given["persistence"]["imageChartStorage"]["s3"]["existingSecret"] == "harbor-s3"
    assert given["updateStrategy"] == {"type": "RollingUpdate"}
    assert given["jobservice"]["jobLoggers"] == ["database"]


def test_the_password_of_valkey_is_read_by_pods_and_not_by_the_chart() -> None:
    """The chart would look it up while it is rendered, and write it into ConfigMaps."""
    given = values(oidc=OIDC, **SHARED)
    assert "existingSecret" not in given["redis"]["external"]
    read = {"secretKeyRef": {"name": "harbor-valkey", "key": "REDIS_PASSWORD"}}
    urls = {}
    for part in (given["core"], given["jobservice"], given["exporter"]):
        first, *others = part["extraEnvVars"]
        assert first == {"name": "REDIS_PASSWORD", "valueFrom": read}
        urls |= {each["name"]: each["value"] for each in others if "_URL" in each["name"]}
    assert urls == {
        "_REDIS_URL_CORE": "rediss://:$(REDIS_PASSWORD)@valkey:6379/0?idle_timeout_seconds=30",
        "_REDIS_URL_REG": "rediss://:$(REDIS_PASSWORD)@valkey:6379/2?idle_timeout_seconds=30",
        "JOB_SERVICE_POOL_REDIS_URL": "rediss://:$(REDIS_PASSWORD)@valkey:6379/1",
        "HARBOR_REDIS_URL": "rediss://:$(REDIS_PASSWORD)@valkey:6379/1",
    }
    for part in ("registry", "controller"):
        found = given["registry"][part]["extraEnvVars"]
        assert found == [{"name": "REGISTRY_REDIS_PASSWORD", "valueFrom": read}]
    assert "CONFIG_OVERWRITE_JSON" in [each["name"] for each in given["core"]["extraEnvVars"]]


def test_sentinels_and_a_user_are_in_the_addresses_of_valkey() -> None:
    valkey = {
        "addresses": ["a:26379", "b:26379"],
        "sentinelSet": "main",
        "username": "harbor",
        "secret": "v",
    }
    given = values(trivy=False, valkey=valkey)
    address = "rediss+sentinel://harbor:$(REDIS_PASSWORD)@a:26379,b:26379/main/1"
    assert given["exporter"]["extraEnvVars"][1]["value"] == address
    user = {"name": "REGISTRY_REDIS_USERNAME", "value": "harbor"}
    assert user in given["registry"]["registry"]["extraEnvVars"]


def test_trivy_gets_no_password_of_valkey() -> None:
    wanted = [(registries.HARBOR_TRIVY_PASSWORD, ("trivy",))]
    assert found({"valkey": SHARED["valkey"]}) == wanted
    assert found({"valkey": SHARED["valkey"], "trivy": False}) == []


def test_small() -> None:
    given = values(storageClass="fast", size="1Ti")
    assert (given["database"]["type"], given["redis"]["type"]) == ("internal", "internal")
    claims = given["persistence"]["persistentVolumeClaim"]
    assert claims["registry"] == {"storageClass": "fast", "size": "1Ti"}
    assert claims["database"]["storageClass"] == "fast"
    assert given["updateStrategy"] == {"type": "Recreate"}
    assert not given["core"]["podDisruptionBudget"]["enabled"]


def test_swift() -> None:
    swift = {
        "container": "images",
        "authUrl": "https://keystone.example.com/v3",
        "username": "harbor",
        "secret": "harbor-swift",
        "project": "shop",
        "domain": "Default",
    }
    storage = values(images={"swift": swift, "redirect": False})["persistence"]["imageChartStorage"]
    assert (storage["type"], storage["disableredirect"]) == ("swift", True)
    assert storage["swift"]["tenant"] == "shop"
    assert storage["swift"]["existingSecret"] == "harbor-swift"


@pytest.mark.parametrize(
    ("harbor", "kind", "tls"),
    [
        ({}, "route", {"enabled": False}),
        (
            {"expose": "ingress", "tlsSecret": "t", "ingressClass": "traefik"},
            "ingress",
            {"enabled": True, "certSource": "secret", "secret": {"secretName": "t"}},
        ),
        (
            {"expose": "loadBalancer", "tlsSecret": "t", "address": "10.0.0.9"},
            "loadBalancer",
            {"enabled": True, "certSource": "secret", "secret": {"secretName": "t"}},
        ),
    ],
)
def test_ways_in(harbor: dict[str, Any], kind: str, tls: dict[str, Any]) -> None:
    given = values(**harbor)
    assert given["externalURL"] == "https://registry.example.com"
    assert (given["expose"]["type"], given["expose"]["tls"]) == (kind, tls)
    if kind == "route":
        assert given["expose"]["route"] == {
            "parentRefs": [{"name": "shared", "namespace": "gateway"}],
            "hosts": ["registry.example.com"],
        }
    elif kind == "loadBalancer":
        assert given["expose"]["loadBalancer"] == {"IP": "10.0.0.9"}


def test_needs() -> None:
    assert addon("harbor", LEAST).needs == (GATEWAY_API, VOLUMES)
    own = LEAST | SHARED | {"trivy": False, "expose": "ingress", "tlsSecret": "t"}
    assert addon("harbor", own).needs == ()
    inside = own | {"expose": "loadBalancer", "internalTls": True}
    assert addon("harbor", inside).needs == (CERTIFICATES,)


def test_the_secret_of_oidc_is_filled_in_by_the_kubelet() -> None:
    secret, settings = values(oidc=OIDC)["core"]["extraEnvVars"]
    reference = {"name": "harbor-oidc", "key": "clientSecret"}
    assert secret["valueFrom"] == {"secretKeyRef": reference}
    assert settings["name"] == "CONFIG_OVERWRITE_JSON"
    content = json.loads(settings["value"])
    assert content["oidc_client_secret"] == f"$({secret['name']})"
    assert content["auth_mode"] == "oidc_auth"


def test_secrets_are_named() -> None:
    contents = {"registries": [{"name": "hub", "url": "https://h.example.com", "secret": "hub"}]}
    made = addon("harbor", LEAST | SHARED | {"oidc": OIDC, "contents": contents})
    assert made.secrets == (
        *("harbor", "harbor-db", "harbor-oidc", "harbor-s3", "harbor-valkey", "hub"),
    )


def test_cert_manager_keeps_the_keys() -> None:
    others = {"certManager": {}}
    made = addon("harbor", LEAST, others=others)
    assert made.charts[0].values["core"]["secretName"] == "harbor-token"
    names = [(each["kind"], each["metadata"]["name"]) for each in made.objects]
    assert ("Certificate", "harbor-token") in names


def test_in_a_management_cluster_certificates_come_between_cert_manager_and_harbor(
    tmp_path: Path,
) -> None:
    """A release waits for its pods, and those for the Secret of the Certificate."""
    harbor = LEAST | {"expose": "loadBalancer", "tlsSecret": "tls"}
    management = {
        "mode": "self-managed",
        "cluster": aws_stack.cluster("root", addons={"harbor": harbor}),
    }
    made = aws_stack.record(tmp_path, management=management, controllerCluster="root")
    waits_for = {
        each.name: {urn.rpartition("::")[2] for urn in each.dependencies} for each in made.resources
    }
    certificate = "management-harbor-certificate-harbor-harbor-token"
    assert certificate in waits_for["management-harbor"]
    assert "management-cert-manager" in waits_for[certificate]


def test_internal_tls_has_a_certificate_for_each_part() -> None:
    inside = {"expose": "loadBalancer", "tlsSecret": "t", "internalTls": True}
    made = addon("harbor", LEAST | inside)
    given = made.charts[0].values["internalTLS"]
    made_for = {
        each["spec"]["secretName"] for each in made.objects if each["kind"] == "Certificate"
    }
    parts = ("core", "jobservice", "registry", "portal", "trivy")
    assert {given[part]["secretName"] for part in parts} <= made_for
    assert given["certSource"] == "secret"


@pytest.mark.parametrize(
    "harbor",
    [
        {"replicas": 2, "oidc": OIDC, "proxy": "http://proxy:3128"} | SHARED,
        {"expose": "ingress", "tlsSecret": "t", "ingressClass": "c", "storageClass": "s"},
        {"expose": "loadBalancer", "tlsSecret": "t", "address": "10.0.0.9", "internalTls": True},
        {
            "images": {
                "swift": {
                    "container": "c",
                    "authUrl": "https://k",
                    "username": "u",
                    "secret": "s",
                    "region": "r",
                    "project": "p",
                    "domain": "d",
                }
            }
        },
    ],
)
def test_what_the_chart_is_told_is_in_it(harbor: dict[str, Any]) -> None:
    assert not unknown_values("harbor", values(**harbor))
