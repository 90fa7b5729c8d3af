"""The components of this folder; arguments and outputs of all: `AddonComponent`."""

from __future__ import annotations

from components.backup.velero import VeleroSettings
from components.delivery.component import AddonComponent


class Velero(AddonComponent):
    """Velero: backups of namespaces and volumes.

    The arguments are the fields of `VeleroSettings`.

        Velero("backups", cluster=shop, locations=[{"name": "main", "bucket": bucket}])
    """

    SETTINGS = VeleroSettings
