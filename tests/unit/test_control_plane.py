"""Settings of a control plane become its class, variables, files, arguments and objects."""

from __future__ import annotations

import base64
import os
import stat
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.cluster import audit, authentication, encryption, etcd_snapshots, kubeadm, kubelet
from components.cluster.control_plane_settings import Audit, Authentication, EtcdSnapshots
from components.cluster.settings import ControlPlane, KubeletOptions
from components.cluster.topology import cluster_variables
from components.cluster.variables import DEFINITIONS, PATCHES, etcd_disk_patch
from components.cluster_object import (
    API_SERVER,
    CONTROL_PLANE,
    CONTROL_PLANE_FILES,
    ENCRYPTION,
    ETCD,
    ETCD_DISK,
    REMEDIATION,
    ROLLOUT,
    SNAPSHOTS_LABEL,
)
from components.infrastructure.in_memory import InMemory
from components.infrastructure.interface import ClassParts, NodeRegistration
from engine.plan.clusters import ClusterAction, judge_clusters
from engine.program import Resource, run_program
from errors import CaasError
from errors.control_plane import ENCRYPTION_SWITCHED_OFF, ETCD_MOVED
from tests.unit.planned import change_of, cluster, group_of, objects

PARTS = InMemory().class_parts()
WITH_DISK = replace(PARTS, etcd_device="/dev/vdb")
CLOUD = replace(
    PARTS,
    node_registration=NodeRegistration(
        name="{{ ds.meta_data.local_hostname }}",
        kubelet_extra_args=({"name": "cloud-provider", "value": "external"},),
    ),
)
LARGEST_FILE = 10240  # what Cluster API's schema takes


def plane(**settings: Any) -> ControlPlane:
    return ControlPlane.model_validate(settings)


def variables(settings: ControlPlane, parts: ClassParts = PARTS) -> dict[str, Any]:
    return {entry["name"]: entry["value"] for entry in cluster_variables(settings, parts, {})}


def arguments(listed: list[dict[str, str]]) -> dict[str, str]:
    assert len({each["name"] for each in listed}) == len(listed)
    return {each["name"]: each["value"] for each in listed}


# ---- the class and the cluster -----------------------------------------------------------------


def test_a_cluster_of_the_defaults_sets_no_variable() -> None:
    assert variables(ControlPlane()) == {}


def test_only_the_etcd_disk_is_set_where_there_is_one() -> None:
    assert variables(ControlPlane(), WITH_DISK) == {ETCD_DISK: {"sizeGiB": 10}}
    without = plane(etcd={"disk": None})
    assert variables(without, WITH_DISK)[ETCD] == {
        "local": {"extraArgs": [{"name": "quota-backend-bytes", "value": str(4 * 1024**3)}]}
    }
    assert ETCD_DISK not in variables(without, WITH_DISK)


@pytest.mark.parametrize(
    ("settings", "changed"),
    [
        ({"rollout": {"certificatesExpiryDays": 60}}, {ROLLOUT}),
        ({"remediation": {"maxRetry": 1}}, {REMEDIATION}),
        ({"etcd": {"quotaGiB": 2}}, {ETCD}),
        ({"encryption": {"enabled": False}}, {ENCRYPTION, API_SERVER}),
        ({"encryption": {"secret": "mine"}}, {ENCRYPTION}),
        ({"audit": {"enabled": False}}, {API_SERVER, CONTROL_PLANE_FILES}),
        ({"audit": {"maxAgeDays": 5}}, {API_SERVER}),
        ({"admission": {"plugins": ["AlwaysPullImages"]}}, {API_SERVER}),
        ({"admission": {"denyExternalIPs": False}}, {API_SERVER}),
        ({"admission": {"podSecurity": {"enforce": "privileged"}}}, {CONTROL_PLANE_FILES}),
        ({"authentication": {"anonymousPaths": ["/x"]}}, {CONTROL_PLANE_FILES}),
    ],
)
def test_a_setting_changes_the_variables_that_it_must(
    settings: dict[str, Any], changed: set[str]
) -> None:
    assert variables(plane(**settings)).keys() == changed


def test_every_variable_is_defined_and_has_a_patch() -> None:
    defined = {definition["name"] for definition in DEFINITIONS}
    settings = plane(
        etcd={"quotaGiB": 2},
        encryption={"secret": "mine"},
        audit={"enabled": False},
        rollout={"maxSurge": 0},
        remediation={"maxRetry": None},
    )
    patched = {patch["name"] for patch in (*PATCHES, etcd_disk_patch("/dev/vdb"))}
    for parts in (PARTS, WITH_DISK):
        assert variables(settings, parts).keys() <= defined & patched


def test_no_file_is_larger_than_cluster_api_takes() -> None:
    files = kubeadm.control_plane_spec(WITH_DISK)["kubeadmConfigSpec"]["files"]
    assert max(len(each["content"]) for each in files) < LARGEST_FILE / 2
    assert len({each["path"] for each in files}) == len(files)


def test_the_users_argument_replaces_the_default_of_its_name() -> None:
    given = {"extraArgs": [{"name": "tls-min-version", "value": "VersionTLS13"}]}
    settings = plane(kubeadm={"apiServer": given, "scheduler": given})
    for name in (API_SERVER, "schedulerExtraArgs"):
        found = arguments(variables(settings)[name])
        assert found["tls-min-version"] == "VersionTLS13"
        assert found["profiling"] == "false"


def test_the_infrastructures_flags_stay_beside_the_users() -> None:
    options = KubeletOptions.model_validate({"extraArgs": [{"name": "max-pods", "value": "50"}]})
    assert arguments(kubeadm.kubelet_arguments(options, CLOUD)) == {
        "cloud-provider": "external",
        "max-pods": "50",
    }
    for spec in (
        kubeadm.control_plane_spec(CLOUD)["kubeadmConfigSpec"],
        kubeadm.worker_spec(CLOUD),
    ):
        node = spec["joinConfiguration"]["nodeRegistration"]
        assert node["name"] == "{{ ds.meta_data.local_hostname }}"
        assert arguments(node["kubeletExtraArgs"]) == {"cloud-provider": "external"}


# ---- what the files say ------------------------------------------------------------------------


def test_secrets_come_before_the_users_audit_rules() -> None:
    wide = {"rules": [{"level": "RequestResponse"}]}
    rules = audit.policy(Audit.model_validate(wide))["rules"]
    assert rules[0]["level"] == "Metadata"
    assert "secrets" in rules[0]["resources"][0]["resources"]
    assert rules[1] == {"level": "RequestResponse"}
    assert rules[-1] == {"level": "Metadata"}


def test_who_logs_in_cannot_be_anybody_of_kubernetes() -> None:
    given = {"issuers": [{"url": "https://a.example", "audiences": ["k"], "usernamePrefix": ""}]}
    (jwt,) = authentication.configuration(Authentication.model_validate(given))["jwt"]
    assert {"username", "groups"} <= jwt["claimMappings"].keys()
    expressions = " ".join(rule["expression"] for rule in jwt["userValidationRules"])
    assert "user.username" in expressions
    assert "user.groups" in expressions


def test_login_out_of_a_secret() -> None:
    (file,) = authentication.files(Authentication(secret="login"))
    assert file["contentFrom"] == {"secret": {"name": "login", "key": "authentication.yaml"}}


def test_each_key_is_another_one() -> None:
    first, second = (yaml.safe_load(encryption.new_configuration()) for _ in range(2))
    assert first != second
    (key,) = first["resources"][0]["providers"][0]["secretbox"]["keys"]
    assert len(base64.b64decode(key["secret"])) == 32


def test_the_kubelet_listens_to_nobody_unknown() -> None:
    found = kubelet.configuration(PARTS)
    assert found["readOnlyPort"] == 0
    assert found["rotateCertificates"] is True
    assert found["serverTLSBootstrap"] is False
    assert kubelet.arguments(KubeletOptions()) == {}
    other = KubeletOptions.model_validate({"serverTLSBootstrap": True, "podPidsLimit": -1})
    assert kubelet.arguments(other) == {"rotate-server-certificates": "true", "pod-max-pids": "-1"}


# ---- objects -----------------------------------------------------------------------------------


def register(folder: Path, *clusters: dict[str, Any]) -> list[Resource]:
    file = folder / "Pulumi.unit.yaml"
    file.write_text(yaml.safe_dump({"config": {"caas:clusters": list(clusters)}}))
    return run_program("unit", file).resources


def test_the_key_is_a_secret_that_is_made_once(tmp_path: Path) -> None:
    resources = register(tmp_path, cluster())
    (secret,) = (each for each in resources if each.name == "shop-encryption")
    assert secret.inputs["immutable"] is True
    assert secret.inputs["metadata"]["labels"][encryption.MOVE_LABEL] == "true"
    assert secret.inputs["stringData"] == {encryption.FILE: "[secret]"}
    assert set(secret.ignored) == {"data", "stringData", "immutable", "type"}
    (found,) = (each for each in resources if each.name == "shop-cluster")
    assert secret.urn in found.dependencies


@pytest.mark.parametrize("settings", [{"enabled": False}])
def test_no_encryption_needs_no_key(tmp_path: Path, settings: dict[str, Any]) -> None:
    resources = register(tmp_path, cluster(controlPlane={"encryption": settings}))
    assert not [each for each in resources if each.name == "shop-encryption"]


def with_bucket(name: str, bucket: str) -> dict[str, Any]:
    return cluster(name, controlPlane={"replicas": 1, "etcd": {"snapshots": {"bucket": bucket}}})


def test_clusters_with_the_same_snapshots_share_their_objects(tmp_path: Path) -> None:
    given = (with_bucket("a", "one"), with_bucket("b", "one"), with_bucket("c", "two"), cluster())
    found = objects(tmp_path, *given).values()
    sets = [each for each in found if each["kind"] == "ClusterResourceSet"]
    assert len(sets) == 2
    labels = {
        each["metadata"]["name"]: each["metadata"]["labels"].get(SNAPSHOTS_LABEL)
        for each in found
        if each["kind"] == "Cluster"
    }
    assert labels["a"] == labels["b"]
    assert labels["a"] != labels["c"]
    assert labels["shop"] is None
    assert {each["spec"]["clusterSelector"]["matchLabels"][SNAPSHOTS_LABEL] for each in sets} == {
        labels["a"],
        labels["c"],
    }


def upload_environment(settings: EtcdSnapshots) -> tuple[str, dict[str, str]]:
    pod = etcd_snapshots.cron_job(settings)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    return container["command"][-1], {each["name"]: each["value"] for each in container["env"]}


@pytest.fixture
def upload(tmp_path: Path) -> Callable[[str, int], tuple[int, list[str]]]:
    """Runs the upload with a rclone that only writes down what it is asked for."""

    def run(config: str, status: int) -> tuple[int, list[str]]:
        settings = EtcdSnapshots.model_validate(
            {"bucket": "backups", "prefix": "prod/etcd", "retentionDays": 7}
        )
        script, environment = upload_environment(settings)
        kubeadm_config = tmp_path / "ClusterConfiguration"
        kubeadm_config.write_text(config)
        asked = tmp_path / "asked"
        asked.touch()
        rclone = tmp_path / "rclone"
        rclone.write_text(f'#!/bin/sh\necho "$@" >> {asked}\nexit {status}\n')
        rclone.chmod(rclone.stat().st_mode | stat.S_IXUSR)
        script = script.replace("/kubeadm/ClusterConfiguration", str(kubeadm_config))
        result = subprocess.run(
            ["sh", "-c", script],
            env=environment | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
            capture_output=True,
            timeout=20,
            check=False,
        )
        return result.returncode, asked.read_text().splitlines()

    return run


CONFIG = "apiServer: {}\nclusterName: shop\nkind: ClusterConfiguration\n"
Upload = Callable[[str, int], tuple[int, list[str]]]


def test_a_snapshot_goes_to_the_folder_of_its_cluster(upload: Upload) -> None:
    status, (copy, delete) = upload(CONFIG, 0)
    assert status == 0
    assert copy.startswith("copyto /snapshot/etcd.db store:backups/prod/etcd/shop/2")
    assert copy.endswith("Z.db")
    assert delete == "delete --min-age 7d --include *.db store:backups/prod/etcd/shop"


def test_nothing_is_deleted_when_the_upload_fails(upload: Upload) -> None:
    status, asked = upload(CONFIG, 3)
    assert status != 0
    assert [line.partition(" ")[0] for line in asked] == ["copyto"]


def test_nothing_is_touched_when_the_cluster_has_no_name(upload: Upload) -> None:
    assert upload("kind: ClusterConfiguration\n", 0) == (2, [])


# ---- plans -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", [{"rollout": {"certificatesExpiryDays": 60}}, {"remediation": {"maxRetry": 1}}]
)
def test_upkeep_is_changed_in_place(tmp_path: Path, change: dict[str, Any]) -> None:
    after = cluster(controlPlane={"replicas": 1} | change)
    group = group_of(change_of(tmp_path, cluster(), after), CONTROL_PLANE)
    assert (group.action, group.replaced, group.in_place) == (ClusterAction.UPDATE, 0, True)


@pytest.mark.parametrize(
    "change",
    [
        {"encryption": {"secret": "rotated"}},
        {"audit": {"enabled": False}},
        {"kubelet": {"seccompDefault": False}},
    ],
)
def test_what_machines_are_made_of_replaces_them(tmp_path: Path, change: dict[str, Any]) -> None:
    after = cluster(controlPlane={"replicas": 1} | change)
    found = change_of(tmp_path, cluster(), after)
    assert group_of(found, CONTROL_PLANE).replaced == 1
    assert group_of(found, "general").action is ClusterAction.UNCHANGED


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"encryption": {"enabled": False}}, ENCRYPTION_SWITCHED_OFF),
        ({"etcd": {"external": {"endpoints": ["https://10.0.0.1:2379"]}}}, ETCD_MOVED),
    ],
)
def test_a_running_cluster_keeps_its_data(
    tmp_path: Path, change: dict[str, Any], code: object
) -> None:
    after = cluster(controlPlane={"replicas": 1} | change)
    with pytest.raises(CaasError) as caught:
        judge_clusters(objects(tmp_path, cluster()), objects(tmp_path, after))
    assert caught.value.problems[0].code is code
