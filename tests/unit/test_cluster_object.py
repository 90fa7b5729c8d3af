"""Reading Cluster objects: what the program writes comes back, and what others write is read."""

from __future__ import annotations

from typing import Any

from components.cluster.settings import Cluster
from components.cluster.workload_cluster import cluster_manifest
from components.cluster_object import MACHINE_TYPE, DeclaredCluster
from components.infrastructure.in_memory import InMemory
from components.infrastructure.registry import infrastructure
from tests.infrastructure.examples import EXAMPLES

POOLS = [
    {"name": "fixed", "replicas": 4, "maxSurge": "30%", "maxUnavailable": "30%"},
    {
        "name": "scaled",
        "autoscaling": {"min": 2, "max": 9},
        "machine": {"type": "large"},
        "failureDomain": "zone-b",
    },
]
SETTINGS: dict[str, Any] = {
    "name": "shop",
    "version": "1.36.3",
    "labels": {"tier": "production"},
    "paused": True,
    "controlPlane": {"machine": {"type": "xlarge"}, "healthCheck": {"enabled": False}},
    "workerPools": POOLS,
}


def declared(**more: Any) -> DeclaredCluster:
    settings = Cluster.model_validate(SETTINGS | more)
    return DeclaredCluster(cluster_manifest(settings, InMemory(), "clusters"))


def test_a_cluster_comes_back() -> None:
    cluster = declared()
    assert (cluster.name, cluster.namespace, cluster.version) == ("shop", "clusters", "1.36.3")
    assert (cluster.class_name, cluster.class_namespace) == ("in-memory", "clusters")
    assert cluster.is_paused
    assert cluster.is_production
    assert cluster.is_simulated
    assert cluster.network["services"] == {"cidrBlocks": ["10.128.0.0/12"]}


def test_its_machines_come_back() -> None:
    plane, fixed, scaled = declared().groups
    assert (plane.is_control_plane, plane.worker_class, plane.title) == (
        True,
        None,
        "control plane",
    )
    assert (fixed.is_control_plane, fixed.worker_class) == (False, "worker")
    assert (fixed.title, scaled.title) == ("pool `fixed`", "pool `scaled`")
    assert (plane.replicas, fixed.replicas, scaled.replicas) == (3, 4, None)
    assert (plane.bounds, fixed.bounds, scaled.bounds) == (None, None, (2, 9))
    assert [(group.fewest, group.most) for group in (plane, fixed, scaled)] == [
        (3, 3),
        (4, 4),
        (2, 9),
    ]
    assert (plane.is_health_checked, fixed.is_health_checked) == (False, True)
    assert (fixed.failure_domain, scaled.failure_domain) == ("", "zone-b")
    assert fixed.drain_timeout == 600
    assert fixed.machines(fixed.max_surge, round_up=True) == 2
    assert fixed.machines(fixed.max_unavailable, round_up=False) == 1


def test_a_groups_own_variable_wins() -> None:
    aws = infrastructure("aws").model_validate({"provider": "aws", **EXAMPLES["aws"].least})
    settings = Cluster.model_validate(SETTINGS)
    cluster = DeclaredCluster(cluster_manifest(settings, aws, "clusters"))
    types = [group.variable(MACHINE_TYPE) for group in cluster.groups]
    assert types == [aws.machine_type("xlarge"), None, aws.machine_type("large")]
    assert types == [group.variables.get(MACHINE_TYPE) for group in cluster.groups]
    shared = {"variables": [{"name": MACHINE_TYPE, "value": "tiny"}]}
    topology = {**cluster.topology, **shared}
    other = DeclaredCluster({"spec": {"topology": topology}})
    assert [group.variable(MACHINE_TYPE) for group in other.groups] == [types[0], "tiny", types[2]]


def test_objects_that_others_write_may_lack_any_field() -> None:
    empty = DeclaredCluster({})
    assert (empty.name, empty.version, empty.class_name, empty.variables) == ("", "", "", {})
    assert [group.most for group in empty.groups] == [1]
    assert DeclaredCluster({"spec": {"topology": {"class": "old"}}}).class_name == "old"
    pool = {"name": "a", "replicas": 3.0}  # the numbers of the engine's protocol are doubles
    topology = {"workers": {"machineDeployments": [pool]}}
    (found,) = DeclaredCluster({"spec": {"topology": topology}}).pools
    assert found.replicas == 3
    assert isinstance(found.replicas, int)
    assert (found.max_surge, found.max_unavailable) == (1, 0)
