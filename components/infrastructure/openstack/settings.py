"""What a stack file says about OpenStack, part by part; `plugin` holds the whole."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from components.fields import Cidr, Count, Domain, Namespace, Settings

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
        """Whether it says one thing: an id, or a filter."""
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
    """Where machines and load balancers get their addresses."""
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
    """`ovn` needs no machines of its own, and has no list of who may come in."""
    flavor: Name | None = None
    """A flavor of Octavia; without it the cloud's default."""


class Volumes(Settings):
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
    """Who answers for the zone; it is published."""


class Flavor(Settings):
    """What a flavor of this cloud is, so that quotas and prices can be told."""

    cpu: Annotated[Count, Field(ge=1)]
    memory_gib: Annotated[float, Field(gt=0, alias="memoryGiB")]
    architecture: Annotated[str, Field(pattern=r"^(amd64|arm64)$")] = "amd64"
    gpus: Annotated[Count, Field(ge=0)] = 0
