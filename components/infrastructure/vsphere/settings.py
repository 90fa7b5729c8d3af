"""Settings of vSphere, without the infrastructure itself."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.fields import ClusterName, Flag, Settings

Inventory = Annotated[str, Field(min_length=1, max_length=2048)]
"""The name or inventory path of something in vCenter, `/dc1/datastore/ssd`."""
Tag = Annotated[str, Field(min_length=1, max_length=256)]


class CloneMode(StrEnum):
    """The clone mode of a machine's disk."""

    FULL = "fullClone"
    LINKED = "linkedClone"


class ZoneKind(StrEnum):
    """The object that a tag of a region or zone is attached to."""

    DATACENTER = "Datacenter"
    COMPUTE_CLUSTER = "ComputeCluster"
    HOST_GROUP = "HostGroup"


class Tagged(Settings):
    """A region or zone, as named by a tag in vCenter."""

    tag: Tag
    """The tag's name."""
    category: Tag
    """The tag's category, `k8s-zone`."""
    kind: ZoneKind
    """The kind of object that has the tag."""


class Hosts(Settings):
    """A group of hosts in a compute cluster, and the VM group that a rule binds to it."""

    host_group: Inventory
    """The group of hosts."""
    vm_group: Inventory
    """The group that machines are put into."""


class Zone(Settings):
    """A failure domain: machines in different ones do not fail together."""

    name: ClusterName
    """Unique in the management cluster: these objects have no namespace."""
    region: Tagged
    """The tag of the region."""
    zone: Tagged
    """The tag of the zone."""
    compute_cluster: Inventory | None = None
    """The compute cluster; needed unless the zone is a whole datacenter."""
    hosts: Hosts | None = None
    """The hosts, where the zone is only a part of a compute cluster."""
    datacenter: Inventory | None = None
    """The datacenter, where it is not that of the infrastructure."""
    datastore: Inventory | None = None
    """The datastore of machines here."""
    network: Inventory | None = None
    """The network of machines here."""
    resource_pool: Inventory | None = None
    """The resource pool of machines here."""
    folder: Inventory | None = None
    """The folder of machines here."""
    control_plane: Flag = True
    """Allows control-plane machines in this zone."""
