"""The components of this folder; arguments and outputs of all: `AddonComponent`."""

from __future__ import annotations

from components.delivery.component import AddonComponent
from components.storage.classes import StorageClassesSettings
from components.storage.local_path import LocalPathSettings
from components.storage.longhorn import LonghornSettings
from components.storage.nfs import NfsSettings
from components.storage.rook_ceph import RookCephSettings
from components.storage.snapshots import SnapshotsSettings


class StorageClasses(AddonComponent):
    """Storage classes of any driver that the cluster has.

    The arguments are the fields of `StorageClassesSettings`.

        StorageClasses("classes", cluster=shop, classes=[{"name": "fast", "provisioner": "d"}])
    """

    SETTINGS = StorageClassesSettings


class Nfs(AddonComponent):
    """Volumes on NFS servers.

    The arguments are the fields of `NfsSettings`.

        Nfs("nfs", cluster=shop, classes=[{"server": "nfs.example.com", "share": "/export"}])
    """

    SETTINGS = NfsSettings


class RookCeph(AddonComponent):
    """Block, file and object storage on the machines' disks, by Ceph.

    The arguments are the fields of `RookCephSettings`.

        RookCeph("ceph", cluster=shop, disks={"filter": "^vd[b-z]$"})
    """

    SETTINGS = RookCephSettings


class Longhorn(AddonComponent):
    """Replicated volumes on the machines' disks.

    The arguments are the fields of `LonghornSettings`.

        Longhorn("longhorn", cluster=shop)
    """

    SETTINGS = LonghornSettings


class LocalPath(AddonComponent):
    """Volumes in a folder of the machine.

    The arguments are the fields of `LocalPathSettings`.

        LocalPath("local", cluster=shop)
    """

    SETTINGS = LocalPathSettings


class Snapshots(AddonComponent):
    """Snapshots of volumes by their CSI drivers.

    The arguments are the fields of `SnapshotsSettings`.

        Snapshots("snapshots", cluster=shop)
    """

    SETTINGS = SnapshotsSettings
