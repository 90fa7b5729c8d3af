"""Settings of logs: sources, retention, limits and destinations."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.fields import Count, Domain, LabelValue, Namespace, Settings

SecretName = Domain
"""The name of a Secret in the namespace `logging` of the cluster."""
DEFAULT_CLASS = "default"
"""The class of logs that no class of the stack file takes."""
OLDEST_HOURS = 168
"""The maximum age of a line when it reaches the store."""
ClassName = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$")]
Days = Annotated[Count, Field(ge=1, le=3650)]
Lines = Annotated[Count, Field(ge=1, le=1_000_000)]
Address = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$", max_length=253)]
"""An address without a path, `https://s3.example.com`."""


class LogSource(StrEnum):
    """The sources of logs; the label `source` of each line."""

    CONTAINERS = "containers"
    JOURNAL = "journal"
    KUBELET = "kubelet"
    AUDIT = "audit"
    EVENTS = "events"


class LogStore(StrEnum):
    """The stores of logs."""

    LOKI = "loki"
    VICTORIA_LOGS = "victoriaLogs"
    NONE = "none"


class Mode(StrEnum):
    """The modes of Loki."""

    MONOLITHIC = "monolithic"
    DISTRIBUTED = "distributed"


class LogVolume(Settings):
    """The volume of each replica of the store."""

    size_gib: Annotated[Count, Field(ge=1, le=65536, alias="sizeGiB")] = 50
    """Its size in GiB; with object storage it only holds what is not there yet."""
    storage_class: Domain | None = None
    """Its storage class; without it the cluster's default."""


class Bucket(Settings):
    """A bucket of S3 or of a compatible store."""

    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    """Its name."""
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,63}$")] = "us-east-1"
    """Its region; most services that are not AWS take any."""
    endpoint: Address | None = None
    """The address of an S3 service, its buckets in the path; without it AWS."""
    secret: SecretName | None = None
    """A Secret with the keys `accessKeyId` and `secretAccessKey`; without it the role of the
    service account, where `values` annotate it with one."""


class RetentionClass(Settings):
    """Logs that are kept for longer, or shorter, than the others. All its conditions must hold for
    a line, of each list one of its entries."""

    name: ClassName
    """Its name; the label `class` of each line, and the first folder in the archive."""
    days: Days
    """The retention in the store."""
    sources: Annotated[tuple[LogSource, ...], Field(max_length=5)] = ()
    """The sources of its lines; empty for any."""
    namespaces: Annotated[tuple[Namespace, ...], Field(max_length=200)] = ()
    """Namespaces of the pods; any when empty."""
    tenants: Annotated[tuple[LabelValue, ...], Field(max_length=200)] = ()
    """Tenants of the pods; any when empty."""


class Retention(Settings):
    """The retention of the store."""

    days: Days = 14
    """The defaults for lines of no class."""
    classes: Annotated[tuple[RetentionClass, ...], Field(max_length=20)] = ()
    """The first that a line fits is its class; the class of the others is `default`."""


class StoreLimits(Settings):
    """The limits of Loki for the whole cluster; above them it answers 429, and collectors wait."""

    ingestion_mib: Annotated[Count, Field(ge=1, le=10000, alias="ingestionMiB")] = 16
    """MiB in a second, all together."""
    stream_mib: Annotated[Count, Field(ge=1, le=1000, alias="streamMiB")] = 5
    """MiB in a second of one stream: a container of one pod."""
    streams: Annotated[Count, Field(ge=100, le=10_000_000)] = 20_000
    """Streams that are written to at one time."""
    line_kib: Annotated[Count, Field(ge=1, le=1024, alias="lineKiB")] = 256
    """KiB of a line; longer ones are cut."""
    query_days: Days = 31
    """The longest range of a search, in days."""


class Limits(Settings):
    """The lines per second that a node forwards; lines above are dropped and counted.

    Each node counts by itself: a namespace on ten nodes may write ten times as much. Audit logs and
    events are never dropped.
    """

    node: Lines | None = 10_000
    """Of all containers, the journal and the kubelet of a node; null for no limit."""
    namespace: Lines | None = 2_000
    """Of the pods of one namespace on a node; null for no limit."""
    tenant: Lines | None = 5_000
    """Of the pods of one tenant on a node; null for no limit."""
    namespaces: Annotated[dict[Namespace, Lines], Field(max_length=500)] = Field(
        default_factory=dict
    )
    """Limits of single namespaces, in place of `namespace`."""
    tenants: Annotated[dict[LabelValue, Lines], Field(max_length=500)] = Field(default_factory=dict)
    """Limits of single tenants, in place of `tenant`."""
    burst_seconds: Annotated[Count, Field(ge=1, le=600)] = 10
    """The burst after silence, in seconds' worth of lines."""
    store: StoreLimits = StoreLimits()
    """The limits of Loki for the whole cluster."""


class Archive(Bucket):
    """A second copy of every line in object storage; its bucket decides when it is deleted."""

    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", max_length=200)] = (
        "logs"
    )
    """The folder; below it `<class>/<source>/<cluster>/<year>/<month>/<day>/`."""
    upload_minutes: Annotated[Count, Field(ge=1, le=1440)] = 10
    """The maximum age of a file when it is uploaded."""
    file_mib: Annotated[Count, Field(ge=1, le=1000, alias="fileMiB")] = 50
    """The maximum size of a file before compression."""


class Buffer(Settings):
    """The buffer on a node's disk for destinations that are unreachable."""

    destination_mib: Annotated[Count, Field(ge=16, le=102400, alias="destinationMiB")] = 1024
    """MiB for each destination; then the oldest is dropped for it, and counted."""
