"""Ceph through Rook: block, file and object storage on the machines' own disks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from components.addon import VOLUMES, Addon, Port, SecurityLevel, Target, merged
from components.chart import Chart
from components.cluster_volumes import SnapshotDriver, VolumeClass, Volumes
from components.fields import Count, Flag, LabelKey, LabelValue, Settings
from components.finding import Finding
from components.storage import ceph
from components.storage.ceph import BLOCK, BLOCK_DRIVER, FILE, FILE_DRIVER, NAMESPACE
from components.storage.classes import ReclaimPolicy
from components.storage.volumes import ObjectName, Path, Quantity, VolumeSettings, storage_nodes
from errors.storage import CEPH_WITHOUT_DISKS, TOO_FEW_STORAGE_NODES


class DiskClaims(Settings):
    """Disks that another storage class makes, as on a cloud."""

    count: Annotated[Count, Field(ge=1, le=1000)] = 3
    """How many; spread over machines."""
    size: Quantity = "100Gi"
    """The size of each."""
    storage_class: ObjectName
    """The class that makes them, with block volumes."""


class Disks(Settings):
    """What Ceph stores data on. It takes whole disks and never one with a file system on it."""

    filter: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """Names of devices of every storage machine, a regular expression: `^vd[b-z]$`."""
    all: Flag = False
    """Every empty disk of every storage machine."""
    claims: DiskClaims | None = None
    """Disks of another storage class."""


class RookCeph(VolumeSettings):
    """Rook with one Ceph cluster; three charts since Rook 1.20."""

    TITLE: ClassVar = "Rook-Ceph"
    SUMMARY: ClassVar = "Block, file and object storage on the machines' own disks."
    EXAMPLE: ClassVar = {"disks": {"filter": "^vd[b-z]$"}}

    disks: Disks
    """What it stores data on: one of `filter`, `all`, `claims`."""
    pools: Annotated[dict[LabelKey, LabelValue], Field(max_length=10)] = Field(default_factory=dict)
    """Labels of the worker pools that hold data; empty for all of them."""
    data_path: Path = "/var/lib/rook"
    """Where monitors keep their state on a machine."""
    monitors: Literal[1, 3, 5] = 3
    """How many monitors; a majority has to live, each on a machine of its own."""
    replicas: Annotated[Count, Field(ge=2, le=5)] = 3
    """On how many machines data is; with 2, one that fails stops all writing."""
    block: Flag = True
    """Makes the class `ceph-block`: volumes of one pod."""
    file_system: Flag = False
    """Makes the class `ceph-filesystem`: volumes of pods on several machines."""
    object_store: Flag = False
    """Makes the class `ceph-bucket`: buckets of S3 by ObjectBucketClaims."""
    default: Literal["block", "fileSystem"] | None = "block"
    """Which class claims get that name none; exactly one class of a cluster is it."""
    reclaim_policy: ReclaimPolicy = ReclaimPolicy.DELETE
    """What becomes of a volume when its claim is deleted."""
    encryption: Flag = False
    """Encrypts what machines say to each other; needs Linux 5.11."""
    dashboard: Flag = True
    """Runs Ceph's own dashboard, inside the cluster only."""
    toolbox: Flag = False
    """Runs a pod with the `ceph` command."""

    def cluster_volumes(self) -> Volumes:
        """The classes that are switched on."""
        classes = [
            VolumeClass(BLOCK, BLOCK_DRIVER, self.default == "block"),
            VolumeClass(FILE, FILE_DRIVER, self.default == "fileSystem"),
        ]
        drivers = [
            SnapshotDriver(BLOCK_DRIVER, BLOCK, ceph.snapshot_parameters("rbd")),
            SnapshotDriver(FILE_DRIVER, FILE, ceph.snapshot_parameters("cephfs")),
        ]
        on = (self.block, self.file_system)
        return Volumes(
            tuple(each for each, wanted in zip(classes, on, strict=True) if wanted),
            tuple(each for each, wanted in zip(drivers, on, strict=True) if wanted),
        )

    def check(self, target: Target) -> Iterator[Finding]:
        """CEPH_WITHOUT_DISKS, TOO_FEW_STORAGE_NODES."""
        given = [bool(self.disks.filter), self.disks.all, self.disks.claims is not None]
        if sum(given) != 1:
            yield Finding(
                CEPH_WITHOUT_DISKS,
                ("disks",),
                f"{sum(given)} of `filter`, `all` and `claims` are given, and one is needed",
            )
        nodes = storage_nodes(target, self.pools)
        for key, wanted in (("monitors", self.monitors), ("replicas", self.replicas)):
            if nodes < wanted:
                yield Finding(
                    TOO_FEW_STORAGE_NODES,
                    (key,),
                    f"{wanted} {key} need as many worker machines, and `{target.cluster.name}` "
                    f"has {nodes} at least",
                )

    def addon(self, target: Target) -> Addon:
        """The operator, the CSI drivers, and the Ceph cluster."""
        monitored = target.has("monitoring")
        cluster = merged(ceph.cluster_values(self, monitored=monitored), self.values)
        return Addon(
            "rookCeph",
            charts=(
                Chart("rook-ceph", NAMESPACE, {"monitoring": {"enabled": monitored}}),
                Chart("ceph-csi-drivers", NAMESPACE, ceph.driver_values()),
                Chart("rook-ceph-cluster", NAMESPACE, cluster),
            ),
            namespaces={NAMESPACE: SecurityLevel.PRIVILEGED},
            provides=(VOLUMES,) if self.cluster_volumes().classes else (),
            ports=(
                Port(3300, "everything to monitors"),
                Port(6789, "everything to monitors, the older protocol"),
                Port(6800, "to and between daemons that hold data, up to 7568"),
                Port(9283, "metrics of the manager"),
            ),
            privileges=("the machines' disks and kernel modules", "mounts on the machines"),
            ready=(
                f"Deployment {NAMESPACE}/rook-ceph-operator",
                f"CephCluster {NAMESPACE}/{NAMESPACE}",
            ),
        )
