"""A preview tells the truth: each kind of change, as it was predicted and as it happened."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kubectl import eventually
from stand import (
    Machine,
    Settings,
    Snapshot,
    Stand,
    happened,
    machines_of,
    predicted,
    stand_on,
    watching,
)

from components.cluster_object import CONTROL_PLANE
from engine.fleet import FleetObjects
from engine.plan.clusters import ClusterAction, ClusterChange
from engine.plan.words import sentence, sentences
from plane.plane import Plane

ALL_SECONDS = 1300.0
"""A limit for a loaded machine; two idle cores take half of it."""
pytestmark = [pytest.mark.plane, pytest.mark.timeout(1450)]

Mutate = Callable[[Settings], object]


def cluster(name: str, *pools: Settings, version: str = "1.36.1", replicas: int = 1) -> Settings:
    return {
        "name": name,
        "version": version,
        "controlPlane": {"replicas": replicas},
        "workerPools": list(pools),
    }


def pool(name: str, replicas: int = 1, **options: Any) -> Settings:
    return {"name": name, "replicas": replicas, "maxUnavailable": 1} | options


def sets(**changes: Any) -> Mutate:
    """Sets values of a pool, a control plane or a cluster."""
    return lambda settings: settings.update(changes)


def removes(key: str) -> Mutate:
    return lambda settings: settings.pop(key)


def plane(**changes: Any) -> Mutate:
    """Sets values of a cluster's control plane."""
    return lambda settings: settings["controlPlane"].update(changes)


def kubeadm(component: str, **options: Any) -> Mutate:
    return plane(kubeadm={component: options})


def pools(**changes: Mutate) -> Mutate:
    """Changes pools of a cluster by name."""

    def mutate(settings: Settings) -> None:
        for each in settings["workerPools"]:
            changes.get(each["name"], sets())(each)

    return mutate


def both(*changes: Mutate) -> Mutate:
    def mutate(settings: Settings) -> None:
        for change in changes:
            change(settings)

    return mutate


def adds(*added: Settings) -> Mutate:
    return lambda settings: settings["workerPools"].extend(added)


def drops(*names: str) -> Mutate:
    def mutate(settings: Settings) -> None:
        kept = [each for each in settings["workerPools"] if each["name"] not in names]
        settings["workerPools"] = kept

    return mutate


ARGUMENTS = {"extraArgs": [{"name": "v", "value": "3"}]}
TAINTS = [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]
LABELS = {"team": "blue", "node-role.kubernetes.io/worker": ""}
NOTES = {"example.com/note": "blue"}

TWO_MINORS = sets(version="1.37.2")

POOLS: tuple[tuple[Settings, Mutate], ...] = (
    (pool("same"), sets()),
    (pool("up"), sets(replicas=3)),
    (pool("down", 3), sets(replicas=1)),
    (pool("to-zero"), sets(replicas=0)),
    (pool("from-zero", 0), sets(replicas=1)),
    (pool("labels"), sets(labels=LABELS)),
    (pool("labels-removed", labels=LABELS), removes("labels")),
    (pool("annotations"), sets(annotations=NOTES)),
    (pool("timeouts"), sets(nodeDrainTimeout="1m", nodeVolumeDetachTimeout="2m")),
    (pool("health"), sets(healthCheck={"unhealthyTimeout": "1m", "maxInFlight": "50%"})),
    (pool("health-off"), sets(healthCheck={"enabled": False})),
    (pool("rollout"), sets(maxSurge=2, maxUnavailable="50%")),
    (pool("min-ready"), sets(minReady="1s")),
    (pool("taints", 2), sets(taints=TAINTS)),
    (pool("taints-removed", taints=TAINTS), removes("taints")),
    (pool("kubelet", 2), sets(kubelet=ARGUMENTS)),
    (pool("domain"), sets(failureDomain="fd1")),
    (pool("two-templates"), sets(taints=TAINTS, kubelet=ARGUMENTS)),
    (pool("labels-and-taints"), sets(labels=LABELS, taints=TAINTS)),
    (pool("taints-and-up"), sets(taints=TAINTS, replicas=2)),
)
"""Each a pool of one cluster: as it is, and what is done to it."""

CLUSTERS: tuple[tuple[Settings, tuple[Mutate, ...]], ...] = (
    (cluster("same", pool("one")), ()),
    (
        cluster("kubeadm"),
        (
            kubeadm("apiServer", **ARGUMENTS),
            plane(kubeadm={"scheduler": ARGUMENTS, "controllerManager": ARGUMENTS}),
        ),
    ),
    (
        cluster("nodes", pool("one")),
        (
            plane(taints=TAINTS),
            plane(taints=[], kubelet=ARGUMENTS),
            plane(replicas=3),
            plane(replicas=1),
        ),
    ),
    (
        cluster("in-place", pool("one")),
        (
            plane(labels={"team": "blue"}),
            plane(annotations=NOTES),
            plane(nodeDrainTimeout="1m", nodeDeletionTimeout="9m"),
            plane(healthCheck={"unhealthyTimeout": "1m"}),
            both(plane(healthCheck={"enabled": False}), drops("one")),
        ),
    ),
    (
        cluster("patch", pool("same", 2), pool("up"), pool("down", 3), pool("gone"), replicas=3),
        (
            both(
                sets(version="1.36.3"),
                pools(up=sets(replicas=3), down=sets(replicas=1)),
                drops("gone"),
                adds(pool("new")),
            ),
            both(sets(version="1.37.2"), plane(replicas=1), drops("up", "down", "new")),
        ),
    ),
    (
        cluster("patch-and-more", pool("one", 2), pool("labels")),
        (
            both(
                sets(version="1.36.3"),
                plane(replicas=3, taints=TAINTS),
                pools(one=sets(kubelet=ARGUMENTS), labels=sets(labels=LABELS)),
            ),
        ),
    ),
    (cluster("two-minors", pool("one", 2), version="1.35.4"), (TWO_MINORS,)),
    (
        cluster("two-minors-and-more", pool("up"), version="1.35.4"),
        (both(TWO_MINORS, plane(replicas=3, kubelet=ARGUMENTS), pools(up=sets(replicas=2))),),
    ),
    (
        cluster("pools", *(start for start, _ in POOLS), pool("gone")),
        (
            both(
                sets(labels={"tier": "gold"}),
                pools(**{start["name"]: mutate for start, mutate in POOLS}),
                drops("gone"),
                adds(pool("batch", 2)),
            ),
        ),
    ),
)
"""Each a cluster: as it is, and what is done to it, one after the other."""


@pytest.fixture
def stand(plane: Plane, tmp_path: Path) -> Iterator[Stand]:
    with stand_on(plane, tmp_path, f"test-{uuid.uuid4().hex[:8]}") as found:
        yield found


@dataclass(frozen=True)
class Step:
    """One change of one cluster, while it happens and afterwards."""

    change: ClusterChange
    before: Snapshot
    began: str
    after: Snapshot | None = None
    ended: str = ""

    def compare(self, seen: list[Machine], subtests: pytest.Subtests) -> None:
        """Compares what was said about each group with what became of it."""
        assert self.after
        during = [each for each in seen if self.began <= each.created <= self.ended]
        for group in self.change.machines:
            with subtests.test(sentence(self.change), group=group.name):
                key = self.change.name, group.name
                found = happened(key, self.before, self.after, during)
                assert found == predicted(self.change, group)


def now() -> str:
    """This second, as Kubernetes writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_every_change_does_what_the_preview_said(stand: Stand, subtests: pytest.Subtests) -> None:
    """Every cluster goes through its changes, each begun when the one before is settled."""
    waiting = {start["name"]: list(changes) for start, changes in CLUSTERS}
    stand.write(clusters=[start for start, _ in CLUSTERS])
    stand.apply()
    steps: list[Step] = []
    running: dict[str, Step] = {}

    def advance(fleet: FleetObjects) -> bool:
        """Ends the steps of clusters that are settled and begins their next; True if all is done.

        Changes that can begin together are one apply: a plan is about all clusters.
        """
        settled = [state.name for state in fleet.states() if state.settled]
        begun = [name for name in settled if waiting[name]]
        if begun or running.keys() & settled:
            look, moment = stand.look(), now()
            ended = [running.pop(name) for name in running.keys() & settled]
            steps.extend(replace(step, after=look, ended=moment) for step in ended)
            for name in begun:
                stand.change(name, waiting[name].pop(0))
        if begun:
            plan = {each.name: each for each in stand.apply().clusters}
            running.update({name: Step(plan.pop(name), look, moment) for name in begun})
            assert {each.action for each in plan.values()} <= {ClusterAction.UNCHANGED}
        return not running and not any(waiting.values())

    with watching(stand, "machines") as machines, watching(stand, "clusters") as clusters:
        stand.wait(advance, ALL_SECONDS)
        seen = machines_of(machines())
        planned = {(each["metadata"]["name"], upgrade_plan(each)) for _, each in clusters()}
    for step in steps:
        step.compare(seen, subtests)
        with subtests.test("the plan of Cluster API", cluster=step.change.name):
            path = " ".join(map(str, step.change.steps))
            assert (step.change.name, path) in planned
    assert len(steps) == sum(len(changes) for _, changes in CLUSTERS)
    assert len([each for each in seen if each.cluster == "same"]) == 2
    with subtests.test("labels arrive at machines and nodes"):
        eventually(lambda: labels_of(stand, "pools", "labels") == [LABELS], 60)
        eventually(lambda: labels_of(stand, "pools", "labels-removed") == [{}], 60)
        eventually(lambda: labels_of(stand, "in-place", CONTROL_PLANE) == [{"team": "blue"}], 60)
    with subtests.test("nothing is left to do"):
        assert stand.plan().is_empty


def upgrade_plan(cluster: dict[str, Any]) -> str:
    """The versions that Cluster API walks the control plane through, with blanks between."""
    steps = cluster.get("status", {}).get("controlPlane", {}).get("upgradePlan", ())
    return " ".join(step["version"].removeprefix("v") for step in steps)


def labels_of(stand: Stand, name: str, group: str) -> list[dict[str, str]]:
    """The tests' labels that both the machine and its node carry, for each machine of a group."""
    nodes = {
        each["metadata"]["name"]: each["metadata"]["labels"]
        for each in stand.workload(name).list("/api/v1/nodes")
    }
    return [
        dict(
            LABELS.items()
            & each["metadata"]["labels"].items()
            & nodes[each["status"]["nodeRef"]["name"]].items()
        )
        for each in stand.machines(name, group)
    ]


def test_the_class_changes_and_clusters_come_and_go(
    stand: Stand, subtests: pytest.Subtests
) -> None:
    shop, old, new = (
        cluster("shop", pool("general", 2)),
        cluster("old", pool("one")),
        cluster("new", pool("one")),
    )
    stand.write(clusters=[shop, old])
    stand.up()
    slower = stand.settings["infrastructure"] | {"machineStartup": "1s"}
    for settings, words in (
        (
            {"infrastructure": slower},
            [
                "cluster `old`: control plane: 1 machine replaced; "
                "pool `one`: 1 machine replaced, at most 1 unavailable",
                "cluster `shop`: control plane: 1 machine replaced; "
                "pool `general`: 2 machines replaced, at most 1 unavailable",
            ],
        ),
        (
            {"clusters": [shop, new]},
            [
                "cluster `new`: new, Kubernetes 1.36.1; "
                "control plane: 1 machine; pool `one`: 1 machine",
                "cluster `old`: deleted, with its 2 machines",
            ],
        ),
    ):
        before = stand.look()
        stand.write(**settings)
        with watching(stand, "machines") as machines:
            plan = stand.up()
            after = stand.look()
            seen = machines_of(machines())
        assert sentences(plan.clusters) == words
        for change in plan.clusters:
            for group in change.machines:
                with subtests.test(sentence(change), group=group.name):
                    found = happened((change.name, group.name), before, after, seen)
                    assert found == predicted(change, group)
    assert stand.plan().is_empty
