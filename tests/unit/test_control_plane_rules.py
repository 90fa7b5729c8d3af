"""Rules about control planes: what is wrong is refused at its place, and what is right loads."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from packaging.version import Version

import catalog
from components.cluster_object import DeclaredCluster
from components.infrastructure.in_memory import InMemory
from errors import CaasError, Code, stack_file, stack_rules
from errors.control_plane import (
    ADMISSION_CONFLICT,
    AUTHENTICATION_CONFLICT,
    BAD_AUTHORITY,
    BAD_ETCD_ENDPOINT,
    BAD_SCHEDULE,
    DUPLICATE_ISSUER,
    ENCRYPTION_SWITCHED_OFF,
    ETCD_DISK_TOO_SMALL,
    ETCD_MOVED,
    EXTERNAL_ETCD_OPTIONS,
    ISSUER_NOT_HTTPS,
    NO_CONTROL_PLANE_ROOM,
    NO_ETCD_DISK,
    SNAPSHOTS_WITHOUT_BUCKET,
    SNAPSHOTS_WITHOUT_CREDENTIALS,
)
from stacks.settings import from_config
from stacks.settings.running import check_control_plane

ISSUER = {"url": "https://login.example.com", "audiences": ["kubernetes"]}
EXTERNAL = {"endpoints": ["https://10.0.0.1:2379"]}
BUCKET = {"bucket": "backups"}
S3 = {"endpoint": "https://s3.example.com", "credentials": "keys"}
OFF = {"name": "disable-admission-plugins", "value": "DenyServiceExternalIPs"}
ON = {"name": "enable-admission-plugins", "value": "NodeRestriction,DenyServiceExternalIPs"}


@pytest.fixture(autouse=True)
def releases(monkeypatch: pytest.MonkeyPatch) -> None:
    release = catalog.Release(Version("1.36.3"), date.max)
    pinned = replace(catalog.catalog(), releases=(release,))
    monkeypatch.setattr(catalog, "catalog", lambda: pinned)


@pytest.fixture
def with_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """An infrastructure with a device for etcd."""
    own = InMemory.class_parts
    monkeypatch.setattr(
        InMemory, "class_parts", lambda self: replace(own(self), etcd_device="/dev/vdb")
    )


def load(control_plane: dict[str, Any]) -> Any:
    cluster = {"name": "shop", "version": "1.36.3", "controlPlane": control_plane}
    return from_config({"caas:clusters": [cluster]})


def problems(control_plane: dict[str, Any]) -> list[tuple[Code, str]]:
    """The codes, and the paths below the control plane."""
    with pytest.raises(CaasError) as caught:
        load(control_plane)
    below = "clusters[0].controlPlane"
    return [
        (problem.code, str(problem.where.path).removeprefix(below).lstrip("."))
        for problem in caught.value.problems
    ]


def issuers(*given: dict[str, Any]) -> dict[str, Any]:
    return {"authentication": {"issuers": list(given)}}


def snapshots(**given: Any) -> dict[str, Any]:
    return {"etcd": {"snapshots": given}}


def api_server(argument: dict[str, str], **given: Any) -> dict[str, Any]:
    return {"kubeadm": {"apiServer": {"extraArgs": [argument]}}} | given


WRONG: list[tuple[dict[str, Any], Code, str]] = [
    (snapshots(schedule="0 * * * *"), SNAPSHOTS_WITHOUT_BUCKET, "etcd.snapshots"),
    (snapshots(**BUCKET, schedule="often"), BAD_SCHEDULE, "etcd.snapshots.schedule"),
    (
        snapshots(**BUCKET, endpoint="https://s3.example.com"),
        SNAPSHOTS_WITHOUT_CREDENTIALS,
        "etcd.snapshots.endpoint",
    ),
    (
        snapshots(**BUCKET, endpoint="http://s3.example.com", credentials="keys"),
        BAD_ETCD_ENDPOINT,
        "etcd.snapshots.endpoint",
    ),
    (
        {"etcd": {"external": {"endpoints": ["https://10.0.0.1:2379", "http://10.0.0.2:2379"]}}},
        BAD_ETCD_ENDPOINT,
        "etcd.external.endpoints[1]",
    ),
    (
        {"etcd": {"external": {"endpoints": ["https://10.0.0.1"]}}},
        BAD_ETCD_ENDPOINT,
        "etcd.external.endpoints[0]",
    ),
    (
        {"etcd": {"external": EXTERNAL, "disk": {"sizeGiB": 20}}},
        EXTERNAL_ETCD_OPTIONS,
        "etcd.disk",
    ),
    (
        {"etcd": {"external": EXTERNAL, "snapshots": BUCKET}},
        EXTERNAL_ETCD_OPTIONS,
        "etcd.snapshots",
    ),
    ({"etcd": {"disk": {"sizeGiB": 20}}}, NO_ETCD_DISK, "etcd.disk"),
    (
        issuers(ISSUER | {"url": "http://login.example.com"}),
        ISSUER_NOT_HTTPS,
        "authentication.issuers[0].url",
    ),
    (
        issuers(ISSUER | {"discoveryURL": "login.internal"}),
        ISSUER_NOT_HTTPS,
        "authentication.issuers[0].discoveryURL",
    ),
    (issuers(ISSUER, ISSUER), DUPLICATE_ISSUER, "authentication.issuers[1].url"),
    (
        issuers(ISSUER | {"certificateAuthority": "/etc/ssl/ca.crt"}),
        BAD_AUTHORITY,
        "authentication.issuers[0].certificateAuthority",
    ),
    (
        {"authentication": {"secret": "login", "issuers": [ISSUER]}},
        AUTHENTICATION_CONFLICT,
        "authentication.secret",
    ),
    (
        {"replicas": 1, "rollout": {"maxSurge": 0}},
        NO_CONTROL_PLANE_ROOM,
        "rollout.maxSurge",
    ),
    (
        {"admission": {"configurations": {"PodSecurity": {}}}},
        ADMISSION_CONFLICT,
        "admission.configurations.PodSecurity",
    ),
    ({"admission": {"plugins": ["AlwaysAdmit"]}}, ADMISSION_CONFLICT, "admission.plugins[0]"),
    (api_server(OFF), ADMISSION_CONFLICT, "kubeadm.apiServer.extraArgs[0].value"),
    (
        api_server(ON, admission={"plugins": ["AlwaysPullImages"]}),
        ADMISSION_CONFLICT,
        "kubeadm.apiServer.extraArgs[0].value",
    ),
    (
        {"rollout": {"certificatesExpiryDays": 6}},
        stack_file.OUT_OF_RANGE,
        "rollout.certificatesExpiryDays",
    ),
    (
        api_server({"name": "oidc-issuer-url", "value": "https://a.example"}),
        stack_rules.OWNED_ARGUMENT,
        "kubeadm.apiServer.extraArgs[0].name",
    ),
    (
        api_server({"name": "encryption-provider-config", "value": "/x"}),
        stack_rules.OWNED_ARGUMENT,
        "kubeadm.apiServer.extraArgs[0].name",
    ),
]


@pytest.mark.parametrize(("given", "code", "path"), WRONG)
def test_what_is_wrong_is_refused_at_its_place(
    given: dict[str, Any], code: Code, path: str
) -> None:
    assert problems(given) == [(code, path)]


@pytest.mark.usefixtures("with_disk")
def test_a_disk_smaller_than_twice_the_quota() -> None:
    assert problems({"etcd": {"quotaGiB": 8}}) == [(ETCD_DISK_TOO_SMALL, "etcd.disk")]
    load({"etcd": {"quotaGiB": 8, "disk": {"sizeGiB": 16}}})
    load({"etcd": {"quotaGiB": 8, "disk": None}})


RIGHT: list[dict[str, Any]] = [
    {},
    snapshots(**BUCKET, schedule="@daily"),
    snapshots(**BUCKET, **S3),
    {"etcd": {"external": EXTERNAL}},
    {"etcd": {"external": EXTERNAL, "disk": None}},
    {"etcd": {"quotaGiB": 8}},
    issuers(ISSUER, ISSUER | {"url": "https://other.example.com"}),
    {"authentication": {"secret": "login"}},
    {"replicas": 3, "rollout": {"maxSurge": 0}},
    {"rollout": {"certificatesExpiryDays": 7}},
    {"remediation": {"maxRetry": None}},
    {"encryption": {"enabled": False}},
    api_server(OFF, admission={"denyExternalIPs": False}),
    api_server(ON),
]


@pytest.mark.parametrize("given", RIGHT)
def test_what_is_right_loads(given: dict[str, Any]) -> None:
    load(given)


def declared(**variables: Any) -> DeclaredCluster:
    values = [{"name": name, "value": value} for name, value in variables.items()]
    return DeclaredCluster({"spec": {"topology": {"variables": values}}})


LOCAL, ELSEWHERE = {"local": {}}, {"external": {"endpoints": ["https://10.0.0.1:2379"]}}


@pytest.mark.parametrize(
    ("live", "wanted", "code"),
    [
        ({}, {"encryptionSecret": ""}, ENCRYPTION_SWITCHED_OFF),
        ({"encryptionSecret": "own"}, {"encryptionSecret": ""}, ENCRYPTION_SWITCHED_OFF),
        ({}, {"etcd": ELSEWHERE}, ETCD_MOVED),
        ({"etcd": ELSEWHERE}, {"etcd": LOCAL}, ETCD_MOVED),
        ({"etcd": ELSEWHERE}, {}, ETCD_MOVED),
    ],
)
def test_what_would_lose_the_data_of_a_running_cluster_is_refused(
    live: dict[str, Any], wanted: dict[str, Any], code: Code
) -> None:
    with pytest.raises(CaasError) as caught:
        check_control_plane(declared(**live), declared(**wanted), cluster="shop")
    assert caught.value.problems[0].code is code


@pytest.mark.parametrize(
    ("live", "wanted"),
    [
        ({}, {}),
        ({"encryptionSecret": ""}, {"encryptionSecret": ""}),
        ({"encryptionSecret": ""}, {}),
        ({}, {"encryptionSecret": "own"}),
        ({}, {"etcd": LOCAL}),
        ({"etcd": ELSEWHERE}, {"etcd": copy.deepcopy(ELSEWHERE)}),
    ],
)
def test_what_keeps_the_data_is_allowed(live: dict[str, Any], wanted: dict[str, Any]) -> None:
    check_control_plane(declared(**live), declared(**wanted), cluster="shop")
    check_control_plane(DeclaredCluster({}), DeclaredCluster({}), cluster="shop")
