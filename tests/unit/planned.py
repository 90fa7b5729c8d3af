"""A plan from one stack file to the next, without a server: both are recorded, then compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from engine.objects import Key, Objects
from engine.plan.clusters import ClusterChange, MachineChange, plan_clusters
from engine.plan.objects import ObjectChange, ObjectPlan, Operation
from engine.program import run_program

Settings = dict[str, Any]


def cluster(name: str = "shop", **settings: Any) -> Settings:
    """One cluster of a stack file: 1.36.1, one control-plane machine, a pool of two."""
    return {
        "name": name,
        "version": "1.36.1",
        "controlPlane": {"replicas": 1},
        "workerPools": [pool()],
    } | settings


def pool(name: str = "general", **settings: Any) -> Settings:
    return {"name": name, "replicas": 2} | settings


def objects(folder: Path, *clusters: Settings, **stack: Any) -> Objects:
    """The objects that the program makes of these clusters."""
    file = folder / "Pulumi.unit.yaml"
    config = {"caas:clusters": list(clusters)} | {
        f"caas:{key}": each for key, each in stack.items()
    }
    file.write_text(yaml.safe_dump({"config": config}))
    return {Key.of(manifest): manifest for manifest in run_program("unit", file).objects()}


def between(live: Objects, desired: Objects) -> ObjectPlan:
    """The plan from one to the other, as if the server added nothing."""
    changes = [
        ObjectChange(
            Operation.UPDATE if key in live else Operation.CREATE, key, live.get(key), after, after
        )
        for key, after in desired.items()
        if live.get(key) != after
    ]
    gone = [
        ObjectChange(Operation.DELETE, key, before, None, None)
        for key, before in live.items()
        if key not in desired
    ]
    return ObjectPlan(live, desired, (*changes, *gone))


def change_of(folder: Path, before: Settings, after: Settings) -> ClusterChange:
    """The planned change of one cluster."""
    (change,) = plan_clusters(between(objects(folder, before), objects(folder, after)))
    return change


def group_of(change: ClusterChange, name: str) -> MachineChange:
    return next(group for group in change.machines if group.name == name)
