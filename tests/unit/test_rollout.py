"""A rollout is over when machines of the current template hold every replica, and not before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from components.mappings import Manifest
from engine.addon_releases import AddonReleases
from engine.fleet import FleetObjects
from engine.rollout import pool_rolled_out

CREATED = "2026-11-28T15:00:00Z"
VERSION = "v1.36.3"


def template(name: str, **more: Any) -> dict[str, Any]:
    reference = {"apiGroup": "x.cluster.x-k8s.io", "kind": "Template", "name": name}
    spec = {
        "clusterName": "shop",
        "version": VERSION,
        "bootstrap": {"configRef": reference},
        "infrastructureRef": {**reference, "name": "machines"},
    }
    return {"metadata": {}, "spec": spec | more}


def counted(goal: int, **counts: int) -> dict[str, int]:
    names = ("replicas", "upToDateReplicas", "readyReplicas", "availableReplicas")
    return dict.fromkeys(names, goal) | counts


def deployment(made_from: dict[str, Any], goal: int = 1, **status: int) -> Manifest:
    return {
        "metadata": {
            "name": "shop-general",
            "generation": 3,
            "labels": {
                "cluster.x-k8s.io/cluster-name": "shop",
                "topology.cluster.x-k8s.io/deployment-name": "general",
            },
        },
        "spec": {"replicas": goal, "template": made_from},
        "status": {"observedGeneration": 3} | counted(goal) | status,
    }


def machine_set(made_from: dict[str, Any], goal: int, **status: int) -> Manifest:
    return {
        "metadata": {
            "name": made_from["spec"]["bootstrap"]["configRef"]["name"],
            "generation": 1,
            "creationTimestamp": CREATED,
            "labels": {"cluster.x-k8s.io/deployment-name": "shop-general"},
        },
        "spec": {"replicas": goal, "template": made_from},
        "status": {"observedGeneration": 1} | counted(goal) | status,
    }


OLD, NEW = template("old"), template("new")
SEQUENCE = [
    # As an API server told it: a pool of one machine whose kubelet gets another setting.
    ("the controller has not looked", deployment(NEW, observedGeneration=2), [(OLD, 1, {})]),
    ("observed, and the counts are the old machine's", deployment(NEW), [(OLD, 1, {})]),
    ("a set without machines", deployment(NEW), [(OLD, 1, {}), (NEW, 0, {})]),
    (
        "a new machine comes",
        deployment(NEW, upToDateReplicas=0, replicas=2),
        [(OLD, 1, {}), (NEW, 1, counted(0, replicas=1))],
    ),
    ("the old machine goes", deployment(NEW, replicas=2), [(OLD, 0, counted(1)), (NEW, 1, {})]),
]


def machine(version: str = VERSION, up_to_date: str = "True", name: str = "shop-0") -> Manifest:
    """A machine of the control plane."""
    return {
        "metadata": {
            "name": name,
            "labels": {
                "cluster.x-k8s.io/cluster-name": "shop",
                "cluster.x-k8s.io/control-plane": "",
            },
        },
        "spec": {"version": version},
        "status": {"conditions": [{"type": "UpToDate", "status": up_to_date}]},
    }


def fleet(owner: Manifest, sets: list[Manifest], *machines: Manifest) -> FleetObjects:
    """One cluster of which everything but the pool, or but the machines, is as it should be."""
    metadata = {
        "name": "shop",
        "namespace": "clusters",
        "generation": 5,
        "creationTimestamp": CREATED,
    }
    topology = {
        "version": VERSION,
        "controlPlane": {"replicas": 1},
        "workers": {"machineDeployments": [{"name": "general", "replicas": 1}]},
    }
    conditions = [
        {"type": "Available", "status": "True"},
        {"type": "TopologyReconciled", "status": "True", "observedGeneration": 5},
        {"type": "RollingOut", "status": "False"},
    ]
    plane = {
        "metadata": {"name": "shop", "generation": 1, "uid": "1"},
        "spec": {"replicas": 1, "version": VERSION},
        "status": {"observedGeneration": 1, "version": VERSION} | counted(1),
    }
    cluster = {
        "metadata": metadata,
        "spec": {"topology": topology},
        "status": {"conditions": conditions},
    }
    return FleetObjects(
        clusters=(cluster,),
        control_planes={"shop": plane},
        pools={"shop": [owner]},
        machines={"shop": [*machines] or [machine()]},
        machine_sets={"shop": sets},
    )


@pytest.mark.parametrize(("owner", "sets"), [step[1:] for step in SEQUENCE], ids=lambda _: "")
def test_no_step_of_a_replacement_is_its_end(owner: Manifest, sets: list[Any]) -> None:
    there = [machine_set(made, count, **status) for made, count, status in sets]
    (state,) = fleet(owner, there).states()
    assert not state.settled
    assert not state.pools[0].settled
    assert state.unsettled == "machines of general", "the condition alone would say Available"


def test_the_end_of_a_replacement() -> None:
    done = [machine_set(OLD, 0), machine_set(NEW, 1)]
    (state,) = fleet(deployment(NEW), done).states()
    assert state.settled


def test_a_cluster_is_settled_with_its_add_ons_only() -> None:
    done = fleet(deployment(NEW), [machine_set(OLD, 0), machine_set(NEW, 1)])
    done.clusters[0]["metadata"]["labels"] = {"chart.caas.dev/cni": "enabled"}
    (state,) = replace(done, deliveries=AddonReleases({}, {})).states()
    assert not state.settled
    assert state.unsettled == "Add-ons 0/1, cni"
    assert state.as_dict()["addons"] == {"ready": [], "waiting": {"cni": ""}}


@pytest.mark.parametrize(
    ("change", "replaces"),
    [
        ({"version": "v1.37.2"}, True),
        ({"failureDomain": "b"}, True),
        ({"infrastructureRef": {"name": "others"}}, True),
        ({"bootstrap": {"dataSecretName": "own"}}, True),
        ({"minReadySeconds": 5}, False),
        ({"deletion": {"nodeDrainTimeoutSeconds": 9}}, False),
        ({"readinessGates": [{"conditionType": "Here"}]}, False),
        ({"taints": [{"key": "a"}]}, False),
    ],
)
def test_what_replaces_machines(change: dict[str, Any], replaces: bool) -> None:
    owner = deployment(template("new", **change))
    assert pool_rolled_out(owner, [machine_set(NEW, 1)]) is not replaces


def test_labels_of_a_template_replace_nothing() -> None:
    owner = deployment(NEW | {"metadata": {"labels": {"team": "blue"}}})
    assert pool_rolled_out(owner, [machine_set(NEW, 1)])


def test_an_ordered_rollout_makes_machines_after_its_time() -> None:
    owner = deployment(NEW)
    owner["spec"]["rollout"] = {"after": "2026-11-28T16:00:00Z"}
    earlier = datetime(2026, 11, 28, 15, 30, tzinfo=UTC)
    later = datetime(2026, 11, 28, 16, 30, tzinfo=UTC)
    there = machine_set(NEW, 1)
    assert pool_rolled_out(owner, [there], earlier)
    assert not pool_rolled_out(owner, [there], later)
    there["metadata"]["creationTimestamp"] = "2026-11-28T16:00:00Z"
    assert pool_rolled_out(owner, [there], later)


def test_a_pool_of_none_has_a_set_of_its_template_too() -> None:
    assert not pool_rolled_out(deployment(NEW, 0), [machine_set(OLD, 0)])
    assert pool_rolled_out(deployment(NEW, 0), [machine_set(OLD, 0), machine_set(NEW, 0)])


@pytest.mark.parametrize(
    "machines",
    [
        [machine("v1.35.4")],
        [machine(up_to_date="False")],
        [machine(up_to_date="Unknown")],
        [machine(), machine("v1.35.4", name="shop-1")],
        [{**machine(), "status": {}}],
    ],
    ids=["old version", "old template", "not compared", "one too many", "no condition"],
)
def test_a_control_plane_is_rolled_out_when_its_machines_are(machines: list[Manifest]) -> None:
    """Its counts may be those of the machines from before the change."""
    (state,) = fleet(deployment(NEW), [machine_set(NEW, 1)], *machines).states()
    assert not state.settled
    assert not state.control_plane.settled


def test_machines_of_pools_are_none_of_the_control_plane() -> None:
    worker = machine("v1.35.4", "False", name="general")
    worker["metadata"]["labels"] = {"cluster.x-k8s.io/cluster-name": "shop"}
    (state,) = fleet(deployment(NEW), [machine_set(NEW, 1)], machine(), worker).states()
    assert state.control_plane.settled
