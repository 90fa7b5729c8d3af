"""Clusters that components install add-ons in, and how each is reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi

from components.addon_settings import AddonSettings
from components.delivery.mirror import Mirror
from components.facts import ClusterFacts


@dataclass(slots=True)
class Installed:
    """The add-ons of a cluster that components were made for, in their order.

    Attributes:
        addons: the settings by key in a stack file.
        resources: of all of them.
    """

    addons: dict[str, AddonSettings] = field(default_factory=dict)
    resources: list[pulumi.Resource] = field(default_factory=list)


class TargetCluster(Protocol):
    """A cluster that an add-on component is made for."""

    @property
    def cluster(self) -> str:
        """The name of the cluster."""

    @property
    def installed(self) -> Installed:
        """The add-ons that it has so far."""

    def facts(self, addons: Mapping[str, AddonSettings]) -> ClusterFacts:
        """The facts of the cluster with these add-ons."""


class DirectCluster(TargetCluster, Protocol):
    """A cluster that Pulumi reaches itself."""

    @property
    def options(self) -> Mapping[str, Any]:
        """Options of each resource in it: its Kubernetes provider."""


class FleetCluster(TargetCluster, Protocol):
    """A cluster that its management cluster reaches."""

    @property
    def fleet(self) -> FleetPlace:
        """The place of its Cluster object."""

    def wait_for_addons(self, resources: Sequence[pulumi.Resource]) -> None:
        """Lets the Cluster object depend on resources: they come before it and go after it."""


@dataclass(frozen=True)
class FleetPlace:
    """A namespace of a management cluster.

    Attributes:
        namespace: the namespace of the Cluster objects.
        provider: of the management cluster.
        mirror: the source of charts and images that replaces the internet.
        after: resources that have to be there first, such as the namespace.
    """

    namespace: str
    provider: pulumi.ProviderResource | None = None
    mirror: Mirror | None = None
    after: Sequence[pulumi.Resource] = ()

    @property
    def options(self) -> Mapping[str, Any]:
        """Options of each object in it."""
        return {"provider": self.provider} if self.provider else {}

    def options_of(self, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
        """Options of a component whose children are in it."""
        own = pulumi.ResourceOptions(
            providers=[self.provider] if self.provider else None, depends_on=list(self.after)
        )
        return pulumi.ResourceOptions.merge(own, opts)
