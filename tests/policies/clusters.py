"""Clusters for the tests of policies, made by the project's own component code."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from components.cluster.settings import Cluster
from components.cluster.workload_cluster import cluster_manifest
from components.infrastructure.in_memory import InMemory

TYPE = "kubernetes:cluster.x-k8s.io/v1beta2:Cluster"
Props = dict[str, Any]
Edit = Callable[[Props], object]

SETTINGS = {
    "name": "shop",
    "version": "1.36.3",
    "labels": {"tier": "production"},
    "workerPools": [{"name": "general", "replicas": 2}, {"name": "batch", "replicas": 1}],
}


@dataclass(frozen=True)
class Resource:
    """A recorded resource, as the program's runner gives it."""

    urn: str
    type: str
    name: str
    inputs: Props
    protect: bool = False


def props(edit: Edit = lambda props: None) -> Props:
    """A good production cluster of two pools, edited."""
    manifest = deepcopy(cluster_manifest(Cluster.model_validate(SETTINGS), InMemory(), "clusters"))
    edit(manifest)
    return manifest


def resource(inputs: Props, kind: str = TYPE) -> Resource:
    return Resource(f"urn:pulumi:local::caas::{kind}::shop", kind, "shop", inputs)


def topology(props: Props) -> Props:
    return props["spec"]["topology"]


def pool(props: Props, index: int = 0) -> Props:
    return topology(props)["workers"]["machineDeployments"][index]


def override(group: Props, name: str, value: Any) -> None:
    """Sets a variable of a group of machines."""
    group["variables"] = {"overrides": [{"name": name, "value": value}]}


def argument(name: str, value: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value}]
