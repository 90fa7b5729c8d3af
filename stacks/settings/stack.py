"""A whole stack file."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, PrivateAttr, SerializeAsAny, create_model

from components.addon import APPLICATIONS
from components.delivery.mirror import Mirror, hosts
from components.facts import ClusterFacts
from components.fields import Flag, KubernetesVersion, Namespace, Settings
from components.given_facts import GivenFacts
from components.infrastructure.in_memory import InMemory
from components.infrastructure.interface import Infrastructure
from components.infrastructure.registry import infrastructure
from components.registry.hosts import Registries
from components.store.install import ChosenApp, chosen
from components.tenancy.settings import AppOpening
from stacks.paths import CHECKOUT
from stacks.settings.addons import Addons, ClusterSettings, addons_of
from stacks.settings.policies import Policies
from stacks.settings.shelves import Shelves, Store
from stacks.settings.tenants import AppFacts, StackTenant, TenantDefaults
from stacks.settings.whole_clusters import clusters_for


class ManagementMode(StrEnum):
    """The location of Cluster API."""

    EMBEDDED = "embedded"
    EXISTING = "existing"
    SELF_MANAGED = "self-managed"


class Management(Settings):
    """The management cluster."""

    mode: ManagementMode = ManagementMode.EMBEDDED
    """`embedded`: on this computer, as plain processes. `existing`: a cluster that is there and
    runs Cluster API. `self-managed`: a cluster of this stack, made by `./caas bootstrap`."""
    namespace: Namespace = "clusters"
    """The namespace of the stack's Cluster objects."""
    kubeconfig: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    """Of an `existing` one: the file; without it $KUBECONFIG or ~/.kube/config."""
    context: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """Of an `existing` one: the context in the file; without it the current one."""
    cluster: ClusterSettings | None = None
    """Of a `self-managed` one: the cluster, like every other."""
    addons: Addons = Addons()
    """Of an `existing` one: what is installed in it; of a `self-managed` one they stand with its
    cluster."""
    facts: GivenFacts | None = None
    """Of an `existing` one: its version, address ranges and machines, for add-ons that need
    them."""


class Stack(Settings):
    """Everything that one environment is made of.

    The keys of `config:` in `stacks/Pulumi.<stack>.yaml`, each with the project's prefix `caas:`.
    """

    management: Management = Management()
    """The location of Cluster API."""
    infrastructure: SerializeAsAny[Infrastructure] = InMemory()
    """The infrastructure of the machines."""
    kubernetes_versions: Annotated[tuple[KubernetesVersion, ...], Field(max_length=100)] = ()
    """Releases that upgrades may walk through; empty means every release of the catalog."""
    mirror: Mirror | None = None
    """Your own registry and chart repository, for clusters that cannot reach the internet."""
    addons: Addons = Addons()
    """The add-ons of every workload cluster, or of those that an add-on's `selector` matches."""
    registries: Registries = Registries()
    """The registry settings of machines: mirrors, certificates, credentials."""
    clusters: Annotated[tuple[ClusterSettings, ...], Field(max_length=5000)] = ()
    """The workload clusters."""
    tenants: Annotated[tuple[StackTenant, ...], Field(max_length=500)] = ()
    """The tenants: teams with namespaces in the workload clusters."""
    tenant_defaults: TenantDefaults = TenantDefaults()
    """Settings of all tenants."""
    store: Store = Store()
    """The application store, beside its recommended shelf."""
    policies: Policies = Policies()
    """Settings of the rules in `policies/`."""
    protect: Flag | None = None
    """Pulumi refuses to delete the parts of the foundation that hold data, such as keys, buckets,
    logs and the DNS zone, until `pulumi state unprotect` releases them; without it where a cluster
    has the label `tier: production`."""

    _folder: Path = PrivateAttr(default=CHECKOUT / "stacks")

    def target(self, cluster: ClusterSettings) -> ClusterFacts:
        """A cluster of the stack with its add-ons."""
        if cluster is self.management.cluster:
            return addons_of(Addons(), cluster, self.infrastructure, management=True)
        return addons_of(
            self.addons,
            cluster,
            self.infrastructure,
            tenants=self.tenants,
            defaults=self.tenant_defaults,
            apps=self.app_facts,
        )

    @property
    def shelves(self) -> Shelves:
        """The shelves of the store."""
        return Shelves(self.store, self._folder)

    def read_from(self, folder: Path) -> Self:
        """The stack, whose stack file is in a folder; shelves of the store are found from there."""
        self._folder = folder
        return self

    @property
    def has_flux(self) -> bool:
        """True if something on the management cluster installs applications."""
        management = self.management
        given = management.facts.provides if management.facts else ()
        own = management.cluster.addons if management.cluster else management.addons
        return bool(own.flux) or APPLICATIONS in given

    @cached_property
    def apps(self) -> tuple[ChosenApp, ...]:
        """The applications of all tenants; those that are refused are left out."""
        shelves, found = self.shelves, []
        for tenant in self.tenants:
            for install in tenant.apps:
                entry = shelves.find(install.app)
                app = chosen(tenant.name, install, entry) if entry else None
                found += [app] if isinstance(app, ChosenApp) else []
        return tuple(found)

    @cached_property
    def app_facts(self) -> AppFacts:
        """The facts about the applications of tenants that clusters need."""
        if not self.has_flux:
            return AppFacts()
        openings: dict[str, tuple[AppOpening, ...]] = {}
        for app in self.apps:
            openings[app.tenant] = (*openings.get(app.tenant, ()), *app.openings)
        return AppFacts(self.management.namespace, openings)

    def clusters_of(self, app: ChosenApp) -> tuple[str, ...]:
        """The names of the clusters that an application is installed in."""
        tenant = next(each for each in self.tenants if each.name == app.tenant)
        open_to = clusters_for(tenant, self.clusters, self.tenants)
        spaces = [each for each in tenant.namespaces if each.name == app.install.namespace]
        return tuple(name for each in spaces for name in each.clusters(open_to))

    @property
    def is_protected(self) -> bool:
        """True if Pulumi refuses to delete the parts of the foundation that hold data."""
        if self.protect is not None:
            return self.protect
        # The label by which the policies know a production cluster.
        return any(cluster.labels.get("tier") == "production" for cluster in self.all_clusters)

    @property
    def all_clusters(self) -> tuple[ClusterSettings, ...]:
        """The workload clusters, and the management cluster before them where it is one of ours."""
        own = self.management.cluster
        return (own, *self.clusters) if own else self.clusters

    def registries_of(self, cluster: ClusterSettings) -> Registries:
        """The registry settings of a cluster's machines: its own, or the stack's.

        A mirror of the stack stands in for every public registry that is not among them.
        """
        own = self.registries if cluster.registries is None else cluster.registries
        if self.mirror is None:
            return own
        named = {host.name for host in own.hosts}
        others = (host for host in hosts(self.mirror) if host.name not in named)
        return own.model_copy(update={"hosts": (*own.hosts, *others)})


@lru_cache
def stack_model(provider: str) -> type[Stack]:
    """The model of stack files whose infrastructure is `provider`, so that only its plug-in loads.

    Raises:
        KeyError: there is no such infrastructure.
    """
    plugin = infrastructure(provider)
    default = InMemory() if plugin is InMemory else ...
    model: type[Stack] = create_model("Stack", __base__=Stack, infrastructure=(plugin, default))
    model.__doc__ = Stack.__doc__
    return model
