"""Volumes, their classes and snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lazy import lazily

if TYPE_CHECKING:
    from components.storage.classes import StorageClassesSettings
    from components.storage.local_path import LocalPathSettings
    from components.storage.longhorn import LonghornSettings
    from components.storage.nfs import NfsSettings
    from components.storage.resources import (
        LocalPath,
        Longhorn,
        Nfs,
        RookCeph,
        Snapshots,
        StorageClasses,
    )
    from components.storage.rook_ceph import RookCephSettings
    from components.storage.snapshots import SnapshotsSettings

__all__ = [
    "LocalPath",
    "LocalPathSettings",
    "Longhorn",
    "LonghornSettings",
    "Nfs",
    "NfsSettings",
    "RookCeph",
    "RookCephSettings",
    "Snapshots",
    "SnapshotsSettings",
    "StorageClasses",
    "StorageClassesSettings",
]

__getattr__ = lazily(
    __name__,
    {
        "LocalPath": "resources",
        "LocalPathSettings": "local_path",
        "Longhorn": "resources",
        "LonghornSettings": "longhorn",
        "Nfs": "resources",
        "NfsSettings": "nfs",
        "RookCeph": "resources",
        "RookCephSettings": "rook_ceph",
        "Snapshots": "resources",
        "SnapshotsSettings": "snapshots",
        "StorageClasses": "resources",
        "StorageClassesSettings": "classes",
    },
)
