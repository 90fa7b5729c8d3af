"""Programs of the tests that use components directly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi_kubernetes as kubernetes

from components.cluster import ClusterClass, ExistingCluster, ManagementCluster, WorkloadCluster
from components.infrastructure import InMemory
from engine.program import Recording, record

FACTS: dict[str, Any] = {
    "version": "1.36.3",
    "pods": ["192.168.0.0/16"],
    "services": ["10.128.0.0/12"],
    "control_planes": 3,
    "workers": 3,
}
PROJECT = "own-program"


def run(program: Callable[[], None], *, preview: bool = True) -> Recording:
    """The resources that a program registers."""
    return record(program, "unit", {}, project=PROJECT, preview=preview)


def edge(**facts: Any) -> ExistingCluster:
    """A cluster that Pulumi reaches itself."""
    return ExistingCluster("edge", kubeconfig="kubeconfig", **(FACTS | facts))


def management(name: str = "management") -> ManagementCluster:
    """A management cluster."""
    provider = kubernetes.Provider(f"{name}-own", kubeconfig="kubeconfig")
    return ManagementCluster(name, provider=provider, namespace="own")


def workload(where: ManagementCluster, name: str = "shop", **arguments: Any) -> WorkloadCluster:
    """A cluster that its management cluster reaches."""
    settings: dict[str, Any] = {
        "version": "1.36.3",
        "worker_pools": [{"name": "general", "replicas": 3}],
        "network": {"pods": ["192.168.0.0/16"], "services": ["10.128.0.0/12"]},
    }
    return WorkloadCluster(
        name, infrastructure=InMemory(), management=where, **(settings | arguments)
    )


def cluster_class(where: ManagementCluster) -> ClusterClass:
    """The class of those clusters."""
    return ClusterClass("in-memory", InMemory(), management=where)
