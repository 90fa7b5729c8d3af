"""Moving volumes on real API servers with Velero's own definitions.

Real: every object, label and phase that the move reads and writes, and the API servers' admission.
Played by `velero_player`: Velero's server and node agents, a CSI driver, the protection of claims;
so no data is copied here.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kubectl import Kubectl, eventually
from lone_server import lone_server
from velero_player import DRIVER, Bucket, Mood, Player

from cli import app
from cli.commands import volumes as volumes_command
from components.cluster import encryption
from components.cluster.settings import ControlPlane
from embedded import pki
from embedded.api import Api
from embedded.binaries import Binaries
from embedded.progress import Silent
from embedded.volumes.claims import claims_of, listed
from embedded.volumes.move import MOVED_FROM, STEPS, Moved, VolumeMove
from embedded.volumes.plan import MovePlan, Side, plan_move
from embedded.volumes.velero import OF_MOVE
from errors import CaasError, Code, storage

pytestmark = [pytest.mark.plane, pytest.mark.xdist_group("volumes")]

DEFINITIONS = Path(__file__).resolve().parents[2].parent / "shared/upstream/crds"
VELERO_KINDS = (*("backups", "restores", "backupstoragelocations", "datauploads", "datadownloads"),)
SNAPSHOT_KINDS = "external-snapshotter/snapshot.storage.k8s.io_volumesnapshotclasses.yaml"
CONFIG = "node-agent-config"
Object = dict[str, Any]


@dataclass
class Stage:
    """A cluster: its API, and who plays in it."""

    side: Side
    player: Player
    kubectl: Kubectl

    def claims(self, namespace: str) -> dict[str, Any]:
        return claims_of(self.side.api, namespace)


@contextmanager
def cluster(binaries: Binaries, folder: Path, name: str, bucket: Bucket) -> Iterator[Stage]:
    folder.mkdir()
    with lone_server(binaries, folder, ControlPlane(), encryption.new_configuration()) as server:
        eventually(lambda: server.get("/api/v1/namespaces/default")[0] == 200, 60)
        kubeconfig = folder / "kubeconfig"
        pki.write_kubeconfig(kubeconfig, server.site.pki, "admin", server.site.server)
        kubectl = Kubectl(binaries.kubectl, kubeconfig)
        furnish(kubectl)
        player = Player(Api(kubeconfig), bucket)
        player.start()
        try:
            yield Stage(Side(name, Api(kubeconfig)), player, kubectl)
        finally:
            player.stop()


def furnish(kubectl: Kubectl) -> None:
    """Velero's and the snapshots' definitions, classes, a location, node agents."""
    files = [*(f"velero/{kind}.yaml" for kind in VELERO_KINDS), SNAPSHOT_KINDS]
    for file in files:
        kubectl("apply", "--server-side", "-f", str(DEFINITIONS / file))
    for file in files:
        kubectl("wait", "--for=condition=Established", "-f", str(DEFINITIONS / file))
    kubectl("create", "namespace", "velero")
    kubectl.apply(
        location(),
        storage_class("slow", "Immediate"),
        storage_class("fast", "Immediate"),
        storage_class("lazy", "WaitForFirstConsumer"),
        {
            "apiVersion": "snapshot.storage.k8s.io/v1",
            "kind": "VolumeSnapshotClass",
            "metadata": {"name": "snapshots-fake"},
            "driver": DRIVER,
            "deletionPolicy": "Delete",
        },
        node_agent(),
    )
    status = json.dumps({"status": {"phase": "Available"}})
    kubectl("patch", "bsl", "default", "-n", "velero", "--type=merge", "-p", status)


def location(bucket: str = "backups") -> Object:
    return {
        "apiVersion": "velero.io/v1",
        "kind": "BackupStorageLocation",
        "metadata": {"name": "default", "namespace": "velero"},
        "spec": {
            "provider": "aws",
            "default": True,
            "objectStorage": {"bucket": bucket},
            "config": {"region": "eu"},
        },
    }


def storage_class(name: str, mode: str) -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": DRIVER,
        "volumeBindingMode": mode,
    }


def node_agent(*arguments: str) -> Object:
    container = {"name": "node-agent", "image": "velero", "args": ["node-agent", *arguments]}
    labels = {"app": "node-agent"}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "node-agent", "namespace": "velero"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


@pytest.fixture(scope="module")
def stages(
    binaries: Binaries, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stage, Stage]]:
    if not DEFINITIONS.is_dir():
        pytest.skip("Velero's definitions are not here (../shared/upstream)")
    folder, bucket = tmp_path_factory.mktemp("volumes"), Bucket()
    with (
        cluster(binaries, folder / "shop", "shop", bucket) as first,
        cluster(binaries, folder / "shop-2", "shop-2", bucket) as second,
    ):
        yield first, second


@pytest.fixture
def stage(stages: tuple[Stage, Stage]) -> Iterator[Stage]:
    yield from played(stages[0])


@pytest.fixture
def other(stages: tuple[Stage, Stage]) -> Iterator[Stage]:
    yield from played(stages[1])


def played(stage: Stage) -> Iterator[Stage]:
    stage.player.mood = Mood()
    stage.player.events.clear()
    yield stage
    stage.player.mood = Mood(sleeps=True)
    assert not stage.player.faults


@pytest.fixture
def namespace(stage: Stage) -> str:
    """A namespace with two volumes of the class `slow`, and a ConfigMap."""
    name = f"orders-{uuid.uuid4().hex[:6]}"
    stage.kubectl("create", "namespace", name)
    stage.kubectl.apply(config_map("settings", name))
    for claim in ("data", "logs"):
        add_claim(stage, name, claim)
    return name


def config_map(name: str, namespace: str, **labels: str) -> Object:
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}


def add_claim(stage: Stage, namespace: str, name: str, storage_class: str = "slow") -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class,
            "resources": {"requests": {"storage": "2Gi"}},
        },
    }
    stage.kubectl.apply(claim)
    stage.player.bind(stage.kubectl.get("pvc", name, "-n", namespace))


class Interrupting(Silent):
    """Ctrl-C when a step begins."""

    def __init__(self, at: str) -> None:
        self.at = at

    def step(self, name: str) -> Silent:
        if name == self.at:
            raise KeyboardInterrupt
        return self


def planned(stage: Stage, namespace: str, to: str = "fast", other: Stage | None = None) -> MovePlan:
    return plan_move(stage.side, (other or stage).side, namespace, to)


def move(
    stage: Stage,
    namespace: str,
    to: str = "fast",
    other: Stage | None = None,
    progress: Silent | None = None,
    *,
    patience: float = 20,
) -> Moved:
    plan = planned(stage, namespace, to, other)
    target = (other or stage).side
    run = VolumeMove(plan, stage.side, target, patience=patience, poll=0.03)
    return run.run(progress or Silent())


def refused(code: Code, act: Callable[[], object]) -> CaasError:
    with pytest.raises(CaasError) as caught:
        act()
    assert {problem.code for problem in caught.value.problems} == {code}, str(caught.value)
    return caught.value


def left_over(stage: Stage) -> list[str]:
    """What a move that is over must not leave behind."""
    return [
        each["metadata"]["name"]
        for each in listed(stage.side.api, "v1", "configmaps", "velero", labelSelector=OF_MOVE)
    ]


# ---- what a move does ----------------------------------------------------------------------------


def test_to_another_class(stage: Stage, namespace: str) -> None:
    before = stage.claims(namespace)
    done = move(stage, namespace)
    after = stage.claims(namespace)
    assert set(after) == {"data", "logs"}
    for name, claim in after.items():
        assert (claim.storage_class, claim.size) == ("fast", "2Gi")
        assert claim.volume not in ("", before[name].volume)
        old = stage.kubectl.get("pv", before[name].volume)
        assert old["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
        assert old["metadata"]["annotations"][MOVED_FROM] == f"{namespace}/{name}"
        labels = stage.kubectl.get("pvc", name, "-n", namespace)["metadata"]["labels"]
        assert OF_MOVE not in labels
    assert stage.player.events == [
        f"backup {done.backup.name}",
        "deleted data",
        "deleted logs",
        f"restore {done.restore.name}",
    ]
    assert sorted(done.kept) == sorted(claim.volume for claim in before.values())
    assert not left_over(stage)
    assert not planned(stage, namespace).claims


def test_only_what_has_another_class_moves(stage: Stage, namespace: str) -> None:
    add_claim(stage, namespace, "new", "fast")
    before = stage.claims(namespace)["new"]
    assert [claim.name for claim in planned(stage, namespace).claims] == ["data", "logs"]
    move(stage, namespace)
    assert stage.claims(namespace)["new"] == before


def test_to_another_cluster(stage: Stage, other: Stage, namespace: str) -> None:
    before = stage.claims(namespace)
    move(stage, namespace, "fast", other)
    assert stage.claims(namespace) == before
    there = other.claims(namespace)
    assert {name: claim.storage_class for name, claim in there.items()} == {
        "data": "fast",
        "logs": "fast",
    }
    assert other.kubectl.get("configmap", "settings", "-n", namespace)["data"] == {"a": "b"}
    assert not left_over(stage) + left_over(other)


def test_another_cluster_with_the_same_classes(stage: Stage, other: Stage, namespace: str) -> None:
    move(stage, namespace, "", other)
    assert {claim.storage_class for claim in other.claims(namespace).values()} == {"slow"}


# ---- interruption --------------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS)
def test_interrupted_and_run_again(stage: Stage, namespace: str, step: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        move(stage, namespace, progress=Interrupting(step))
    again = planned(stage, namespace)
    assert again.resumed
    assert [claim.name for claim in again.claims] == ["data", "logs"]
    done = move(stage, namespace)
    assert {claim.storage_class for claim in stage.claims(namespace).values()} == {"fast"}
    assert not left_over(stage)
    restores = [event for event in stage.player.events if event.startswith("restore")]
    assert len(restores) == 1
    # A backup that nothing was done with may be older than what pods wrote since.
    assert done.backup.name.endswith("-2" if step == "set aside" else "-1")


@pytest.mark.parametrize("step", STEPS)
def test_another_cluster_interrupted(stage: Stage, other: Stage, namespace: str, step: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        move(stage, namespace, "fast", other, Interrupting(step))
    move(stage, namespace, "fast", other)
    assert {claim.storage_class for claim in other.claims(namespace).values()} == {"fast"}
    assert not left_over(stage) + left_over(other)


def test_two_moves_at_once_are_refused(stage: Stage, namespace: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        move(stage, namespace, progress=Interrupting("restore"))
    error = refused(storage.OTHER_MOVE_UNFINISHED, lambda: planned(stage, namespace, "lazy"))
    assert f"./caas volumes move shop --namespace {namespace} --to-class fast" in str(error)
    move(stage, namespace)


# ---- what goes wrong -----------------------------------------------------------------------------


def test_a_backup_that_fails_changes_nothing(stage: Stage, namespace: str) -> None:
    before = stage.claims(namespace)
    stage.player.mood = Mood(failing_backups=1)
    error = refused(storage.BACKUP_FAILED, lambda: move(stage, namespace))
    assert "PartiallyFailed" in str(error)
    assert stage.claims(namespace) == before
    assert move(stage, namespace).backup.name.endswith("-2")


def test_a_backup_without_the_data_is_no_backup(stage: Stage, namespace: str) -> None:
    before = stage.claims(namespace)
    stage.player.mood = Mood(without_data=True)
    refused(storage.BACKUP_FAILED, lambda: move(stage, namespace))
    assert stage.claims(namespace) == before


def test_a_restore_that_fails_is_made_again(stage: Stage, namespace: str) -> None:
    stage.player.mood = Mood(failing_restores=1)
    error = refused(storage.RESTORE_FAILED, lambda: move(stage, namespace))
    assert "no room" in str(error)
    half = {claim.volume for claim in stage.claims(namespace).values()}
    done = move(stage, namespace)
    assert done.restore.name.endswith("-2")
    assert done.backup.name.endswith("-1"), stage.player.events
    assert half.isdisjoint(claim.volume for claim in stage.claims(namespace).values())


def test_a_velero_that_does_nothing(stage: Stage, namespace: str) -> None:
    stage.player.mood = Mood(sleeps=True)
    error = refused(storage.MOVE_TOO_SLOW, lambda: move(stage, namespace, patience=0.3))
    assert "not seen by Velero" in str(error)


@pytest.mark.parametrize(
    ("mood", "what"),
    [
        (Mood(unbound=True), "is not bound"),
        (Mood(shrunk=True), "has 1Mi, and had 2Gi"),
        (Mood(short=True), "bytes were restored"),
    ],
)
def test_what_comes_out_is_looked_at(stage: Stage, namespace: str, mood: Mood, what: str) -> None:
    stage.player.mood = mood
    error = refused(storage.MOVE_UNVERIFIED, lambda: move(stage, namespace, patience=1.5))
    assert len(error.problems) == 2
    assert what in str(error)
    assert left_over(stage)  # so that it goes on
    for name in ("caas-volume-move", f"caas-move-{namespace}"):
        stage.kubectl("delete", "configmap", name, "-n", "velero")


def test_a_backup_that_does_not_arrive(stage: Stage, other: Stage, namespace: str) -> None:
    other.player.mood = Mood(syncs=False)
    refused(
        storage.BACKUP_NOT_IN_TARGET, lambda: move(stage, namespace, "fast", other, patience=0.3)
    )


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


# ---- the command ---------------------------------------------------------------------------------


def test_the_command(
    stage: Stage,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    @contextmanager
    def opened(_session: object, name: str) -> Iterator[Api]:
        assert name == "shop"
        yield stage.side.api

    monkeypatch.setattr(volumes_command, "workload_api", opened)
    line = ["volumes", "move", "shop", "--namespace", namespace, "--to-class", "fast"]
    assert app.main([*line, "--dry-run", "-o", "json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert [each["claim"] for each in plan["volumes"]] == ["data", "logs"]
    assert not plan["moved"]
    assert {claim.storage_class for claim in stage.claims(namespace).values()} == {"slow"}
    assert app.main(line) == 1  # nobody can answer
    assert "CAAS-2064" in capsys.readouterr().err
    assert app.main([*line, "--yes", "-o", "json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["moved"]
    assert set(done["restoredBytes"]) == {"data", "logs"}
    assert app.main([*line, "--yes"]) == 0
    assert "already" in capsys.readouterr().out
    assert app.main([*line[:-2], "--to-class", "fats"]) == 1
    assert "CAAS-1302" in capsys.readouterr().err
    assert app.main(line[:-2]) == 64
