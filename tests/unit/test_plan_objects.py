"""Secrets in a plan, and values that are known only after creation, without a server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cli.plan import title
from components.manifest import PROTECTED, RETAINED
from components.mappings import Manifest
from engine.api import Api
from engine.apply import apply_plan
from engine.objects import Key, StackObjects
from engine.plan.clusters import plan_clusters
from engine.plan.objects import (
    ObjectChange,
    ObjectPlan,
    Operation,
    plan_between,
    plan_offline,
    plan_removal,
)
from engine.plan.words import sentences
from engine.values import AFTER_CREATION
from errors import CaasError
from errors.program import OBJECT_PROTECTED, PULUMI_NEEDED
from tests.unit.planned import between, change_of, cluster, group_of, objects, pool


def manifest(kind: str, **content: Any) -> Manifest:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a"}} | content


def update(before: Manifest, after: Manifest, shown: Manifest | None = None) -> ObjectChange:
    return ObjectChange(Operation.UPDATE, Key.of(after), before, after, after, shown)


def test_a_secret_that_changes_shows_that_it_does() -> None:
    before = manifest("Secret", data={"same": "aHVzaA==", "other": "b2xk", "gone": "Z29uZQ=="})
    after = manifest("Secret", data={"same": "aHVzaA==", "other": "bmV3", "new": "bmV3ZXI="})
    diff = update(before, after).diff()
    assert "+  other: '[secret] (changes)'" in diff
    assert "+  new: '[secret] (changes)'" in diff
    assert "-  gone: '[secret]'" in diff
    assert " same: '[secret]'" in diff
    assert not any(each in diff for each in ("aHVzaA", "b2xk", "bmV3", "Z29uZQ"))


def test_a_secret_inside_of_another_object_is_hidden() -> None:
    before = manifest("Thing", spec={"key": "old-hush", "size": 1})
    after = manifest("Thing", spec={"key": "new-hush", "size": 2})
    shown = manifest("Thing", spec={"key": "[secret]", "size": 2})
    diff = update(before, after, shown).diff()
    assert "+  size: 2" in diff
    assert "hush" not in diff


def test_what_is_missing_is_counted() -> None:
    plan = plan_offline([manifest("Thing", spec={"a": AFTER_CREATION, "b": [AFTER_CREATION, 1]})])
    (change,) = plan.changes
    assert title(change) == "+ Thing a (2 values are known after creation)"


def test_nothing_is_applied_of_a_plan_that_lacks_values() -> None:
    known, unknown = manifest("Thing"), manifest("Other", spec={"id": AFTER_CREATION})
    plan = plan_offline([known, unknown])
    api = Api.__new__(Api)  # every request fails
    with pytest.raises(CaasError) as caught:
        apply_plan(api, plan, [[known, unknown]], StackObjects(api, "unit", "unit"))
    assert caught.value.problems[0].code is PULUMI_NEEDED
    assert "Other" in caught.value.problems[0].what


def test_an_autoscaled_pool_in_words(tmp_path: Any) -> None:
    scaled = {"name": "general", "autoscaling": {"min": 2, "max": 9}}
    new = plan_clusters(between({}, objects(tmp_path, cluster(workerPools=[scaled]))))
    assert "pool `general`: 2 to 9 machines as the load requires" in sentences(new)[0]
    assert new[0].machines[1].as_dict()["autoscaled"] == {"min": 2, "max": 9}

    taints = [{"key": "gpu", "effect": "NoSchedule"}]
    before, after = (
        cluster(workerPools=[scaled]),
        cluster(workerPools=[scaled | {"taints": taints}]),
    )
    change = change_of(tmp_path, before, after)
    assert "pool `general`: every machine replaced, none unavailable" in sentences([change])[0]

    grown = change_of(tmp_path, cluster(workerPools=[pool(replicas=4)]), before)
    assert group_of(grown, "general").after == 4, "Cluster API keeps what is within the bounds"
    one = change_of(tmp_path, cluster(workerPools=[pool(replicas=1)]), before)
    assert group_of(one, "general").created == 1


def test_a_plan_that_is_offline_is_all_new() -> None:
    plan = plan_offline([manifest("Thing"), manifest("Other")])
    assert plan == ObjectPlan({}, plan.desired, plan.changes)
    assert {change.operation for change in plan.changes} == {Operation.CREATE}
    assert replace(plan.changes[0], shown=None) == plan.changes[0]


def test_a_protected_object_that_leaves_the_stack_is_refused() -> None:
    kept = manifest("ConfigMap", metadata={"name": "a", "annotations": {PROTECTED: "true"}})
    with pytest.raises(CaasError) as caught:
        plan_between([kept], [])
    assert caught.value.problems[0].code is OBJECT_PROTECTED


def test_retained_objects_stay() -> None:
    kept = manifest("ConfigMap")
    kept["metadata"] = {"name": "a", "annotations": {RETAINED: "true"}}
    older = manifest("Secret", immutable=True)
    live = {Key.of(each): each for each in (kept, older, manifest("Thing"))}
    assert [change.key.kind for change in plan_removal(live, ()).changes] == ["Thing"]
