"""The effect of a worker pool's options on its machines: marks of spot and GPU, the autoscaler's
annotations."""

from __future__ import annotations

from collections.abc import Iterator

from components.cluster.machine import Autoscaling, Taint, TaintEffect, WorkerMachine
from components.cluster.settings import WorkerPool
from components.cluster_object import MAX_SIZE, MIN_SIZE
from components.infrastructure.interface import Infrastructure
from components.infrastructure.machine_types import MachineType

SPOT = "caas.dev/spot"
GPU = "caas.dev/gpu"
GPU_RESOURCE = "nvidia.com/gpu"
ACCELERATOR = "cluster-api/accelerator"
"""The autoscaler waits until a node with this label has its GPUs, instead of adding another."""

CAPACITY = "capacity.cluster-autoscaler.kubernetes.io"
"""The domain of the annotations that tell what a machine of an empty pool would be.

Source: cluster-autoscaler/cloudprovider/clusterapi/README.md of kubernetes/autoscaler.
"""
NEEDED_FROM_ZERO = (f"{CAPACITY}/cpu", f"{CAPACITY}/memory")


def marked(pool: WorkerPool, infrastructure: Infrastructure) -> WorkerPool:
    """The pool with the labels, taints and annotations that its options bring along.

    What the stack file says itself goes before.
    """
    labels = _labels(pool.machine) | pool.labels
    written = {(taint.key, taint.effect) for taint in pool.taints}
    own = (taint for taint in _taints(pool.machine) if (taint.key, taint.effect) not in written)
    more = {"labels": labels, "taints": (*pool.taints, *own)}
    complete = pool.model_copy(update=more)
    if pool.autoscaling is None:
        return complete
    found = _bounds(pool.autoscaling) | capacity(complete, infrastructure)
    return complete.model_copy(update={"annotations": found | pool.annotations})


def machine_type(pool: WorkerPool, infrastructure: Infrastructure) -> MachineType | None:
    """The properties of the pool's machine type; None if they are unknown."""
    name = infrastructure.machine_type(pool.machine.type)
    return infrastructure.known_machine_types().get(name)


def capacity(pool: WorkerPool, infrastructure: Infrastructure) -> dict[str, str]:
    """Annotations that say what a machine of the pool would be, while there is none to look at."""
    kind = machine_type(pool, infrastructure)
    if kind is None:
        return {}
    labels = {"kubernetes.io/arch": kind.architecture}
    if pool.failure_domain:
        labels["topology.kubernetes.io/zone"] = pool.failure_domain
    labels |= pool.labels
    found = {
        "cpu": str(kind.cpu),
        "memory": _gibibytes(kind.memory_gib),
        "ephemeral-disk": f"{pool.machine.disk.size_gib}Gi",
        "labels": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
    }
    if kind.gpus:
        found |= {"gpu-type": GPU_RESOURCE, "gpu-count": str(kind.gpus)}
    if pool.taints:
        found["taints"] = ",".join(_taint(taint) for taint in pool.taints)
    most_pods = [arg.value for arg in pool.kubelet.extra_args if arg.name == "max-pods"]
    if most_pods:
        found["maxPods"] = most_pods[0]
    return {f"{CAPACITY}/{name}": value for name, value in found.items()}


def _labels(machine: WorkerMachine) -> dict[str, str]:
    spot = {SPOT: "true"} if machine.spot else {}
    gpu = {GPU: "true", ACCELERATOR: "nvidia"} if machine.gpu else {}
    return spot | gpu


def _taints(machine: WorkerMachine) -> Iterator[Taint]:
    if machine.spot:
        yield Taint(key=SPOT, value="true", effect=TaintEffect.PREFER_NO_SCHEDULE)
    if machine.gpu:
        yield Taint(key=GPU_RESOURCE, effect=TaintEffect.NO_SCHEDULE)


def _bounds(autoscaling: Autoscaling) -> dict[str, str]:
    return {MIN_SIZE: str(autoscaling.min), MAX_SIZE: str(autoscaling.max)}


def _gibibytes(amount: float) -> str:
    return f"{int(amount)}Gi" if float(amount).is_integer() else f"{int(amount * 1024)}Mi"


def _taint(taint: Taint) -> str:
    value = f"={taint.value}" if taint.value else ""
    return f"{taint.key}{value}:{taint.effect.value}"
