"""Clusters: their class, control planes, machines and management."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lazy import lazily

if TYPE_CHECKING:
    from components.cluster.autoscaler import Autoscaler, AutoscalerAccess
    from components.cluster.cloud_integrations import CloudIntegrations
    from components.cluster.cluster_api import ClusterApi
    from components.cluster.cluster_class import ClusterClass
    from components.cluster.control_plane import HAControlPlane
    from components.cluster.etcd_snapshots import EtcdSnapshotJobs
    from components.cluster.existing import ExistingCluster, ManagementCluster
    from components.cluster.settings import Cluster
    from components.cluster.workload_cluster import WorkloadCluster

__all__ = [
    "Autoscaler",
    "AutoscalerAccess",
    "CloudIntegrations",
    "Cluster",
    "ClusterApi",
    "ClusterClass",
    "EtcdSnapshotJobs",
    "ExistingCluster",
    "HAControlPlane",
    "ManagementCluster",
    "WorkloadCluster",
]

__getattr__ = lazily(
    __name__,
    {
        "Autoscaler": "autoscaler",
        "AutoscalerAccess": "autoscaler",
        "CloudIntegrations": "cloud_integrations",
        "Cluster": "settings",
        "ClusterApi": "cluster_api",
        "ClusterClass": "cluster_class",
        "EtcdSnapshotJobs": "etcd_snapshots",
        "ExistingCluster": "existing",
        "HAControlPlane": "control_plane",
        "ManagementCluster": "existing",
        "WorkloadCluster": "workload_cluster",
    },
)
