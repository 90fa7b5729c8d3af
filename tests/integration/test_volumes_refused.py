"""Moving volumes: what can't work is refused before anything is touched."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from kubectl import eventually
from volume_stage import (
    DEFINITIONS,
    Stage,
    add_claim,
    config_map,
    location,
    node_agent,
    planned,
    played,
    refused,
    two_clusters,
    with_volumes,
)

from errors import storage
from plane.binaries import Binaries

pytestmark = pytest.mark.plane

CONFIG = "node-agent-config"


@pytest.fixture(scope="module")
def stages(
    binaries: Binaries, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stage, Stage]]:
    with two_clusters(binaries, tmp_path_factory.mktemp("volumes")) as found:
        yield found


@pytest.fixture
def stage(stages: tuple[Stage, Stage]) -> Iterator[Stage]:
    yield from played(stages[0])


@pytest.fixture
def other(stages: tuple[Stage, Stage]) -> Iterator[Stage]:
    yield from played(stages[1])


@pytest.fixture
def namespace(stage: Stage) -> str:
    return with_volumes(stage)


# ---- what can't work -----------------------------------------------------------------------------


def test_a_namespace_without_volumes(stage: Stage) -> None:
    refused(storage.NAMESPACE_WITHOUT_VOLUMES, lambda: planned(stage, "nowhere"))


def test_a_class_that_is_not_there(stage: Stage, namespace: str) -> None:
    error = refused(storage.TARGET_CLASS_NOT_FOUND, lambda: planned(stage, namespace, "fats"))
    assert "fast" in error.problems[0].fix


def test_a_class_that_waits_for_pods(stage: Stage, namespace: str) -> None:
    refused(storage.CLASS_WAITS_FOR_PODS, lambda: planned(stage, namespace, "lazy"))
    config = config_map(CONFIG, "velero")
    text = json.dumps({"restorePVC": {"ignoreDelayBinding": True}})
    stage.kubectl.apply(
        config | {"data": {"node-agent.json": text}},
        node_agent(f"--node-agent-configmap={CONFIG}"),
    )
    try:
        assert planned(stage, namespace, "lazy").claims
    finally:
        stage.kubectl.apply(node_agent())


def test_pods_that_run(stage: Stage, namespace: str) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount"}
    stage.kubectl.apply(account | {"metadata": {"name": "default", "namespace": namespace}})
    security = {
        "allowPrivilegeEscalation": False,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    stage.kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "web", "namespace": namespace},
            "spec": {
                "automountServiceAccountToken": False,
                "containers": [{"name": "web", "image": "web:1", "securityContext": security}],
                "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}],
            },
        }
    )
    error = refused(storage.VOLUMES_IN_USE, lambda: planned(stage, namespace))
    assert "web" in str(error)


def test_a_volume_of_no_driver(stage: Stage, namespace: str) -> None:
    stage.kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "waiting", "namespace": namespace},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "slow",
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }
    )
    error = refused(storage.VOLUME_NOT_MOVABLE, lambda: planned(stage, namespace))
    assert "`waiting` is not bound" in str(error)


def test_a_driver_without_a_snapshot_class(stage: Stage, namespace: str) -> None:
    path = ("volumesnapshotclass", "snapshots-fake")
    saved = stage.kubectl.get(*path)
    stage.kubectl("delete", *path)
    try:
        error = refused(storage.VOLUME_NOT_MOVABLE, lambda: planned(stage, namespace))
        assert len(error.problems) == 2
    finally:
        del saved["metadata"]["resourceVersion"]
        stage.kubectl.apply({**saved, "metadata": {"name": path[1]}})


def test_somebody_elses_mapping(stage: Stage, namespace: str) -> None:
    labels = {"velero.io/plugin-config": "", "velero.io/change-storage-class": "RestoreItemAction"}
    stage.kubectl.apply(config_map("by-hand", "velero", **labels))
    try:
        refused(storage.CLASS_MAPPING_TAKEN, lambda: planned(stage, namespace))
    finally:
        stage.kubectl("delete", "configmap", "by-hand", "-n", "velero")


def test_names_that_are_taken(stage: Stage, other: Stage, namespace: str) -> None:
    other.kubectl("create", "namespace", namespace)
    add_claim(other, namespace, "data")
    refused(storage.TARGET_HAS_VOLUMES, lambda: planned(stage, namespace, "fast", other))


def test_another_bucket(stage: Stage, other: Stage, namespace: str) -> None:
    other.kubectl.apply(location("elsewhere"))
    try:
        error = refused(
            storage.BACKUP_NOT_IN_TARGET, lambda: planned(stage, namespace, "fast", other)
        )
        assert "aws/eu/elsewhere" in str(error)
    finally:
        other.kubectl.apply(location())


@pytest.mark.parametrize("what", ["location", "agent", "everything"])
def test_a_velero_that_is_not_ready(stage: Stage, namespace: str, what: str) -> None:
    agent = ("daemonset", "node-agent", "-n", "velero")
    definition = ("crd", "backupstoragelocations.velero.io")
    if what == "location":
        patch_location(stage, "Unavailable")
    elif what == "agent":
        stage.kubectl("delete", *agent)
    else:
        stage.kubectl("delete", *definition)
    try:
        refused(storage.VELERO_NOT_READY, lambda: planned(stage, namespace))
    finally:
        file = str(DEFINITIONS / "velero/backupstoragelocations.yaml")
        stage.kubectl("apply", "--server-side", "-f", file)
        stage.kubectl("wait", "--for=condition=Established", "-f", file)
        eventually(lambda: stage.kubectl.run("get", "bsl", "-n", "velero").returncode == 0, 30)
        stage.kubectl.apply(location(), node_agent())
        patch_location(stage, "Available")


def patch_location(stage: Stage, phase: str) -> None:
    status = json.dumps({"status": {"phase": phase}})
    stage.kubectl("patch", "bsl", "default", "-n", "velero", "--type=merge", "-p", status)
