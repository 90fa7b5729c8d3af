"""API versions and names that the cluster components share."""

CLUSTER_API = "cluster.x-k8s.io/v1beta2"
CONTROL_PLANE_API = "controlplane.cluster.x-k8s.io/v1beta2"
BOOTSTRAP_API = "bootstrap.cluster.x-k8s.io/v1beta2"
WORKER_CLASS = "worker"
"""The one class of worker machines; pools differ by variables."""
INFRASTRUCTURE_LABEL = "caas.dev/infrastructure"
"""The label of a Cluster that says what its machines are; what belongs to an infrastructure, such
as its cloud controller manager, is chosen by it."""
CLUSTER_NAME_LABEL = "cluster.x-k8s.io/cluster-name"
"""Cluster API's label of whatever belongs to a cluster."""
