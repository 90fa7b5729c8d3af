"""Settings of a stack on OpenStack."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from components.addresses import Cidr
from components.cluster.machine import TypeName
from components.fields import Count, Domain, Flag, Namespace, Settings, WebAddress
from components.infrastructure.interface import Infrastructure

Name = Annotated[str, Field(min_length=1, max_length=255)]
Tag = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^,/]+$")]
Tags = Annotated[tuple[Tag, ...], Field(max_length=40)]
SecretName = Namespace
Address = Annotated[str, Field(pattern=r"^[0-9a-fA-F.:]+$", max_length=45)]


class Reference(Settings):
    """Something that is there already: by its id, or by its name and tags."""

    id: Annotated[str, Field(pattern=r"^[0-9a-fA-F-]{32,36}$")] | None = None
    """Its UUID."""
    name: Name | None = None
    """Its name; exactly one thing may have it."""
    tags: Tags = ()
    """Tags that it has, all of them."""

    @property
    def is_clear(self) -> bool:
        """True if exactly one of an id and a filter is set."""
        return bool(self.id) != bool(self.name or self.tags)

    @property
    def selector(self) -> dict[str, Any]:
        """As Cluster API's provider asks for it: `{id}` or `{filter: {name, tags}}`."""
        if self.id:
            return {"id": self.id}
        named = {"name": self.name} if self.name else {}
        return {"filter": named | ({"tags": list(self.tags)} if self.tags else {})}


class ExistingNetwork(Settings):
    """A network that is there already; nothing of it is made or changed."""

    network: Reference
    subnets: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=10)]
    """The network of machines and load balancers."""
    router: Reference | None = None
    """The router with the way out; without it the one that the subnets have."""


class ProjectNetwork(Settings):
    """The network of the machines: made, or an existing one."""

    cidr: Cidr = Cidr("10.6.0.0/20")
    """Its addresses: of machines and of load balancers."""
    dns_nameservers: Annotated[tuple[Address, ...], Field(max_length=5)] = ()
    """Resolvers of the machines; without them Neutron's own."""
    mtu: Annotated[Count, Field(ge=1280, le=9500)] | None = None
    """The largest packet in bytes; without it the cloud's."""
    existing: ExistingNetwork | None = None
    """The network to use instead of making one."""


class LoadBalancerProvider(StrEnum):
    """Octavia's drivers."""

    AMPHORA = "amphora"
    OVN = "ovn"


class LoadBalancer(Settings):
    """Octavia's load balancers, of the Kubernetes APIs and of services."""

    provider: LoadBalancerProvider = LoadBalancerProvider.AMPHORA
    """`ovn` needs no machines, and does not restrict client addresses."""
    flavor: Name | None = None
    """A flavor of Octavia; without it the cloud's default."""


class CinderVolumes(Settings):
    """Cinder's volumes, of every machine."""

    type: Name | None = None
    """Their type where a disk names none; choose one that is encrypted."""
    zone: Name | None = None
    """Their zone, or `machine`: zones of volumes are named as those of machines are."""


class Credentials(Settings):
    """Credentials by reference: Secrets in the namespace of the clusters."""

    secret: SecretName | None = None
    """Its key `clouds.yaml` is for Cluster API's provider; `cacert` goes beside it."""
    cloud_config: SecretName | None = None
    """Of the type `addons.cluster.x-k8s.io/resource-set`, holds the Secret
    `kube-system/cloud-config` for the clusters: keys `cloud.conf` and `clouds.yaml`."""
    cloud: Name = "openstack"
    """The cloud's name in that `clouds.yaml`."""


class SshKey(Settings):
    """The key that opens machines by SSH; no security group lets SSH in."""

    public_key: (
        Annotated[str, Field(pattern=r"^(ssh|ecdsa|sk)-[^\n]+$", max_length=2048)] | None
    ) = None
    """The text of a public key; a key pair is made of it."""
    name: Name | None = None
    """The name of a key pair that is there."""


class Containers(Settings):
    """Swift containers, private: `<prefix>-etcd-backups`, `<prefix>-logs`, `<prefix>-registry`."""

    prefix: Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=48)]
    """The first part of their names; unique in the project."""
    storage_policy: Name | None = None
    """Swift's storage policy; without it the cloud's default."""


class DnsZone(Settings):
    """A zone of Designate, for the names of clusters and services."""

    name: Domain
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=253)]
    """The contact of the zone; it is published."""


class Flavor(Settings):
    """The properties of a flavor of this cloud, for quotas and prices."""

    cpu: Annotated[Count, Field(ge=1)]
    memory_gib: Annotated[float, Field(gt=0, alias="memoryGiB")]
    architecture: Annotated[str, Field(pattern=r"^(amd64|arm64)$")] = "amd64"
    gpus: Annotated[Count, Field(ge=0)] = 0


class OpenStackSettings(Infrastructure):
    """The settings of a stack on OpenStack."""

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
    volumes: CinderVolumes = CinderVolumes()
    default_storage_class: Flag = True
    """Makes `csi-cinder-sc-delete` the default storage class; a cluster has exactly one default
    class."""
    images: Annotated[str, Field(min_length=1, max_length=255)] = "ubuntu-2404-kube-v{version}"
    """The names of images; `{version}` is the Kubernetes version, `1.36.3`."""
    ssh_key: SshKey | None = None
    """SSH access to machines; none without it."""
    load_balancer: LoadBalancer = LoadBalancer()
    containers: Containers | None = None
    """Swift containers for backups, logs and the registry; none without it."""
    dns_zone: DnsZone | None = None
    """A zone to make; none without it."""
    flavors: dict[TypeName, Flavor] = Field(default_factory=dict)
    """The properties of this cloud's flavors, by name."""
    quota_checks: Flag = True
    """Checks the project's quotas before anything is created."""
    tags: Tags = ()
    """Tags of everything that can have some."""
