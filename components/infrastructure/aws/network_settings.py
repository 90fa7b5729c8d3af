"""Network settings of an AWS stack."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from components.addresses import Cidr
from components.fields import Count, Flag, Settings

VpcId = Annotated[str, Field(pattern=r"^vpc-[0-9a-f]{8,17}$")]
SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]
SecurityGroupId = Annotated[str, Field(pattern=r"^sg-[0-9a-f]{8,17}$")]
ZoneName = Annotated[str, Field(pattern=r"^[a-z]{2,4}(-[a-z0-9]+)+-[0-9]+[a-z]$", max_length=32)]
LogDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827]
"""The retention periods of CloudWatch, in days."""


class Nat(StrEnum):
    """Outgoing traffic of machines in private subnets."""

    PER_ZONE = "per-zone"
    ONE = "one"
    NONE = "none"


class Endpoint(StrEnum):
    """AWS services that can be reached without the internet; those but `s3` cost by the hour."""

    S3 = "s3"
    AUTOSCALING = "autoscaling"
    EC2 = "ec2"
    ECR_API = "ecr.api"
    ECR_DKR = "ecr.dkr"
    ELB = "elasticloadbalancing"
    KMS = "kms"
    LOGS = "logs"
    SECRETS_MANAGER = "secretsmanager"
    SSM = "ssm"
    SSM_MESSAGES = "ssmmessages"
    STS = "sts"


class FlowLogTarget(StrEnum):
    """The destination of the VPC's flow logs."""

    CLOUD_WATCH = "cloud-watch"
    BUCKET = "bucket"
    NONE = "none"


class FlowLogs(Settings):
    """The log of every connection in the VPC."""

    to: FlowLogTarget = FlowLogTarget.CLOUD_WATCH
    """`cloud-watch`: an encrypted log group; `bucket`: the bucket for logs; `none`."""
    days: LogDays = 90
    """The retention in CloudWatch; a bucket has `buckets.logDays`."""


class Subnet(Settings):
    """A subnet that is there already."""

    id: SubnetId
    zone: ZoneName
    """The zone that it is in, `eu-central-1a`."""
    public: Flag = False
    """True if its route table has a route to an internet gateway."""


class ExistingVpc(Settings):
    """A VPC that is there already; nothing of the network is made, and its tags stay as they are.

    Load balancers of services go to subnets with the tags `kubernetes.io/role/elb` (public) and
    `kubernetes.io/role/internal-elb` (private), each with the value `1`.
    """

    vpc_id: VpcId
    subnets: Annotated[tuple[Subnet, ...], Field(min_length=1, max_length=60)]
    """At least one private subnet in each zone; public ones where an API or a service is public."""
    nat_addresses: Annotated[tuple[Cidr, ...], Field(max_length=20)] = ()
    """The addresses by which machines reach the internet, `203.0.113.7/32`; a public API must let
    them in, as the machines come from there."""


class AwsNetwork(Settings):
    """The VPC of all clusters of the stack."""

    cidr: Cidr = Cidr("10.0.0.0/16")
    """Its IPv4 range, /16 to /24; of an existing VPC the range that it has. Cannot be changed."""
    nat: Nat = Nat.PER_ZONE
    """`per-zone`: a NAT gateway in each zone; `one`: one for all, cheaper, and all machines lose
    the internet with its zone; `none`."""
    endpoints: tuple[Endpoint, ...] = (Endpoint.S3,)
    """AWS services that get an endpoint in the VPC."""
    flow_logs: FlowLogs = FlowLogs()
    existing: ExistingVpc | None = None
    """A VPC that is there, in place of a new one."""


class Protocol(StrEnum):
    """Protocols of the rules between machines."""

    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"
    ESP = "50"


class MachineRule(Settings):
    """Ports that the machines of a cluster may reach of each other."""

    description: Annotated[str, Field(pattern=r"^[\w .,:()/-]{1,100}$")]
    protocol: Protocol = Protocol.TCP
    from_port: Annotated[Count, Field(ge=-1, le=65535)]
    to_port: Annotated[Count, Field(ge=-1, le=65535)]

    def covers(self, protocol: str, port: int) -> bool:
        """True if it allows a protocol at a port; ESP has no ports."""
        if self.protocol is Protocol.ESP:
            return protocol == "ESP"
        return protocol.lower() == self.protocol and self.from_port <= port <= self.to_port


CALICO = (
    MachineRule(description="VXLAN (Calico)", protocol=Protocol.UDP, from_port=4789, to_port=4789),
    MachineRule(description="Typha (Calico)", from_port=5473, to_port=5473),
    MachineRule(description="BGP (Calico)", from_port=179, to_port=179),
    MachineRule(
        description="WireGuard (Calico)", protocol=Protocol.UDP, from_port=51820, to_port=51821
    ),
)
"""The ports of Calico with VXLAN or BGP, with and without encryption.

IP-in-IP, protocol 4, is left out: VXLAN does the same, and needs no rule for a whole protocol.
Source: https://docs.tigera.io/calico/latest/getting-started/kubernetes/requirements
"""
