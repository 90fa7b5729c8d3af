"""Clusters that exist already: one that gets add-ons directly, and one that runs Cluster API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.addon_settings import AddonSettings
from components.arguments import Arguments
from components.base import Component, ends_program
from components.cluster.autoscaler import AutoscalerAccess
from components.delivery.clusters import FleetPlace, Installed
from components.delivery.mirror import Mirror
from components.facts import ClusterFacts
from components.given_facts import GivenFacts
from components.infrastructure.interface import Infrastructure
from components.manifest import PROVIDER, of_stack, settle_in


class ExistingCluster:
    """A cluster that Pulumi reaches itself; add-ons are Helm releases and objects in it.

        edge = ExistingCluster(
            "edge", kubeconfig=text, version="1.36.3", pods=["10.244.0.0/16"],
            services=["10.96.0.0/12"], control_planes=1, workers=2,
        )

    Args:
        name: of the cluster.
        facts: the facts about it, in place of single arguments.
        provider: the Kubernetes provider of the cluster.
        kubeconfig: a kubeconfig, in place of `provider`; it may be an Output.
        infrastructure: the infrastructure of its machines, where this project knows it.
        arguments: the fields of `GivenFacts`.

    Raises:
        pulumi.RunError: with the text of the code of a fact that is wrong or missing.
    """

    def __init__(
        self,
        name: str,
        facts: GivenFacts | None = None,
        *,
        provider: kubernetes.Provider | None = None,
        kubeconfig: pulumi.Input[str] | None = None,
        infrastructure: Infrastructure | None = None,
        **arguments: Any,
    ) -> None:
        self.cluster = name
        self.installed = Installed()
        self._infrastructure = infrastructure
        with ends_program():
            given = Arguments(GivenFacts, facts, arguments, f'ExistingCluster("{name}")')
            self._facts = given.plain()
        self.provider = provider or kubernetes.Provider(
            name, kubeconfig=kubeconfig, cluster_identifier=name, **PROVIDER
        )

    @property
    def options(self) -> Mapping[str, Any]:
        """Options of each resource in it."""
        return {"provider": self.provider}

    def facts(self, addons: Mapping[str, AddonSettings]) -> ClusterFacts:
        """The facts of the cluster with these add-ons."""
        return self._facts.facts(self.cluster, addons, self._infrastructure)


class ManagementCluster(Component):
    """An existing management cluster: it runs Cluster API and the Helm add-on provider.

    Args:
        name: of the component.
        provider: the Kubernetes provider of the cluster.
        kubeconfig: a kubeconfig, in place of `provider`; it may be an Output.
        namespace: the namespace of the Cluster objects; it is made.
        mirror: the source of charts and images that replaces the internet.
        opts: resource options.

    Outputs:
        namespace: the namespace of the Cluster objects.

    Attributes:
        shared: resources of all clusters, which a cluster waits for: its class, cloud integrations.
        snapshots: digests of the etcd snapshot schedules that clusters share.
        access: the account of all autoscalers; made for the first cluster that needs one.
    """

    def __init__(
        self,
        name: str,
        *,
        provider: kubernetes.Provider | None = None,
        kubeconfig: pulumi.Input[str] | None = None,
        namespace: str = "clusters",
        mirror: Mirror | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        self.provider = provider or kubernetes.Provider(
            f"{name}-provider",
            kubeconfig=kubeconfig,
            # Another kubeconfig for the same cluster replaces nothing.
            cluster_identifier=name,
            **PROVIDER,
            opts=self.child(),
        )
        settle_in(namespace)
        # Other programs may have clusters in it.
        options = self.child(provider=self.provider, retain_on_delete=True)
        level = {"pod-security.kubernetes.io/enforce": "baseline"}
        made = kubernetes.core.v1.Namespace(
            f"{name}-namespace",
            metadata=of_stack({"name": namespace, "labels": level}, options, shared=True),
            opts=options,
        )
        self.namespace = namespace
        self.place = FleetPlace(namespace, self.provider, mirror, (made,))
        self.shared: list[pulumi.Resource] = []
        self.snapshots: set[str] = set()
        self.access: AutoscalerAccess | None = None
        self.register_outputs({"namespace": namespace})
