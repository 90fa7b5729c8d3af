"""Rules about machines: who can read their secrets, who can reach them, what they are made from."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from components.cluster_object import DeclaredGroup
from components.mappings import entries, section
from policies.rules.frameworks import CAAS, cis_aws
from policies.rules.rule import ADVISORY, HIGH, LOW, MANDATORY, MEDIUM, Context, Rule, opened
from policies.settings import Parameter
from policies.subjects.cluster import GROUPS
from policies.subjects.machines import (
    AWS_DISKS,
    AWS_IMAGES,
    AWS_METADATA,
    MACHINE_SPECS,
    MACHINE_TYPES,
    SIZED_DISKS,
    SUBNETS,
    DeclaredDisk,
    Metadata,
)
from policies.subjects.resource import Item, Kind

TITLE = "Machines"
CLUSTER_API_IMAGES = "819546954734"
"""The account that publishes the images of Cluster API's AWS provider.

Source: https://cluster-api-aws.sigs.k8s.io/topics/images/built-amis
"""
HUGE = ("*.metal*", "*.24xlarge", "*.32xlarge", "*.48xlarge", "u-*", "Standard_M*")


def _needs_token(metadata: Metadata, _context: Context) -> Iterator[str]:
    options = metadata.options
    if options.get("httpTokens") != "required" and options.get("httpEndpoint") != "disabled":
        yield "any process of the machine can read its role's keys: httpTokens is not `required`"


def _require_token(kind: Kind, props: Any) -> bool:
    if kind.is_kubernetes:
        options = opened(_machine(props), "instanceMetadataOptions")
    else:
        options = opened(props, "metadataOptions")
    if options.get("httpTokens") == "required":
        return False
    options["httpTokens"] = "required"
    return True


def _machine(props: Any) -> Any:
    spec = opened(props, "spec")
    return opened(spec, "template", "spec") if "template" in spec else spec


def _encrypted(disk: DeclaredDisk, _context: Context) -> Iterator[str]:
    if str(disk.props.get("encrypted")).lower() != "true":
        yield f"{disk.title} is not encrypted"


def _encrypt(kind: Kind, props: Any) -> bool:
    """Root disks and volumes; those in lists, and what must have a size, are left to the author."""
    if kind.is_kubernetes:
        machine = _machine(props)
        if "rootVolume" not in machine:
            return False
        disk = opened(machine, "rootVolume")
    elif kind.name == "Instance":
        disk = opened(props, "rootBlockDevice")
    elif kind.name == "Volume":
        disk = props
    else:
        return False
    if disk.get("encrypted") is True:
        return False
    disk["encrypted"] = True
    return True


def _has_no_address(machine: Item, _context: Context) -> Iterator[str]:
    spec = machine.props
    for key in ("publicIP", "allocatePublicIP", "associatePublicIpAddress"):
        if str(spec.get(key)).lower() == "true":
            yield f"the machine gets a public address: `{key}` is true"
    if section(spec, "floatingIPPoolRef"):
        yield "the machine gets a floating address: `floatingIPPoolRef` is set"
    for interface in entries(spec, "networkInterfaces"):
        if str(interface.get("associatePublicIpAddress")).lower() == "true":
            yield "a network interface gets a public address"


def _gives_none(subnet: Item, _context: Context) -> Iterator[str]:
    if str(subnet.props.get("mapPublicIpOnLaunch")).lower() == "true":
        yield "every machine in the subnet gets a public address"


def _give_none(_kind: Kind, props: Any) -> bool:
    if str(props.get("mapPublicIpOnLaunch")).lower() != "true":
        return False
    props["mapPublicIpOnLaunch"] = False
    return True


def _known_owner(machine: Item, context: Context) -> Iterator[str]:
    spec = machine.props
    owner = spec.get("imageLookupOrg")
    if section(spec, "ami").get("id"):
        return
    if not owner:
        yield "the image's publisher is not named: `imageLookupOrg` is not set, nor an image"
    elif owner not in context["owners"]:
        yield f"the image is of the account {owner}, which is not listed"


def _names_the_release(machine: Item, _context: Context) -> Iterator[str]:
    spec = machine.props
    pattern = str(spec.get("imageLookupFormat") or "")
    if not section(spec, "ami").get("id") and pattern and "K8sVersion" not in pattern:
        yield f"`{pattern}` finds the newest image of any Kubernetes release"


def _not_huge(name: str, context: Context) -> Iterator[str]:
    if any(fnmatchcase(name, pattern) for pattern in context["refused"]):
        yield f"the machine type {name} matches the parameter `refused`"


def _small_enough(disk: DeclaredDisk, context: Context) -> Iterator[str]:
    if disk.size is not None and disk.size > context["largestGiB"]:
        yield f"{disk.title} has {disk.size} GiB, more than {context['largestGiB']}"


def _bounded(group: DeclaredGroup, context: Context) -> Iterator[str]:
    if group.most > context["most"]:
        yield f"{group.title}: up to {group.most} machines, more than {context['most']}"


RULES: tuple[
    Rule[Metadata] | Rule[DeclaredDisk] | Rule[Item] | Rule[str] | Rule[DeclaredGroup],
    ...,
] = (
    Rule(
        "instance-metadata-needs-a-token",
        "The metadata service of a machine on AWS answers only with a token (IMDSv2).",
        HIGH,
        MANDATORY,
        cis_aws("5.6"),
        "Set `httpTokens: required` in the machine's metadata options.",
        AWS_METADATA,
        _needs_token,
        fix=_require_token,
    ),
    Rule(
        "disks-are-encrypted",
        "Disks of machines, and volumes, are encrypted.",
        HIGH,
        MANDATORY,
        cis_aws("2.2.1"),
        "Set `encrypted: true` on the disk.",
        AWS_DISKS,
        _encrypted,
        fix=_encrypt,
    ),
    Rule(
        "machines-have-no-public-address",
        "No machine has a public address.",
        HIGH,
        MANDATORY,
        CAAS,
        "Remove the public address: NAT leads to the internet, and load balancers serve incoming "
        "traffic.",
        MACHINE_SPECS,
        _has_no_address,
    ),
    Rule(
        "subnets-give-no-public-address",
        "No subnet gives every machine in it a public address.",
        HIGH,
        MANDATORY,
        CAAS,
        "Set `mapPublicIpOnLaunch` to false.",
        SUBNETS,
        _gives_none,
        fix=_give_none,
    ),
    Rule(
        "machine-images-have-a-known-owner",
        "Machine images on AWS come from a publisher that is listed.",
        HIGH,
        MANDATORY,
        CAAS,
        "Name the image, or set `imageLookupOrg` to an account of the parameter `owners`.",
        AWS_IMAGES,
        _known_owner,
        (
            Parameter(
                "owners",
                tuple[str, ...],
                (CLUSTER_API_IMAGES,),
                "accounts whose images may be used",
            ),
        ),
    ),
    Rule(
        "machine-images-name-their-release",
        "Machine images are looked for by the Kubernetes release that they were built for.",
        MEDIUM,
        MANDATORY,
        CAAS,
        "Write `{{.K8sVersion}}` into `imageLookupFormat`.",
        AWS_IMAGES,
        _names_the_release,
    ),
    Rule(
        "machines-are-not-oversize",
        "Machines are of a type that is allowed.",
        MEDIUM,
        ADVISORY,
        CAAS,
        "Use more, smaller machines, or remove the type from the parameter `refused`.",
        MACHINE_TYPES,
        _not_huge,
        (Parameter("refused", tuple[str, ...], HUGE, "patterns of machine types"),),
    ),
    Rule(
        "disks-are-not-oversize",
        "Disks of machines are no larger than the parameter allows.",
        LOW,
        ADVISORY,
        CAAS,
        "Make the disk smaller, or raise the parameter `largestGiB`.",
        SIZED_DISKS,
        _small_enough,
        (Parameter("largestGiB", int, 2048, "the largest disk in GiB"),),
    ),
    Rule(
        "pools-are-bounded",
        "A group of machines grows no larger than the parameter allows.",
        MEDIUM,
        ADVISORY,
        CAAS,
        "Lower `replicas` or `autoscaling.max`, or raise the parameter `most`.",
        GROUPS,
        _bounded,
        (Parameter("most", int, 200, "the largest number of machines of a group"),),
    ),
)
