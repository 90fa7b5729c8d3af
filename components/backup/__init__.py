"""Backups of namespaces and volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lazy import lazily

if TYPE_CHECKING:
    from components.backup.resources import Velero
    from components.backup.velero import VeleroSettings

__all__ = [
    "Velero",
    "VeleroSettings",
]

__getattr__ = lazily(
    __name__,
    {
        "Velero": "resources",
        "VeleroSettings": "velero",
    },
)
