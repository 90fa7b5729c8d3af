"""Locations and schedules of backups."""

from __future__ import annotations

import base64
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from components.fields import Duration, Flag, Namespace, ObjectName, PoolName, Settings, WebAddress
from components.placeholders import FILLED, filled

CREDENTIALS_KEY = "cloud"
"""The key of a location's Secret: the credentials file of its cloud's plug-in."""


class BackupStore(StrEnum):
    """The protocol of a location's storage."""

    S3 = "s3"
    AZURE = "azure"
    GCS = "gcs"


CLOUDS = {BackupStore.S3: "aws", BackupStore.AZURE: "azure", BackupStore.GCS: "gcp"}
"""The clouds whose credentials open them, as infrastructures and Velero call them."""
PLUGINS = {each: f"velero-plugin-{CLOUDS[each]}" for each in BackupStore}
"""The image of each, by its name in the catalog."""


class Location(Settings):
    """A bucket for backups. Backups in it can be restored by other clusters too."""

    name: ObjectName
    kind: BackupStore = BackupStore.S3
    """`s3` for S3 and compatible stores such as Swift and Ceph; `azure`,
    `gcs`."""
    bucket: Annotated[str, Field(min_length=3, max_length=222)]
    """The bucket or container; it has to be there."""
    prefix: Annotated[str, FILLED, Field(pattern=r"^[\w.{} /-]+$", max_length=512)] | None = None
    """The folder in it; `{cluster}` is the cluster's name. Clusters that share a folder see each
    other's backups, and can move volumes to each other; their schedules need different names."""
    region: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """Of S3: the region; for other stores the name that they expect."""
    url: WebAddress | None = None
    """Of S3: the address of a store that is not Amazon's."""
    ca: Annotated[str, Field(pattern=r"^-----BEGIN CERTIFICATE-----", max_length=65536)] | None = (
        None
    )
    """The certificate of the CA that signed the store's, in PEM; it is no secret."""
    resource_group: Annotated[str, Field(min_length=1, max_length=90)] | None = None
    """Of Azure: the storage account's group."""
    storage_account: Annotated[str, Field(pattern=r"^[a-z0-9]{3,24}$")] | None = None
    """Of Azure: the storage account."""
    secret: ObjectName | None = None
    """A Secret in Velero's namespace, its key `cloud` a credentials file of the cloud; without it
    the machine's identity, where pods have one (Azure, Google Cloud)."""
    default: Flag = False
    """The default location for backups that name none; a single location is the default."""
    read_only: Flag = False
    """Read-only: backups are only restored from this location."""

    def missing(self) -> list[str]:
        """The fields that its kind needs and that are not there."""
        needed = {
            BackupStore.S3: {"region": self.region},
            BackupStore.AZURE: {
                "resourceGroup": self.resource_group,
                "storageAccount": self.storage_account,
            },
            BackupStore.GCS: {},
        }
        return [name for name, value in needed[self.kind].items() if not value]

    def values(self, *, is_default: bool) -> dict[str, Any]:
        """An entry of the chart's `backupStorageLocation`."""
        credential = {"name": self.secret, "key": CREDENTIALS_KEY}
        optional = {
            "prefix": filled(self.prefix) if self.prefix else None,
            "caCert": base64.b64encode(self.ca.encode()).decode() if self.ca else None,
            "credential": credential if self.secret else None,
        }
        return {
            "name": self.name,
            "provider": CLOUDS[self.kind],
            "bucket": self.bucket,
            "default": is_default,
            "accessMode": "ReadOnly" if self.read_only else "ReadWrite",
            "config": self._config(),
        } | {key: value for key, value in optional.items() if value}

    def _config(self) -> dict[str, str]:
        own = {
            "s3Url": self.url,
            "s3ForcePathStyle": "true",
            # Ceph and others refuse uploads with the checksums that Amazon's SDK adds.
            "checksumAlgorithm": "",
        }
        found = {
            BackupStore.S3: {"region": self.region} | (own if self.url else {}),
            BackupStore.AZURE: {
                "resourceGroup": self.resource_group,
                "storageAccount": self.storage_account,
            },
            BackupStore.GCS: {},
        }[self.kind]
        return {key: value for key, value in found.items() if value is not None}


class Schedule(Settings):
    """Schedule, content and retention of backups."""

    name: PoolName
    time: Annotated[str, Field(max_length=64)]
    """As cron writes it, in UTC: `0 3 * * *`; or `@daily`, `@every 6h`."""
    keep: Duration = Duration(30 * 24 * 3600)
    """Retention of each backup: `720h`."""
    namespaces: Annotated[tuple[Namespace, ...], Field(max_length=500)] = ()
    """The namespaces to back up; empty for every namespace and cluster-scoped objects."""
    without: Annotated[tuple[Namespace, ...], Field(max_length=500)] = ()
    """Namespaces that are left out."""
    location: ObjectName | None = None
    """The location; without it the default location."""

    def values(self) -> dict[str, Any]:
        """An entry of the chart's `schedules`."""
        template: dict[str, Any] = {"ttl": hours(self.keep)}
        if self.namespaces:
            template["includedNamespaces"] = list(self.namespaces)
        if self.without:
            template["excludedNamespaces"] = list(self.without)
        if self.location:
            template["storageLocation"] = self.location
        return {"schedule": self.time, "template": template}


def hours(duration: Duration) -> str:
    """A duration as Velero writes it, `720h0m0s`."""
    minutes, seconds = divmod(duration.seconds, 60)
    return f"{minutes // 60}h{minutes % 60}m{seconds}s"
