"""Checks of machines on AWS: types, images, disks, placement."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from components.cluster.machine import Disk, Machine, Placement
from components.cluster.settings import Cluster, WorkerPool
from components.finding import Finding
from components.infrastructure.aws.settings import AwsSettings
from components.infrastructure.machine_types import MachineType
from errors import aws as codes

Path = tuple[str | int, ...]
FEWEST_CPUS, LEAST_MEMORY_GIB = 2, 4
VOLUME_TYPES = ("gp3", "gp2")
SMALLEST_VOLUME_GIB = 8
MOST_IN_A_ZONE = 7
AMI = re.compile(r"ami-[0-9a-f]{8,17}")
LOCAL_DISKS = re.compile(
    r"(i[0-9]|im|is|d[0-9]|h1|x1|g[56]\.|g6e|p4d|p5)[0-9a-z.-]*|[a-z]+[0-9]+[a-z]*d[a-z]*\..*"
)
"""Types with local disks: some families, and every type whose attributes have a `d`."""


def check(settings: AwsSettings, cluster: Cluster) -> Iterator[Finding]:
    """The rules of the control plane's machines and of those of every pool."""
    plane = cluster.control_plane
    for finding in (
        *_machine(settings, plane.machine),
        *_control_plane(settings, plane.machine),
        *_etcd_disk(settings, cluster),
        *_control_plane_placement(settings, cluster),
    ):
        yield finding.below("controlPlane", "machine")
    if plane.etcd.disk:
        yield from _disk(plane.etcd.disk, ("controlPlane", "etcd", "disk"))
    for index, pool in enumerate(cluster.worker_pools):
        for finding in (
            *(each.below("machine") for each in _machine(settings, pool.machine)),
            *_pool(pool),
        ):
            yield finding.below("workerPools", index)


def _type(settings: AwsSettings, machine: Machine) -> MachineType | None:
    return settings.known_machine_types().get(settings.machine_type(machine.type))


def _machine(settings: AwsSettings, machine: Machine) -> Iterator[Finding]:
    name, found = settings.machine_type(machine.type), _type(settings, machine)
    if found is None:
        close = difflib.get_close_matches(name, settings.known_machine_types(), n=1)
        fix = f"Did you mean `{close[0]}`? " if close else ""
        yield Finding(
            codes.UNKNOWN_INSTANCE_TYPE,
            ("type",),
            f"the instance type `{name}` is not known",
            fix=f"{fix}A type that is missing is described in `infrastructure.instanceTypes`.",
        )
    elif found.architecture not in settings.images.architectures:
        what = f"`{name}` is {found.architecture}, and there are images for "
        what += ", ".join(settings.images.architectures)
        yield Finding(codes.WRONG_ARCHITECTURE, ("type",), what)
    if machine.image and not AMI.fullmatch(machine.image):
        yield Finding(codes.IMAGE_IS_NO_AMI, ("image",), f"`{machine.image}` is not an AMI")
    yield from _disk(machine.disk, ("disk",))
    for index, disk in enumerate(machine.data_disks):
        yield from _disk(disk, ("dataDisks", index))


def _disk(disk: Disk, path: Path) -> Iterator[Finding]:
    if disk.type and disk.type not in VOLUME_TYPES:
        what = f"disks of the type `{disk.type}` cannot be made"
        fix = f"Use {' or '.join(VOLUME_TYPES)}."
        yield Finding(codes.BAD_VOLUME, (*path, "type"), what, fix=fix)
    if disk.size_gib < SMALLEST_VOLUME_GIB:
        what = f"a disk of {disk.size_gib} GiB is too small"
        fix = f"Use at least {SMALLEST_VOLUME_GIB} GiB."
        yield Finding(codes.BAD_VOLUME, (*path, "sizeGiB"), what, fix=fix)


def _control_plane(settings: AwsSettings, machine: Machine) -> Iterator[Finding]:
    found = _type(settings, machine)
    if found and (found.cpu < FEWEST_CPUS or found.memory_gib < LEAST_MEMORY_GIB):
        what = f"`{found.name}` has {found.cpu} CPUs and {found.memory_gib:g} GiB"
        yield Finding(codes.CONTROL_PLANE_TOO_SMALL, ("type",), what)


def _etcd_disk(settings: AwsSettings, cluster: Cluster) -> Iterator[Finding]:
    plane = cluster.control_plane
    if not plane.etcd.disk or plane.etcd.external:
        return
    name = settings.machine_type(plane.machine.type)
    if LOCAL_DISKS.fullmatch(name):
        yield Finding(codes.UNSURE_ETCD_DISK, ("type",), f"`{name}` has local disks")
    if plane.machine.data_disks:
        what = "there are more disks than that of etcd"
        yield Finding(codes.UNSURE_ETCD_DISK, ("dataDisks",), what)


def _control_plane_placement(settings: AwsSettings, cluster: Cluster) -> Iterator[Finding]:
    plane = cluster.control_plane
    if plane.machine.placement is Placement.PACK and plane.replicas > 1:
        what = "a control plane over several zones cannot be packed"
        yield Finding(codes.BAD_PLACEMENT, ("placement",), what, fix="Use `spread`.")


def _pool(pool: WorkerPool) -> Iterator[Finding]:
    zone = pool.failure_domain
    placement, path = pool.machine.placement, ("machine", "placement")
    if placement is Placement.PACK and not zone:
        what = f"the pool `{pool.name}` is packed, and has no zone"
        yield Finding(codes.BAD_PLACEMENT, path, what)
    # Without a zone a pool is in the first one.
    if placement in (Placement.SPREAD, Placement.STRICT_SPREAD) and pool.most > MOST_IN_A_ZONE:
        what = f"{pool.most} machines of the pool `{pool.name}` cannot be spread"
        why = f"a group holds {MOST_IN_A_ZONE} in a zone"
        yield Finding(codes.BAD_PLACEMENT, path, what, why=why)
