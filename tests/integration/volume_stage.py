"""Two clusters whose volumes move: real API servers with Velero's own definitions.

Real: every object, label and phase that a move reads and writes, and the API servers' admission.
Played by `velero_player`: Velero's server and node agents, a CSI driver, the protection of claims.
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

from components.cluster import encryption
from components.cluster.settings import ControlPlane
from engine.api import Api
from errors import CaasError, Code
from operations.volumes.claims import claims_of, listed
from operations.volumes.move import Moved, VolumeMove
from operations.volumes.plan import MovePlan, MoveSide, plan_move
from operations.volumes.velero import OF_MOVE
from plane import pki
from plane.binaries import Binaries
from plane.progress import Silent

DEFINITIONS = Path(__file__).resolve().parents[2].parent / "shared/upstream/crds"
VELERO_KINDS = ("backups", "restores", "backupstoragelocations", "datauploads", "datadownloads")
SNAPSHOT_KINDS = "external-snapshotter/snapshot.storage.k8s.io_volumesnapshotclasses.yaml"
Object = dict[str, Any]


@dataclass
class Stage:
    """A cluster: its API, and who plays in it."""

    side: MoveSide
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
            yield Stage(MoveSide(name, Api(kubeconfig)), player, kubectl)
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


@contextmanager
def two_clusters(binaries: Binaries, folder: Path) -> Iterator[tuple[Stage, Stage]]:
    """`shop` and `shop-2`, with one bucket."""
    if not DEFINITIONS.is_dir():
        pytest.skip("Velero's definitions are not here (../shared/upstream)")
    bucket = Bucket()
    with (
        cluster(binaries, folder / "shop", "shop", bucket) as first,
        cluster(binaries, folder / "shop-2", "shop-2", bucket) as second,
    ):
        yield first, second


def played(stage: Stage) -> Iterator[Stage]:
    """The stage for one test; nothing that the last one wished goes wrong any more."""
    stage.player.mood = Mood()
    stage.player.events.clear()
    yield stage
    stage.player.mood = Mood(sleeps=True)
    assert not stage.player.faults


def with_volumes(stage: Stage) -> str:
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
    """The ConfigMaps that a finished move must not leave behind."""
    return [
        each["metadata"]["name"]
        for each in listed(stage.side.api, "v1", "configmaps", "velero", labelSelector=OF_MOVE)
    ]
