"""Clusters go from one management cluster to another: handed over, or lost and brought back."""

from __future__ import annotations

import stat
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from kubectl import Kubectl
from two_planes import (
    BY_HAND,
    TwoPlanes,
    await_available,
    graph,
    labels_of,
    machines,
    two_planes,
)

from engine.api import Api
from errors import CaasError
from errors.management import (
    BACKUP_OF_OTHER_STACK,
    HANDOVER_FAILED,
    HANDOVER_PAUSED,
    HANDOVER_TARGET_TAKEN,
    NOT_READY_TO_MOVE,
    RESTORE_STALE,
    RESTORE_TARGET_NOT_EMPTY,
    SNAPSHOT_FAILED,
)
from operations.management import snapshot
from operations.management.archive import extract, read_header
from operations.management.backup import Backup, back_up
from operations.management.graph import is_paused
from operations.management.handover import Handover, Machines, ManagementSide, Stage
from operations.management.restore import Restore
from plane import process
from plane.binaries import Binaries
from plane.binaries.tools import etcdutl
from plane.plane import Plane
from plane.progress import Silent

pytestmark = pytest.mark.plane

KILL_SECONDS = 300.0


def handover(source: Plane, target: Plane, binaries: Binaries, folder: Path, ns: str) -> Handover:
    sides = (ManagementSide.at(source.kubeconfig), ManagementSide.at(target.kubeconfig))
    return Handover(*sides, ns, binaries.clusterctl, folder)


def kill_when(move: Handover, reached: Callable[[str], bool]) -> threading.Thread:
    """Kills clusterctl with SIGKILL as soon as its log says enough."""

    def watch() -> None:
        end = time.monotonic() + KILL_SECONDS
        running: list[psutil.Process] = []
        while time.monotonic() < end:
            # Found beforehand: to look through all processes takes longer than the move itself.
            running = [each for each in running if each.is_running()] or process.members(mark)
            if running and reached(move.log.read_text()):
                running[0].kill()
                return
            time.sleep(0.002)

    mark = str(move.folder.resolve())
    move.folder.mkdir(exist_ok=True)
    move.log.write_text("")
    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def interrupted(move: Handover, reached: Callable[[str], bool]) -> None:
    killer = kill_when(move, reached)
    with pytest.raises(CaasError) as caught:
        move.run(Silent())
    killer.join()
    assert caught.value.problems[0].code is HANDOVER_FAILED


def save(plane: Plane, stack: str, out: Path) -> Backup:
    api = Api(plane.kubeconfig)
    return back_up(api, stack, stack, out, Silent(), caas="0.1.0", plane=plane)


class StopsAfter(Silent):
    """Ctrl-C in the middle of the step that creates objects."""

    def __init__(self, objects: int) -> None:
        self.objects = objects

    def advance(
        self, done: float, total: float | None = None, detail: str = "", **_: float | None
    ) -> None:
        if detail and done >= self.objects:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def planes(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoPlanes]:
    name = f"test-{uuid.uuid4().hex[:8]}"
    with two_planes(binaries, tmp_path_factory.mktemp("planes"), name) as found:
        yield found


def test_killed_twice_and_resumed_no_machine_is_replaced(
    planes: TwoPlanes, binaries: Binaries, tmp_path: Path
) -> None:
    stand, namespace = planes.stand, planes.stand.name
    one, two = planes.home, planes.other
    move = handover(one, two, binaries, tmp_path / "move", namespace)
    _refuses_paused(move, one)
    before = machines(one, namespace)
    objects = graph(one, namespace).identities
    owners = _owners(one, namespace)
    assert len(before) >= 7
    assert all(before.values())

    # In the middle of creating: the source has everything, the target some of it.
    interrupted(move, lambda log: log.count("Creating Machine=") >= 3)
    assert machines(one, namespace) == before
    assert all(is_paused(each) for each in graph(one, namespace).of("Cluster"))
    assert 0 < len(graph(two, namespace).identities) < len(objects)
    assert move.stage() is Stage.COPYING

    # In the middle of deleting: the target has everything, the source the rest.
    interrupted(move, lambda log: log.count("Deleting Machine=") >= 3)
    assert machines(two, namespace) == before
    assert len(machines(one, namespace)) < len(before)
    assert all(is_paused(each) for each in graph(two, namespace).of("Cluster"))
    assert move.stage() is Stage.COPIED

    assert move.run(Silent()) == before
    assert graph(one, namespace).identities == frozenset()
    assert not move.record.exists()
    assert move.stage() is Stage.DONE
    assert move.run(Silent()) == before, "to do it again does nothing"
    planes.move(two)  # the second one needs nothing of the first
    await_available(two, namespace, 2)
    assert machines(two, namespace) == before
    assert objects <= graph(two, namespace).identities
    assert _owners(two, namespace) == owners
    assert [str(each.key) for each in stand.plan().objects.changes] == []
    assert labels_of(two, namespace).items() >= BY_HAND.items()
    planes.grow(1)
    stand.up()
    after = machines(two, namespace)
    assert before.items() <= after.items()
    assert len(after) == len(before) + 1


def _refuses_paused(move: Handover, source: Plane) -> None:
    lab = graph(source, move.namespace).of("Cluster")[0]
    move.source.api.merge(lab, {"spec": {"paused": True}})
    with pytest.raises(CaasError) as caught:
        move.run(Silent())
    assert caught.value.problems[0].code is HANDOVER_PAUSED
    move.source.api.merge(lab, {"spec": {"paused": None}})


def test_what_is_half_made_or_taken_is_refused(
    planes: TwoPlanes, binaries: Binaries, plane: Plane, tmp_path: Path, namespace: str
) -> None:
    class_only = Path(__file__).parent / "small_cluster.yaml"
    kubectl = Kubectl(binaries.kubectl, plane.kubeconfig)
    kubectl("create", "namespace", namespace)
    kubectl("apply", "--server-side", "-n", namespace, "-f", str(class_only))
    move = handover(plane, plane, binaries, tmp_path / "move", namespace)
    with pytest.raises(CaasError) as caught:
        move.run(Silent())
    assert caught.value.problems[0].code is HANDOVER_TARGET_TAKEN
    move = handover(plane, planes.other, binaries, tmp_path / "move", namespace)
    with pytest.raises(CaasError) as caught:
        move.run(Silent(), ready_seconds=0)
    assert caught.value.problems[0].code is NOT_READY_TO_MOVE
    assert not move.record.exists()
    kubectl("delete", "cluster", "small", "-n", namespace, "--wait=false")


def test_a_lost_plane_comes_back_from_its_objects_and_from_its_etcd(
    planes: TwoPlanes, binaries: Binaries, tmp_path: Path
) -> None:
    stand, namespace = planes.stand, planes.stand.name
    one = planes.home
    before = machines(one, namespace)
    objects = graph(one, namespace).identities
    uids = _uids(one, namespace)
    backup = save(one, namespace, tmp_path)
    assert stat.S_IMODE(backup.path.stat().st_mode) == 0o600
    assert backup.header.clusters == ("lab", "shop")
    assert backup.header.machines == len(before)
    assert backup.header.has_snapshot
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".caas-")]
    assert not any(is_paused(each) for each in _clusters(one, namespace))
    for plane, name, code in (
        (one, namespace, RESTORE_TARGET_NOT_EMPTY),
        (planes.other, "another", BACKUP_OF_OTHER_STACK),
    ):
        with pytest.raises(CaasError) as caught:
            Restore(Api(plane.kubeconfig), backup.path, name).run(Silent())
        assert caught.value.problems[0].code is code

    _stale_stays_paused(planes, backup, before)
    planes.lose_other()

    # The objects, on a new plane, with an interrupt in the middle.
    two = planes.other
    planes.move(two)
    api = Api(two.kubeconfig)
    with pytest.raises(KeyboardInterrupt):
        Restore(api, backup.path, namespace).run(StopsAfter(len(objects) // 2))
    assert all(is_paused(each) for each in _clusters(two, namespace))
    restored = Restore(api, backup.path, namespace).run(Silent())
    assert restored.machines == len(before)
    await_available(two, namespace, 2)
    assert machines(two, namespace) == before
    assert objects <= graph(two, namespace).identities
    assert [str(each.key) for each in stand.plan().objects.changes] == []
    assert labels_of(two, namespace).items() >= BY_HAND.items()

    three = planes.unused()
    planes.move(three)
    _start_from_etcd(three, binaries, tmp_path, backup)
    await_available(three, namespace, 2)
    assert machines(three, namespace) == before
    assert _uids(three, namespace) >= uids, "these are the very objects"
    with pytest.raises(CaasError) as caught:
        snapshot.restore(three, tmp_path / "etcd.db", etcdutl(Silent()))
    assert caught.value.problems[0].code is RESTORE_TARGET_NOT_EMPTY


def test_what_is_no_snapshot_is_refused(tmp_path: Path) -> None:
    (tmp_path / "etcd.db").write_bytes(b"no database")
    plane = Plane(tmp_path / "plane")
    with pytest.raises(CaasError) as caught:
        snapshot.restore(plane, tmp_path / "etcd.db", etcdutl(Silent()))
    assert caught.value.problems[0].code is SNAPSHOT_FAILED
    assert not (tmp_path / "plane" / "etcd").exists()
    with pytest.raises(CaasError) as caught:
        snapshot.save(plane, tmp_path / "other.db", Silent())
    assert caught.value.problems[0].code is SNAPSHOT_FAILED


def _stale_stays_paused(planes: TwoPlanes, backup: Backup, before: Machines) -> None:
    """A cluster that has got another machine since the backup, and answers."""
    two, stand = planes.other, planes.stand
    planes.grow(1)
    stand.up()
    with pytest.raises(CaasError) as caught:
        Restore(Api(two.kubeconfig), backup.path, stand.name).run(Silent())
    assert caught.value.problems[0].code is RESTORE_STALE
    paused = {each["metadata"]["name"]: is_paused(each) for each in _clusters(two, stand.name)}
    assert paused == {"lab": True, "shop": False}
    assert machines(two, stand.name) == before
    planes.grow(-1)


def _start_from_etcd(plane: Plane, binaries: Binaries, folder: Path, backup: Backup) -> None:
    extract(backup.path, read_header(backup.path, backup.header.stack), folder)
    snapshot.restore(plane, folder / "etcd.db", etcdutl(Silent()))
    plane.start(binaries, Silent())


def _owners(plane: Plane, namespace: str) -> set[tuple[str, str, str]]:
    """Every owner reference, by the names of both ends."""
    return {
        (node.manifest["kind"], node.manifest["metadata"]["name"], owner["name"])
        for node in graph(plane, namespace).nodes
        for owner in node.manifest["metadata"].get("ownerReferences", ())
    }


def _clusters(plane: Plane, namespace: str) -> list[dict[str, Any]]:
    return graph(plane, namespace).of("Cluster")


def _uids(plane: Plane, namespace: str) -> set[str]:
    """Of the objects that no controller makes anew."""
    found = graph(plane, namespace)
    kinds = ("Cluster", "ClusterClass", "Machine")
    return {each["metadata"]["uid"] for kind in kinds for each in found.of(kind)}
