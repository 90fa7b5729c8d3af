"""The cloud controller manager and the CSI driver of clusters on OpenStack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.chart import CLUSTER_NAME, Chart
from components.cluster_object import INFRASTRUCTURE_LABEL
from components.cluster_volumes import SnapshotDriver, VolumeClass, Volumes
from components.infrastructure.openstack.names import CLUSTER_CLOUD_CONFIG, SECRET_OF_CLUSTERS
from components.pods import CRITICAL, NODE_CRITICAL

NAMESPACE = "kube-system"
DRIVER = "cinder.csi.openstack.org"
RESOURCE_SET_API = "addons.cluster.x-k8s.io/v1beta2"
_ON_CONTROL_PLANE = {"node-role.kubernetes.io/control-plane": ""}
_TOLERATIONS = [
    {
        "key": "node.cloudprovider.kubernetes.io/uninitialized",
        "value": "true",
        "effect": "NoSchedule",
    },
    {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"},
]

_CONTROLLER_MANAGER = Chart(
    "openstack-cloud-controller-manager",
    NAMESPACE,
    {
        "cluster": {"name": CLUSTER_NAME},
        # The pod network makes its own routes.
        "enabledControllers": ["cloud-node", "cloud-node-lifecycle", "service"],
        "nodeSelector": _ON_CONTROL_PLANE,
        "tolerations": _TOLERATIONS,
        "priorityClassName": CRITICAL,
        "secret": {"enabled": True, "create": False, "name": SECRET_OF_CLUSTERS},
    },
)


def charts(*, default_class: bool) -> Sequence[Chart]:
    """Both charts.

    Args:
        default_class: whether the class that deletes volumes is the default one.
    """
    return [_CONTROLLER_MANAGER, _volume_driver(default_class)]


def volumes(*, default_class: bool) -> Volumes:
    """The classes that the driver's chart makes."""
    classes = (
        VolumeClass("csi-cinder-sc-delete", DRIVER, default_class),
        VolumeClass("csi-cinder-sc-retain", DRIVER),
    )
    # Volumes of running pods too.
    return Volumes(classes, (SnapshotDriver(DRIVER, "cinder", {"force-create": "true"}),))


def _volume_driver(default_class: bool) -> Chart:
    return Chart(
        "openstack-cinder-csi",
        NAMESPACE,
        {
            "clusterID": CLUSTER_NAME,
            # Of the controller and of the plug-in on every machine.
            "priorityClassName": NODE_CRITICAL,
            "secret": {
                "enabled": True,
                "create": False,
                "hostMount": False,
                "name": SECRET_OF_CLUSTERS,
                "filename": "cloud.conf",
            },
            "csi": {
                "plugin": {
                    # Nothing of the host: the CA certificate is in the Secret.
                    "volumes": [],
                    "volumeMounts": [
                        {"name": "cloud-config", "mountPath": "/etc/config", "readOnly": True}
                    ],
                    "controllerPlugin": {
                        "replicas": 2,
                        "nodeSelector": _ON_CONTROL_PLANE,
                        "tolerations": _TOLERATIONS,
                    },
                }
            },
            "storageClass": {
                "enabled": True,
                "delete": {"isDefault": default_class, "allowVolumeExpansion": True},
                "retain": {"isDefault": False, "allowVolumeExpansion": True},
            },
        },
    )


def credentials_of_clusters(secret: str, namespace: str) -> dict[str, Any]:
    """The ClusterResourceSet that puts `kube-system/cloud-config` into every cluster.

    Args:
        secret: the Secret on the management cluster that holds it.
        namespace: of the clusters, and of that Secret.
    """
    return {
        "apiVersion": RESOURCE_SET_API,
        "kind": "ClusterResourceSet",
        "metadata": {"name": CLUSTER_CLOUD_CONFIG, "namespace": namespace},
        "spec": {
            "clusterSelector": {"matchLabels": {INFRASTRUCTURE_LABEL: "openstack"}},
            "resources": [{"kind": "Secret", "name": secret}],
            "strategy": "Reconcile",
        },
    }
