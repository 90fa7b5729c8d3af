"""The findings of the rules of AWS in a stack file, by code and place."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from components.infrastructure.aws.subnets import room, subnets
from errors import Code
from errors.aws import (
    BAD_PLACEMENT,
    BAD_VOLUME,
    BAD_ZONE,
    CONTROL_PLANE_TOO_SMALL,
    ENDPOINT_OF_AWS,
    IMAGE_IS_NO_AMI,
    NO_CONTROLLER_CLUSTER,
    NO_WAY_OUT,
    OPEN_API,
    SETTING_OF_NEW_VPC,
    SUBNETS_MISSING,
    TOO_FEW_ZONES,
    UNKNOWN_INSTANCE_TYPE,
    UNSURE_ETCD_DISK,
    VPC_OVERLAPS_CLUSTER,
    VPC_TOO_SMALL,
    WRONG_ARCHITECTURE,
)
from errors.pools import NO_GPUS, UNKNOWN_FAILURE_DOMAIN
from tests.unit.aws_stack import REGION, aws, cluster, existing, found

A, B, C = (f"{REGION}{letter}" for letter in "abc")
PLANE, MACHINE = "clusters[0].controlPlane", "clusters[0].controlPlane.machine"
POOL = "clusters[0].workerPools[0]"
NETWORK = "infrastructure.network"
PRIVATE = ("private-a", "private-b", "private-c")
ENDPOINTS = ["ec2", "elasticloadbalancing", "s3", "secretsmanager", "sts"]
PUBLIC = {"public": True, "allowed": ["203.0.113.0/24"]}

Settings = dict[str, Any]


def plane(**settings: Any) -> Settings:
    return cluster(controlPlane=settings)


def pool(**settings: Any) -> Settings:
    return cluster(workerPools=[{"name": "general"} | settings])


@pytest.mark.parametrize(
    ("settings", "one", "code", "path"),
    [
        ({"network": {"cidr": "10.0.0.0/26"}}, cluster(), VPC_TOO_SMALL, f"{NETWORK}.cidr"),
        ({"network": {"cidr": "10.0.0.0/31"}}, cluster(), VPC_TOO_SMALL, f"{NETWORK}.cidr"),
        ({"network": {"cidr": "10.0.0.0/15"}}, cluster(), VPC_TOO_SMALL, f"{NETWORK}.cidr"),
        ({"network": {"cidr": "fd00::/56"}}, cluster(), VPC_TOO_SMALL, f"{NETWORK}.cidr"),
        # Room for 3 x 59 machines.
        (
            {"network": {"cidr": "10.0.0.0/24"}},
            pool(replicas=180),
            VPC_TOO_SMALL,
            f"{NETWORK}.cidr",
        ),
        (
            {"network": {"cidr": "10.0.0.0/24"}},
            pool(autoscaling={"min": 1, "max": 180}),
            VPC_TOO_SMALL,
            f"{NETWORK}.cidr",
        ),
        (
            {"network": {"cidr": "192.168.0.0/16"}},
            cluster(),
            VPC_OVERLAPS_CLUSTER,
            "clusters[0].network.pods[0]",
        ),
        (
            {"network": {"cidr": "10.130.0.0/16"}},
            cluster(),
            VPC_OVERLAPS_CLUSTER,
            "clusters[0].network.services[0]",
        ),
        ({"zones": [A]}, cluster(), TOO_FEW_ZONES, f"{PLANE}.replicas"),
        ({"zones": [A, B]}, cluster(), TOO_FEW_ZONES, f"{PLANE}.replicas"),
        ({"zones": ["us-east-1a", B, C]}, cluster(), BAD_ZONE, "infrastructure.zones[0]"),
        ({"zones": [A, A, B]}, cluster(), BAD_ZONE, "infrastructure.zones[1]"),
        ({}, pool(failureDomain="us-east-1a"), UNKNOWN_FAILURE_DOMAIN, f"{POOL}.failureDomain"),
        ({}, plane(machine={"type": "m7i.lrage"}), UNKNOWN_INSTANCE_TYPE, f"{MACHINE}.type"),
        ({}, pool(machine={"type": "huge"}), UNKNOWN_INSTANCE_TYPE, f"{POOL}.machine.type"),
        ({}, pool(machine={"type": "m7g.large"}), WRONG_ARCHITECTURE, f"{POOL}.machine.type"),
        (
            {"images": {"architectures": ["arm64"]}, "machineTypes": {"medium": "m7g.xlarge"}},
            pool(machine={"type": "m7i.large"}),
            WRONG_ARCHITECTURE,
            f"{POOL}.machine.type",
        ),
        ({}, plane(machine={"type": "t3.small"}), CONTROL_PLANE_TOO_SMALL, f"{MACHINE}.type"),
        ({}, plane(endpoint={"public": True}), OPEN_API, f"{PLANE}.endpoint.public"),
        (
            {},
            plane(endpoint={"public": True, "allowed": ["203.0.113.0/24", "0.0.0.0/0"]}),
            OPEN_API,
            f"{PLANE}.endpoint.allowed[1]",
        ),
        (
            {"network": existing("private-a", "private-b")},
            cluster(),
            SUBNETS_MISSING,
            f"{NETWORK}.existing.subnets",
        ),
        (
            {"network": existing(*PRIVATE, "public-a", natAddresses=["203.0.113.7/32"])},
            plane(endpoint=PUBLIC),
            SUBNETS_MISSING,
            f"{NETWORK}.existing.subnets",
        ),
        (
            {"network": existing(*PRIVATE, "private-d")},
            cluster(),
            BAD_ZONE,
            f"{NETWORK}.existing.subnets[3].zone",
        ),
        (
            {"network": existing(*PRIVATE, "public-a", "public-b", "public-c")},
            plane(endpoint=PUBLIC),
            NO_WAY_OUT,
            f"{PLANE}.endpoint.public",
        ),
        ({"network": {"nat": "none"}}, cluster(), NO_WAY_OUT, f"{NETWORK}.endpoints"),
        (
            {"network": {"nat": "none", "endpoints": ENDPOINTS}},
            plane(endpoint=PUBLIC),
            NO_WAY_OUT,
            f"{PLANE}.endpoint.public",
        ),
        (
            {"network": existing(*PRIVATE) | {"nat": "one"}},
            cluster(),
            SETTING_OF_NEW_VPC,
            f"{NETWORK}.nat",
        ),
        (
            {"network": existing(*PRIVATE) | {"flowLogs": {"to": "none"}}},
            cluster(),
            SETTING_OF_NEW_VPC,
            f"{NETWORK}.flowLogs",
        ),
        (
            {},
            plane(endpoint={"host": "k8s.example.com"}),
            ENDPOINT_OF_AWS,
            f"{PLANE}.endpoint.host",
        ),
        ({}, plane(endpoint={"port": 443}), ENDPOINT_OF_AWS, f"{PLANE}.endpoint.port"),
        ({}, plane(machine={"image": "ubuntu"}), IMAGE_IS_NO_AMI, f"{MACHINE}.image"),
        ({}, plane(machine={"disk": {"type": "io2"}}), BAD_VOLUME, f"{MACHINE}.disk.type"),
        ({}, plane(etcd={"disk": {"sizeGiB": 7}}), BAD_VOLUME, f"{PLANE}.etcd.disk.sizeGiB"),
        (
            {},
            pool(machine={"dataDisks": [{"name": "tiny", "sizeGiB": 1}]}),
            BAD_VOLUME,
            f"{POOL}.machine.dataDisks[0].sizeGiB",
        ),
        ({}, plane(machine={"placement": "pack"}), BAD_PLACEMENT, f"{MACHINE}.placement"),
        ({}, pool(machine={"placement": "pack"}), BAD_PLACEMENT, f"{POOL}.machine.placement"),
        (
            {},
            pool(replicas=8, machine={"placement": "spread"}),
            BAD_PLACEMENT,
            f"{POOL}.machine.placement",
        ),
        ({}, pool(machine={"gpu": True}), NO_GPUS, f"{POOL}.machine.gpu"),
        (
            {"instanceTypes": {"m6id.xlarge": {"cpu": 4, "memoryGiB": 16}}},
            plane(machine={"type": "m6id.xlarge"}),
            UNSURE_ETCD_DISK,
            f"{MACHINE}.type",
        ),
        (
            {},
            plane(machine={"dataDisks": [{"name": "more", "sizeGiB": 10}]}),
            UNSURE_ETCD_DISK,
            f"{MACHINE}.dataDisks",
        ),
        (
            {"controllerCluster": "other"},
            cluster(),
            NO_CONTROLLER_CLUSTER,
            "infrastructure.controllerCluster",
        ),
    ],
)
def test_refused(tmp_path: Path, settings: Settings, one: Settings, code: Code, path: str) -> None:
    assert (code, path) in found(tmp_path, one, **settings)


@pytest.mark.parametrize(
    ("settings", "one"),
    [
        ({}, cluster()),
        ({"zones": [A]}, plane(replicas=1)),
        ({"network": {"nat": "none", "endpoints": ENDPOINTS}}, cluster()),
        ({"network": existing(*PRIVATE)}, cluster()),
        (
            {
                "network": existing(
                    *(*PRIVATE, "public-a", "public-b", "public-c"),
                    natAddresses=["203.0.113.7/32"],
                )
            },
            plane(endpoint=PUBLIC),
        ),
        ({"images": {"architectures": ["amd64", "arm64"]}}, pool(machine={"type": "m7g.large"})),
        (
            {"instanceTypes": {"m9i.large": {"cpu": 2, "memoryGiB": 8}}},
            pool(machine={"type": "m9i.large"}),
        ),
        (
            {"instanceTypes": {"m6id.xlarge": {"cpu": 4, "memoryGiB": 16}}},
            plane(machine={"type": "m6id.xlarge"}, etcd={"disk": None}),
        ),
        ({}, plane(machine={"image": "ami-0123456789abcdef0"})),
        ({}, pool(machine={"type": "g6.xlarge", "gpu": True})),
        ({}, pool(replicas=7, machine={"placement": "spread"})),
    ],
)
@pytest.mark.slow
def test_accepted(tmp_path: Path, settings: Settings, one: Settings) -> None:
    assert found(tmp_path, one, **settings) == []


@pytest.mark.parametrize("given", [{}, {"controllerCluster": "shop"}])
@pytest.mark.slow
def test_a_management_cluster_needs_the_rights(tmp_path: Path, given: Settings) -> None:
    management = {"mode": "self-managed", "cluster": cluster("management")}
    path = "infrastructure.controllerCluster" if given else "infrastructure"
    problems = found(tmp_path, cluster(), management=management, **given)
    assert (NO_CONTROLLER_CLUSTER, path) in problems
    right = {"controllerCluster": "management"}
    assert found(tmp_path, cluster(), management=management, **right) == []
    role = {"identity": {"roleArn": "arn:aws:iam::123456789012:role/caas"}}
    assert found(tmp_path, cluster(), management=management, **role) == []


@pytest.mark.parametrize("zones", range(1, 7))
def test_subnets_lie_in_the_vpc_and_apart(zones: int) -> None:
    whole = IPv4Network("10.0.0.0/16")
    private, public = subnets(whole, zones)
    every = [*private, *public]
    assert len(private) == len(public) == zones
    assert all(each.subnet_of(whole) for each in every)
    assert not [(a, b) for a in every for b in every if a is not b and a.overlaps(b)]
    assert all(room(each) > room(public[0]) for each in private)


def test_sizes_are_what_the_interface_promises() -> None:
    plugin = aws()
    for size, cpus in {"small": 2, "medium": 4, "large": 8, "xlarge": 16}.items():
        kind = plugin.known_machine_types()[plugin.machine_type(size)]
        assert (kind.cpu, kind.memory_gib) == (cpus, cpus * 4)


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-central-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_partitions(region: str, partition: str) -> None:
    assert aws(region=region).partition == partition


def test_prices_name_their_source_and_day() -> None:
    virginia, elsewhere = (aws(region=each).price_list() for each in ("us-east-1", "sa-east-1"))
    assert virginia and elsewhere
    assert "no prices of sa-east-1, so these are those of us-east-1" in elsewhere.source
    assert elsewhere.source.startswith(virginia.source)
    assert elsewhere.machines == virginia.machines, "nothing is scaled without a source"


def test_what_the_foundation_costs() -> None:
    def priced(**settings: Any) -> dict[str, int]:
        return {each.item: each.count for each in aws(**settings).priced([])}

    assert priced() == {"nat-gateway": 3, "public-address": 3, "kms-key": 1}
    assert priced(network={"nat": "one", "endpoints": ["s3", "sts"]}) == {
        "nat-gateway": 1,
        "public-address": 1,
        "interface-endpoint": 3,
        "kms-key": 1,
    }
    assert priced(network=existing(*PRIVATE), dnsZone="example.com") == {
        "kms-key": 1,
        "dns-zone": 1,
    }
    known = aws().price_list()
    assert known
    assert set(priced(dnsZone="example.com")) <= set(known.other)


def test_images_are_found_by_the_version() -> None:
    assert aws().image(Version("1.36.3")) == "capa-ami-ubuntu-24.04-?1.36.3-*"
