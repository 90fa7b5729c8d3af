"""The plug-in for OpenStack: the objects, charts and checks that its settings lead to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from packaging.version import Version

from components.chart import Chart
from components.cluster.settings import Cluster
from components.cluster_volumes import Volumes
from components.finding import Finding
from components.infrastructure.interface import ClassParts, Placed, Provider
from components.infrastructure.machine_types import MachineType
from components.infrastructure.openstack import charts, failures, rules, templates
from components.infrastructure.openstack.names import CLUSTER_CLOUD_CONFIG
from components.infrastructure.openstack.patches import VARIABLES, patches
from components.infrastructure.openstack.settings import OpenStackSettings
from components.infrastructure.openstack.templates import (
    ETCD_DEVICE,
    NODES,
    cluster_template,
    machine_template,
)
from components.infrastructure.question import PUBLIC_API, Question
from components.mappings import Manifest

if TYPE_CHECKING:
    import pulumi

    from components.infrastructure.openstack.foundation import OpenStackFoundation


class OpenStack(OpenStackSettings):
    """Machines of Nova, volumes of Cinder, networks of Neutron, load balancers of Octavia."""

    PROVIDER: ClassVar = Provider(
        "openstack",
        "capo-system",
        "v1beta2",
        prerequisites="https://github.com/k-orc/openstack-resource-controller/releases/download/"
        "v{orc}/install.yaml",
    )
    FAILURE_SIGNS: ClassVar = failures.SIGNS
    SIZES: ClassVar = {
        "small": "SCS-2V-8",
        "medium": "SCS-4V-16",
        "large": "SCS-8V-32",
        "xlarge": "SCS-16V-64",
    }
    BALANCES_SERVICES: ClassVar = True
    DATA: ClassVar = Path(__file__).parent

    @classmethod
    def questions(cls, management: str) -> Sequence[Question]:
        """The cloud, the flavors of its machines, and the addresses that reach the clusters."""
        keystone = "https://keystone.example.com:5000/v3"
        return (
            Question(("cloud",), "cloud in your clouds.yaml", "openstack", default="openstack"),
            Question(("region",), "region (openstack region list)", "RegionOne"),
            Question(("authUrl",), "address of Keystone", keystone),
            Question(
                ("externalNetwork", "name"),
                "network with the floating IPs (openstack network list --external)",
                "public",
            ),
            Question(
                ("machineTypes", "medium"),
                "flavor of the machines (openstack flavor list)",
                "m1.large",
                default=cls.SIZES["medium"],
            ),
            *PUBLIC_API,
        )

    def class_parts(self) -> ClassParts:
        """OpenStackClusterTemplate and OpenStackMachineTemplate with their patches."""
        machine = machine_template(self)
        return ClassParts(
            cluster=cluster_template(self),
            control_plane_machine=machine,
            worker_machine=machine,
            node_registration=NODES,
            etcd_device=ETCD_DEVICE,
            variables=VARIABLES,
            patches=patches(self),
        )

    def foundation(
        self,
        name: str,
        clusters: Sequence[Cluster],
        *,
        protect: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> OpenStackFoundation:
        """Network, security group, server groups, key pair, credentials, containers, DNS zone."""
        with self.packages():
            from components.infrastructure.openstack.foundation import (  # noqa: PLC0415 - its SDK
                OpenStackFoundation,
            )

        return OpenStackFoundation(name, self, clusters, protect=protect, opts=opts)

    def objects(self, namespace: str) -> Sequence[Manifest]:
        """The ClusterResourceSet that gives every cluster its credentials."""
        given = self.credentials.cloud_config if self.credentials else None
        return [charts.credentials_of_clusters(given or CLUSTER_CLOUD_CONFIG, namespace)]

    @property
    def network_mtu(self) -> int | None:
        """That of the network that is made; the cloud's own is not known."""
        return None if self.network.existing else self.network.mtu

    def failure_domains(self) -> tuple[str, ...]:
        """The availability zones of the stack file."""
        return self.zones

    def lets_through(self, protocol: str, port: int) -> bool:
        """The ports that the provider's security groups open."""
        return templates.lets_through(protocol, port)

    def service_annotations(self, *, proxy_protocol: bool) -> Mapping[str, str]:
        """The annotation that turns the PROXY protocol on, which Octavia has off by default."""
        if not proxy_protocol:
            return {}
        return {"loadbalancer.openstack.org/proxy-protocol": "true"}

    def charts(self) -> Sequence[Chart]:
        """The cloud controller manager and the Cinder CSI driver."""
        return charts.charts(default_class=self.default_storage_class)

    def cluster_volumes(self) -> Volumes:
        """The classes of the Cinder CSI driver: one deletes volumes, one keeps them."""
        return charts.volumes(default_class=self.default_storage_class)

    def image(self, version: Version) -> str:
        """The name of the image of a Kubernetes version."""
        return self.images.replace("{version}", str(version))

    def known_machine_types(self) -> Mapping[str, MachineType]:
        """The flavors of the Sovereign Cloud Stack, and those of the stack file."""
        own = {
            name: MachineType(name, one.cpu, one.memory_gib, one.architecture, one.gpus)
            for name, one in self.flavors.items()
        }
        return {**super().known_machine_types(), **own}

    def check(self, clusters: Sequence[Placed]) -> Iterator[Finding]:
        """The rules of `rules`; see the codes of `errors.openstack`."""
        yield from rules.check(self, clusters)
