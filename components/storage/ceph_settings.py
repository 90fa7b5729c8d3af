"""Settings of Rook and its Ceph cluster."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from components.fields import (
    Count,
    Flag,
    LabelKey,
    LabelValue,
    ObjectName,
    Path,
    Quantity,
    Settings,
)
from components.storage.classes import ReclaimPolicy
from components.storage.volumes import VolumeSettings


class DiskClaims(Settings):
    """Disks that another storage class makes, as on a cloud."""

    count: Annotated[Count, Field(ge=1, le=1000)] = 3
    """The number of servers; spread over machines."""
    size: Quantity = "100Gi"
    """The size of each."""
    storage_class: ObjectName
    """The class that makes them, with block volumes."""


class Disks(Settings):
    """The storage of Ceph. It takes whole disks and never one with a file system on it."""

    filter: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """Names of devices of every storage machine, a regular expression: `^vd[b-z]$`."""
    all: Flag = False
    """Every empty disk of every storage machine."""
    claims: DiskClaims | None = None
    """Disks of another storage class."""


class RookCephOptions(VolumeSettings):
    """The settings of Rook and its Ceph cluster.

    The base of `RookCephSettings`, which imports the values that read these settings.
    """

    disks: Disks
    """The disks: one of `filter`, `all`, `claims`."""
    pools: Annotated[dict[LabelKey, LabelValue], Field(max_length=10)] = Field(default_factory=dict)
    """Labels of the worker pools that hold data; empty for all of them."""
    data_path: Path = "/var/lib/rook"
    """The folder of the monitors' state on a machine."""
    monitors: Literal[1, 3, 5] = 3
    """The number of monitors; a majority must be alive, each on a separate machine."""
    replicas: Annotated[Count, Field(ge=2, le=5)] = 3
    """On how many machines data is; with 2, one that fails stops all writing."""
    block: Flag = True
    """Makes the class `ceph-block`: volumes of one pod."""
    file_system: Flag = False
    """Makes the class `ceph-filesystem`: volumes of pods on several machines."""
    object_store: Flag = False
    """Makes the class `ceph-bucket`: buckets of S3 by ObjectBucketClaims."""
    default: Literal["block", "fileSystem"] | None = "block"
    """The default class; a cluster has exactly one default class."""
    reclaim_policy: ReclaimPolicy = ReclaimPolicy.DELETE
    """The effect of a claim's deletion on its volume."""
    encryption: Flag = False
    """Encrypts the traffic between machines; needs Linux 5.11."""
    dashboard: Flag = True
    """Runs Ceph's own dashboard, inside the cluster only."""
    toolbox: Flag = False
    """Runs a pod with the `ceph` command."""
