"""A whole stack file."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Annotated

from pydantic import Field, SerializeAsAny, create_model

from components.addon import Target
from components.addons import Addons, addons_of
from components.cluster.settings import Cluster
from components.delivery.mirror import Mirror, hosts
from components.fields import KubernetesVersion, Namespace, Settings
from components.infrastructure.in_memory import InMemory
from components.infrastructure.interface import Infrastructure
from components.infrastructure.registry import infrastructure
from components.registry.hosts import Registries
from stacks.settings.policies import Policies


class ManagementMode(StrEnum):
    """Where Cluster API runs."""

    EMBEDDED = "embedded"
    EXISTING = "existing"
    SELF_MANAGED = "self-managed"


class Management(Settings):
    """The management cluster."""

    mode: ManagementMode = ManagementMode.EMBEDDED
    """`embedded`: on this computer, as plain processes. `existing`: a cluster that is there and
    runs Cluster API. `self-managed`: a cluster of this stack, made by `./caas bootstrap`."""
    namespace: Namespace = "clusters"
    """Where the Cluster objects of this stack live."""
    kubeconfig: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    """Of an `existing` one: the file; without it $KUBECONFIG or ~/.kube/config."""
    context: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """Of an `existing` one: the context in the file; without it the current one."""
    cluster: Cluster | None = None
    """Of a `self-managed` one: the cluster, like every other."""
    addons: Addons = Addons()
    """Of an `existing` one: what is installed in it; of a `self-managed` one they stand with its
    cluster."""


class Stack(Settings):
    """Everything that one environment is made of.

    The keys of `config:` in `stacks/Pulumi.<stack>.yaml`, each with the project's prefix `caas:`.
    """

    management: Management = Management()
    """Where Cluster API runs."""
    infrastructure: SerializeAsAny[Infrastructure] = InMemory()
    """What the machines are."""
    kubernetes_versions: Annotated[tuple[KubernetesVersion, ...], Field(max_length=100)] = ()
    """Releases that upgrades may walk through; empty means every release of the catalog."""
    mirror: Mirror | None = None
    """Your own registry and chart repository, for clusters that cannot reach the internet."""
    addons: Addons = Addons()
    """What every workload cluster gets, or those that an add-on's `selector` chooses."""
    registries: Registries = Registries()
    """What machines know of registries: mirrors, certificates, credentials."""
    clusters: Annotated[tuple[Cluster, ...], Field(max_length=5000)] = ()
    """The workload clusters."""
    policies: Policies = Policies()
    """How the rules of `policies/` are applied."""

    def target(self, cluster: Cluster) -> Target:
        """A cluster of the stack with its add-ons."""
        if cluster is self.management.cluster:
            return addons_of(Addons(), cluster, self.infrastructure, management=True)
        return addons_of(self.addons, cluster, self.infrastructure)

    @property
    def all_clusters(self) -> tuple[Cluster, ...]:
        """The workload clusters, and the management cluster before them where it is one of ours."""
        own = self.management.cluster
        return (own, *self.clusters) if own else self.clusters

    def registries_of(self, cluster: Cluster) -> Registries:
        """What a cluster's machines know of registries: its own, or what the stack says.

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
