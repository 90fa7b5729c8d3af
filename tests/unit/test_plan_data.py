"""Data that goes: with an add-on, which needs a word in the stack file, and with machines."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from components.delivery.plan import ADDON_LABEL
from engine.objects import Objects
from engine.plan.clusters import plan_clusters
from engine.plan.data import GOES_WITH, HOLD_DATA, ON_MACHINES, judge_data, plan_data
from errors import CaasError, Where
from errors.storage import DATA_GOES_WITH_ADDON
from stacks.settings.addons import Addons, ClusterSettings
from tests.unit.planned import Settings, between, cluster, objects, pool

NOTHING_TO_LOSE = {
    "cilium",  # another network plug-in is refused, and its definitions stay
    "flannel",
    "networkPolicies",
    "storageClasses",
    "gateway",
    "issuers",
    "ingressNginx",
    "admissionPolicies",
    "metricsServer",
    "externalDns",
    "nodeProblemDetector",
    "descheduler",
    "flux",  # refused while a tenant lists applications; releases that it has lost leave them
}
"""Add-ons whose objects stay, or that work on what others own."""


def made(folder: Path, *addons: str, **settings: object) -> Objects:
    """A cluster that gets add-ons, as its labels say."""
    found = objects(folder, cluster(**settings))
    (key,) = (key for key in found if key.kind == "Cluster")
    metadata = found[key]["metadata"]
    labels = metadata["labels"] | {f"{ADDON_LABEL}{addon}": "true" for addon in addons}
    return found | {key: found[key] | {"metadata": metadata | {"labels": labels}}}


def words(live: Objects, after: Objects) -> list[str]:
    plan = between(live, after)
    return [str(change) for change in plan_data(plan, plan_clusters(plan))]


def test_every_add_on_was_considered() -> None:
    keys = set(Addons.model_fields_by_alias())
    assert keys - GOES_WITH.keys() - NOTHING_TO_LOSE == set()
    assert GOES_WITH.keys() <= keys
    assert not GOES_WITH.keys() & NOTHING_TO_LOSE
    assert set(HOLD_DATA) <= GOES_WITH.keys()
    assert ON_MACHINES.keys() <= GOES_WITH.keys()


def test_the_stack_file_knows_the_add_ons_that_hold_data() -> None:
    (names, _) = get_args(ClusterSettings.model_fields["discard"].annotation)
    assert set(get_args(names)) == set(HOLD_DATA)


@pytest.mark.parametrize("addon", sorted(GOES_WITH))
def test_what_goes_with_an_add_on_is_said(tmp_path: Path, addon: str) -> None:
    live, after = made(tmp_path, addon), made(tmp_path)
    assert words(live, after) == [
        f"cluster `shop`: with the add-on `{addon}` goes {GOES_WITH[addon]}"
    ]
    assert words(live, live) == words(after, live) == []


@pytest.mark.parametrize("addon", sorted(GOES_WITH))
def test_what_holds_data_needs_a_word(tmp_path: Path, addon: str) -> None:
    live, after = made(tmp_path, addon), made(tmp_path)

    def judge(*discard: str) -> None:
        judge_data(live, after, lambda _: discard, lambda name, _: Where(cluster=name))

    if addon in HOLD_DATA:
        with pytest.raises(CaasError) as error:
            judge()
        assert error.value.problems[0].code is DATA_GOES_WITH_ADDON
        assert f"discard: [{addon}]" in error.value.problems[0].fix
    judge(addon)


@pytest.mark.parametrize("addon", sorted(ON_MACHINES))
@pytest.mark.parametrize(
    ("pools", "said"),
    [
        ([pool(replicas=1)], True),
        ([pool(kubelet={"podPidsLimit": 2048})], True),
        ([], True),
        ([pool(replicas=3)], False),
        ([pool(labels={"a": "b"})], False),
    ],
)
def test_what_goes_with_machines_is_said(
    tmp_path: Path, addon: str, pools: list[Settings], said: bool
) -> None:
    live, after = made(tmp_path, addon), made(tmp_path, addon, workerPools=pools)
    assert words(live, after) == ([f"cluster `shop`: {ON_MACHINES[addon]}"] if said else [])
