"""The cloud controller manager and the CSI driver of every cluster on AWS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.chart import CLUSTER_NAME, Chart
from components.cluster_volumes import SnapshotDriver, VolumeClass, Volumes
from components.infrastructure.aws.variables import MACHINES
from components.infrastructure.image_tags import tag_template

CONTROLLER_MANAGER = "aws-cloud-controller-manager"
VOLUME_DRIVER = "aws-ebs-csi-driver"
NAMESPACE = "kube-system"
DRIVER = "ebs.csi.aws.com"
VOLUME_CLASS = "gp3"
ON_CONTROL_PLANE = {"node-role.kubernetes.io/control-plane": ""}
TOLERATIONS = [
    {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"},
    {
        "key": "node.cloudprovider.kubernetes.io/uninitialized",
        "operator": "Exists",
        "effect": "NoSchedule",
    },
]
KEY = (
    "{{ range .Cluster.spec.topology.variables }}"
    f'{{{{ if eq .name "{MACHINES}" }}}}{{{{ .value.key }}}}{{{{ end }}}}'
    "{{ end }}"
)
"""The name of the stack's key, as the cluster's variable has it."""


def charts(region: str, *, default_class: bool) -> Sequence[Chart]:
    """Both charts; their values hold Go templates of the add-on provider."""
    return [
        Chart(CONTROLLER_MANAGER, NAMESPACE, _controller_manager()),
        Chart(VOLUME_DRIVER, NAMESPACE, _volume_driver(region, default_class)),
    ]


def volumes(*, default_class: bool) -> Volumes:
    """The class that the driver's chart makes."""
    made = VolumeClass(VOLUME_CLASS, DRIVER, default_class)
    return Volumes((made,), (SnapshotDriver(DRIVER, "ebs"),))


def _controller_manager() -> dict[str, Any]:
    return {
        "image": {"tag": tag_template(CONTROLLER_MANAGER)},
        "args": [
            "--v=2",
            "--cloud-provider=aws",
            f"--cluster-name={CLUSTER_NAME}",
            # The network add-on gives pods their addresses.
            "--allocate-node-cidrs=false",
            "--configure-cloud-routes=false",
        ],
        "nodeSelector": ON_CONTROL_PLANE,
        "tolerations": TOLERATIONS,
    }


def _volume_driver(region: str, default_class: bool) -> dict[str, Any]:
    return {
        "controller": {
            "region": region,
            # The tag by which the cluster's role knows its own volumes.
            "k8sTagClusterId": CLUSTER_NAME,
            # Only machines of the control plane have a role that may make volumes.
            "nodeSelector": ON_CONTROL_PLANE,
            "tolerations": TOLERATIONS,
        },
        "node": {
            # Pods on workers don't reach the metadata service.
            "metadataSources": "kubernetes",
        },
        # The add-on `snapshots` may bring the definitions later.
        "sidecars": {"snapshotter": {"forceEnable": True}},
        "storageClasses": [
            {
                "name": VOLUME_CLASS,
                "annotations": {
                    "storageclass.kubernetes.io/is-default-class": str(default_class).lower()
                },
                "volumeBindingMode": "WaitForFirstConsumer",
                "allowVolumeExpansion": True,
                "parameters": {"type": "gp3", "encrypted": "true", "kmsKeyId": KEY},
            }
        ],
    }
