"""Where backups go, and when they are made."""

from __future__ import annotations

import base64
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from components.fields import Duration, Flag, Namespace, PoolName, Settings, WebAddress
from components.storage.volumes import ObjectName

CREDENTIALS_KEY = "cloud"
"""The key of a location's Secret: the credentials file of its cloud's plug-in."""


class Store(StrEnum):
    """What a location's storage speaks."""

    S3 = "s3"
    AZURE = "azure"
    GCS = "gcs"


PROVIDERS = {Store.S3: "aws", Store.AZURE: "azure", Store.GCS: "gcp"}
"""Velero's names of them."""
PLUGINS = {each: f"velero-plugin-{PROVIDERS[each]}" for each in Store}
"""The image of each, by its name in the catalog."""


class Location(Settings):
    """A bucket for backups. Everything that Velero knows is in it, also for other clusters."""

    name: ObjectName
    kind: Store = Store.S3
    """`s3` for S3 and everything that speaks it, Swift, Ceph and others among them; `azure`,
    `gcs`."""
    bucket: Annotated[str, Field(min_length=3, max_length=222)]
    """The bucket or container; it has to be there."""
    prefix: Annotated[str, Field(pattern=r"^[\w.{} /-]+$", max_length=512)] | None = None
    """The folder in it; clusters that share it see each other's backups, and can move volumes to
    each other."""
    region: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """Of S3: the region; for other stores what they want to be called."""
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
    the machine's identity."""
    default: Flag = False
    """Whether backups that name no location go here; a single location is it by itself."""
    read_only: Flag = False
    """Whether backups are only restored from it."""

    def missing(self) -> list[str]:
        """The fields that its kind needs and that are not there."""
        needed = {
            Store.S3: {"region": self.region},
            Store.AZURE: {
                "resourceGroup": self.resource_group,
                "storageAccount": self.storage_account,
            },
            Store.GCS: {},
        }
        return [name for name, value in needed[self.kind].items() if not value]

    def values(self, *, is_default: bool) -> dict[str, Any]:
        """An entry of the chart's `backupStorageLocation`."""
        credential = {"name": self.secret, "key": CREDENTIALS_KEY}
        optional = {
            "prefix": self.prefix,
            "caCert": base64.b64encode(self.ca.encode()).decode() if self.ca else None,
            "credential": credential if self.secret else None,
        }
        return {
            "name": self.name,
            "provider": PROVIDERS[self.kind],
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
            Store.S3: {"region": self.region} | (own if self.url else {}),
            Store.AZURE: {
                "resourceGroup": self.resource_group,
                "storageAccount": self.storage_account,
            },
            Store.GCS: {},
        }[self.kind]
        return {key: value for key, value in found.items() if value is not None}


class Schedule(Settings):
    """When backups are made, of what, and how long they are kept."""

    name: PoolName
    time: Annotated[str, Field(max_length=64)]
    """As cron writes it, in UTC: `0 3 * * *`; or `@daily`, `@every 6h`."""
    keep: Duration = Duration(30 * 24 * 3600)
    """How long each backup is kept: `720h`."""
    namespaces: Annotated[tuple[Namespace, ...], Field(max_length=500)] = ()
    """What is saved; empty for every namespace and what belongs to none."""
    without: Annotated[tuple[Namespace, ...], Field(max_length=500)] = ()
    """Namespaces that are left out."""
    location: ObjectName | None = None
    """Where to; without it the default location."""

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
