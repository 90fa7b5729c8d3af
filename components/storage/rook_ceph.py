"""Ceph through Rook: block, file and object storage on the machines' own disks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from components.addon import VOLUMES, Addon, Port, SecurityLevel
from components.addon_settings import merged
from components.chart import Chart
from components.cluster_volumes import SnapshotDriver, VolumeClass, Volumes
from components.facts import ClusterFacts
from components.finding import Finding
from components.storage import ceph
from components.storage.ceph import BLOCK, BLOCK_DRIVER, FILE, FILE_DRIVER, NAMESPACE
from components.storage.ceph_settings import RookCephOptions
from components.storage.volumes import storage_nodes
from errors.storage import CEPH_WITHOUT_DISKS, TOO_FEW_STORAGE_NODES


class RookCephSettings(RookCephOptions):
    """Rook with one Ceph cluster; three charts since Rook 1.20."""

    TITLE: ClassVar = "Rook-Ceph"
    SUMMARY: ClassVar = "Block, file and object storage on the machines' own disks."
    EXAMPLE: ClassVar = {"disks": {"filter": "^vd[b-z]$"}}

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

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
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
                    f"{wanted} {key} need as many worker machines, and `{target.name}` "
                    f"has {nodes} at least",
                )

    def addon(self, target: ClusterFacts) -> Addon:
        """The operator, the CSI drivers, and the Ceph cluster."""
        monitored = target.has("monitoring")
        cluster = merged(ceph.cluster_values(self, monitored=monitored), self.values)
        return Addon(
            "rookCeph",
            charts=(
                Chart("rook-ceph", NAMESPACE, ceph.operator_values(monitored=monitored)),
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
