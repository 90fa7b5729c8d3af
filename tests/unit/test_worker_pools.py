"""Worker pools: what their options put on machines, and what an infrastructure knows against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import pytest

from components.cluster import topology
from components.cluster.pools import CAPACITY
from components.cluster.rules import EACH_CLUSTER
from components.cluster.rules.pools import check_infrastructure
from components.cluster.settings import Cluster, WorkerPool
from components.cluster_object import MAX_SIZE, MIN_SIZE
from components.infrastructure.in_memory import InMemory
from components.infrastructure.interface import Provider
from components.infrastructure.machine_types import MachineType
from errors import Code, pools

BOUNDS = {"autoscaling": {"min": 0, "max": 4}}
BY_HAND = {f"{CAPACITY}/cpu": "2", f"{CAPACITY}/memory": "4Gi"}


class Cloud(InMemory):
    """An infrastructure that knows its zones and some of its machine types."""

    PROVIDER: ClassVar = Provider("cloud", "cloud-system", "v1beta2")
    SIZES: ClassVar = {"medium": "c4", "large": "g8"}

    provider: Literal["cloud"] = "cloud"

    def failure_domains(self) -> tuple[str, ...]:
        return ("zone-a", "zone-b")

    def known_machine_types(self) -> Mapping[str, MachineType]:
        types = (
            MachineType("c4", 4, 15.5, "arm64"),
            MachineType("g8", 8, 32, gpus=2),
        )
        return {each.name: each for each in types}


def pool(**settings: Any) -> WorkerPool:
    return WorkerPool.model_validate({"name": "general"} | settings)


def made(settings: WorkerPool, cloud: InMemory | None = None) -> dict[str, Any]:
    """The pool in the topology of a Cluster."""
    return topology.worker_pool(settings, cloud or Cloud())


def overrides(entry: dict[str, Any]) -> dict[str, Any]:
    found = entry.get("variables", {}).get("overrides", ())
    return {each["name"]: each["value"] for each in found}


def annotations(entry: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = entry.get("metadata", {}).get("annotations", {})
    return found


def told(settings: WorkerPool) -> dict[str, str]:
    """The annotations of a machine for the autoscaler, without the domain."""
    found = annotations(made(settings))
    prefix = f"{CAPACITY}/"
    return {key.removeprefix(prefix): found[key] for key in found if key.startswith(prefix)}


def test_a_plain_pool_carries_nothing_of_the_autoscaler() -> None:
    entry = made(pool(replicas=3))
    assert entry["replicas"] == 3
    assert "metadata" not in entry
    assert not overrides(entry)


def test_an_autoscaled_pool_has_bounds_and_no_number() -> None:
    entry = made(pool(autoscaling={"min": 2, "max": 7}), InMemory())
    assert "replicas" not in entry
    assert annotations(entry) == {MIN_SIZE: "2", MAX_SIZE: "7"}


def test_what_a_machine_would_be_is_told_for_pools_that_may_be_empty() -> None:
    taints = [{"key": "dedicated", "value": "ml", "effect": "NoExecute"}]
    settings = pool(
        **BOUNDS,
        machine={"type": "large", "gpu": True, "disk": {"sizeGiB": 80}},
        labels={"team": "ml"},
        taints=taints,
        failureDomain="zone-b",
        kubelet={"extraArgs": [{"name": "max-pods", "value": "60"}]},
    )
    assert told(settings) == {
        "cpu": "8",
        "memory": "32Gi",
        "ephemeral-disk": "80Gi",
        "gpu-type": "nvidia.com/gpu",
        "gpu-count": "2",
        "maxPods": "60",
        "labels": "caas.dev/gpu=true,cluster-api/accelerator=nvidia,kubernetes.io/arch=amd64,"
        "team=ml,topology.kubernetes.io/zone=zone-b",
        "taints": "dedicated=ml:NoExecute,nvidia.com/gpu:NoSchedule",
    }


def test_a_broken_number_of_gibibytes_and_another_architecture() -> None:
    found = told(pool(**BOUNDS))
    assert found["memory"] == f"{15 * 1024 + 512}Mi"
    assert found["labels"] == "kubernetes.io/arch=arm64"
    assert "taints" not in found


def test_what_the_file_says_of_the_capacity_goes_before() -> None:
    assert told(pool(**BOUNDS, annotations=BY_HAND))["memory"] == "4Gi"


def test_spot_machines_are_marked_and_come_last() -> None:
    entry = made(pool(machine={"spot": True, "spotMaxPrice": "0.05"}))
    assert entry["metadata"]["labels"] == {"caas.dev/spot": "true"}
    assert overrides(entry) == {
        "spot": {"maxPrice": "0.05"},
        "taints": [{"key": "caas.dev/spot", "value": "true", "effect": "PreferNoSchedule"}],
    }


def test_gpu_machines_are_kept_for_pods_that_ask_for_them() -> None:
    entry = made(pool(machine={"type": "large", "gpu": True}))
    labels = {"caas.dev/gpu": "true", "cluster-api/accelerator": "nvidia"}
    assert entry["metadata"]["labels"] == labels
    assert overrides(entry)["taints"] == [{"key": "nvidia.com/gpu", "effect": "NoSchedule"}]


def test_a_taint_of_the_file_is_not_doubled() -> None:
    taint = {"key": "nvidia.com/gpu", "value": "a100", "effect": "NoSchedule"}
    entry = made(pool(machine={"gpu": True}, taints=[taint]))
    assert overrides(entry)["taints"] == [taint]


def test_labels_of_the_file_go_before() -> None:
    entry = made(pool(machine={"gpu": True}, labels={"cluster-api/accelerator": "a100"}))
    assert entry["metadata"]["labels"]["cluster-api/accelerator"] == "a100"


def test_disks_image_and_placement_become_variables() -> None:
    machine = {
        "type": "medium",
        "image": "ubuntu-24.04",
        "disk": {"sizeGiB": 100, "type": "fast"},
        "dataDisks": [{"name": "data", "sizeGiB": 200}],
        "placement": "pack",
    }
    assert overrides(made(pool(machine=machine | {"type": "small"}))) == {
        "machineType": "small",
        "image": "ubuntu-24.04",
        "rootDisk": {"sizeGiB": 100, "type": "fast"},
        "dataDisks": [{"name": "data", "sizeGiB": 200}],
        "placement": "pack",
    }


def cluster(*settings: WorkerPool) -> Cluster:
    values = {"name": "shop", "version": "1.36.3", "controlPlane": {"replicas": 1}}
    return Cluster.model_validate(values).model_copy(update={"worker_pools": settings})


def test_the_most_machines_of_a_cluster_are_those_of_the_bounds() -> None:
    fixed, scaled = pool(replicas=3), pool(autoscaling={"min": 1, "max": 10}, maxSurge="20%")
    assert (fixed.fewest, fixed.most) == (3, 3)
    assert (scaled.fewest, scaled.most) == (1, 10)
    assert cluster(fixed, scaled).most_in_rollout == 2 + 4 + 12


REFUSED: list[tuple[Code, WorkerPool, tuple[str | int, ...]]] = [
    (
        pools.CAPACITY_UNKNOWN,
        pool(**BOUNDS, machine={"type": "our-own"}),
        ("autoscaling", "min"),
    ),
    (pools.NO_GPUS, pool(machine={"gpu": True}), ("machine", "gpu")),
    (pools.UNKNOWN_FAILURE_DOMAIN, pool(failureDomain="zone-z"), ("failureDomain",)),
]


@pytest.mark.parametrize(("code", "settings", "path"), REFUSED, ids=lambda each: str(each)[:20])
def test_what_the_infrastructure_knows_to_be_wrong(
    code: Code, settings: WorkerPool, path: tuple[str | int, ...]
) -> None:
    (finding,) = check_infrastructure(Cloud(), cluster(pool(), settings))
    assert finding.code is code
    assert finding.path == ("workerPools", 1, *path)


@pytest.mark.parametrize(
    "settings",
    [
        pool(**BOUNDS),
        pool(**BOUNDS, machine={"type": "our-own"}, annotations=BY_HAND),
        pool(autoscaling={"min": 1, "max": 2}, machine={"type": "our-own"}),
        pool(machine={"type": "large", "gpu": True}),
        pool(machine={"type": "our-own", "gpu": True}),
        pool(failureDomain="zone-a"),
    ],
)
def test_what_it_has_nothing_against(settings: WorkerPool) -> None:
    assert not list(check_infrastructure(Cloud(), cluster(settings)))
    assert not [finding for rule in EACH_CLUSTER for finding in rule(cluster(settings))]


def test_simulated_machines_may_be_none_and_stand_anywhere() -> None:
    assert not list(check_infrastructure(InMemory(), cluster(pool(**BOUNDS, failureDomain="x"))))
