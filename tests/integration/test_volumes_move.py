"""Moving volumes: what happens, in which order, interrupted, and when something goes wrong.

`volume_stage` says what is real here and what is played: no data is copied.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from velero_player import Mood
from volume_stage import (
    Interrupting,
    Stage,
    add_claim,
    left_over,
    move,
    planned,
    played,
    refused,
    two_clusters,
    with_volumes,
)

from cli import app
from cli.commands import volumes as volumes_command
from engine.api import Api
from errors import storage
from operations.volumes.move import MOVED_FROM, STEPS
from operations.volumes.velero import OF_MOVE
from plane.binaries import Binaries

pytestmark = pytest.mark.plane


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
    assert "not reconciled by Velero" in str(error)


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
    error = refused(storage.MOVE_UNVERIFIED, lambda: move(stage, namespace, patience=8))
    assert len(error.problems) == 2
    assert what in str(error)
    assert left_over(stage)  # so that it goes on
    for name in ("caas-volume-move", f"caas-move-{namespace}"):
        stage.kubectl("delete", "configmap", name, "-n", "velero")


def test_a_backup_that_does_not_arrive(stage: Stage, other: Stage, namespace: str) -> None:
    other.player.mood = Mood(syncs=False)
    refused(storage.BACKUP_NOT_IN_TARGET, lambda: move(stage, namespace, "fast", other, patience=5))


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
    assert app.main(line) == 1  # no terminal to confirm on
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
