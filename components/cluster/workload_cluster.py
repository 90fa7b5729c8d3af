"""A highly available workload cluster, as one Cluster object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from components.base import Component
from components.cluster import topology
from components.cluster.kinds import CLUSTER_API
from components.cluster.settings import Cluster
from components.manifest import Manifest, custom_resource, wait_for


class WorkloadCluster(Component):
    """Makes a Cluster with a managed topology; Cluster API makes everything below it.

    Args:
        settings: what the stack file says about the cluster.
        class_name: the ClusterClass that it is made of.
        namespace: where the Cluster lives; its class lives there too.
        cert_sans: names that the infrastructure puts into the API server's certificate.

    Outputs:
        cluster_name: the name; `<name>-kubeconfig` is the Secret with the way in.
    """

    def __init__(
        self,
        settings: Cluster,
        *,
        class_name: str,
        namespace: str,
        cert_sans: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(settings.name, opts)
        self.resource = custom_resource(
            f"{settings.name}-cluster",
            cluster_manifest(settings, class_name, namespace, cert_sans),
            self.child(),
        )
        self.register_outputs({"cluster_name": settings.name})


def cluster_manifest(
    settings: Cluster, class_name: str, namespace: str, cert_sans: Sequence[str] = ()
) -> Manifest:
    """The Cluster object of `settings`."""
    network = settings.network
    managed: dict[str, Any] = {
        "classRef": {"name": class_name},
        "version": f"v{settings.version}",
        "controlPlane": topology.control_plane(settings.control_plane),
    }
    pools = [topology.worker_pool(pool) for pool in settings.worker_pools]
    if pools:
        managed["workers"] = {"machineDeployments": pools}
    variables = topology.cluster_variables(settings.control_plane, cert_sans)
    if variables:
        managed["variables"] = variables
    spec = {
        "paused": settings.paused,
        "clusterNetwork": {
            "pods": {"cidrBlocks": [str(cidr) for cidr in network.pods]},
            "services": {"cidrBlocks": [str(cidr) for cidr in network.services]},
            "serviceDomain": network.service_domain,
        },
        "topology": managed,
    }
    return {
        "apiVersion": CLUSTER_API,
        "kind": "Cluster",
        "metadata": {
            "name": settings.name,
            "namespace": namespace,
            "labels": dict(settings.labels),
            "annotations": wait_for("Available") | settings.annotations,
        },
        "spec": spec,
    }
