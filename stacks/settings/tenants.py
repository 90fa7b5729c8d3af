"""Tenants of a stack file, and the clusters that get them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field, model_validator

from components.addon import SecurityLevel
from components.addon_settings import AddonSettings
from components.cluster.settings import Cluster
from components.fields import ClusterName, Domain, Flag, LabelKey, LabelValue, Settings
from components.tenancy.base import TENANCY, SharedTenancySettings
from components.tenancy.names import tenant_key
from components.tenancy.settings import (
    AcceptedConnection,
    Connection,
    ContainerDefaults,
    Destination,
    NamedNamespace,
    NamespaceShare,
    People,
    ResourceShare,
    TenantName,
    TenantNamespace,
)
from components.tenancy.tenant import TenantSettings

_TENANCY = SharedTenancySettings()


class ClusterChoice(Settings):
    """Workload clusters of the stack; without names and labels all of them."""

    clusters: Annotated[tuple[ClusterName, ...], Field(max_length=5000)] = ()
    """Names of clusters."""
    labels: Annotated[dict[LabelKey, LabelValue], Field(max_length=20)] = Field(
        default_factory=dict
    )
    """Labels that the clusters carry."""

    def has(self, cluster: Cluster) -> bool:
        """True for a cluster that it names, if it names any, with all of the labels."""
        named = not self.clusters or cluster.name in self.clusters
        return named and self.labels.items() <= cluster.labels.items()


class PlacedNamespace(NamedNamespace):
    """A namespace of a tenant, in some clusters. Its name alone is the short form."""

    place: Annotated[ClusterChoice, Field(alias="in")] = ClusterChoice()
    """The clusters that it is in: names, labels, or both."""
    quota: ResourceShare | None = None
    """The resources that its pods may take in each cluster; amounts that it does not name are
    those of `tenantDefaults`."""
    pod_security: SecurityLevel | None = None
    """The Pod Security level that it enforces; without it that of `tenantDefaults`."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        return {"name": given} if isinstance(given, str) else given

    def clusters(self, known: Sequence[Cluster]) -> tuple[str, ...]:
        """The names of its clusters.

        Args:
            known: the workload clusters of the stack.
        """
        return tuple(each.name for each in known if self.place.has(each))


class TenantDefaults(Settings):
    """Settings of all tenants."""

    pod_security: SecurityLevel = SecurityLevel.RESTRICTED
    """The Pod Security level of namespaces that name none."""
    quota: NamespaceShare = NamespaceShare()
    """The share of each namespace, of which its `quota` may change every amount."""
    limits: ContainerDefaults = ContainerDefaults()
    """Resources of containers that name none."""
    reaches: Annotated[tuple[Destination, ...], Field(max_length=50)] = ()
    """Destinations that all namespaces of all tenants may connect to."""


class StackTenant(Settings):
    """A tenant: a team with namespaces in clusters of the stack."""

    name: TenantName
    """The name of the tenant, unique in the stack."""
    people: People = People()
    """People with access to the namespaces of the tenant."""
    quota: ResourceShare = ResourceShare()
    """The resources of all its namespaces in all clusters together."""
    domains: Annotated[tuple[Domain, ...], Field(max_length=50)] = ()
    """Domains whose host names only this tenant may serve."""
    namespaces: Annotated[tuple[PlacedNamespace, ...], Field(min_length=1, max_length=200)]
    """Its namespaces; a name alone is a namespace in all clusters."""
    connections: Annotated[tuple[Connection, ...], Field(max_length=500)] = ()
    """Connections that its pods may open; everything else is closed, except DNS and the Gateway."""
    accepts: Annotated[tuple[AcceptedConnection, ...], Field(max_length=500)] = ()
    """Connections from other tenants that its pods accept."""

    leaving: Flag = False
    """Closes access and network of all its namespaces at once, and keeps what is in them; the step
    before the tenant leaves the file."""

    def share(self, namespace: PlacedNamespace, defaults: TenantDefaults) -> NamespaceShare:
        """The share of a namespace in each of its clusters."""
        own = namespace.quota.model_dump(exclude_none=True) if namespace.quota else {}
        return defaults.quota.model_copy(update=own)


def tenant_addons(
    tenants: Sequence[StackTenant], defaults: TenantDefaults, cluster: Cluster
) -> Mapping[str, AddonSettings]:
    """The tenants of a cluster as its add-ons, with what they share before them.

    Clusters with the same namespaces of a tenant get the same settings object, so that they share
    its delivery.
    """
    found: dict[str, AddonSettings] = {}
    for tenant in tenants:
        here = tuple(
            index for index, each in enumerate(tenant.namespaces) if each.place.has(cluster)
        )
        if here:
            found[tenant_key(tenant.name)] = _settings(tenant.name, here, tenant, defaults)
    return {TENANCY: _TENANCY, **found} if found else {}


@lru_cache(maxsize=4096)
def _settings(
    name: str, here: tuple[int, ...], tenant: StackTenant, defaults: TenantDefaults
) -> TenantSettings:
    namespaces = (tenant.namespaces[index] for index in here)
    return TenantSettings(
        tenant=name,
        people=tenant.people,
        domains=tenant.domains,
        namespaces=tuple(
            TenantNamespace(
                name=each.name,
                quota=tenant.share(each, defaults),
                pod_security=each.pod_security or defaults.pod_security,
                leaving=each.leaving or tenant.leaving,
            )
            for each in namespaces
        ),
        connections=tenant.connections,
        accepts=tenant.accepts,
        reaches=defaults.reaches,
        limits=defaults.limits,
    )
