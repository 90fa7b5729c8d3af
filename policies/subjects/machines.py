"""Machines, wherever they are declared: templates of Cluster API, and instances of a cloud."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from components.cluster_object import DATA_DISKS, MACHINE_TYPE, ROOT_DISK, DeclaredCluster
from components.mappings import Props, entries, number, section
from policies.subjects.cluster import concerns as is_cluster
from policies.subjects.resource import Item
from policies.subjects.subject import (
    Subject,
    either,
    is_machine,
    objects,
    resources,
    templated,
)

_is_aws_machine = objects("AWSMachineTemplate", "AWSMachine", patches=False)
_is_instance = resources("aws", "Instance", "LaunchTemplate")


def machine_spec(item: Item) -> Props:
    """The machine of a template, or a machine itself."""
    return templated(item) if item.kind.is_kubernetes else item.props


def machine_type(spec: Props) -> str:
    """The machine type in a machine's spec, of any infrastructure; empty if there is none."""
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
class DeclaredDisk:
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


def _aws_disks(item: Item) -> Iterator[DeclaredDisk]:
    """The disks of a machine on AWS; without a word about it, the image decides."""
    spec = machine_spec(item)
    if item.kind.is_kubernetes:
        yield DeclaredDisk("the root disk", section(spec, "rootVolume"), None)
        for disk in entries(spec, "nonRootVolumes"):
            yield DeclaredDisk(f"the disk {disk.get('deviceName', '')}", disk, None)
    elif item.kind.name == "Instance":
        yield DeclaredDisk("the root disk", section(spec, "rootBlockDevice"), None)
        for disk in entries(spec, "ebsBlockDevices"):
            yield DeclaredDisk(f"the disk {disk.get('deviceName', '')}", disk, None)
    elif item.kind.name == "Volume":
        yield DeclaredDisk("the volume", spec, None)
    else:
        for mapping in entries(spec, "blockDeviceMappings"):
            if "ebs" in mapping:
                title = f"the disk {mapping.get('deviceName', '')}"
                yield DeclaredDisk(title, section(mapping, "ebs"), None)


def _sized_disks(item: Item) -> Iterator[DeclaredDisk]:
    if is_cluster(item.kind):
        cluster = DeclaredCluster(item.props)
        for group in cluster.groups:
            root = group.variable(ROOT_DISK)
            for disk in (*([root] if root else ()), *(group.variable(DATA_DISKS) or ())):
                yield DeclaredDisk(f"{group.title}: a disk", disk, number(disk.get("sizeGiB")))
        return
    spec = machine_spec(item)
    for key in ("size", "sizeGiB"):
        yield DeclaredDisk("the root disk", spec, number(section(spec, "rootVolume").get(key)))
    yield DeclaredDisk(
        "the root disk", spec, number(section(spec, "rootBlockDevice").get("volumeSize"))
    )


def _types(item: Item) -> Iterator[str]:
    if is_cluster(item.kind):
        cluster = DeclaredCluster(item.props)
        for group in cluster.groups:
            if chosen := group.variable(MACHINE_TYPE):
                yield str(chosen)
    elif chosen := machine_type(machine_spec(item)):
        yield chosen


def _specs(item: Item) -> Iterator[Item]:
    yield Item(item.kind, machine_spec(item), item.urn, item.name, item.protect, item.within)


AWS_METADATA = Subject(
    "machines on AWS",
    either(_is_aws_machine, _is_instance),
    _metadata,
)
AWS_DISKS = Subject(
    "disks on AWS",
    either(
        _is_aws_machine,
        _is_instance,
        lambda kind: kind.provider == "aws" and kind.group == "ebs/volume",
    ),
    _aws_disks,
)
MACHINE_SPECS = Subject("machines", either(is_machine, _is_instance), _specs)
SUBNETS = Subject("subnets on AWS", resources("aws", "Subnet"), _specs)
MACHINE_TYPES = Subject(
    "machine types of clusters and machines", either(is_cluster, is_machine, _is_instance), _types
)
SIZED_DISKS = Subject(
    "disks of clusters and machines", either(is_cluster, is_machine, _is_instance), _sized_disks
)
AWS_IMAGES = Subject(
    "machine images on AWS",
    _is_aws_machine,
    _specs,
)
