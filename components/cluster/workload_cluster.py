"""A highly available workload cluster, as one Cluster object."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.addon_settings import AddonSettings
from components.arguments import Arguments
from components.base import Component, ends_program
from components.cluster import topology
from components.cluster.autoscaler import Autoscaler, AutoscalerAccess, autoscaled
from components.cluster.control_plane import HAControlPlane
from components.cluster.etcd_snapshots import snapshot_labels
from components.cluster.existing import ManagementCluster
from components.cluster.facts_of import facts_of
from components.cluster.kinds import CLUSTER_API, NAME_LABEL
from components.cluster.rules import check_cluster
from components.cluster.settings import Cluster
from components.cluster_object import INFRASTRUCTURE_LABEL
from components.delivery.clusters import FleetPlace, Installed
from components.delivery.component import refuse
from components.delivery.plan import NOTHING, Delivered
from components.facts import ClusterFacts
from components.infrastructure.interface import Infrastructure
from components.manifest import PROVIDER, custom_resource, wait_for
from components.mappings import Manifest
from components.registry.hosts import Registries


class WorkloadCluster(Component):
    """Makes a Cluster with a managed topology; Cluster API makes everything below it.

    With `management` it also makes the schedule of etcd snapshots and the autoscaler, where the
    settings ask for them. A stack makes those for all its clusters.

        shop = WorkloadCluster(
            "shop", version="1.36.3", worker_pools=[{"name": "general", "replicas": 3}],
            infrastructure=machines, management=management,
        )

    Args:
        name: of the cluster.
        settings: the whole settings, in place of single arguments.
        infrastructure: the infrastructure of its machines; the ClusterClass has its name.
        management: the management cluster. A stack gives `namespace` and providers in its place.
        namespace: the namespace of the Cluster and of its class.
        variables: values of the infrastructure's own variables, those of its foundation too.
        carried: labels and annotations by which the add-ons of a stack reach it.
        registries: the registry settings of its machines.
        opts: resource options.
        arguments: the fields of `components.cluster.settings.Cluster`; a value may be or contain an
            Output.

    Outputs:
        cluster_name: the name.

    Attributes:
        kubeconfig: a kubeconfig for an administrator, a secret Output; known once the cluster is
            there.
        provider: a Kubernetes provider of the cluster.
        settings: the settings.

    Raises:
        pulumi.RunError: with the text of the same codes as a stack file.
    """

    def __init__(
        self,
        name: str,
        settings: Cluster | None = None,
        *,
        infrastructure: Infrastructure,
        management: ManagementCluster | None = None,
        namespace: str = "",
        variables: Mapping[str, Any] | None = None,
        carried: Delivered = NOTHING,
        registries: Registries | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **arguments: Any,
    ) -> None:
        self.fleet = management.place if management else FleetPlace(namespace)
        super().__init__(name, self.fleet.options_of(opts))
        self.cluster = name
        self.installed = Installed()
        self._infrastructure = infrastructure
        self._addons: list[pulumi.Resource] = []
        given = {"name": name, **arguments} if settings is None else arguments
        namespace = self.fleet.namespace

        def make(made: Cluster) -> dict[str, Any]:
            return cluster_manifest(
                made,
                infrastructure,
                namespace,
                variables=variables,
                carried=carried,
                registries=registries,
            )

        def check(checked: Cluster) -> None:
            # Those of a stack are checked together, with their places in the file.
            if settings is None:
                refuse(check_cluster(checked, infrastructure), checked_arguments.place)

        with ends_program():
            checked_arguments = Arguments(Cluster, settings, given, f'WorkloadCluster("{name}")')
            self.settings = checked_arguments.settings
            if not checked_arguments.outputs:
                check(self.settings)
            manifest = checked_arguments.content(make, check)
        control_plane = HAControlPlane(
            self.settings, namespace=namespace, management=management, opts=self.child()
        )
        before = [*control_plane.resources, *(management.shared if management else ())]
        self.resource = custom_resource(
            f"{name}-cluster", manifest, self.child(depends_on=self._after(before))
        )
        if management:
            self._serve(management)
        self.cluster_name = pulumi.Output.from_input(name)
        self.register_outputs({"cluster_name": name})

    def _serve(self, management: ManagementCluster) -> None:
        """The autoscaler, which a stack registers for all its clusters."""
        namespace = self.fleet.namespace
        if autoscaled([self.settings]):
            management.access = management.access or AutoscalerAccess(
                self._infrastructure,
                namespace=namespace,
                opts=pulumi.ResourceOptions(parent=management, providers=[management.provider]),
            )
            after = [management.access.resource, self.resource]
            Autoscaler(self.settings, namespace=namespace, opts=self.child(depends_on=after))

    def facts(self, addons: Mapping[str, AddonSettings]) -> ClusterFacts:
        """The facts of the cluster with these add-ons."""
        return facts_of(self.settings, self._infrastructure, addons)

    def wait_for_addons(self, resources: Sequence[pulumi.Resource]) -> None:
        """Lets the Cluster object depend on the objects of add-ons.

        It waits until its nodes are ready, and they need a network. On deletion it goes before
        them: an add-on must not be uninstalled from a cluster that is being deleted.
        """
        self._addons += resources

    @cached_property
    def kubeconfig(self) -> pulumi.Output[str]:
        """A kubeconfig for an administrator: a secret, known once the cluster is there."""
        namespace = self.fleet.namespace
        name = f"{self.cluster}-kubeconfig"
        secret = kubernetes.core.v1.Secret.get(
            name,
            self.resource.id.apply(lambda _: f"{namespace}/{name}"),
            opts=self.child(depends_on=[self.resource]),
        )
        text = secret.data.apply(lambda data: base64.b64decode(data["value"]).decode())
        return pulumi.Output.secret(text)

    @cached_property
    def provider(self) -> kubernetes.Provider:
        """A Kubernetes provider of the cluster."""
        return kubernetes.Provider(
            f"{self.cluster}-provider",
            kubeconfig=self.kubeconfig,
            # Another kubeconfig for the same cluster replaces nothing.
            cluster_identifier=self.cluster,
            opts=self.child(),
            **PROVIDER,
        )

    def _after(self, before: list[pulumi.Resource]) -> pulumi.Output[list[pulumi.Resource]]:
        """The resources before the Cluster; read after the program has made its add-ons."""

        async def known() -> list[pulumi.Resource]:
            return [*before, *self._addons]

        return pulumi.Output.from_input(known())


def cluster_manifest(
    settings: Cluster,
    infrastructure: Infrastructure,
    namespace: str,
    *,
    variables: Mapping[str, Any] | None = None,
    carried: Delivered = NOTHING,
    registries: Registries | None = None,
) -> Manifest:
    """The Cluster object of `settings`."""
    network = settings.network
    managed: dict[str, Any] = {
        "classRef": {"name": infrastructure.name},
        "version": f"v{settings.version}",
        "controlPlane": topology.control_plane(settings.control_plane, infrastructure),
    }
    pools = [topology.worker_pool(pool, infrastructure) for pool in settings.worker_pools]
    if pools:
        managed["workers"] = {"machineDeployments": pools}
    own = {
        **infrastructure.cluster_variables(settings),
        **topology.skipped_phases(network),
        **(variables or {}),
    }
    files = (registries or settings.registries or Registries()).files()
    values = topology.cluster_variables(
        settings.control_plane, infrastructure.class_parts(), own, files
    )
    if values:
        managed["variables"] = values
    spec = {
        "paused": settings.paused,
        "clusterNetwork": {
            "pods": {"cidrBlocks": [str(cidr) for cidr in network.pods]},
            "services": {"cidrBlocks": [str(cidr) for cidr in network.services]},
            "serviceDomain": network.service_domain,
            **_api_server_port(settings, infrastructure),
        },
        "topology": managed,
    }
    return {
        "apiVersion": CLUSTER_API,
        "kind": "Cluster",
        "metadata": {
            "name": settings.name,
            "namespace": namespace,
            "labels": {INFRASTRUCTURE_LABEL: infrastructure.name, NAME_LABEL: settings.name}
            | snapshot_labels(settings.control_plane.etcd)
            | carried.labels
            | settings.labels,
            "annotations": wait_for("Available") | carried.annotations | settings.annotations,
        },
        "spec": spec,
    }


def _api_server_port(settings: Cluster, infrastructure: Infrastructure) -> dict[str, int]:
    """The port, always explicit: the defaults of providers differ."""
    if infrastructure.is_simulated:
        return {}  # each simulated API server has a separate port
    return {"apiServerPort": settings.control_plane.endpoint.port}
