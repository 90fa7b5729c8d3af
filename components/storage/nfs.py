"""Volumes on NFS servers that are there already."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import VOLUMES, Addon, SecurityLevel
from components.addon_settings import merged
from components.chart import Chart
from components.cluster_volumes import SnapshotDriver, VolumeClass, Volumes
from components.facts import ClusterFacts
from components.fields import CertSan, Count, Flag, ObjectName, Path, Settings
from components.storage.classes import ReclaimPolicy
from components.storage.volumes import VolumeSettings, default_annotation

NAMESPACE = "csi-nfs"
DRIVER = "nfs.csi.k8s.io"


class NfsClass(Settings):
    """A storage class: every volume is a folder of one share."""

    name: ObjectName = "nfs"
    server: CertSan
    """The server's name or address."""
    share: Path
    """The exported path; `/` for NFS 4's root."""
    sub_dir: Annotated[str, Field(pattern=r"^[\w.${}/-]+$", max_length=253)] | None = None
    """The folder of a volume below the share, `${pvc.metadata.namespace}/${pvc.metadata.name}`;
    without it the volume's own name."""
    mount_options: Annotated[tuple[str, ...], Field(max_length=20)] = ("nfsvers=4.1", "hard")
    """Options of `mount`; with `hard` pods wait for a server that is away."""
    reclaim_policy: ReclaimPolicy = ReclaimPolicy.DELETE
    """The effect of a claim's deletion on its folder."""
    default: Flag = False
    """Makes this the default class; a cluster has exactly one default class."""

    @property
    def volume_class(self) -> VolumeClass:
        """The class as the checks see it."""
        return VolumeClass(self.name, DRIVER, self.default)

    def values(self) -> dict[str, Any]:
        """An entry of the chart's `storageClasses`."""
        folder = {"subDir": self.sub_dir} if self.sub_dir else {}
        return {
            "name": self.name,
            "annotations": default_annotation(self.volume_class),
            "parameters": {"server": self.server, "share": self.share} | folder,
            "reclaimPolicy": self.reclaim_policy.value,
            "volumeBindingMode": "Immediate",
            "mountOptions": list(self.mount_options),
        }


class NfsSettings(VolumeSettings):
    """The CSI driver for NFS; volumes are shared by pods on several machines."""

    TITLE: ClassVar = "NFS"
    SUMMARY: ClassVar = "Volumes on an NFS server, for pods on several machines at once."
    EXAMPLE: ClassVar = {"classes": [{"server": "nfs.example.com", "share": "/export"}]}

    classes: Annotated[tuple[NfsClass, ...], Field(min_length=1, max_length=50)]
    """The storage classes, each on one share."""
    replicas: Annotated[Count, Field(ge=1, le=3)] = 2
    """The number of controllers; one is active, and each needs a separate machine."""

    def cluster_volumes(self) -> Volumes:
        """A class for each share; a snapshot is an archive beside the folders."""
        classes = tuple(each.volume_class for each in self.classes)
        return Volumes(classes, (SnapshotDriver(DRIVER, "nfs"),))

    def addon(self, target: ClusterFacts) -> Addon:
        """One chart; its pods mount on the machines."""
        values = {
            "controller": {"replicas": self.replicas},
            "storageClasses": [each.values() for each in self.classes],
        }
        return Addon(
            "nfs",
            charts=(Chart("csi-driver-nfs", NAMESPACE, merged(values, self.values)),),
            namespaces={NAMESPACE: SecurityLevel.PRIVILEGED},
            provides=(VOLUMES,),
            privileges=("the host's network", "mounts on the machines"),
            ready=(
                f"Deployment {NAMESPACE}/csi-nfs-controller",
                f"DaemonSet {NAMESPACE}/csi-nfs-node",
            ),
        )
