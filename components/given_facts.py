"""Facts of a cluster that this project did not make, given by its user."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from components import addon as roles
from components.addresses import Cidr
from components.cluster_volumes import VolumeClass, Volumes
from components.facts import (
    ClusterFacts,
    ControlPlaneFacts,
    InstalledAddon,
    NetworkFacts,
    PoolFacts,
)
from components.fields import Count, Domain, Flag, KubernetesVersion, Settings
from components.infrastructure.interface import ClassParts, Infrastructure


class MissingFactError(LookupError):
    """A fact of a cluster is needed that its user has not given; the message names it."""


class _Missing:
    """Stands for a fact that is not given; reading anything of it raises MissingFactError."""

    def __init__(self, what: str) -> None:
        object.__setattr__(self, "_what", what)

    def __getattr__(self, name: str) -> Any:
        raise MissingFactError(self._what)

    def _refuse(self, *_: object) -> Any:
        raise MissingFactError(self._what)

    __iter__ = __len__ = __bool__ = __getitem__ = __str__ = __lt__ = __le__ = __gt__ = __ge__ = (
        _refuse
    )


def facts_without(name: str, addons: Mapping[str, InstalledAddon]) -> ClusterFacts:
    """The facts of a cluster whose user gives none; reading one raises MissingFactError."""
    missing: dict[str, Any] = {
        "version": _Missing("the Kubernetes version"),
        "network": _Missing("the address ranges"),
        "control_plane": _Missing("the number of control-plane machines"),
        "pools": _Missing("the number of worker machines"),
    }
    return ClusterFacts(
        name=name, infrastructure=OtherInfrastructure(), addons=addons, management=True, **missing
    )


def is_given(fact: object) -> bool:
    """True if a fact has a value."""
    return not isinstance(fact, _Missing)


Name = Annotated[str, Field(min_length=1, max_length=253)]


class Role(StrEnum):
    """A role that something in the cluster has already."""

    NETWORK = roles.NETWORK
    CERTIFICATES = roles.CERTIFICATES
    GATEWAY_API = roles.GATEWAY_API
    LOAD_BALANCER = roles.LOAD_BALANCER
    SNAPSHOTS = roles.SNAPSHOTS
    METRICS = roles.METRICS
    APPLICATIONS = roles.APPLICATIONS


class StorageClass(Settings):
    """A storage class that the cluster has."""

    name: Name
    driver: Name
    """Its provisioner, `ebs.csi.aws.com`."""
    default: Flag = False
    """The default class."""


class OtherInfrastructure(Infrastructure):
    """An infrastructure that this project knows nothing about."""

    provider: Literal["other"] = "other"
    storage_classes: tuple[StorageClass, ...] = ()

    def class_parts(self) -> ClassParts:
        """No cluster is made on it."""
        raise NotImplementedError

    def cluster_volumes(self) -> Volumes:
        """The classes that the user names."""
        return Volumes(
            tuple(
                VolumeClass(each.name, each.driver, each.default) for each in self.storage_classes
            )
        )


class GivenFacts(Settings):
    """Facts that add-ons are planned and checked with; one that is not given counts as absent."""

    version: KubernetesVersion
    """Its Kubernetes release."""
    pods: Annotated[tuple[Cidr, ...], Field(min_length=1, max_length=2)]
    """The address ranges of pods, one or one of each family."""
    services: Annotated[tuple[Cidr, ...], Field(min_length=1, max_length=2)]
    """The address ranges of Services, in the order of `pods`."""
    machines: Annotated[tuple[Cidr, ...], Field(max_length=20)] = ()
    """The address ranges of its machines."""
    service_domain: Domain = "cluster.local"
    """The DNS domain of Services."""
    kube_proxy: Flag = True
    """The cluster runs kube-proxy."""
    control_planes: Annotated[Count, Field(ge=1, le=99)]
    """The number of control-plane machines."""
    workers: Annotated[Count, Field(ge=0, le=10000)]
    """The number of worker machines."""
    storage_classes: Annotated[tuple[StorageClass, ...], Field(max_length=50)] = ()
    """The storage classes that it has."""
    provides: Annotated[tuple[Role, ...], Field(max_length=10)] = ()
    """Roles that something in it has already, such as `certificates` where cert-manager runs."""

    def facts(
        self,
        name: str,
        addons: Mapping[str, InstalledAddon],
        infrastructure: Infrastructure | None = None,
        *,
        management: bool = False,
    ) -> ClusterFacts:
        """The facts in the form that add-ons read.

        Args:
            name: of the cluster.
            addons: the settings of the add-ons that it gets, by key in a stack file.
            infrastructure: the infrastructure of its machines, where this project knows it.
            management: whether it is the management cluster.
        """
        workers = PoolFacts("workers", self.workers, self.workers, self.workers)
        return ClusterFacts(
            name=name,
            version=self.version,
            network=NetworkFacts(
                self.pods, self.services, self.machines, self.service_domain, self.kube_proxy
            ),
            infrastructure=infrastructure
            or OtherInfrastructure(storage_classes=self.storage_classes),
            control_plane=ControlPlaneFacts(self.control_planes, self.control_planes),
            pools=(workers,) if self.workers else (),
            addons=addons,
            management=management,
            provides=tuple(self.provides),
        )
