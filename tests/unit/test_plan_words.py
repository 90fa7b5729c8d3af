"""A plan as a person would say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.plan.clusters import plan_clusters
from engine.plan.words import sentence, sentences
from tests.unit.planned import Settings, between, change_of, cluster, objects, pool

THREE = {"replicas": 3}
SHOP = cluster(
    version="1.35.4",
    controlPlane=THREE,
    workerPools=[pool(replicas=3, maxUnavailable=1)],
)


def test_the_sentence_of_the_issue(tmp_path: Path) -> None:
    batch = pool("batch", replicas=0)
    before = SHOP | {"workerPools": [*SHOP["workerPools"], batch]}
    assert sentence(change_of(tmp_path, before, before | {"version": "1.37.2"})) == (
        "cluster `shop`: Kubernetes 1.35.4 → 1.37.2 in two steps (1.36.3, then 1.37.2); "
        "control plane: 3 machines replaced one at a time, two times over; "
        "pool `general`: 3 machines replaced, at most 1 unavailable; pool `batch`: unchanged"
    )


TAINTS = [{"key": "gpu", "effect": "NoSchedule"}]
ONE_POOL = cluster()


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (
            ONE_POOL,
            cluster(version="1.36.3"),
            "Kubernetes 1.36.1 → 1.36.3; control plane: 1 machine replaced; "
            "pool `general`: 2 machines replaced, none unavailable",
        ),
        (
            ONE_POOL,
            cluster(controlPlane=THREE),
            "control plane: 2 machines added; pool `general`: unchanged",
        ),
        (
            ONE_POOL,
            cluster(workerPools=[pool(replicas=1)]),
            "control plane: unchanged; pool `general`: 1 machine removed",
        ),
        (
            ONE_POOL,
            cluster(workerPools=[pool(labels={"a": "b"})]),
            "control plane: unchanged; "
            "pool `general`: settings change in place, no machine is replaced",
        ),
        (
            ONE_POOL,
            cluster(workerPools=[pool(replicas=3, taints=TAINTS, maxUnavailable="50%")]),
            "control plane: unchanged; "
            "pool `general`: 2 machines replaced, at most 50% unavailable, 1 machine added",
        ),
        (
            ONE_POOL,
            cluster(workerPools=[pool("batch", replicas=1)]),
            "control plane: unchanged; pool `batch`: new, 1 machine; "
            "pool `general`: deleted, with its 2 machines",
        ),
        (
            ONE_POOL,
            cluster(labels={"tier": "gold"}),
            "labels or settings of the cluster itself change, in place; "
            "control plane: unchanged; pool `general`: unchanged",
        ),
        (
            ONE_POOL,
            cluster(version="1.36.3", paused=True, workerPools=[]),
            "Kubernetes 1.36.1 → 1.36.3; control plane: 1 machine replaced; "
            "pool `general`: deleted, with its 2 machines "
            "(paused: not reconciled until it is unpaused)",
        ),
    ],
)
def test_words(tmp_path: Path, before: Settings, after: Settings, words: str) -> None:
    assert sentence(change_of(tmp_path, before, after)) == f"cluster `shop`: {words}"


def test_new_and_deleted_clusters_and_silence_about_the_rest(tmp_path: Path) -> None:
    same = cluster("same")
    live = objects(tmp_path, same, cluster("old"))
    desired = objects(tmp_path, same, cluster("new", controlPlane=THREE))
    assert sentences(plan_clusters(between(live, desired))) == [
        "cluster `new`: new, Kubernetes 1.36.1; "
        "control plane: 3 machines; pool `general`: 2 machines",
        "cluster `old`: deleted, with its 3 machines",
    ]


def test_pausing_does_not_keep_a_cluster_from_being_deleted(tmp_path: Path) -> None:
    live = objects(tmp_path, cluster(paused=True))
    (change,) = plan_clusters(between(live, {}))
    assert sentence(change) == "cluster `shop`: deleted, with its 3 machines"


def test_objects_that_change_around_clusters_are_counted(tmp_path: Path) -> None:
    change = change_of(tmp_path, cluster(), cluster())
    assert sentences([change], 2) == ["no cluster changes, 2 objects around them"]
    assert sentences([change]) == []
