"""Whole clusters of tenants: their holders, and the size that counts for a tenant's quota."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from components.cluster.settings import Cluster
from components.infrastructure.interface import Infrastructure
from stacks.settings.tenants import StackTenant


@dataclass(frozen=True, slots=True)
class ClusterSize:
    """The size of a cluster's workers, with as many machines as autoscaling may make.

    Attributes:
        cpu: their CPUs.
        memory: their memory in bytes.
        unknown: machine types whose size is not known, and which are left out.
    """

    cpu: int
    memory: int
    unknown: tuple[str, ...] = ()

    def amounts(self) -> dict[str, int]:
        """The amounts by the keys of a quota."""
        return {"cpu": self.cpu, "memory": self.memory}


def size_of(cluster: Cluster, infrastructure: Infrastructure) -> ClusterSize:
    """The size of a cluster's workers."""
    known, cpu, memory, unknown = infrastructure.known_machine_types(), 0, 0.0, []
    for pool in cluster.worker_pools:
        name = infrastructure.machine_type(pool.machine.type)
        if machine := known.get(name):
            cpu += machine.cpu * pool.most
            memory += machine.memory_gib * pool.most
        else:
            unknown.append(name)
    return ClusterSize(cpu, int(memory * 2**30), tuple(dict.fromkeys(unknown)))


def holders(tenants: Iterable[StackTenant]) -> Mapping[str, str]:
    """The tenant that has a cluster as a whole, by the name of the cluster."""
    found: dict[str, str] = {}
    for tenant in tenants:
        for name in tenant.clusters:
            found.setdefault(name, tenant.name)
    return found


def clusters_for(
    tenant: StackTenant, clusters: Sequence[Cluster], tenants: Iterable[StackTenant]
) -> list[Cluster]:
    """The clusters that namespaces of a tenant may be in: none is of another tenant as a whole."""
    held = holders(tenants)
    return [each for each in clusters if held.get(each.name, tenant.name) == tenant.name]
