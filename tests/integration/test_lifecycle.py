"""Running clusters: rollouts keep machines available, and unhealthy machines are replaced."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stand import Settings, Stand, stand_on, watching

from components.fields import IntOrPercent
from engine.api import MERGE, Api
from engine.fleet import POOL_NAME, FleetObjects
from engine.plan.words import sentences
from plane.plane import Plane

pytestmark = [pytest.mark.plane, pytest.mark.timeout(600)]

TAINTS = [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]


def cluster(*pools: Settings) -> Settings:
    return {
        "name": "shop",
        "version": "1.36.3",
        "controlPlane": {"replicas": 1},
        "workerPools": list(pools),
    }


def pool(name: str, replicas: int, **options: Any) -> Settings:
    return {"name": name, "replicas": replicas} | options


@pytest.fixture
def stand(plane: Plane, tmp_path: Path) -> Iterator[Stand]:
    with stand_on(plane, tmp_path, f"test-{uuid.uuid4().hex[:8]}") as found:
        yield found


POOLS = (
    pool("one-less", 3, maxSurge=0, maxUnavailable=1),
    pool("half", 4, maxSurge=0, maxUnavailable="50%", minReady="2s"),
    pool("none-less", 2, maxSurge=1, maxUnavailable=0),
    pool("both", 4, maxSurge="25%", maxUnavailable="25%"),
)


def test_a_rollout_keeps_the_machines_available_that_the_file_promises(
    stand: Stand, subtests: pytest.Subtests
) -> None:
    stand.write(clusters=[cluster(*POOLS)])
    stand.up()
    stand.write(clusters=[cluster(*(each | {"taints": TAINTS} for each in POOLS))])
    with watching(stand, "machinedeployments") as events:
        plan = stand.up()
        seen = [each for _, each in events()]
    (words,) = sentences(plan.clusters)
    for each in POOLS:
        name, wanted = each["name"], each["replicas"]
        missing = IntOrPercent.read(each["maxUnavailable"]).of(wanted, round_up=False)
        surge = IntOrPercent.read(each["maxSurge"]).of(wanted, round_up=True)
        pools = [each["status"] for each in seen if each["metadata"]["labels"][POOL_NAME] == name]
        available = [status.get("availableReplicas", 0) for status in pools]
        total = [status.get("replicas", 0) for status in pools]
        with subtests.test(pool=name, available=available, total=total):
            said = each["maxUnavailable"]
            assert f"pool `{name}`: {wanted} machines replaced, " in words
            assert (f"at most {said} unavailable" if said else "none unavailable") in words
            assert min(available) >= wanted - missing
            assert max(total) <= wanted + surge
            assert len(set(total) | set(available)) > 1, "it was watched while it happened"


def mark(workload: Api, node: str, ready: str) -> None:
    """Writes the node's Ready condition, as the node life-cycle controller does."""
    path = f"/api/v1/nodes/{node}"
    found = workload.get(path)
    assert found
    conditions = [
        each | ({"status": ready, "reason": "ByTest"} if each["type"] == "Ready" else {})
        for each in found["status"]["conditions"]
    ]
    body = {"status": {"conditions": conditions}}
    workload.request("PATCH", path, body, content_type=MERGE)


def nodes_of(stand: Stand, group: str) -> dict[str, str]:
    """The nodes of a pool by machine."""
    return {
        each["metadata"]["name"]: each["status"]["nodeRef"]["name"]
        for each in stand.machines("shop", group)
    }


def test_unhealthy_machines_are_replaced_and_no_more_at_once_than_the_file_allows(
    stand: Stand,
) -> None:
    check = {"unhealthyTimeout": "2s", "unhealthyLessThanOrEqualTo": "100%", "maxInFlight": 1}
    off = pool("off", 1, healthCheck={"enabled": False})
    stand.write(clusters=[cluster(pool("general", 3, healthCheck=check), off)])
    stand.up()
    before, untouched = nodes_of(stand, "general"), nodes_of(stand, "off")
    ill = sorted(before)[:2]
    workload = stand.workload("shop")

    def healed(fleet: FleetObjects) -> bool:
        general = next(each for each in fleet.states()[0].pools if each.name == "general")
        names = {each["metadata"]["name"] for each in fleet.machines["shop"]}
        return general.settled and not names & set(ill)

    with watching(stand, "machines") as events:
        for name, status in zip(ill, ("Unknown", "False"), strict=True):
            mark(workload, before[name], status)
        for each in untouched.values():
            mark(workload, each, "Unknown")
        stand.wait(healed)
        seen = events()

    going: set[str] = set()
    at_once: list[int] = []
    for event, machine in seen:
        name = machine["metadata"]["name"]
        if event == "DELETED":
            going.discard(name)
        elif "deletionTimestamp" in machine["metadata"]:
            going.add(name)
        at_once.append(len(going))
    assert max(at_once) == 1
    after = nodes_of(stand, "general")
    assert len(after) == 3
    assert before.keys() - after.keys() == set(ill)
    assert nodes_of(stand, "off") == untouched
    assert stand.plan().is_empty
