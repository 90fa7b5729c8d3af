"""A highly available workload cluster, as one Cluster object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.base import Component
from components.cluster import topology
from components.cluster.control_plane import HAControlPlane
from components.cluster.etcd_snapshots import snapshot_labels
from components.cluster.kinds import CLUSTER_API, INFRASTRUCTURE_LABEL
from components.cluster.settings import Cluster
from components.delivery.plan import NOTHING, Delivered
from components.infrastructure.interface import Infrastructure
from components.manifest import Manifest, custom_resource, wait_for
from components.registry.hosts import Registries


class WorkloadCluster(Component):
    """Makes a Cluster with a managed topology; Cluster API makes everything below it.

    Args:
        settings: what the stack file says about the cluster.
        infrastructure: what its machines are; the ClusterClass has its name.
        namespace: where the Cluster lives; its class lives there too.
        variables: values of the infrastructure's own variables, those of its foundation too.
        carried: labels and annotations by which its add-ons reach it.
        registries: what the machines know of registries.

    Outputs:
        cluster_name: the name; `<name>-kubeconfig` is the Secret with the way in.
    """

    def __init__(
        self,
        settings: Cluster,
        *,
        infrastructure: Infrastructure,
        namespace: str,
        variables: Mapping[str, Any] | None = None,
        carried: Delivered = NOTHING,
        registries: Registries | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(settings.name, opts)
        control_plane = HAControlPlane(settings, namespace=namespace, opts=self.child())
        self.resource = custom_resource(
            f"{settings.name}-cluster",
            cluster_manifest(
                settings,
                infrastructure,
                namespace,
                variables=variables,
                carried=carried,
                registries=registries,
            ),
            self.child(depends_on=control_plane.resources),
        )
        self.register_outputs({"cluster_name": settings.name})


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
            "labels": {INFRASTRUCTURE_LABEL: infrastructure.name}
            | snapshot_labels(settings.control_plane.etcd)
            | carried.labels
            | settings.labels,
            "annotations": wait_for("Available") | carried.annotations | settings.annotations,
        },
        "spec": spec,
    }


def _api_server_port(settings: Cluster, infrastructure: Infrastructure) -> dict[str, int]:
    """The port, said aloud: providers differ in what they take when it is not."""
    simulated = infrastructure.PROVIDER is None  # each simulated API server has a port of its own
    return {} if simulated else {"apiServerPort": settings.control_plane.endpoint.port}
