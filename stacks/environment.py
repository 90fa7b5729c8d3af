"""The parts of an environment; the modules beside this one compose them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes

from components.cluster.autoscaler import Autoscaler, AutoscalerAccess, autoscaled
from components.cluster.cloud_integrations import CloudIntegrations
from components.cluster.cluster_api import ClusterApi
from components.cluster.cluster_class import ClusterClass
from components.cluster.etcd_snapshots import EtcdSnapshotJobs, snapshot_labels
from components.cluster.settings import Cluster
from components.cluster.workload_cluster import WorkloadCluster
from components.delivery.component import AddonComponent
from components.delivery.direct import DirectAddons
from components.delivery.fleet import FleetAddons
from components.delivery.plan import NOTHING, Fleet, plan
from components.infrastructure.foundation import Foundation
from components.ingress import Gateway
from components.manifest import PROVIDER, core_object, movable, of_stack, settle_in, wait_for
from components.registry import Harbor
from components.store.application import AppChart, Application, AppPlaces
from components.store.objects import source_name
from components.tenancy.management import ManagementAccess
from components.tenancy.settings import People
from stacks.management import is_bootstrapped, kubeconfig, own_kubeconfig
from stacks.paths import state_directory
from stacks.settings import Stack
from stacks.settings.addons import addons_of_existing
from stacks.settings.stack import ManagementMode


class Environment:
    """The parts of one stack on its management cluster, each a component or a few.

    A part for which the stack file has no settings registers nothing.

    Args:
        stack: the stack's name.
        settings: the stack file.
    """

    def __init__(self, stack: str, settings: Stack) -> None:
        self.stack = stack
        self.settings = settings
        self.infrastructure = settings.infrastructure
        self.namespace = settings.management.namespace
        self._fleet = Fleet()
        self._installed: list[pulumi.Resource] = []
        settle_in(self.namespace)
        management = settings.management
        self.provider = _provider("management", kubeconfig(stack, management), management.context)
        shared = management.mode is not ManagementMode.EMBEDDED
        # Where others may have objects in it, it outlives the stack.
        options = pulumi.ResourceOptions(provider=self.provider, retain_on_delete=shared)
        # Pods here need nothing of their machine: an autoscaler at most.
        level = {"pod-security.kubernetes.io/enforce": "baseline"}
        self._namespace = kubernetes.core.v1.Namespace(
            "clusters",
            metadata=of_stack({"name": self.namespace, "labels": level}, options, shared=shared),
            opts=options,
        )

    def _after(self, *needed: pulumi.Resource) -> pulumi.ResourceOptions:
        """On the management cluster, after the namespace and what is needed."""
        after = [self._namespace, *needed]
        return pulumi.ResourceOptions(providers=[self.provider], depends_on=after)

    def foundation(self) -> Foundation | None:
        """The network, keys, buckets and roles that Cluster API does not make itself."""
        return self.infrastructure.foundation(
            self.stack, self.settings.all_clusters, protect=self.settings.is_protected
        )

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

    def cluster_class(self) -> list[pulumi.Resource]:
        """The class of all clusters."""
        made = ClusterClass(
            self.infrastructure.name,
            self.infrastructure,
            namespace=self.namespace,
            kubernetes_versions=self.settings.kubernetes_versions,
            opts=self._after(),
        )
        return [made.resource]

    def cloud_integrations(self) -> list[pulumi.Resource]:
        """The infrastructure's charts in every cluster."""
        if not self.infrastructure.charts():
            return []
        return CloudIntegrations(
            self.infrastructure,
            namespace=self.namespace,
            mirror=self.settings.mirror,
            opts=self._after(),
        ).resources

    def addons(self) -> list[pulumi.Resource]:
        """The add-ons of all workload clusters, in groups: network, storage, ingress."""
        settings = self.settings
        self._fleet = plan(map(settings.target, settings.clusters), settings.mirror)
        made = FleetAddons(
            self.stack,
            self._fleet,
            namespace=self.namespace,
            mirror=settings.mirror,
            opts=self._after(),
        )
        self._export(made.addons)
        return made.resources

    def _export(self, addons: Mapping[str, AddonComponent]) -> None:
        if isinstance(gateway := addons.get("gateway"), Gateway):
            pulumi.export("hostnames", gateway.hostnames)
        if isinstance(harbor := addons.get("harbor"), Harbor):
            pulumi.export("registry", harbor.url)

    def addons_of_management(self) -> None:
        """The add-ons of an existing management cluster."""
        settings = self.settings
        target = addons_of_existing(settings.management.addons, settings.management.facts)
        if target.addons:
            installed = DirectAddons(
                "management", target, mirror=settings.mirror, opts=self._after()
            )
            self._installed += installed.resources

    def clusters(
        self, foundation: Foundation | None, *, after: Sequence[pulumi.Resource]
    ) -> dict[str, pulumi.Resource]:
        """Every cluster by name, the management cluster too where it is one of the stack's.

        Args:
            foundation: gives the clusters the ids of its resources.
            after: resources that have to be there first.
        """
        made: dict[str, pulumi.Resource] = {
            cluster.name: WorkloadCluster(
                cluster.name,
                _awaited(cluster) if cluster is self.settings.management.cluster else cluster,
                infrastructure=self.infrastructure,
                namespace=self.namespace,
                variables=foundation.cluster_variables(cluster) if foundation else {},
                carried=self._fleet.clusters.get(cluster.name, NOTHING),
                registries=self.settings.registries_of(cluster),
                opts=pulumi.ResourceOptions(providers=[self.provider], depends_on=after),
            ).resource
            for cluster in self.settings.all_clusters
        }
        pulumi.export("clusters", list(made))
        for name, value in (foundation.exports() if foundation else {}).items():
            pulumi.export(name, value)
        return made

    def tenants(self) -> None:
        """Access of tenants to the objects of their whole clusters."""
        for tenant in self.settings.tenants:
            if tenant.clusters:
                left = [each for each in tenant.clusters if each not in tenant.leaving_clusters]
                ManagementAccess(
                    tenant.name,
                    people=tenant.people if left and not tenant.leaving else People(),
                    # A rule of RBAC without names is about all of them.
                    clusters=left or tenant.clusters,
                    namespace=self.namespace,
                    opts=self._after(),
                )

    def apps(self, clusters: dict[str, pulumi.Resource]) -> None:
        """The applications of tenants: a chart for each version in use, and each install.

        They come after the add-ons of the management cluster, of which Flux is one. The plane that
        bootstraps a management cluster has no Flux; the first `up` after it brings them.
        """
        settings, charts = self.settings, dict[str, AppChart]()
        own = settings.management.mode is ManagementMode.SELF_MANAGED
        waits = own and not is_bootstrapped(state_directory(self.stack))
        for app in () if waits or not settings.has_flux else settings.apps:
            install, version = app.install, app.version.version
            title = source_name(install.app, version)
            charts[title] = charts.get(title) or AppChart(
                title,
                app=install.app,
                entry=app.entry,
                version=version,
                namespace=self.namespace,
                mirror=settings.mirror,
                opts=self._after(*self._installed),
            )
            names = settings.clusters_of(app)
            after = [*charts[title].resources, *(clusters[name] for name in names)]
            Application(
                f"{app.tenant}-{install.name}",
                chosen_app=app,
                cluster=AppPlaces(names, self.namespace, after),
                opts=self._after(),
            )

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

    def management_cluster(self) -> None:
        """The add-ons and Cluster API in the management cluster of the stack's own."""
        if own := self.settings.management.cluster:
            mirror = self.settings.mirror
            itself = _provider("itself", own_kubeconfig(self.stack))
            installed = DirectAddons(
                "management",
                self.settings.target(own),
                integrations=self.infrastructure.charts(),
                mirror=mirror,
                opts=pulumi.ResourceOptions(providers=[itself]),
            )
            self._installed += installed.resources
            options = pulumi.ResourceOptions(providers=[itself], depends_on=installed.resources)
            ClusterApi("cluster-api", self.infrastructure, mirror=mirror, opts=options)


def _provider(name: str, file: Path, context: str | None = None) -> kubernetes.Provider:
    """The Kubernetes provider of one management cluster."""
    return kubernetes.Provider(
        name,
        kubeconfig=str(file),
        context=context,
        # Another address or certificate in the kubeconfig is no other cluster: Pulumi would make
        # every object anew, which is there already, and then delete it as the old one.
        cluster_identifier=f"{pulumi.get_project()}/{pulumi.get_stack()}/{name}",
        **PROVIDER,
    )


def _awaited(own: Cluster) -> Cluster:
    """The management cluster, waited for until its API answers.

    No node is ready before it has a network, and that is installed on it only then.
    """
    annotations = wait_for("ControlPlaneInitialized") | dict(own.annotations)
    return own.model_copy(update={"annotations": annotations})
