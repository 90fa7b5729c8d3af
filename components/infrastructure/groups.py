"""Rules about machines that several infrastructures share, for plug-ins."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from components.addresses import Cidr
from components.cluster.machine import Machine, Placement
from components.cluster.settings import Cluster
from components.finding import Finding
from components.infrastructure.machine_types import MachineType
from errors import clouds

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The machines of a control plane or of a pool.

    Attributes:
        place: in the settings, `("clusters", 0, "controlPlane")`.
        machine: what each is made of.
        replicas: how many there are.
        is_control_plane: whether they run etcd.
    """

    place: Path
    machine: Machine
    replicas: int
    is_control_plane: bool

    def at(self, *keys: str | int) -> Path:
        """The place of a key of `machine`."""
        return (*self.place, "machine", *keys)


def groups(clusters: Sequence[tuple[Path, Cluster]]) -> Iterator[Group]:
    """All groups of machines of clusters."""
    for place, cluster in clusters:
        plane = cluster.control_plane
        yield Group((*place, "controlPlane"), plane.machine, plane.replicas, True)
        for index, pool in enumerate(cluster.worker_pools):
            below = (*place, "workerPools", index)
            yield Group(below, pool.machine, pool.replicas, False)


def check_types(
    group: Group, name: str, known: Mapping[str, MachineType], architecture: str
) -> Iterator[Finding]:
    """ARCHITECTURE_DIFFERS; nothing is known of a type that is not in the data."""
    found = known.get(name)
    if found is None:
        return
    if found.architecture != architecture and not group.machine.image:
        what = f"`{name}` is {found.architecture}, the images are for {architecture}"
        yield Finding(clouds.ARCHITECTURE_DIFFERS, group.at("type"), what)


def check_disks(group: Group, known: Container[str], names: str) -> Iterator[Finding]:
    """DISK_TYPE_UNKNOWN; `names` lists the known types for the reader."""
    disks = {("disk",): group.machine.disk} | {
        ("dataDisks", index): disk for index, disk in enumerate(group.machine.data_disks)
    }
    for keys, disk in disks.items():
        if disk.type and disk.type not in known:
            what = f"there is no disk type `{disk.type}`"
            fix = f"Use one of {names}."
            yield Finding(clouds.DISK_TYPE_UNKNOWN, group.at(*keys, "type"), what, fix=fix)


def check_zones(group: Group, zones: Sequence[str]) -> Iterator[Finding]:
    """ZONES_MISSING and PLACEMENT_NOT_OFFERED, where zones are all that spreads machines."""
    placement = group.machine.placement
    if placement is Placement.PACK or (
        placement is Placement.STRICT_SPREAD and not group.is_control_plane
    ):
        yield _not_offered(group, "spread")
    if not group.is_control_plane or group.replicas == 1:
        return
    wanted = {Placement.STRICT_SPREAD: group.replicas, Placement.SPREAD: 2}.get(placement, 1)
    if len(zones) < wanted:
        what = f"{group.replicas} control-plane machines in {len(zones)} zone(s)"
        why = f"`{placement}` needs at least {wanted}"
        yield Finding(clouds.ZONES_MISSING, group.at("placement"), what, why=why)


def _not_offered(group: Group, instead: str) -> Finding:
    what = f"`{group.machine.placement}` is not offered"
    return Finding(
        clouds.PLACEMENT_NOT_OFFERED,
        group.at("placement"),
        what,
        fix=f"Use `{instead}` or `any`.",
    )


def not_placed(group: Group, instead: str = "spread") -> Iterator[Finding]:
    """PLACEMENT_NOT_OFFERED for `pack` and `strict-spread`."""
    if group.machine.placement in (Placement.PACK, Placement.STRICT_SPREAD):
        yield _not_offered(group, instead)


def overlapping(
    cluster: Cluster, machines: IPv4Network | IPv6Network
) -> Iterator[tuple[str, int, Cidr]]:
    """The ranges of pods and services that overlap those of machines: kind, position, range."""
    for kind, ranges in (("pods", cluster.network.pods), ("services", cluster.network.services)):
        for index, cidr in enumerate(ranges):
            if cidr.network.version == machines.version and cidr.network.overlaps(machines):
                yield kind, index, cidr


def range_taken(where: Path, cluster: Cluster, machines: IPv4Network) -> Iterator[Finding]:
    """MACHINES_RANGE_TAKEN: the default range of machines is not free in a cluster."""
    for kind, _, cidr in overlapping(cluster, machines):
        what = f"the {kind} in `{cidr}` overlap the machines in `{machines}`"
        yield Finding(clouds.MACHINES_RANGE_TAKEN, where, what)
