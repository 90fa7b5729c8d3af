"""What every cluster on AWS needs: the cloud controller manager, and the driver for volumes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catalog import catalog
from components.chart import CLUSTER_NAME, Chart
from components.infrastructure.aws.variables import MACHINES

CONTROLLER_MANAGER = "aws-cloud-controller-manager"
VOLUME_DRIVER = "aws-ebs-csi-driver"
NAMESPACE = "kube-system"
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


def charts(region: str) -> Sequence[Chart]:
    """Both charts; their values hold Go templates of the add-on provider."""
    return [
        Chart(CONTROLLER_MANAGER, NAMESPACE, _controller_manager()),
        Chart(VOLUME_DRIVER, NAMESPACE, _volume_driver(region)),
    ]


def _controller_manager() -> dict[str, Any]:
    return {
        "image": {"tag": _tag()},
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


def _tag() -> str:
    """The image's tag for the cluster's minor; its project keeps them equal."""
    start = f"{CONTROLLER_MANAGER}-"
    tags = {
        name.removeprefix(start): image.rpartition(":")[2]
        for name, image in catalog().images.items()
        if name.startswith(start)
    }
    return "".join(
        f'{{{{ if hasPrefix "v{minor}." .Cluster.spec.topology.version }}}}{tag}{{{{ end }}}}'
        for minor, tag in tags.items()
    )


def _volume_driver(region: str) -> dict[str, Any]:
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
        "storageClasses": [
            {
                "name": "gp3",
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
                "volumeBindingMode": "WaitForFirstConsumer",
                "allowVolumeExpansion": True,
                "parameters": {"type": "gp3", "encrypted": "true", "kmsKeyId": KEY},
            }
        ],
    }
