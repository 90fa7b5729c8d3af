"""Clusters go from one management cluster to another, and clusterctl is killed on the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from kubectl import Kubectl
from two_planes import await_available, graph, machines, own_plane, running_clusters

from embedded import process
from embedded.api import Api
from embedded.binaries import Binaries
from embedded.management.graph import is_paused
from embedded.management.handover import Handover, Side, Stage
from embedded.plane import Plane
from embedded.progress import Silent
from errors import CaasError
from errors.management import (
    HANDOVER_FAILED,
    HANDOVER_PAUSED,
    HANDOVER_TARGET_TAKEN,
    NOT_READY_TO_MOVE,
)

pytestmark = pytest.mark.plane

KILL_SECONDS = 300.0


def handover(source: Plane, target: Plane, binaries: Binaries, folder: Path, ns: str) -> Handover:
    sides = (Side.at(source.kubeconfig), Side.at(target.kubeconfig))
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


def test_killed_twice_and_resumed_no_machine_is_replaced(
    binaries: Binaries, tmp_path: Path, namespace: str
) -> None:
    with (
        own_plane(binaries, tmp_path / "one") as one,
        own_plane(binaries, tmp_path / "two") as two,
        running_clusters(one, tmp_path / "stack", namespace) as stand,
    ):
        move = handover(one, two, binaries, tmp_path / "move", namespace)
        with pytest.raises(CaasError) as caught:
            api = Api(one.kubeconfig)
            lab = graph(one, namespace).of("Cluster")[0]
            api.merge(lab, {"spec": {"paused": True}})
            move.run(Silent())
        assert caught.value.problems[0].code is HANDOVER_PAUSED
        api.merge(lab, {"spec": {"paused": None}})
        before = machines(one, namespace)
        objects = graph(one, namespace).identities
        owners = _owners(one, namespace)
        assert len(before) == 7
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
        await_available(two, namespace, 2)
        assert machines(two, namespace) == before
        assert objects <= graph(two, namespace).identities
        assert _owners(two, namespace) == owners

        one.destroy()  # the second one needs nothing of the first
        stand.plane = two
        time.sleep(5)
        await_available(two, namespace, 2)
        assert machines(two, namespace) == before
        assert [str(each.key) for each in stand.plan().objects.changes] == []
        stand.change("lab", lambda lab: lab["workerPools"][0].update(replicas=2))
        stand.up()
        after = machines(two, namespace)
        assert before.items() <= after.items()
        assert len(after) == len(before) + 1


def test_what_is_half_made_or_taken_is_refused(
    binaries: Binaries, plane: Plane, tmp_path: Path, namespace: str
) -> None:
    class_only = Path(__file__).parent / "small_cluster.yaml"
    kubectl = Kubectl(binaries.kubectl, plane.kubeconfig)
    kubectl("create", "namespace", namespace)
    kubectl("apply", "--server-side", "-n", namespace, "-f", str(class_only))
    move = handover(plane, plane, binaries, tmp_path / "move", namespace)
    with pytest.raises(CaasError) as caught:
        move.run(Silent())
    assert caught.value.problems[0].code is HANDOVER_TARGET_TAKEN
    with own_plane(binaries, tmp_path / "empty") as empty:
        move = handover(plane, empty, binaries, tmp_path / "move", namespace)
        with pytest.raises(CaasError) as caught:
            move.run(Silent(), ready_seconds=0)
        assert caught.value.problems[0].code is NOT_READY_TO_MOVE
        assert not move.record.exists()
    kubectl("delete", "cluster", "small", "-n", namespace, "--wait=false")


def _owners(plane: Plane, namespace: str) -> set[tuple[str, str, str]]:
    """Every owner reference, by the names of both ends."""
    return {
        (node.manifest["kind"], node.manifest["metadata"]["name"], owner["name"])
        for node in graph(plane, namespace).nodes
        for owner in node.manifest["metadata"].get("ownerReferences", ())
    }
