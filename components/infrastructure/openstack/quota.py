"""Quotas of a project: what a stack needs at the least, and what is too small for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from components.cluster.etcd import has_disk
from components.cluster.machine import Machine
from components.cluster.settings import Cluster
from components.infrastructure.machine_types import MachineType
from components.infrastructure.openstack.names import POLICIES
from components.infrastructure.openstack.templates import ETCD_DEVICE
from errors import Problem
from errors.openstack import QUOTA_TOO_SMALL

RESERVED_ADDRESSES = 5  # network, broadcast, router and two DHCP agents
PORTS_OF_LOAD_BALANCER = 3  # its address, and one of each amphora
GROUPS_OF_CLUSTER = 2  # Cluster API's provider makes one of each role
WORDS = {
    "instances": "machines",
    "cores": "CPUs",
    "memoryMiB": "MiB of memory",
    "serverGroups": "server groups",
    "serverGroupMembers": "machines in one server group",
    "volumes": "volumes",
    "gigabytes": "GB of volumes",
    "networks": "networks",
    "subnets": "subnets",
    "routers": "routers",
    "ports": "ports",
    "securityGroups": "security groups",
    "floatingIps": "floating IPs",
}


def quota_problems(quota: Mapping[str, int | None], need: Mapping[str, int]) -> Iterator[Problem]:
    """The quotas of a project that are too small.

    Args:
        quota: by the names of `WORDS`; -1 is no limit, None is not known.
        need: the least that the stack needs, by the same names.
    """
    for item, least in need.items():
        most = quota.get(item)
        if most is not None and 0 <= most < least:
            yield Problem(
                QUOTA_TOO_SMALL,
                f"the project may have {most} {WORDS[item]}, and the stack needs {least}",
                fix=f"Ask for a quota of {least} or more {WORDS[item]}, or make the stack smaller.",
            )


def needed(
    clusters: Sequence[Cluster], types: Mapping[str, MachineType], *, made_network: bool = True
) -> dict[str, int]:
    """The least that a project must allow for these clusters while all of them roll out.

    Services of the type LoadBalancer and volumes of pods come on top; they are not known here.

    Args:
        clusters: every cluster of the stack.
        types: what is known of machine types, sizes among them; CPUs of others do not count.
        made_network: whether the foundation makes the network.
    """
    groups = [group for cluster in clusters for group in _groups(cluster)]
    known = [(count, types[kind.type]) for count, kind, _ in groups if kind.type in types]
    apart = [count for count, machine, _ in groups if machine.placement in POLICIES]
    made = {"networks": 1, "subnets": 1, "routers": 1} if made_network else {}
    machines = sum(count for count, _, _ in groups)
    return {
        "instances": machines,
        "cores": sum(count * kind.cpu for count, kind in known),
        "memoryMiB": int(sum(count * kind.memory_gib * 1024 for count, kind in known)),
        "serverGroups": len(apart),
        "serverGroupMembers": max(apart, default=0),
        "volumes": sum(count * len(sizes) for count, _, sizes in groups),
        "gigabytes": sum(count * sum(sizes) for count, _, sizes in groups),
        "ports": machines + PORTS_OF_LOAD_BALANCER * len(clusters),
        "securityGroups": 1 + GROUPS_OF_CLUSTER * len(clusters),
        "floatingIps": sum(cluster.control_plane.endpoint.public for cluster in clusters),
    } | made


def addresses(clusters: Sequence[Cluster]) -> int:
    """The number of addresses that the clusters use while all of them roll out."""
    machines = sum(cluster.most_in_rollout for cluster in clusters)
    return machines + PORTS_OF_LOAD_BALANCER * len(clusters) + RESERVED_ADDRESSES


def _groups(cluster: Cluster) -> Iterator[tuple[int, Machine, list[int]]]:
    """Each group: how many machines there are while it rolls out, what they are, their disks."""
    plane = cluster.control_plane
    etcd = (
        [plane.etcd.disk.size_gib] if has_disk(plane.etcd, ETCD_DEVICE) and plane.etcd.disk else []
    )
    yield plane.most_in_rollout, plane.machine, _disks(plane.machine) + etcd
    for pool in cluster.worker_pools:
        yield pool.most_in_rollout, pool.machine, _disks(pool.machine)


def _disks(machine: Machine) -> list[int]:
    """The sizes of a machine's disks in GiB."""
    return [machine.disk.size_gib, *(disk.size_gib for disk in machine.data_disks)]
