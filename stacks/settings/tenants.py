"""Tenants of a stack file, and the clusters that get them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field, model_validator

from components.addon import SecurityLevel
from components.addon_settings import AddonSettings
from components.cluster.settings import Cluster
from components.fields import ClusterName, Domain, Flag, LabelKey, LabelValue, Settings
from components.store.install import AppInstall
from components.tenancy.base import TENANCY, SharedTenancySettings
from components.tenancy.names import tenant_key
from components.tenancy.settings import (
    AcceptedConnection,
    AppOpening,
    Connection,
    ContainerDefaults,
    Destination,
    DnsName,
    NamedNamespace,
    NamespaceShare,
    People,
    PoolLabel,
    ResourceShare,
    TenantAlerts,
    TenantLogs,
    TenantName,
    TenantNamespace,
    TenantRegistry,
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
    open_within: Flag | None = None
    """Lets its pods reach each other, on all ports; without it as in `tenantDefaults`."""
    pool: PoolLabel | None = None
    """The worker pool of its pods, in each of its clusters; the pool has the label `caas.dev/pool`
    with its name, and the same as a taint."""

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
    open_within: Flag = True
    """Lets pods of one namespace reach each other, on all ports; for namespaces that do not
    tell."""
    storage_classes: Annotated[tuple[DnsName, ...], Field(max_length=50)] | None = None
    """StorageClasses that all tenants may use; without the key all of a cluster, of tenants without
    `storageClasses`."""
    metrics: Flag = True
    """Lets the Prometheus of the add-on `monitoring` reach all pods of tenants, on all ports."""


class StackTenant(Settings):
    """A tenant: a team with namespaces in clusters of the stack, or with whole clusters."""

    name: TenantName
    """The name of the tenant, unique in the stack."""
    people: People = People()
    """People with access to the namespaces of the tenant."""
    quota: ResourceShare = ResourceShare()
    """The resources of all its namespaces in all clusters together, and of its whole clusters."""
    domains: Annotated[tuple[Domain, ...], Field(max_length=50)] = ()
    """Domains whose host names only this tenant may serve."""
    clusters: Annotated[tuple[ClusterName, ...], Field(max_length=5000)] = ()
    """Whole clusters of the stack: its owners make namespaces in them, and no other tenant has
    one there."""
    leaving_clusters: Annotated[tuple[ClusterName, ...], Field(max_length=5000)] = ()
    """Those of `clusters` that leave: its people lose their rights to them at once, and what is in
    them stays; the step before they leave `clusters`."""
    namespaces: Annotated[tuple[PlacedNamespace, ...], Field(max_length=200)] = ()
    """Its namespaces; a name alone is a namespace in all clusters, except whole clusters of other
    tenants."""
    connections: Annotated[tuple[Connection, ...], Field(max_length=500)] = ()
    """Connections that its pods may open; everything else is closed, except DNS and the Gateway."""
    accepts: Annotated[tuple[AcceptedConnection, ...], Field(max_length=500)] = ()
    """Connections from other tenants that its pods accept."""
    apps: Annotated[tuple[AppInstall, ...], Field(max_length=200)] = ()
    """Applications of the store that are installed in its namespaces."""
    address_pools: Annotated[tuple[DnsName, ...], Field(max_length=20)] = ()
    """Address pools of MetalLB that its Services may name."""
    storage_classes: Annotated[tuple[DnsName, ...], Field(max_length=50)] | None = None
    """StorageClasses of its volumes, in addition to those of `tenantDefaults`."""

    alerts: TenantAlerts = TenantAlerts()
    """Receivers of alerts about its namespaces, in clusters with the add-on `monitoring`."""
    logs: TenantLogs = TenantLogs()
    """Retention and limit of its logs, in clusters with the add-on `logs`."""
    registry: TenantRegistry | None = None
    """A project in the Harbor of the stack; without it none."""
    code_owners: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[^\s#]+$", max_length=256)], ...],
        Field(max_length=50),
    ] = ()
    """The names of its owners on the git server, `@example/shop-leads`, for the CODEOWNERS that
    `./caas generate` writes; without them the names of `people.owners`."""
    leaving: Flag = False
    """Closes access and network of all its namespaces at once, and keeps what is in them; the step
    before the tenant leaves the file."""

    def share(self, namespace: PlacedNamespace, defaults: TenantDefaults) -> NamespaceShare:
        """The share of a namespace in each of its clusters."""
        own = namespace.quota
        given = own.model_dump(exclude_unset=True, exclude_none=True) if own else {}
        return defaults.quota.model_copy(update=given)


@dataclass(frozen=True, slots=True)
class AppFacts:
    """The facts about applications that clusters need.

    Attributes:
        deployer: the namespace from where Flux installs them; None where nothing does.
        openings: the ports of the applications of each tenant.
    """

    deployer: str | None = None
    openings: Mapping[str, tuple[AppOpening, ...]] = field(default_factory=dict)


NO_APPS = AppFacts()


def tenant_addons(
    tenants: Sequence[StackTenant],
    defaults: TenantDefaults,
    cluster: Cluster,
    apps: AppFacts = NO_APPS,
) -> Mapping[str, AddonSettings]:
    """The tenants of a cluster as its add-ons, with what they share before them.

    Clusters with the same namespaces of a tenant get the same settings object, so that they share
    its delivery.
    """
    found: dict[str, AddonSettings] = {}
    holder = next((each.name for each in tenants if cluster.name in each.clusters), "")
    for tenant in tenants:
        if holder not in ("", tenant.name):
            continue
        here = tuple(
            index for index, each in enumerate(tenant.namespaces) if each.place.has(cluster)
        )
        if here or holder:
            names = {tenant.namespaces[index].name for index in here}
            openings = tuple(
                each for each in apps.openings.get(tenant.name, ()) if each.namespace in names
            )
            leaves = cluster.name in tenant.leaving_clusters
            whole = bool(holder)
            share = _Share(tenant.name, here, whole, apps.deployer, openings, leaves)
            found[tenant_key(tenant.name)] = _settings(share, tenant, defaults)
    return {TENANCY: _TENANCY, **found} if found else {}


@dataclass(frozen=True, slots=True)
class _Share:
    """The part of a tenant that a cluster has; alike clusters have equal ones.

    Attributes:
        tenant: its name; settings alone make a slow key.
        namespaces: the positions of its namespaces.
        whole: whether it has the whole cluster.
        deployer: as of `AppFacts`.
        openings: of the applications in the namespaces.
        leaves: whether the whole cluster leaves it.
    """

    tenant: str
    namespaces: tuple[int, ...]
    whole: bool
    deployer: str | None
    openings: tuple[AppOpening, ...]
    leaves: bool = False


@lru_cache(maxsize=4096)
def _settings(share: _Share, tenant: StackTenant, defaults: TenantDefaults) -> TenantSettings:
    namespaces = (tenant.namespaces[index] for index in share.namespaces)
    return TenantSettings(
        tenant=tenant.name,
        people=tenant.people,
        quota=tenant.quota,
        default_quota=defaults.quota,
        domains=tenant.domains,
        whole_cluster=share.whole,
        cluster_leaving=share.leaves,
        leaving=tenant.leaving,
        namespaces=tuple(
            TenantNamespace(
                name=each.name,
                quota=tenant.share(each, defaults),
                pod_security=each.pod_security or defaults.pod_security,
                leaving=each.leaving or tenant.leaving,
                open_within=defaults.open_within if each.open_within is None else each.open_within,
                pool=each.pool,
            )
            for each in namespaces
        ),
        connections=tenant.connections,
        accepts=tenant.accepts,
        reaches=defaults.reaches,
        limits=defaults.limits,
        metrics=defaults.metrics,
        deployer=share.deployer,
        openings=share.openings,
        alerts=tenant.alerts,
        logs=tenant.logs,
        registry=tenant.registry,
        address_pools=tenant.address_pools,
        storage_classes=_classes(tenant, defaults),
    )


def _classes(tenant: StackTenant, defaults: TenantDefaults) -> tuple[str, ...] | None:
    """The StorageClasses of a tenant; None for all of a cluster."""
    given = (defaults.storage_classes, tenant.storage_classes)
    if given == (None, None):
        return None
    return tuple(dict.fromkeys(name for each in given for name in each or ()))
