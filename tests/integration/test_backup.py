"""A plane is lost with all its data; what was saved brings back its clusters, machines and all."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from stand import Stand
from two_planes import await_available, graph, machines, own_plane, running_clusters

from embedded.api import Api
from embedded.binaries import Binaries
from embedded.binaries.tools import etcdutl
from embedded.management import snapshot
from embedded.management.archive import extract, read_header
from embedded.management.backup import Backup, back_up
from embedded.management.graph import is_paused
from embedded.management.handover import Machines
from embedded.management.restore import Restore
from embedded.plane import Plane
from embedded.progress import Silent
from errors import CaasError
from errors.management import (
    BACKUP_OF_OTHER_STACK,
    RESTORE_STALE,
    RESTORE_TARGET_NOT_EMPTY,
    SNAPSHOT_FAILED,
)

pytestmark = pytest.mark.plane


def save(plane: Plane, stack: str, out: Path) -> Backup:
    api = Api(plane.kubeconfig)
    return back_up(api, stack, stack, out, Silent(), caas="0.1.0", plane=plane)


class StopsAfter(Silent):
    """Ctrl-C in the middle of the step that creates objects."""

    def __init__(self, objects: int) -> None:
        self.objects = objects

    def advance(self, done: float, total: float | None = None, detail: str = "") -> None:
        if detail and done >= self.objects:
            raise KeyboardInterrupt


def test_a_lost_plane_comes_back_from_its_objects_and_from_its_etcd(
    binaries: Binaries, tmp_path: Path, namespace: str
) -> None:
    with (
        own_plane(binaries, tmp_path / "one") as one,
        own_plane(binaries, tmp_path / "two") as two,
        running_clusters(one, tmp_path / "stack", namespace) as stand,
    ):
        before = machines(one, namespace)
        objects = graph(one, namespace).identities
        uids = _uids(one, namespace)
        backup = save(one, namespace, tmp_path)
        assert stat.S_IMODE(backup.path.stat().st_mode) == 0o600
        assert backup.header.clusters == ("lab", "shop")
        assert backup.header.machines == len(before) == 7
        assert backup.header.has_snapshot
        assert not [each for each in tmp_path.iterdir() if each.name.startswith(".caas-")]
        assert not any(is_paused(each) for each in _clusters(one, namespace))
        with pytest.raises(CaasError) as caught:
            Restore(Api(one.kubeconfig), backup.path, namespace).run(Silent())
        assert caught.value.problems[0].code is RESTORE_TARGET_NOT_EMPTY
        with pytest.raises(CaasError) as caught:
            Restore(Api(two.kubeconfig), backup.path, "another")
        assert caught.value.problems[0].code is BACKUP_OF_OTHER_STACK

        _stale_stays_paused(stand, two, backup, before)
        one.destroy()
        two.destroy()

        # The objects, on a new plane, with an interrupt in the middle.
        two.start(binaries, Silent())
        api = Api(two.kubeconfig)
        with pytest.raises(KeyboardInterrupt):
            Restore(api, backup.path, namespace).run(StopsAfter(len(objects) // 2))
        assert all(is_paused(each) for each in _clusters(two, namespace))
        restored = Restore(api, backup.path, namespace).run(Silent())
        assert restored.machines == len(before)
        await_available(two, namespace, 2)
        assert machines(two, namespace) == before
        assert objects <= graph(two, namespace).identities
        stand.plane = two
        assert [str(each.key) for each in stand.plan().objects.changes] == []
        two.destroy()

        with _plane_from_etcd(binaries, tmp_path, backup) as three:
            stand.plane = three
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


def _stale_stays_paused(stand: Stand, two: Plane, backup: Backup, before: Machines) -> None:
    """A cluster that has got another machine since the backup, and answers."""
    stand.change("lab", lambda lab: lab["workerPools"][0].update(replicas=2))
    stand.up()
    with pytest.raises(CaasError) as caught:
        Restore(Api(two.kubeconfig), backup.path, stand.name).run(Silent())
    assert caught.value.problems[0].code is RESTORE_STALE
    paused = {each["metadata"]["name"]: is_paused(each) for each in _clusters(two, stand.name)}
    assert paused == {"lab": True, "shop": False}
    assert machines(two, stand.name) == before
    stand.change("lab", lambda lab: lab["workerPools"][0].update(replicas=1))


@contextmanager
def _plane_from_etcd(binaries: Binaries, folder: Path, backup: Backup) -> Iterator[Plane]:
    plane = Plane(folder / "three")
    try:
        extract(backup.path, read_header(backup.path, backup.header.stack), folder)
        snapshot.restore(plane, folder / "etcd.db", etcdutl(Silent()))
        plane.start(binaries, Silent())
        yield plane
    finally:
        plane.destroy()


def _clusters(plane: Plane, namespace: str) -> list[dict[str, Any]]:
    return graph(plane, namespace).of("Cluster")


def _uids(plane: Plane, namespace: str) -> set[str]:
    """Of the objects that no controller makes anew."""
    found = graph(plane, namespace)
    kinds = ("Cluster", "ClusterClass", "Machine")
    return {each["metadata"]["uid"] for kind in kinds for each in found.of(kind)}
