"""Settings of machines, in terms that are the same for every infrastructure."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.fields import Count, Duration, Flag, LabelKey, LabelValue, PoolName, Settings

SIZES = ("small", "medium", "large", "xlarge")
"""The sizes that every infrastructure has a machine type for: 2, 4, 8 and 16 CPUs, 4 GiB each."""

DiskSize = Annotated[Count, Field(ge=1, le=65536, alias="sizeGiB")]
TypeName = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][\w.+/:-]*$")]


class Disk(Settings):
    """A disk of a machine."""

    size_gib: DiskSize = 50
    """Its size in GiB."""
    type: TypeName | None = None
    """The infrastructure's own name of a disk type; without it the infrastructure's default."""


class DataDisk(Disk):
    """A further disk; the machine gets it unformatted."""

    name: PoolName
    """Unique on the machine."""


class Placement(StrEnum):
    """On which hosts the machines of a group stand."""

    ANY = "any"
    SPREAD = "spread"
    STRICT_SPREAD = "strict-spread"
    PACK = "pack"


class Machine(Settings):
    """The properties of a group's machines; a change replaces the machines."""

    type: TypeName = "medium"
    """`small`, `medium`, `large`, `xlarge`, or the infrastructure's own name of a machine type."""
    image: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    """The infrastructure's name or id of an image; without it the one of the Kubernetes version."""
    disk: Disk = Disk()
    """The disk with the operating system."""
    data_disks: Annotated[tuple[DataDisk, ...], Field(max_length=20)] = ()
    """More disks."""
    placement: Placement = Placement.SPREAD
    """`spread`: different hosts where possible; `strict-spread`: never two on one host; `pack`: as
    near to each other as possible; `any`: wherever there is room."""


class WorkerMachine(Machine):
    """The properties of a worker pool's machines."""

    placement: Placement = Placement.ANY
    """As for the control plane; `spread` and `strict-spread` limit how many machines fit."""
    spot: Flag = False
    """Cheaper machines that the cloud may take back at any time: nodes get the label
    `caas.dev/spot`, and pods go there last."""
    spot_max_price: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?$")] | None = None
    """The most that a spot machine may cost per hour, in the cloud's currency."""
    gpu: Flag = False
    """The machine type has GPUs: nodes get the label `caas.dev/gpu`, and pods must tolerate the
    taint `nvidia.com/gpu`."""


class TaintEffect(StrEnum):
    """The effect of a taint on pods that do not tolerate it."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


class Taint(Settings):
    """A taint that machines carry from their first second."""

    key: LabelKey
    value: LabelValue = ""
    effect: TaintEffect


class Autoscaling(Settings):
    """The bounds between which the cluster autoscaler moves a pool."""

    min: Annotated[Count, Field(ge=0, le=1000)]
    """The fewest machines; `0` lets the pool go empty."""
    max: Annotated[Count, Field(ge=1, le=1000)]
    """The most machines."""


class Expander(StrEnum):
    """The choice among several pools that could grow."""

    LEAST_WASTE = "least-waste"
    MOST_PODS = "most-pods"
    RANDOM = "random"


class AutoscalerOptions(Settings):
    """Options of a cluster's autoscaler."""

    expander: Expander = Expander.LEAST_WASTE
    """`least-waste`: the pool that leaves the least idle; `most-pods`: the one that takes the most
    waiting pods; `random`: any."""
    scale_down_unneeded_time: Duration = Duration(600)
    """The time for which a machine must be unneeded before it is removed."""
    scale_down_utilization_percent: Annotated[Count, Field(ge=0, le=100)] = 50
    """A machine is unneeded when its pods request less than this share of it and fit elsewhere."""
    scale_down_delay_after_add: Duration = Duration(600)
    """The pause of removals after machines were added."""
    max_node_provision_time: Duration = Duration(900)
    """The time limit for a new machine to become a node, after which another pool is tried."""
