"""Settings of a stack on AWS."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from components.cluster.machine import TypeName
from components.fields import ClusterName, Count, Domain, Flag, Settings
from components.infrastructure.aws.network_settings import (
    CALICO,
    AwsNetwork,
    MachineRule,
    SecurityGroupId,
    ZoneName,
)
from components.infrastructure.interface import Infrastructure

KeyArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[0-9a-f-]+$")]
RoleArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+$")]
Text = Annotated[str, Field(min_length=1, max_length=128)]
Architecture = Literal["amd64", "arm64"]
Days = Annotated[Count, Field(ge=1, le=3650)]


class KmsEncryption(Settings):
    """The key that encrypts volumes, buckets and logs."""

    key_arn: KeyArn | None = None
    """A key of KMS that is there; without it one is made, and replaced every year by KMS."""


class Buckets(Settings):
    """Buckets of S3: `<prefix>-etcd-backups`, `<prefix>-logs` and `<prefix>-registry`."""

    prefix: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,40}[a-z0-9]$")] | None = None
    """The first part of their names, which has to be unique in all of AWS; without it
    `<stack>-<account>`."""
    backup_days: Days = 35
    """The retention of etcd snapshots."""
    log_days: Days = 365
    """The retention of logs."""


class Images(Settings):
    """The selection of a machine's image: the newest whose name matches the Kubernetes version."""

    owner: Annotated[str, Field(pattern=r"^[0-9]{12}$")] = "819546954734"
    """The account that owns the images; the default is that of the provider's project."""
    format: Text = "capa-ami-{{.BaseOS}}-?{{.K8sVersion}}-*"
    """The name of an image; `?` and `*` stand for one and any characters."""
    base_os: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$", alias="baseOS")] = "ubuntu-24.04"
    architectures: Annotated[tuple[Architecture, ...], Field(min_length=1)] = ("amd64",)
    """The architectures of images; the provider's project publishes `amd64` only."""


class ControllerIdentity(Settings):
    """As whom the provider's controllers act."""

    role_arn: RoleArn | None = None
    """A role that they take; without it they act as the machine or the user that runs them."""


class InstanceType(Settings):
    """An instance type that this project does not list."""

    cpu: Annotated[Count, Field(ge=1, le=2000)]
    memory_gib: Annotated[float, Field(gt=0, le=100000, alias="memoryGiB")]
    architecture: Architecture = "amd64"
    gpus: Annotated[Count, Field(ge=0, le=64)] = 0


class AwsSettings(Infrastructure):
    """The settings of a stack on AWS."""

    provider: Literal["aws"]
    region: Annotated[str, Field(pattern=r"^[a-z]{2,4}(-[a-z0-9]+)+-[0-9]+$", max_length=32)]
    """`eu-central-1`."""
    account: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    """The number of the AWS account, in quotes; nothing is made in another one."""
    zones: Annotated[tuple[ZoneName, ...], Field(max_length=6)] = ()
    """Availability zones; without them the zones a, b and c of the region. Cannot be changed."""
    network: AwsNetwork = AwsNetwork()
    machine_rules: Annotated[tuple[MachineRule, ...], Field(max_length=50)] = CALICO
    """Open ports between machines of a cluster in addition to those of Kubernetes: the needs of the
    network add-on."""
    security_groups: Annotated[tuple[SecurityGroupId, ...], Field(max_length=5)] = ()
    """More security groups of every machine."""
    encryption: KmsEncryption = KmsEncryption()
    buckets: Buckets = Buckets()
    dns_zone: Domain | None = None
    """A public zone of Route 53 to make, `prod.example.com`."""
    images: Images = Images()
    instance_types: dict[TypeName, InstanceType] = Field(default_factory=dict)
    """Instance types that this project does not list, by their names."""
    identity: ControllerIdentity = ControllerIdentity()
    default_storage_class: Flag = True
    """Makes `gp3` the default storage class; a cluster has exactly one default class."""
    ssh_key_name: Annotated[str, Field(pattern=r"^[\x21-\x7e][\x20-\x7e]{0,254}$")] | None = None
    """A key pair of EC2; without it there is no SSH access; there is no bastion host."""
    session_manager: Flag = False
    """Allows access through AWS Session Manager, which needs no open port."""
    controller_cluster: ClusterName | None = None
    """The cluster whose control plane runs the provider's controllers: its role may make machines.
    Of a self-managed stack it is the management cluster."""
    tags: Annotated[dict[Text, Annotated[str, Field(max_length=256)]], Field(max_length=20)] = (
        Field(default_factory=dict)
    )
    """Tags of everything."""

    @property
    def partition(self) -> str:
        """The part of AWS that the region belongs to, the second word of every ARN."""
        parts = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
        return next((part for start, part in parts.items() if self.region.startswith(start)), "aws")
