"""Settings of logs as a whole."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from components.addon_settings import AddonSettings
from components.fields import Count, LabelKey
from components.logging.forwards import Destination, S3Forward
from components.logging.redaction import Redact
from components.logging.settings import (
    Archive,
    Bucket,
    Buffer,
    Limits,
    LogSource,
    LogStore,
    LogVolume,
    Mode,
    Retention,
)
from components.tenancy.names import TENANT_LABEL


class LogsOptions(AddonSettings):
    """The settings of logs, and what follows from them.

    The base of `LogsSettings`, which imports the rules that read these settings.
    """

    store: LogStore = LogStore.LOKI
    """`loki`, `victoriaLogs`, or `none` where logs are only archived or forwarded. The field
    `values` is for the chart of the store; without one, for the collector's."""
    mode: Mode = Mode.MONOLITHIC
    """The mode of Loki: `monolithic`, or `distributed` for more than a few hundred GB per day."""
    replicas: Annotated[Count, Field(ge=1, le=30)] | None = None
    """Of Loki; `distributed`, of the part that holds what is new. By default 1 on a volume, 3 with
    object storage; only 3 and more keep new lines when one fails."""
    volume: LogVolume = LogVolume()
    """The volume of each replica of the store."""
    object_storage: Bucket | None = None
    """The bucket of Loki; without it, Loki stores logs on its volume."""
    collect: Annotated[tuple[LogSource, ...], Field(max_length=5)] = tuple(LogSource)
    """The collected sources: `containers`, `journal`, `kubelet`, `audit`, `events`."""
    tenant_label: LabelKey = TENANT_LABEL
    """The label of a namespace that names its tenant; of Capsule `capsule.clastix.io/tenant`."""
    retention: Retention = Retention()
    """The retention of the store."""
    limits: Limits = Limits()
    """The limits of a node and of the store."""
    redact: Redact = Redact()
    """Secrets that are taken out of lines before anything else sees them."""
    archive: Archive | None = None
    """A second copy of every line in object storage; none without it."""
    forward: Annotated[tuple[Destination, ...], Field(max_length=20)] = ()
    """Systems of your own that get logs too."""
    buffer: Buffer = Buffer()
    """The buffer of a node for destinations that are unreachable."""
    collector_values: dict[str, Any] = Field(default_factory=dict)
    """Values of the chart `fluent-bit` for the collectors of nodes; they win over everything."""

    @property
    def loki_replicas(self) -> int:
        """The number of replicas of Loki."""
        return self.replicas or (3 if self.object_storage else 1)

    @property
    def s3_forwards(self) -> list[S3Forward]:
        """The destinations that are buckets."""
        return [each for each in self.forward if isinstance(each, S3Forward)]

    @property
    def buckets(self) -> list[Archive]:
        """The folder in which the collectors write files."""
        return [*([self.archive] if self.archive else []), *self.s3_forwards]
