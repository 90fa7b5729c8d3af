"""Machines and the settings they depend on: changes that replace them, and changes that don't."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.cluster.kinds import CLUSTER_API
from components.cluster_object import CONTROL_PLANE
from engine.objects import Key, Objects
from engine.plan.machines import PlannedGroup, groups
from tests.unit.planned import cluster, objects, pool

CLUSTER = Key(CLUSTER_API, "Cluster", "clusters", "shop")
CLASS = Key(CLUSTER_API, "ClusterClass", "clusters", "in-memory")
ARGUMENTS = {"extraArgs": [{"name": "v", "value": "3"}]}
TAINTS = [{"key": "gpu", "effect": "NoSchedule"}]


def found(folder: Path, *clusters: Any, **stack: Any) -> dict[str, PlannedGroup]:
    made = objects(folder, *clusters, **stack)
    return groups(made[CLUSTER], made)


@pytest.mark.parametrize(
    ("options", "replaces", "in_place"),
    [
        ({}, False, False),
        ({"replicas": 5}, False, False),
        ({"labels": {"team": "blue"}}, False, True),
        ({"annotations": {"team": "blue"}}, False, True),
        ({"nodeDrainTimeout": "1m"}, False, True),
        ({"healthCheck": {"unhealthyTimeout": "1m"}}, False, True),
        ({"maxSurge": 2}, False, True),
        ({"minReady": "5s"}, False, True),
        ({"taints": TAINTS}, True, False),
        ({"kubelet": ARGUMENTS}, True, False),
        ({"failureDomain": "fd1"}, True, False),
        ({"kubelet": ARGUMENTS, "labels": {"team": "blue"}}, True, True),
    ],
)
def test_a_change_of_a_pool(
    tmp_path: Path, options: dict[str, Any], replaces: bool, in_place: bool
) -> None:
    pools = [pool(), pool("other")]
    before = found(tmp_path, cluster(workerPools=pools))
    after = found(tmp_path, cluster(workerPools=[pools[0] | options, pools[1]]))
    assert (before["general"].origin != after["general"].origin) is replaces
    assert (before["general"].settings != after["general"].settings) is in_place
    assert before["other"] == after["other"]
    assert before[CONTROL_PLANE] == after[CONTROL_PLANE]


@pytest.mark.parametrize(
    ("options", "replaces", "in_place"),
    [
        ({"replicas": 3}, False, False),
        ({"labels": {"team": "blue"}}, False, True),
        ({"nodeDeletionTimeout": "1m"}, False, True),
        ({"healthCheck": {"enabled": False}}, False, True),
        ({"taints": TAINTS}, True, False),
        ({"kubelet": ARGUMENTS}, True, False),
        ({"kubeadm": {"apiServer": ARGUMENTS}}, True, False),
        ({"kubeadm": {"apiServer": {"certSANs": ["api.example.com"]}}}, True, False),
        ({"kubeadm": {"controllerManager": ARGUMENTS}}, True, False),
        ({"kubeadm": {"scheduler": ARGUMENTS}}, True, False),
    ],
)
def test_a_change_of_the_control_plane(
    tmp_path: Path, options: dict[str, Any], replaces: bool, in_place: bool
) -> None:
    before = found(tmp_path, cluster())
    after = found(tmp_path, cluster(controlPlane={"replicas": 1} | options))
    assert (before[CONTROL_PLANE].origin != after[CONTROL_PLANE].origin) is replaces
    assert (before[CONTROL_PLANE].settings != after[CONTROL_PLANE].settings) is in_place
    assert before["general"] == after["general"]


def test_the_version_is_no_part_of_the_origin(tmp_path: Path) -> None:
    before, after = found(tmp_path, cluster()), found(tmp_path, cluster(version="1.36.3"))
    for name in (CONTROL_PLANE, "general"):
        assert (before[name].version, after[name].version) == ("v1.36.1", "v1.36.3")
        assert before[name].origin == after[name].origin


def test_a_template_of_the_class_is_part_of_every_origin(tmp_path: Path) -> None:
    slow = {"provider": "in-memory", "machineStartup": "9s"}
    before, after = found(tmp_path, cluster()), found(tmp_path, cluster(), infrastructure=slow)
    assert all(before[name].origin != after[name].origin for name in (CONTROL_PLANE, "general"))


def test_a_template_with_another_name_and_the_same_content_is_the_same(tmp_path: Path) -> None:
    made = objects(tmp_path, cluster())
    renamed = with_renamed_templates(made)
    assert renamed.keys() != made.keys()
    assert groups(renamed[CLUSTER], renamed) == groups(made[CLUSTER], made)


def with_renamed_templates(made: Objects) -> Objects:
    """The same objects; templates have other names, and the class refers to these."""
    text = json.dumps(list(made.values()))
    for key in made:
        if key.kind.endswith("Template"):
            text = text.replace(f'"{key.name}"', f'"{key.name}-2"')
    return {Key.of(manifest): manifest for manifest in json.loads(text)}


def test_a_patch_whose_variable_nobody_sets_changes_nothing(tmp_path: Path) -> None:
    made = objects(tmp_path, cluster())
    patch = {
        "name": "new",
        "enabledIf": "{{ if .brandNew }}true{{ end }}",
        "definitions": [
            {
                "selector": {"matchResources": {"controlPlane": True}},
                "jsonPatches": [{"op": "add", "path": "/x", "valueFrom": {"variable": "brandNew"}}],
            }
        ],
    }
    spec = made[CLASS]["spec"]
    more = made | {CLASS: {**made[CLASS], "spec": {**spec, "patches": [*spec["patches"], patch]}}}
    assert groups(more[CLUSTER], more) == groups(made[CLUSTER], made)
    always = {**patch, "enabledIf": "true"}
    always["definitions"] = [
        {
            "selector": {"matchResources": {"controlPlane": True}},
            "jsonPatches": [{"op": "add", "path": "/x", "value": 1}],
        }
    ]
    more[CLASS] = {**made[CLASS], "spec": {**spec, "patches": [*spec["patches"], always]}}
    changed, same = groups(more[CLUSTER], more), groups(made[CLUSTER], made)
    assert changed[CONTROL_PLANE].origin != same[CONTROL_PLANE].origin
    assert changed["general"] == same["general"]


def test_a_class_of_somebody_else_is_known_by_its_name(tmp_path: Path) -> None:
    made = objects(tmp_path, cluster())
    alone = {CLUSTER: made[CLUSTER]}
    assert groups(alone[CLUSTER], alone).keys() == {CONTROL_PLANE, "general"}


def test_replicas_that_an_autoscaler_decides_are_not_known(tmp_path: Path) -> None:
    made = objects(tmp_path, cluster())
    (general,) = made[CLUSTER]["spec"]["topology"]["workers"]["machineDeployments"]
    del general["replicas"]
    assert groups(made[CLUSTER], made)["general"].replicas is None
