"""The plug-in: everything that a stack file says below `infrastructure` for OpenStack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from packaging.version import Version
from pydantic import Field

from components.chart import Chart
from components.cluster.machine import TypeName
from components.cluster.settings import Cluster
from components.cluster_volumes import Volumes as ClusterVolumes
from components.fields import Flag, WebAddress
from components.finding import Finding
from components.infrastructure.interface import (
    ClassParts,
    Infrastructure,
    Manifest,
    Placed,
    Provider,
)
from components.infrastructure.machine_types import MachineType
from components.infrastructure.openstack import charts, rules, templates
from components.infrastructure.openstack.names import CLUSTER_CLOUD_CONFIG
from components.infrastructure.openstack.patches import VARIABLES, patches
from components.infrastructure.openstack.settings import (
    Containers,
    Credentials,
    DnsZone,
    Flavor,
    LoadBalancer,
    Name,
    ProjectNetwork,
    Reference,
    SshKey,
    Tags,
    Volumes,
)
from components.infrastructure.openstack.templates import (
    ETCD_DEVICE,
    NODES,
    cluster_template,
    machine_template,
)

if TYPE_CHECKING:
    import pulumi

    from components.infrastructure.openstack.foundation import OpenStackFoundation


class OpenStack(Infrastructure):
    """Machines of Nova, volumes of Cinder, networks of Neutron, load balancers of Octavia."""

    PROVIDER: ClassVar = Provider("openstack", "capo-system", "v1beta2")
    SIZES: ClassVar = {
        "small": "SCS-2V-8",
        "medium": "SCS-4V-16",
        "large": "SCS-8V-32",
        "xlarge": "SCS-16V-64",
    }
    BALANCES_SERVICES: ClassVar = True
    DATA: ClassVar = Path(__file__).parent

    provider: Literal["openstack"] = "openstack"
    cloud: Name | None = None
    """The cloud in your own `clouds.yaml` that Pulumi logs in to; without it $OS_CLOUD."""
    region: Name
    """The region of everything."""
    auth_url: WebAddress | None = None
    """Keystone's address, for the application credential that the foundation makes."""
    roles: Annotated[tuple[Name, ...], Field(min_length=1, max_length=20)] = (
        "member",
        "load-balancer_member",
    )
    """The roles of that application credential; you must have them too."""
    credentials: Credentials | None = None
    """Secrets with credentials of your own; without it the foundation makes them."""
    ca_cert: (
        Annotated[str, Field(pattern=r"^-----BEGIN CERTIFICATE-----", max_length=65536)] | None
    ) = None
    """The certificate of the CA that signed the cloud's, in PEM; it is no secret."""
    external_network: Reference | None = None
    """The network with the floating IPs and the way out."""
    network: ProjectNetwork = ProjectNetwork()
    """The network of the machines."""
    zones: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    """Availability zones of Nova; without them all that the cloud has."""
    volumes: Volumes = Volumes()
    default_storage_class: Flag = True
    """Whether claims that name no storage class get `csi-cinder-sc-delete`; exactly one class of a
    cluster is it."""
    images: Annotated[str, Field(min_length=1, max_length=255)] = "ubuntu-2404-kube-v{version}"
    """The names of images; `{version}` is the Kubernetes version, `1.36.3`."""
    ssh_key: SshKey | None = None
    """Who may log in to machines; nobody without it."""
    load_balancer: LoadBalancer = LoadBalancer()
    containers: Containers | None = None
    """Swift containers for backups, logs and the registry; none without it."""
    dns_zone: DnsZone | None = None
    """A zone to make; none without it."""
    flavors: dict[TypeName, Flavor] = Field(default_factory=dict)
    """What the flavors of this cloud are, by name."""
    quota_checks: Flag = True
    """Whether the project's quotas are read before anything is made."""
    tags: Tags = ()
    """Tags of everything that can have some."""

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
        from components.infrastructure.openstack.foundation import (  # noqa: PLC0415 - pulumi's SDK
            OpenStackFoundation,
        )

        return OpenStackFoundation(name, self, clusters, protect=protect, opts=opts)

    def objects(self, namespace: str) -> Sequence[Manifest]:
        """The ClusterResourceSet that gives every cluster its credentials."""
        given = self.credentials.cloud_config if self.credentials else None
        return [charts.credentials_of_clusters(given or CLUSTER_CLOUD_CONFIG, namespace)]

    def failure_domains(self) -> tuple[str, ...]:
        """The availability zones of the stack file."""
        return self.zones

    def lets_through(self, protocol: str, port: int) -> bool:
        """What the security groups of the provider let through."""
        return templates.lets_through(protocol, port)

    def charts(self) -> Sequence[Chart]:
        """The cloud controller manager and the Cinder CSI driver."""
        return charts.charts(default_class=self.default_storage_class)

    def cluster_volumes(self) -> ClusterVolumes:
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
