"""The cluster autoscaler: it moves pools between their bounds, as pods need machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
from packaging.version import Version

from catalog import catalog
from components.base import Component
from components.cluster.settings import Cluster
from components.infrastructure.interface import Infrastructure
from components.manifest import of_stack

NAME = "cluster-autoscaler"
USER = 65532
PORT = 8085
KUBECONFIG = "/etc/kubernetes/workload"
ZONE_LABELS = (
    "topology.ebs.csi.aws.com/zone",
    "topology.cinder.csi.openstack.org/zone",
    "topology.disk.csi.azure.com/zone",
    "topology.gke.io/zone",
)
"""Labels in which pools that are alike but for their zone differ."""

GROUP = "cluster.x-k8s.io"
READ = ("get", "list", "watch")


def autoscaled(clusters: Sequence[Cluster]) -> list[Cluster]:
    """The clusters that need an autoscaler: those with a pool that has `autoscaling`."""
    return [each for each in clusters if any(pool.autoscaling for pool in each.worker_pools)]


def image(version: Version) -> str:
    """The autoscaler's image for a Kubernetes version: of its minor, or of the newest before it."""
    prefix = f"{NAME}-"
    images = {
        Version(name.removeprefix(prefix)): image
        for name, image in catalog().images.items()
        if name.startswith(prefix)
    }
    fitting = [minor for minor in images if minor <= version]
    return images[max(fitting, default=min(images))]


def rules(infrastructure: Infrastructure) -> list[dict[str, Any]]:
    """The permissions of an autoscaler, restricted to the namespace of the clusters.

    It reads what it waits for before it starts, machine pools among them, sets the number of a
    pool's machines, and marks the machine that shall go. From an empty pool it reads the machine
    template, which may tell of the machine's capacity.
    """
    template = f"{infrastructure.class_parts().worker_machine.kind.lower()}s"
    pools = ["machinedeployments", "machinesets", "machinepools"]
    return [
        _rule(GROUP, pools, READ),
        _rule(GROUP, ["machinedeployments/scale"], ("get", "patch", "update")),
        _rule(GROUP, ["machines"], (*READ, "update", "patch")),
        _rule("infrastructure.cluster.x-k8s.io", [template], READ),
    ]


def _rule(group: str, resources: Sequence[str], verbs: Sequence[str]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


class AutoscalerAccess(Component):
    """Makes the account and the role that all autoscalers of a stack share.

    Args:
        infrastructure: whose machine templates may be read.
        namespace: where the clusters are.

    Outputs:
        account: the name of the ServiceAccount.
    """

    def __init__(
        self,
        infrastructure: Infrastructure,
        *,
        namespace: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(NAME, opts)
        # Any: mypy needs gigabytes to tell a literal from all the types that Pulumi takes.
        metadata: Any = of_stack({"name": NAME, "namespace": namespace})
        group: Any = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": NAME}
        subjects: Any = [{"kind": "ServiceAccount", "name": NAME, "namespace": namespace}]
        allowed: Any = rules(infrastructure)
        account = kubernetes.core.v1.ServiceAccount(
            f"{NAME}-account", metadata=metadata, opts=self.child()
        )
        role = kubernetes.rbac.v1.Role(
            f"{NAME}-role", metadata=metadata, rules=allowed, opts=self.child()
        )
        self.resource = kubernetes.rbac.v1.RoleBinding(
            f"{NAME}-binding",
            metadata=metadata,
            role_ref=group,
            subjects=subjects,
            opts=self.child(depends_on=[account, role]),
        )
        self.register_outputs({"account": NAME})


class Autoscaler(Component):
    """Makes the autoscaler of one cluster, beside the cluster's objects.

    It reaches the management cluster by the account of `AutoscalerAccess`, and the workload cluster
    by the kubeconfig that Cluster API wrote.

    Args:
        settings: the cluster.
        namespace: where the Cluster is.

    Outputs:
        deployment: the name of the Deployment.
    """

    def __init__(
        self, settings: Cluster, *, namespace: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        name = f"{settings.name}-autoscaler"
        super().__init__(name, opts)
        selector = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": settings.name}
        metadata: Any = of_stack({"name": name, "namespace": namespace, "labels": selector})
        spec: Any = {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": selector},
            "template": {"metadata": {"labels": selector}, "spec": _pod(settings, namespace)},
        }
        kubernetes.apps.v1.Deployment(
            f"{name}-deployment", metadata=metadata, spec=spec, opts=self.child()
        )
        self.register_outputs({"deployment": name})


def arguments(settings: Cluster, namespace: str) -> list[str]:
    """The autoscaler's command line."""
    options = settings.autoscaler
    discovery = f"clusterapi:namespace={namespace},clusterName={settings.name}"
    return [
        "--cloud-provider=clusterapi",
        f"--node-group-auto-discovery={discovery}",
        f"--kubeconfig={KUBECONFIG}/kubeconfig",
        "--clusterapi-cloud-config-authoritative",
        "--balance-similar-node-groups",
        *(f"--balancing-ignore-label={label}" for label in ZONE_LABELS),
        "--enforce-node-group-min-size",
        f"--expander={options.expander}",
        f"--scale-down-unneeded-time={options.scale_down_unneeded_time}",
        f"--scale-down-utilization-threshold={options.scale_down_utilization_percent / 100}",
        f"--scale-down-delay-after-add={options.scale_down_delay_after_add}",
        f"--max-node-provision-time={options.max_node_provision_time}",
    ]


def _pod(settings: Cluster, namespace: str) -> dict[str, Any]:
    # A kubeconfig is read once: when its certificate has ended, the probe fails and the next
    # container reads the one that Cluster API wrote since.
    probe = {"httpGet": {"path": "/health-check", "port": PORT}}
    return {
        "serviceAccountName": NAME,
        "tolerations": [
            {
                "key": "node-role.kubernetes.io/control-plane",
                "operator": "Exists",
                "effect": "NoSchedule",
            }
        ],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": NAME,
                "image": image(settings.version),
                "command": ["/cluster-autoscaler"],
                "args": arguments(settings, namespace),
                "ports": [{"name": "metrics", "containerPort": PORT}],
                "livenessProbe": probe | {"initialDelaySeconds": 60, "periodSeconds": 30},
                "resources": {
                    "requests": {"cpu": "50m", "memory": "256Mi"},
                    "limits": {"memory": "1Gi"},
                },
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
                "volumeMounts": [{"name": "workload", "mountPath": KUBECONFIG, "readOnly": True}],
            }
        ],
        "volumes": [
            {
                "name": "workload",
                "secret": {
                    "secretName": f"{settings.name}-kubeconfig",
                    "defaultMode": 0o440,
                    "items": [{"key": "value", "path": "kubeconfig"}],
                },
            }
        ],
    }
