"""Machines, wherever they are declared: templates of Cluster API, and instances of a cloud."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policies.subjects.cluster import (
    DATA_DISKS,
    MACHINE_TYPE,
    ROOT_DISK,
    Cluster,
)
from policies.subjects.cluster import concerns as is_cluster
from policies.subjects.resource import Item, Props, entries, number, section
from policies.subjects.subject import Subject, either, objects, resources

GROUP = "infrastructure.cluster.x-k8s.io"
TEMPLATES = (
    "AWSMachineTemplate",
    "AzureMachineTemplate",
    "GCPMachineTemplate",
    "OpenStackMachineTemplate",
    "VSphereMachineTemplate",
)
MACHINES = tuple(name.removesuffix("Template") for name in TEMPLATES)
_is_template = objects(*TEMPLATES, *MACHINES, group=GROUP)
_is_instance = resources("aws", "Instance", "LaunchTemplate")


def machine_spec(item: Item) -> Props:
    """What a template makes, or what a machine is."""
    if not item.kind.is_kubernetes:
        return item.props
    return section(item.spec, "template", "spec") if "template" in item.spec else item.spec


def machine_type(spec: Props) -> str:
    """The machine type in a machine's spec, of any infrastructure; empty where none is said."""
    for key in ("instanceType", "vmSize"):
        if isinstance(spec.get(key), str):
            return str(spec[key])
    flavor = spec.get("flavor")
    if isinstance(flavor, str):
        return flavor
    return str(section(spec, "flavor", "filter").get("name") or "")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata service of a machine on AWS.

    Attributes:
        options: `instanceMetadataOptions`, or `metadataOptions`.
    """

    options: Props


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk of a machine.

    Attributes:
        title: what a message calls it.
        props: its size and type.
        size: in GiB; None where it is not said.
    """

    title: str
    props: Props
    size: int | None


def _metadata(item: Item) -> Iterator[Metadata]:
    key = "instanceMetadataOptions" if item.kind.is_kubernetes else "metadataOptions"
    yield Metadata(section(machine_spec(item), key))


def _aws_disks(item: Item) -> Iterator[Disk]:
    """The disks of a machine on AWS; without a word about it, the image decides."""
    spec = machine_spec(item)
    if item.kind.is_kubernetes:
        yield Disk("the root disk", section(spec, "rootVolume"), None)
        for disk in entries(spec, "nonRootVolumes"):
            yield Disk(f"the disk {disk.get('deviceName', '')}", disk, None)
    elif item.kind.name == "Instance":
        yield Disk("the root disk", section(spec, "rootBlockDevice"), None)
        for disk in entries(spec, "ebsBlockDevices"):
            yield Disk(f"the disk {disk.get('deviceName', '')}", disk, None)
    elif item.kind.name == "Volume":
        yield Disk("the volume", spec, None)
    else:
        for mapping in entries(spec, "blockDeviceMappings"):
            if "ebs" in mapping:
                title = f"the disk {mapping.get('deviceName', '')}"
                yield Disk(title, section(mapping, "ebs"), None)


def _sized_disks(item: Item) -> Iterator[Disk]:
    if is_cluster(item.kind):
        cluster = Cluster.at(item)
        for group in (cluster.control_plane, *cluster.pools):
            root = group.variable(ROOT_DISK)
            for disk in (*([root] if root else ()), *(group.variable(DATA_DISKS) or ())):
                yield Disk(f"{group.title}: a disk", disk, number(disk.get("sizeGiB")))
        return
    spec = machine_spec(item)
    for key in ("size", "sizeGiB"):
        yield Disk("the root disk", spec, number(section(spec, "rootVolume").get(key)))
    yield Disk("the root disk", spec, number(section(spec, "rootBlockDevice").get("volumeSize")))


def _types(item: Item) -> Iterator[str]:
    if is_cluster(item.kind):
        cluster = Cluster.at(item)
        for group in (cluster.control_plane, *cluster.pools):
            if chosen := group.variable(MACHINE_TYPE):
                yield str(chosen)
    elif chosen := machine_type(machine_spec(item)):
        yield chosen


def _specs(item: Item) -> Iterator[Item]:
    yield Item(item.kind, machine_spec(item), item.urn, item.name, item.protect, item.within)


AWS_METADATA = Subject(
    "machines on AWS",
    either(objects("AWSMachineTemplate", "AWSMachine", group=GROUP, patches=False), _is_instance),
    _metadata,
)
AWS_DISKS = Subject(
    "disks on AWS",
    either(
        objects("AWSMachineTemplate", "AWSMachine", group=GROUP, patches=False),
        _is_instance,
        lambda kind: kind.provider == "aws" and kind.group == "ebs/volume",
    ),
    _aws_disks,
)
MACHINE_SPECS = Subject("machines", either(_is_template, _is_instance), _specs)
SUBNETS = Subject("subnets on AWS", resources("aws", "Subnet"), _specs)
MACHINE_TYPES = Subject(
    "machine types of clusters and machines", either(is_cluster, _is_template, _is_instance), _types
)
SIZED_DISKS = Subject(
    "disks of clusters and machines", either(is_cluster, _is_template, _is_instance), _sized_disks
)
AWS_IMAGES = Subject(
    "machine images on AWS",
    objects("AWSMachineTemplate", "AWSMachine", group=GROUP, patches=False),
    _specs,
)
