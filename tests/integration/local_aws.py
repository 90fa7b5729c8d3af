"""A local AWS: moto's server, corrected where it answers otherwise than AWS does.

The corrections hold while the server runs:

- `DescribeTargetGroups` of a load balancer that has none answers with an empty list;
- a rule of a security group for a protocol without ports (`4`, `50`) has none, and no error 500;
- a registered image has the architecture and the virtualization that it was registered with;
- a load balancer's DNS name resolves: to an address of this machine, where a test has a server.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import boto3
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.elbv2.exceptions import TargetGroupNotFoundError
from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer
from moto.server import ThreadedMotoServer

ACCOUNT = "123456789012"
REGION = "eu-central-1"
ZONES = tuple(f"{REGION}{letter}" for letter in "abc")
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local-secret"}
NO_PORT = "-1"
ARCHITECTURE, VIRTUALIZATION = "x86_64", "hvm"


@dataclass(frozen=True)
class LocalAws:
    """A running server.

    Attributes:
        endpoint: its URL.
    """

    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which a program uses it in place of AWS."""
        return {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """A boto3 client."""
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )


@contextmanager
def local_aws(balancers: str) -> Iterator[LocalAws]:
    """Runs the server on a free port.

    Args:
        balancers: the address that the DNS names of load balancers resolve to; a name that is an
            address resolves to itself, wherever it is asked for.
    """
    target_groups, rule = ELBv2Backend.describe_target_groups, SecurityGroupRule.__init__

    def of_balancer(self: ELBv2Backend, load_balancer_arn: str, *rest: Any, **more: Any) -> Any:
        try:
            return target_groups(self, load_balancer_arn, *rest, **more)
        except TargetGroupNotFoundError:
            if load_balancer_arn:
                return []
            raise

    def without_ports(self: SecurityGroupRule, *given: Any, **more: Any) -> None:
        backend, protocol, group, first, last, *rest = given
        rule(self, backend, protocol, group, first or NO_PORT, last or NO_PORT, *rest, **more)

    def resolving(self: FakeLoadBalancer, *rest: Any, **more: Any) -> None:
        balancer(self, *rest, **more | {"dns_name": balancers})

    def as_registered(self: AmiBackend, *rest: Any, **more: Any) -> Ami:
        image = register(self, *rest, **more)
        image.architecture, image.virtualization_type = ARCHITECTURE, VIRTUALIZATION
        return image

    balancer, register = FakeLoadBalancer.__init__, AmiBackend.register_image
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    with (
        mock.patch.object(ELBv2Backend, "describe_target_groups", of_balancer),
        mock.patch.object(SecurityGroupRule, "__init__", without_ports),
        mock.patch.object(AmiBackend, "register_image", as_registered),
        mock.patch.object(FakeLoadBalancer, "__init__", resolving),
    ):
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        server.start()
        try:
            yield LocalAws("http://{}:{}".format(*server.get_host_and_port()))
        finally:
            server.stop()


@dataclass(frozen=True)
class Network:
    """A VPC as a foundation makes it: in each zone a public and a private subnet."""

    vpc: str
    public: dict[str, str]
    private: dict[str, str]


def make_network(aws: LocalAws) -> Network:
    """The VPC, its subnets by zone, and an internet gateway."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    options = ec2.create_dhcp_options(
        DhcpConfigurations=[{"Key": "domain-name", "Values": [f"{REGION}.compute.internal"]}]
    )["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)

    def subnet(zone: str, number: int) -> str:
        cidr = f"10.0.{number}.0/24"
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)
        return str(made["Subnet"]["SubnetId"])

    public = {zone: subnet(zone, number) for number, zone in enumerate(ZONES)}
    private = {zone: subnet(zone, 100 + number) for number, zone in enumerate(ZONES)}
    for identifier in public.values():
        ec2.associate_route_table(RouteTableId=table, SubnetId=identifier)
    return Network(vpc, public, private)


def make_key(aws: LocalAws) -> str:
    """The ARN of a key for volumes."""
    return str(aws.client("kms").create_key()["KeyMetadata"]["Arn"])


def make_profile(aws: LocalAws, name: str) -> None:
    """An instance profile."""
    aws.client("iam").create_instance_profile(InstanceProfileName=name)


def make_image(aws: LocalAws, name: str) -> str:
    """An image of this account that machines can start from."""
    made = aws.client("ec2").register_image(
        Name=name,
        Architecture=ARCHITECTURE,
        RootDeviceName="/dev/sda1",
        VirtualizationType=VIRTUALIZATION,
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8}}],
    )
    return str(made["ImageId"])
