"""What a stack file says about AWS, and the plug-in that makes something of it."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from packaging.version import Version
from pydantic import Field

from components.chart import Chart
from components.cluster.machine import TypeName
from components.cluster.settings import Cluster
from components.cluster_volumes import Volumes
from components.fields import ClusterName, Count, Domain, Flag, Settings
from components.finding import Finding
from components.infrastructure.aws import charts, objects, rules, templates
from components.infrastructure.aws.names import key_alias
from components.infrastructure.aws.network_settings import (
    CALICO,
    Endpoint,
    MachineRule,
    Nat,
    Network,
    SecurityGroupId,
    ZoneName,
)
from components.infrastructure.interface import (
    ClassParts,
    Infrastructure,
    Manifest,
    Placed,
    Provider,
)
from components.infrastructure.machine_types import MachineType, load_machine_types
from components.infrastructure.prices import Priced, PriceList, load_prices

if TYPE_CHECKING:
    import pulumi

    from components.infrastructure.foundation import Foundation

DATA = Path(__file__).parent
PRICED_REGION = "us-east-1"
ZONES = "abc"
KeyArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[0-9a-f-]+$")]
RoleArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+$")]
Text = Annotated[str, Field(min_length=1, max_length=128)]
Architecture = Literal["amd64", "arm64"]
Days = Annotated[Count, Field(ge=1, le=3650)]


class Encryption(Settings):
    """The key that encrypts volumes, buckets and logs."""

    key_arn: KeyArn | None = None
    """A key of KMS that is there; without it one is made, and replaced every year by KMS."""


class Buckets(Settings):
    """Buckets of S3: `<prefix>-etcd-backups`, `<prefix>-logs` and `<prefix>-registry`."""

    prefix: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,40}[a-z0-9]$")] | None = None
    """The first part of their names, which no one else in the world may have; without it
    `<stack>-<account>`."""
    backup_days: Days = 35
    """How long snapshots of etcd are kept."""
    log_days: Days = 365
    """How long logs are kept."""


class Images(Settings):
    """Which image a machine starts from: the newest whose name fits its Kubernetes version."""

    owner: Annotated[str, Field(pattern=r"^[0-9]{12}$")] = "819546954734"
    """The account that owns the images; the default is that of the provider's project."""
    format: Text = "capa-ami-{{.BaseOS}}-?{{.K8sVersion}}-*"
    """The name of an image; `?` and `*` stand for one and any characters."""
    base_os: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$", alias="baseOS")] = "ubuntu-24.04"
    architectures: Annotated[tuple[Architecture, ...], Field(min_length=1)] = ("amd64",)
    """What images there are for; the project publishes `amd64` only."""


class Identity(Settings):
    """As whom the provider's controllers act."""

    role_arn: RoleArn | None = None
    """A role that they take; without it they act as the machine or the user that runs them."""


class InstanceType(Settings):
    """An instance type that this project does not know."""

    cpu: Annotated[Count, Field(ge=1, le=2000)]
    memory_gib: Annotated[float, Field(gt=0, le=100000, alias="memoryGiB")]
    architecture: Architecture = "amd64"
    gpus: Annotated[Count, Field(ge=0, le=64)] = 0


class Aws(Infrastructure):
    """Machines of EC2, and everything around them: network, roles, keys, buckets, DNS."""

    SIZES: ClassVar = {
        "small": "m7i.large",
        "medium": "m7i.xlarge",
        "large": "m7i.2xlarge",
        "xlarge": "m7i.4xlarge",
    }
    PROVIDER: ClassVar = Provider(
        name="aws",
        namespace="capa-system",
        contract="v1beta1",
        # Its pods' role comes from the machine, and only control-plane machines have the right one.
        on_control_plane=True,
        # Its components want credentials: a profile file, here an empty one.
        variables={"AWS_B64ENCODED_CREDENTIALS": base64.b64encode(b"\n").decode()},
        feature_gates={
            "EKS": False,
            "MachinePool": False,
            # The foundation tags the subnets; who else did would be undone by every `pulumi up`.
            "TagUnmanagedNetworkResources": False,
            # `objects` has the identity, and only for the namespace of the clusters.
            "AutoControllerIdentityCreator": False,
        },
    )
    BALANCES_SERVICES: ClassVar = True
    DATA: ClassVar = DATA

    provider: Literal["aws"]
    region: Annotated[str, Field(pattern=r"^[a-z]{2,4}(-[a-z0-9]+)+-[0-9]+$", max_length=32)]
    """`eu-central-1`."""
    account: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    """The number of the AWS account, in quotes; nothing is made in another one."""
    zones: Annotated[tuple[ZoneName, ...], Field(max_length=6)] = ()
    """Availability zones; without them the zones a, b and c of the region. Cannot be changed."""
    network: Network = Network()
    machine_rules: Annotated[tuple[MachineRule, ...], Field(max_length=50)] = CALICO
    """What machines of a cluster reach of each other beside Kubernetes itself: what the network
    add-on needs."""
    security_groups: Annotated[tuple[SecurityGroupId, ...], Field(max_length=5)] = ()
    """More security groups of every machine."""
    encryption: Encryption = Encryption()
    buckets: Buckets = Buckets()
    dns_zone: Domain | None = None
    """A public zone of Route 53 to make, `prod.example.com`."""
    images: Images = Images()
    instance_types: dict[TypeName, InstanceType] = Field(default_factory=dict)
    """Instance types that this project does not know, by their names."""
    identity: Identity = Identity()
    default_storage_class: Flag = True
    """Whether claims that name no storage class get `gp3`; exactly one class of a cluster is it."""
    ssh_key_name: Annotated[str, Field(pattern=r"^[\x21-\x7e][\x20-\x7e]{0,254}$")] | None = None
    """A key pair of EC2; without it nobody logs in by SSH, and there is no bastion."""
    session_manager: Flag = False
    """Whether one may log in by AWS Session Manager, which needs no open port."""
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

    def failure_domains(self) -> tuple[str, ...]:
        """The zones."""
        return self.zones or tuple(f"{self.region}{letter}" for letter in ZONES)

    def class_parts(self) -> ClassParts:
        """Templates of AWSCluster and AWSMachine."""
        return templates.class_parts(self)

    def foundation(
        self,
        name: str,
        clusters: Sequence[Cluster],
        *,
        protect: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> Foundation:
        """Makes the network, roles, keys, buckets and the DNS zone."""
        from components.infrastructure.aws.foundation import AwsFoundation  # noqa: PLC0415 - 270 MB

        return AwsFoundation(name, self, clusters, protect=protect, opts=opts)

    def objects(self, namespace: str) -> Sequence[Manifest]:
        """The identities that the clusters refer to."""
        return objects.identities(self.identity.role_arn, namespace)

    def charts(self) -> Sequence[Chart]:
        """The cloud controller manager and the driver for volumes of EBS."""
        return charts.charts(self.region, default_class=self.default_storage_class)

    def cluster_volumes(self) -> Volumes:
        """The class `gp3`."""
        return charts.volumes(default_class=self.default_storage_class)

    def filled_in(self, stack: str, cluster: Cluster) -> Mapping[str, str]:
        """The cluster's name, the tag of its minor, and the name of the stack's key."""
        version = cluster.version
        return {
            **super().filled_in(stack, cluster),
            charts.tag_template(): charts.tags().get(f"{version.major}.{version.minor}", ""),
            charts.KEY: self.encryption.key_arn or key_alias(stack),
        }

    def image(self, version: Version) -> str:
        """The name that the provider looks up."""
        name = self.images.format.replace("{{.BaseOS}}", self.images.base_os)
        return name.replace("{{.K8sVersion}}", str(version))

    def known_machine_types(self) -> Mapping[str, MachineType]:
        """The instance types of `machines.yaml`, and those of the stack file."""
        own = {
            name: MachineType(name, each.cpu, each.memory_gib, each.architecture, each.gpus)
            for name, each in self.instance_types.items()
        }
        return {**load_machine_types(DATA), **own}

    def price_list(self) -> PriceList | None:
        """The user's prices, or the region's, or else those of us-east-1, which say so."""
        return load_prices(None, self.prices) or _list_prices(self.region)

    def priced(self, clusters: Sequence[Cluster]) -> Sequence[Priced]:
        """NAT gateways, interface endpoints, the key and the DNS zone."""
        zones, network = len(self.failure_domains()), self.network
        gateways = {Nat.PER_ZONE: zones, Nat.ONE: 1, Nat.NONE: 0}[network.nat]
        interfaces = sum(each is not Endpoint.S3 for each in network.endpoints) * zones
        made = not network.existing
        counted = (
            Priced("nat-gateway", gateways * made, "NAT gateway"),
            Priced("public-address", gateways * made, "address of a NAT gateway"),
            Priced("interface-endpoint", interfaces * made, "interface endpoint in a zone"),
            Priced("kms-key", int(not self.encryption.key_arn), "KMS key"),
            Priced("dns-zone", int(bool(self.dns_zone)), "DNS zone"),
        )
        return [each for each in counted if each.count]

    def check(self, clusters: Sequence[Placed]) -> Iterator[Finding]:
        """The rules of `errors.aws`."""
        return rules.check(self, clusters)


@lru_cache
def _list_prices(region: str) -> PriceList | None:
    if region == PRICED_REGION:
        return load_prices(DATA, None)
    file = DATA / "prices" / f"{region}.yaml"
    if file.exists():
        return load_prices(None, str(file))
    found = load_prices(DATA, None)
    return found and replace(found, source=f"{found.source}; there are none for {region}")
