"""Machines are counted where they are: something else than the file may have moved the number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.estimate import Range, count
from components.infrastructure.in_memory import InMemory
from engine.objects import Objects
from engine.plan.clusters import MachineChange, plan_clusters
from engine.plan.words import ASSUMED, sentences
from tests.unit.planned import Settings, between, cluster, group_of, objects

COUNTS = {("clusters", "shop", "general"): 4}


def scaled(least: int, most: int, **options: Any) -> Settings:
    return {"name": "general", "autoscaling": {"min": least, "max": most}} | options


def fixed(replicas: int) -> Settings:
    return {"name": "general", "replicas": replicas}


def made(folder: Path, pool: Settings | None) -> Objects:
    return objects(folder, cluster(workerPools=[pool] if pool else []))


def planned(
    folder: Path, before: Settings, after: Settings | None, counts: dict[Any, int]
) -> tuple[MachineChange, list[str]]:
    changes = plan_clusters(between(made(folder, before), made(folder, after)), counts)
    return group_of(changes[0], "general"), sentences(changes)


TAINTS = [{"key": "gpu", "effect": "NoSchedule"}]


@pytest.mark.parametrize(
    ("after", "numbers", "words"),
    [
        (fixed(1), (4, 1, 0), "3 machines removed"),
        (fixed(4), (4, 4, 0), "settings change in place, no machine is replaced"),
        (fixed(6), (4, 6, 0), "2 machines added"),
        (scaled(1, 3), (4, 4, 0), "1 machine removed by the autoscaler as the load allows it"),
        (scaled(6, 9), (4, 4, 0), "2 machines added by the autoscaler afterwards"),
        (scaled(1, 5, taints=TAINTS), (4, 4, 4), "4 machines replaced, none unavailable"),
        (None, (4, 0, 0), "deleted, with its 4 machines"),
    ],
)
def test_a_pool_that_an_autoscaler_moved(
    tmp_path: Path, after: Settings | None, numbers: tuple[int, int, int], words: str
) -> None:
    group, (said,) = planned(tmp_path, scaled(1, 5), after, COUNTS)
    assert (group.before, group.after, group.replaced) == numbers
    assert f"pool `general`: {words}" in said
    assert group.as_dict()["assumed"] is None


@pytest.mark.parametrize(
    ("before", "after", "end"),
    [(2, scaled(1, 5), 2), (2, scaled(3, 5), 3), (7, scaled(1, 5), 5)],
)
def test_a_pool_that_is_handed_over_begins_within_the_bounds(
    tmp_path: Path, before: int, after: Settings, end: int
) -> None:
    counts = {("clusters", "shop", "general"): before}
    group, _ = planned(tmp_path, fixed(before), after, counts)
    assert (group.before, group.after) == (before, end)


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (fixed(1), "1 machine from now on, there are 1 to 5 machines now"),
        (scaled(1, 5, taints=TAINTS), "every machine replaced, none unavailable"),
        (None, "deleted, with its 1 to 5 machines"),
    ],
)
def test_without_a_plane_the_assumption_is_said(
    tmp_path: Path, after: Settings | None, words: str
) -> None:
    group, (said, note) = planned(tmp_path, scaled(1, 5), after, {})
    assert f"pool `general`: {words}" in said
    assert note == ASSUMED
    assert group.as_dict()["assumed"] == {"min": 1, "max": 5}


def test_a_cluster_is_deleted_with_the_machines_that_it_has(tmp_path: Path) -> None:
    live = made(tmp_path, scaled(1, 5))
    assert sentences(plan_clusters(between(live, {}), COUNTS)) == [
        "cluster `shop`: deleted, with its 5 machines"
    ]
    assert sentences(plan_clusters(between(live, {}))) == [
        "cluster `shop`: deleted, with its 2 to 6 machines",
        ASSUMED,
    ]


def test_the_number_of_another_cluster_or_a_pool_with_a_number_counts_for_nothing(
    tmp_path: Path,
) -> None:
    others = {("clusters", "other", "general"): 9, ("elsewhere", "shop", "general"): 9}
    group, _ = planned(tmp_path, scaled(1, 5), fixed(1), others)
    assert (group.before, group.most) == (1, 5)
    group, _ = planned(tmp_path, fixed(2), fixed(3), COUNTS)
    assert (group.before, group.after) == (2, 3), "Cluster API sets it back to what the file says"


def test_what_runs_is_priced_by_the_machines_that_there_are(tmp_path: Path) -> None:
    live = [each for key, each in made(tmp_path, scaled(1, 5)).items() if key.kind == "Cluster"]
    (known,), (assumed,) = (
        count(live, InMemory(), COUNTS).values(),
        count(live, InMemory()).values(),
    )
    assert known == Range(5, 5)
    assert assumed == Range(2, 6)
