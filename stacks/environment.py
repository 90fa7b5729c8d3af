"""What every environment is made of; the modules beside this one say how theirs differs."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as kubernetes

from catalog import catalog
from components.addons import addons_of_existing
from components.cluster.autoscaler import Autoscaler, AutoscalerAccess, autoscaled
from components.cluster.cluster_api import ClusterApi
from components.cluster.cluster_class import ClusterClass
from components.cluster.companions import Companions
from components.cluster.etcd_snapshots import EtcdSnapshotJobs, snapshot_labels
from components.cluster.settings import Cluster
from components.cluster.workload_cluster import WorkloadCluster
from components.delivery.direct import DirectAddons
from components.delivery.fleet import FleetAddons
from components.delivery.plan import NOTHING, Fleet, plan
from components.infrastructure.foundation import Foundation
from components.manifest import core_object, movable, stack_labels, wait_for
from stacks.management import kubeconfig, own_kubeconfig
from stacks.settings import Stack
from stacks.settings.stack import ManagementMode


def compose(stack: str, settings: Stack, *, protect: bool = False) -> None:
    """Registers the foundation, the ClusterClass, the clusters of a stack and what serves them.

    Args:
        stack: the stack's name.
        settings: the stack file.
        protect: whether Pulumi refuses to delete what holds data until it is unprotected.
    """
    environment = _Environment(stack, settings)
    mode = settings.management.mode
    foundation = settings.infrastructure.foundation(stack, settings.all_clusters, protect=protect)
    needed = environment.credentials(foundation)
    cluster_class = environment.cluster_class()
    # On the embedded plane no pods run: neither the add-on provider nor an autoscaler.
    pods_run = mode is not ManagementMode.EMBEDDED
    fleet = environment.fleet() if pods_run else Fleet()
    if pods_run:
        delivery = [*environment.companions(), *environment.addons(fleet)]
        # The plane that bootstraps a cluster has no add-on provider, so it can't wait for these.
        needed += delivery if settings.management.cluster is None else []
    clusters = environment.clusters(foundation, [cluster_class, *needed], fleet)
    if pods_run:
        environment.autoscalers(clusters)
    environment.etcd_snapshots()
    if mode is ManagementMode.EXISTING:
        environment.addons_of_management()
    environment.cluster_api()
    pulumi.export("clusters", list(clusters))


class _Environment:
    """The parts of one stack on its management cluster."""

    def __init__(self, stack: str, settings: Stack) -> None:
        self.stack = stack
        self.settings = settings
        self.infrastructure = settings.infrastructure
        self.namespace = settings.management.namespace
        self.provider = kubernetes.Provider(
            "management",
            kubeconfig=str(kubeconfig(stack, settings.management)),
            context=settings.management.context,
            # Objects that an earlier run without the pulumi CLI made are adopted.
            upsert_existing_objects=True,
        )
        self._namespace = kubernetes.core.v1.Namespace(
            "clusters",
            # Pods here need nothing of their machine: an autoscaler at most.
            metadata={
                "name": self.namespace,
                "labels": stack_labels() | {"pod-security.kubernetes.io/enforce": "baseline"},
            },
            opts=pulumi.ResourceOptions(
                provider=self.provider,
                # Where others may have objects in it, it outlives the stack.
                retain_on_delete=settings.management.mode is not ManagementMode.EMBEDDED,
            ),
        )

    def _after(self, *needed: pulumi.Resource) -> pulumi.ResourceOptions:
        """On the management cluster, after the namespace and what is needed."""
        after = [self._namespace, *needed]
        return pulumi.ResourceOptions(providers=[self.provider], depends_on=after)

    def credentials(self, foundation: Foundation | None) -> list[pulumi.Resource]:
        """Identities and credentials that clusters refer to."""
        manifests = [
            *self.infrastructure.objects(self.namespace),
            *(foundation.objects(self.namespace) if foundation else ()),
        ]
        options = pulumi.ResourceOptions(provider=self.provider, depends_on=[self._namespace])
        return [
            core_object(
                f"{manifest['kind']}-{manifest['metadata']['name']}".lower(),
                movable(manifest),
                options,
            )
            for manifest in manifests
        ]

    def cluster_class(self) -> pulumi.Resource:
        """What all clusters have in common."""
        return ClusterClass(
            self.infrastructure.name,
            self.infrastructure,
            namespace=self.namespace,
            kubernetes_versions=self.settings.kubernetes_versions or catalog().kubernetes_versions,
            opts=self._after(),
        ).resource

    def companions(self) -> list[pulumi.Resource]:
        """The infrastructure's charts in every cluster."""
        if not self.infrastructure.charts():
            return []
        return Companions(
            self.infrastructure,
            namespace=self.namespace,
            mirror=self.settings.mirror,
            opts=self._after(),
        ).resources

    def fleet(self) -> Fleet:
        """What brings the add-ons of workload clusters to them."""
        settings = self.settings
        return plan(map(settings.target, settings.clusters), settings.mirror)

    def addons(self, fleet: Fleet) -> list[pulumi.Resource]:
        """The objects that do so, on the management cluster."""
        return FleetAddons(
            self.stack,
            fleet,
            namespace=self.namespace,
            mirror=self.settings.mirror,
            opts=self._after(),
        ).resources

    def addons_of_management(self) -> None:
        """What is installed in an existing management cluster."""
        settings = self.settings
        target = addons_of_existing(settings.management.addons, self.infrastructure)
        if target.addons:
            DirectAddons("management", target, mirror=settings.mirror, opts=self._after())

    def clusters(
        self, foundation: Foundation | None, needed: list[pulumi.Resource], fleet: Fleet
    ) -> dict[str, pulumi.Resource]:
        """Every cluster by name, the management cluster too where it is one of the stack's."""
        return {
            cluster.name: WorkloadCluster(
                _awaited(cluster) if cluster is self.settings.management.cluster else cluster,
                infrastructure=self.infrastructure,
                namespace=self.namespace,
                variables=foundation.cluster_variables(cluster) if foundation else {},
                carried=fleet.clusters.get(cluster.name, NOTHING),
                registries=self.settings.registries_of(cluster),
                opts=pulumi.ResourceOptions(providers=[self.provider], depends_on=needed),
            ).resource
            for cluster in self.settings.all_clusters
        }

    def autoscalers(self, clusters: dict[str, pulumi.Resource]) -> None:
        """The cluster autoscaler of each cluster that asks for it."""
        scaled = autoscaled(self.settings.all_clusters)
        if not scaled:
            return
        access = AutoscalerAccess(
            self.infrastructure, namespace=self.namespace, opts=self._after()
        ).resource
        for cluster in scaled:
            after = [access, clusters[cluster.name]]
            options = pulumi.ResourceOptions(providers=[self.provider], depends_on=after)
            Autoscaler(cluster, namespace=self.namespace, opts=options)

    def etcd_snapshots(self) -> None:
        """The schedule of etcd snapshots, for the clusters that have one."""
        clusters = self.settings.all_clusters
        if any(snapshot_labels(cluster.control_plane.etcd) for cluster in clusters):
            EtcdSnapshotJobs(self.stack, clusters, namespace=self.namespace, opts=self._after())

    def cluster_api(self) -> None:
        """Add-ons and Cluster API of the management cluster, where it is one of the stack's."""
        if own := self.settings.management.cluster:
            mirror = self.settings.mirror
            itself = kubernetes.Provider(
                "itself",
                kubeconfig=str(own_kubeconfig(self.stack)),
                # Namespaces of add-ons stay when these go, and are adopted when they come again.
                upsert_existing_objects=True,
            )
            installed = DirectAddons(
                "management",
                self.settings.target(own),
                companions=self.infrastructure.charts(),
                mirror=mirror,
                opts=pulumi.ResourceOptions(providers=[itself]),
            )
            options = pulumi.ResourceOptions(providers=[itself], depends_on=installed.resources)
            ClusterApi("cluster-api", self.infrastructure, mirror=mirror, opts=options)


def _awaited(own: Cluster) -> Cluster:
    """The management cluster, waited for until its API answers.

    No node is ready before it has a network, and that is installed on it only then.
    """
    annotations = wait_for("ControlPlaneInitialized") | dict(own.annotations)
    return own.model_copy(update={"annotations": annotations})
