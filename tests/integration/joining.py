"""Reports to a real API server what a booted machine would: no machine boots in moto.

kubeadm would upload its configuration, and the kubelet register a Node and report the static pods
of the control plane. Here the test does this, for every instance that runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from kubectl import Kubectl

CONTROL_PLANE_LABEL = "node-role.kubernetes.io/control-plane"
ROLE_TAG = "sigs.k8s.io/cluster-api-provider-aws/role"
COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
READY = {"type": "Ready", "status": "True"}


def tags(instance: dict[str, Any]) -> dict[str, str]:
    """The tags of an instance of EC2."""
    return {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}


class Machines:
    """Registers instances as nodes, each once.

    Args:
        kubectl: reaches the API server of the cluster that they join.
        version: of Kubernetes, `v1.36.3`.
    """

    def __init__(self, kubectl: Kubectl, version: str) -> None:
        self.kubectl = kubectl
        self.version = version
        self.joined: set[str] = set()

    def join(self, instances: Iterable[dict[str, Any]]) -> None:
        """Registers those that run and have not joined yet."""
        for instance in instances:
            identifier = instance["InstanceId"]
            if identifier in self.joined or instance["State"]["Name"] != "running":
                continue
            self._join(instance, tags(instance)[ROLE_TAG] == "control-plane")
            self.joined.add(identifier)

    def _join(self, instance: dict[str, Any], is_control_plane: bool) -> None:
        name, zone = instance["PrivateDnsName"], instance["Placement"]["AvailabilityZone"]
        labels = {"topology.kubernetes.io/zone": zone}
        if is_control_plane:
            labels[CONTROL_PLANE_LABEL] = ""
        node = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": labels},
            "spec": {"providerID": f"aws:///{zone}/{instance['InstanceId']}"},
        }
        information = {"kubeletVersion": self.version}
        self._create(node, {"conditions": [READY], "nodeInfo": information})
        if is_control_plane:
            self._upload_configuration()
            for component in COMPONENTS:
                self._create(_pod(component, name), {"phase": "Running", "conditions": [READY]})

    def _upload_configuration(self) -> None:
        self.kubectl.apply(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "kubeadm-config", "namespace": "kube-system"},
                "data": {"ClusterConfiguration": "apiVersion: kubeadm.k8s.io/v1beta4\n"},
            }
        )

    def _create(self, manifest: dict[str, Any], status: dict[str, Any]) -> None:
        self.kubectl("create", "-f", "-", text=json.dumps(manifest))
        place = ["-n", namespace] if (namespace := manifest["metadata"].get("namespace")) else []
        kind, name = manifest["kind"].lower(), manifest["metadata"]["name"]
        patch = ["--subresource=status", "--type=merge", "-p", json.dumps({"status": status})]
        self.kubectl("patch", kind, name, *place, *patch)


def _pod(component: str, node: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{component}-{node}",
            "namespace": "kube-system",
            "labels": {"component": component, "tier": "control-plane"},
            "annotations": {"kubernetes.io/config.mirror": component},
        },
        "spec": {
            "nodeName": node,
            "containers": [{"name": component, "image": f"registry.k8s.io/{component}"}],
        },
    }
