"""API versions and names that the cluster components share."""

CLUSTER_API = "cluster.x-k8s.io/v1beta2"
CONTROL_PLANE_API = "controlplane.cluster.x-k8s.io/v1beta2"
BOOTSTRAP_API = "bootstrap.cluster.x-k8s.io/v1beta2"
WORKER_CLASS = "worker"
"""The one class of worker machines; pools differ by variables."""
