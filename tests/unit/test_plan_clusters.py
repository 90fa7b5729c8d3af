"""The effect of an apply on clusters: actions, versions, rounds, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from components.cluster_object import CONTROL_PLANE
from engine.plan.clusters import ClusterAction, judge_clusters, plan_clusters
from errors import CaasError, Where
from errors.stack_rules import DOWNGRADE, NETWORK_CHANGED, SKIPPED_MINOR
from tests.unit.planned import between, change_of, cluster, group_of, objects, pool

TAINTS = [{"key": "gpu", "effect": "NoSchedule"}]


def versions(*texts: str) -> tuple[Version, ...]:
    return tuple(map(Version, texts))


def test_nothing_changes(tmp_path: Path) -> None:
    change = change_of(tmp_path, cluster(), cluster())
    assert change.action is ClusterAction.UNCHANGED
    assert {group.action for group in change.machines} == {ClusterAction.UNCHANGED}
    assert not any(group.replaced or group.rounds or group.in_place for group in change.machines)


def test_clusters_come_and_go(tmp_path: Path) -> None:
    live, desired = (objects(tmp_path, cluster(name)) for name in ("old", "new"))
    new, old = plan_clusters(between(live, desired))
    assert (new.name, new.action) == ("new", ClusterAction.CREATE)
    assert [(group.name, group.created) for group in new.machines] == [
        (CONTROL_PLANE, 1),
        ("general", 2),
    ]
    assert (old.name, old.action) == ("old", ClusterAction.DELETE)
    assert [(group.name, group.deleted) for group in old.machines] == [
        (CONTROL_PLANE, 1),
        ("general", 2),
    ]


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1), (2, 0), (0, 2)])
def test_scaling_replaces_nothing(tmp_path: Path, before: int, after: int) -> None:
    change = change_of(
        tmp_path,
        cluster(workerPools=[pool(replicas=before)]),
        cluster(workerPools=[pool(replicas=after)]),
    )
    group = group_of(change, "general")
    assert (group.action, group.replaced, group.rounds) == (ClusterAction.UPDATE, 0, 0)
    assert (group.created, group.deleted) == (max(0, after - before), max(0, before - after))
    assert group_of(change, CONTROL_PLANE).action is ClusterAction.UNCHANGED


def test_pools_come_and_go(tmp_path: Path) -> None:
    change = change_of(tmp_path, cluster(), cluster(workerPools=[pool("batch", replicas=1)]))
    assert change.action is ClusterAction.UPDATE
    assert (group_of(change, "batch").action, group_of(change, "batch").created) == (
        ClusterAction.CREATE,
        1,
    )
    assert (group_of(change, "general").action, group_of(change, "general").deleted) == (
        ClusterAction.DELETE,
        2,
    )


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [
        ("1.36.1", "1.36.3", versions("1.36.3")),
        ("1.36.1", "1.37.2", versions("1.37.2")),
        ("1.35.4", "1.37.2", versions("1.36.3", "1.37.2")),
    ],
)
def test_an_upgrade_replaces_workers_once_and_the_control_plane_at_every_step(
    tmp_path: Path, before: str, after: str, steps: tuple[Version, ...]
) -> None:
    plane = {"replicas": 3}
    change = change_of(
        tmp_path,
        cluster(version=before, controlPlane=plane),
        cluster(version=after, controlPlane=plane),
    )
    assert (change.version, change.steps) == (Version(before), steps)
    plane_group, pool_group = group_of(change, CONTROL_PLANE), group_of(change, "general")
    assert (plane_group.replaced, plane_group.rounds) == (3, len(steps))
    assert (pool_group.replaced, pool_group.rounds) == (2, 1)


def test_a_class_that_lists_no_releases_upgrades_in_one_step(tmp_path: Path) -> None:
    live, desired = (
        objects(tmp_path, cluster(version=version)) for version in ("1.36.3", "1.37.2")
    )
    for key, manifest in (*live.items(), *desired.items()):
        if key.kind == "ClusterClass":
            del manifest["spec"]["kubernetesVersions"]
    (change,) = plan_clusters(between(live, desired))
    assert (change.steps, [group.rounds for group in change.machines]) == (
        versions("1.37.2"),
        [1, 1],
    )


def test_new_templates_travel_with_an_upgrade(tmp_path: Path) -> None:
    plane = {"replicas": 1, "taints": TAINTS}
    change = change_of(
        tmp_path,
        cluster(version="1.35.4"),
        cluster(version="1.37.2", controlPlane=plane, workerPools=[pool(taints=TAINTS)]),
    )
    assert [group.rounds for group in change.machines] == [2, 1]


def test_replaced_machines_are_those_that_stay_in_number(tmp_path: Path) -> None:
    change = change_of(tmp_path, cluster(), cluster(workerPools=[pool(replicas=5, taints=TAINTS)]))
    group = group_of(change, "general")
    assert (group.replaced, group.created, group.deleted) == (2, 3, 0)
    change = change_of(tmp_path, cluster(), cluster(workerPools=[pool(replicas=1, taints=TAINTS)]))
    group = group_of(change, "general")
    assert (group.replaced, group.created, group.deleted) == (1, 0, 1)


def test_an_empty_pool_has_nothing_to_replace(tmp_path: Path) -> None:
    change = change_of(
        tmp_path,
        cluster(workerPools=[pool(replicas=0)]),
        cluster(workerPools=[pool(replicas=0, taints=TAINTS)]),
    )
    group = group_of(change, "general")
    assert (group.replaced, group.rounds) == (0, 0)


@pytest.mark.parametrize(
    "changes", [{"labels": {"tier": "gold"}}, {"annotations": {"note": "x"}}, {"paused": True}]
)
def test_what_touches_no_machine_is_still_a_change(tmp_path: Path, changes: dict[str, Any]) -> None:
    change = change_of(tmp_path, cluster(), cluster(**changes))
    assert (change.action, change.other) == (ClusterAction.UPDATE, True)
    assert {group.action for group in change.machines} == {ClusterAction.UNCHANGED}
    assert change.paused is bool(changes.get("paused"))


def test_an_in_place_change_replaces_nothing(tmp_path: Path) -> None:
    change = change_of(tmp_path, cluster(), cluster(workerPools=[pool(labels={"a": "b"})]))
    group = group_of(change, "general")
    assert (group.action, group.in_place, group.replaced) == (ClusterAction.UPDATE, True, 0)


def test_a_downgrade_is_refused_at_its_place(tmp_path: Path) -> None:
    live, desired = (
        objects(tmp_path, cluster(version=version)) for version in ("1.36.3", "1.36.1")
    )
    place = Where("Pulumi.unit.yaml", 7, 3)
    with pytest.raises(CaasError) as caught:
        judge_clusters(live, desired, lambda name, field: place)
    (problem,) = caught.value.problems
    assert (problem.code, problem.where) == (DOWNGRADE, place)


def test_a_minor_that_no_release_bridges_is_refused(tmp_path: Path) -> None:
    listed = ["1.35.4", "1.36.3", "1.37.2"]
    live = objects(tmp_path, cluster(version="1.35.4"), kubernetesVersions=listed)
    desired = objects(tmp_path, cluster(version="1.37.2"), kubernetesVersions=listed)
    for key, manifest in desired.items():
        if key.kind == "ClusterClass":
            manifest["spec"]["kubernetesVersions"].remove("v1.36.3")
    with pytest.raises(CaasError) as caught:
        judge_clusters(live, desired)
    assert [problem.code for problem in caught.value.problems] == [SKIPPED_MINOR]


@pytest.mark.parametrize("ranges", [{"pods": ["10.0.0.0/16"]}, {"serviceDomain": "other.local"}])
def test_other_address_ranges_are_refused(tmp_path: Path, ranges: dict[str, Any]) -> None:
    live = objects(tmp_path, cluster())
    desired = objects(tmp_path, cluster(network=ranges))
    with pytest.raises(CaasError) as caught:
        judge_clusters(live, desired)
    assert [problem.code for problem in caught.value.problems] == [NETWORK_CHANGED]


def test_as_dict_has_everything_a_script_needs(tmp_path: Path) -> None:
    change = change_of(tmp_path, cluster(version="1.35.4"), cluster(version="1.37.2"))
    assert change.as_dict() == {
        "name": "shop",
        "namespace": "clusters",
        "action": "update",
        "version": {"from": "1.35.4", "to": "1.37.2", "steps": ["1.36.3", "1.37.2"]},
        "controlPlane": {
            "name": "controlPlane",
            "action": "update",
            "before": 1,
            "after": 1,
            "replaced": 1,
            "rounds": 2,
            "created": 0,
            "deleted": 0,
            "inPlace": False,
            "maxUnavailable": 0,
            "autoscaled": None,
            "assumed": None,
        },
        "workers": [
            {
                "name": "general",
                "action": "update",
                "before": 2,
                "after": 2,
                "replaced": 2,
                "rounds": 1,
                "created": 0,
                "deleted": 0,
                "inPlace": False,
                "maxUnavailable": 0,
                "autoscaled": None,
                "assumed": None,
            }
        ],
        "paused": False,
    }
