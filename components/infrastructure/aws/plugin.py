"""The plug-in for AWS: the objects, charts and checks that its settings lead to."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from packaging.version import Version

from components.addresses import Cidr
from components.chart import Chart
from components.cluster.settings import Cluster
from components.cluster_volumes import Volumes
from components.finding import Finding
from components.infrastructure.aws import charts, failures, objects, rules, templates
from components.infrastructure.aws.controller import CONTROLLER
from components.infrastructure.aws.names import key_alias
from components.infrastructure.aws.network_settings import Endpoint, Nat
from components.infrastructure.aws.settings import AwsSettings
from components.infrastructure.image_tags import tag_of, tag_template
from components.infrastructure.interface import ClassParts, Placed, Provider
from components.infrastructure.machine_types import MachineType
from components.infrastructure.prices import Priced
from components.infrastructure.question import PUBLIC_API, Question
from components.mappings import Manifest

if TYPE_CHECKING:
    import pulumi

    from components.infrastructure.foundation import Foundation

ZONES = "abc"


class Aws(AwsSettings):
    """Machines of EC2, and everything around them: network, roles, keys, buckets, DNS."""

    FAILURE_SIGNS: ClassVar = failures.SIGNS
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
        controller=CONTROLLER,
    )
    BALANCES_SERVICES: ClassVar = True
    # Of pods none: on workers the metadata service answers only the machine itself, see templates.
    IDENTITY_OF_MACHINES: ClassVar = "aws"
    DATA: ClassVar = Path(__file__).parent

    @classmethod
    def questions(cls, management: str) -> Sequence[Question]:
        """The region, the account, and the addresses that reach the clusters."""
        controllers = "its control plane's role may make machines"
        return (
            Question(("region",), "AWS region", "eu-central-1"),
            Question(("account",), "number of the AWS account", "123456789012"),
            *PUBLIC_API,
            *(
                [Question(("controllerCluster",), controllers, default=management, is_fixed=True)]
                if management
                else []
            ),
        )

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
        with self.packages():
            from components.infrastructure.aws.foundation import (  # noqa: PLC0415 - 270 MB
                AwsFoundation,
            )

        return AwsFoundation(name, self, clusters, protect=protect, opts=opts)

    def objects(self, namespace: str) -> Sequence[Manifest]:
        """The identities that the clusters refer to."""
        return objects.identities(self.identity.role_arn, namespace)

    def lets_through(self, protocol: str, port: int) -> bool:
        """The ports in `machineRules`; the user's own security groups are not known."""
        own = bool(self.security_groups)
        return own or any(rule.covers(protocol, port) for rule in self.machine_rules)

    def service_annotations(self, *, proxy_protocol: bool) -> Mapping[str, str]:
        """A network load balancer; a classic one, the controller's default, hides callers.

        The PROXY protocol is turned off explicitly: the controller does not reset an attribute
        whose annotation is removed. It reads `proxy-protocol` of classic load balancers alone.
        Source: https://cloud-provider-aws.sigs.k8s.io/service_controller/
        """
        prefix = "service.beta.kubernetes.io/aws-load-balancer"
        attribute = f"proxy_protocol_v2.enabled={str(proxy_protocol).lower()}"
        return {f"{prefix}-type": "nlb", f"{prefix}-target-group-attributes": attribute}

    def charts(self) -> Sequence[Chart]:
        """The cloud controller manager and the driver for volumes of EBS."""
        return charts.charts(self.region, default_class=self.default_storage_class)

    def cluster_volumes(self) -> Volumes:
        """The class `gp3`."""
        return charts.volumes(default_class=self.default_storage_class)

    def filled_in(
        self, stack: str, cluster: str, version: Version, pods: Sequence[Cidr]
    ) -> Mapping[str, str]:
        """The cluster's name, the tag of its minor, and the name of the stack's key."""
        return {
            **super().filled_in(stack, cluster, version, pods),
            tag_template(charts.CONTROLLER_MANAGER): tag_of(charts.CONTROLLER_MANAGER, version),
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
        return {**super().known_machine_types(), **own}

    @property
    def network_mtu(self) -> int | None:
        """Jumbo frames: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/network_mtu.html."""
        return 9001

    @property
    def price_region(self) -> str:
        """The region of the stack."""
        return self.region

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
