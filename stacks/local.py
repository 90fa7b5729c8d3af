"""The `local` stack, and every stack of simulated machines: clusters on this computer."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as kubernetes

from catalog import catalog
from components.cluster.cluster_class import ClusterClass
from components.cluster.workload_cluster import WorkloadCluster
from components.manifest import stack_labels
from stacks.paths import state_directory
from stacks.settings import Stack


def compose(stack: str, settings: Stack) -> None:
    """Registers everything that the stack is made of.

    Args:
        stack: the stack's name; the management cluster's kubeconfig is found by it.
        settings: the stack file.
    """
    namespace = settings.management.namespace
    management = kubernetes.Provider(
        "management",
        kubeconfig=str(state_directory(stack) / "kubeconfig"),
        # Objects that an earlier run without the pulumi CLI made are adopted.
        upsert_existing_objects=True,
    )
    here = pulumi.ResourceOptions(provider=management)
    clusters = kubernetes.core.v1.Namespace(
        "clusters", metadata={"name": namespace, "labels": stack_labels()}, opts=here
    )
    infrastructure = settings.infrastructure
    cluster_class = ClusterClass(
        infrastructure.name,
        infrastructure,
        namespace=namespace,
        kubernetes_versions=settings.kubernetes_versions or catalog().kubernetes_versions,
        opts=pulumi.ResourceOptions(providers=[management], depends_on=[clusters]),
    )
    cert_sans = infrastructure.class_parts().cert_sans
    for cluster in settings.clusters:
        WorkloadCluster(
            cluster,
            class_name=infrastructure.name,
            namespace=namespace,
            cert_sans=cert_sans,
            opts=pulumi.ResourceOptions(
                providers=[management], depends_on=[cluster_class.resource]
            ),
        )
    pulumi.export("clusters", [cluster.name for cluster in settings.clusters])
