"""Rules about worker pools: their bounds, their machine types, their zones, their disks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.cluster.machine import Machine
from components.cluster.pools import NEEDED_FROM_ZERO, machine_type
from components.cluster.rules.names import repeated
from components.cluster.settings import Cluster, WorkerPool
from components.cluster_object import MAX_SIZE, MIN_SIZE
from components.finding import Finding
from components.infrastructure.interface import Infrastructure
from errors import pools as codes


def check(cluster: Cluster) -> Iterator[Finding]:
    """The problems of a pool alone: the bounds, the price of spot machines, the names of disks."""
    for finding in _disks(cluster.control_plane.machine):
        yield finding.below("controlPlane", "machine")
    for index, pool in enumerate(cluster.worker_pools):
        for finding in (*_bounds(pool), *_machine(pool)):
            yield finding.below("workerPools", index)


def check_infrastructure(infrastructure: Infrastructure, cluster: Cluster) -> Iterator[Finding]:
    """The problems on this infrastructure: zones, GPUs, machine types of pools that scale to
    zero."""
    for index, pool in enumerate(cluster.worker_pools):
        for finding in (
            *_zone(pool, infrastructure.failure_domains()),
            *_gpus(pool, infrastructure),
            *_from_zero(pool, infrastructure),
        ):
            yield finding.below("workerPools", index)


def _bounds(pool: WorkerPool) -> Iterator[Finding]:
    """BOUNDS_CROSSED, REPLICAS_OF_AUTOSCALER and BOUNDS_BY_HAND."""
    for key in pool.annotations:
        if key in (MIN_SIZE, MAX_SIZE):
            what = f"the pool `{pool.name}` has the autoscaler's annotation `{key}`"
            yield Finding(codes.BOUNDS_BY_HAND, ("annotations", key), what, key=True)
    bounds = pool.autoscaling
    if bounds is None:
        return
    if bounds.min > bounds.max:
        yield Finding(
            codes.BOUNDS_CROSSED,
            ("autoscaling", "min"),
            f"the pool `{pool.name}` has at least {bounds.min} machines and at most {bounds.max}",
        )
    if "replicas" in pool.model_fields_set:
        within = bounds.min <= pool.replicas <= bounds.max
        outside = "" if within else f", which is not between {bounds.min} and {bounds.max}"
        yield Finding(
            codes.REPLICAS_OF_AUTOSCALER,
            ("replicas",),
            f"the autoscaler chooses how many machines `{pool.name}` has, and `replicas` is "
            f"{pool.replicas}{outside}",
            fix=f"Remove `replicas`: a new pool begins with {bounds.min}.",
            key=True,
        )


def _machine(pool: WorkerPool) -> Iterator[Finding]:
    """PRICE_WITHOUT_SPOT and DUPLICATE_DISK."""
    if pool.machine.spot_max_price and not pool.machine.spot:
        what = f"the pool `{pool.name}` has a highest price for spot machines and no spot machines"
        yield Finding(codes.PRICE_WITHOUT_SPOT, ("machine", "spotMaxPrice"), what, key=True)
    for finding in _disks(pool.machine):
        yield finding.below("machine")


def _disks(machine: Machine) -> Iterator[Finding]:
    for index, name, first in repeated(enumerate(disk.name for disk in machine.data_disks)):
        yield Finding(
            codes.DUPLICATE_DISK,
            ("dataDisks", index, "name"),
            f"there is already a disk `{name}`",
            why=f"dataDisks[{first}]",
        )


def _zone(pool: WorkerPool, known: Sequence[str]) -> Iterator[Finding]:
    if known and pool.failure_domain and pool.failure_domain not in known:
        yield Finding(
            codes.UNKNOWN_FAILURE_DOMAIN,
            ("failureDomain",),
            f"the infrastructure has no failure domain `{pool.failure_domain}`",
            fix=f"Use one of {', '.join(known)}.",
        )


def _gpus(pool: WorkerPool, infrastructure: Infrastructure) -> Iterator[Finding]:
    kind = machine_type(pool, infrastructure)
    if pool.machine.gpu and kind and not kind.gpus:
        with_gpus = [
            each.name for each in infrastructure.known_machine_types().values() if each.gpus
        ]
        some = f"Use one with GPUs, such as {', '.join(with_gpus[:3])}." if with_gpus else ""
        what = f"the machine type `{kind.name}` of the pool `{pool.name}` has no GPUs"
        yield Finding(codes.NO_GPUS, ("machine", "gpu"), what, fix=some)


def _from_zero(pool: WorkerPool, infrastructure: Infrastructure) -> Iterator[Finding]:
    # An autoscaler runs beside a provider, and not on the embedded plane.
    unscaled = infrastructure.PROVIDER is None
    told = all(key in pool.annotations for key in NEEDED_FROM_ZERO)
    if unscaled or told or pool.autoscaling is None or pool.autoscaling.min > 0:
        return
    if machine_type(pool, infrastructure) is None:
        name = infrastructure.machine_type(pool.machine.type)
        yield Finding(
            codes.CAPACITY_UNKNOWN,
            ("autoscaling", "min"),
            f"the pool `{pool.name}` may scale to zero, and the capacity of the machine type "
            f"`{name}` is not known",
        )
