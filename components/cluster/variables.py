"""The ClusterClass variables of this project, and the patches that put them into templates.

A variable that a cluster does not set changes nothing: each patch is enabled by its variable.
A change of a variable replaces the machines whose templates it is patched into.
"""

from __future__ import annotations

from typing import Any

from components.cluster.kinds import BOOTSTRAP_API, CONTROL_PLANE_API, WORKER_CLASS

API_SERVER = "apiServerExtraArgs"
CONTROLLER_MANAGER = "controllerManagerExtraArgs"
SCHEDULER = "schedulerExtraArgs"
CERT_SANS = "certSANs"
KUBELET = "kubeletExtraArgs"
TAINTS = "taints"

NO_PROFILING = ({"name": "profiling", "value": "false"},)
"""CIS Kubernetes Benchmark 1.2.15, 1.3.2 and 1.4.1: no profiling endpoint on the control plane."""

_STRING = {"type": "string"}
_EXTRA_ARGS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["name", "value"],
        "properties": {"name": _STRING, "value": _STRING},
    },
}
_TAINTS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["key", "effect"],
        "properties": {
            "key": _STRING,
            "value": _STRING,
            "effect": _STRING | {"enum": ["NoSchedule", "PreferNoSchedule", "NoExecute"]},
        },
    },
}
_SCHEMAS: dict[str, dict[str, Any]] = {
    API_SERVER: _EXTRA_ARGS,
    CONTROLLER_MANAGER: _EXTRA_ARGS,
    SCHEDULER: _EXTRA_ARGS,
    CERT_SANS: {"type": "array", "items": _STRING},
    KUBELET: _EXTRA_ARGS,
    TAINTS: _TAINTS,
}
DEFINITIONS: tuple[dict[str, Any], ...] = tuple(
    {"name": name, "required": False, "schema": {"openAPIV3Schema": schema}}
    for name, schema in _SCHEMAS.items()
)

_CONTROL_PLANE = {
    "apiVersion": CONTROL_PLANE_API,
    "kind": "KubeadmControlPlaneTemplate",
    "matchResources": {"controlPlane": True},
}
_WORKER = {
    "apiVersion": BOOTSTRAP_API,
    "kind": "KubeadmConfigTemplate",
    "matchResources": {"machineDeploymentClass": {"names": [WORKER_CLASS]}},
}
_KUBEADM = "/spec/template/spec/kubeadmConfigSpec"
_CLUSTER = f"{_KUBEADM}/clusterConfiguration"
_CONTROL_PLANE_NODE = (
    f"{_KUBEADM}/initConfiguration/nodeRegistration",
    f"{_KUBEADM}/joinConfiguration/nodeRegistration",
)
_WORKER_NODE = ("/spec/template/spec/joinConfiguration/nodeRegistration",)


def _definition(selector: dict[str, Any], variable: str, *paths: str) -> dict[str, Any]:
    return {
        "selector": selector,
        "jsonPatches": [
            {"op": "add", "path": path, "valueFrom": {"variable": variable}} for path in paths
        ],
    }


def _patch(variable: str, *definitions: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": variable,
        "enabledIf": f'{{{{ if hasKey . "{variable}" }}}}true{{{{ end }}}}',
        "definitions": list(definitions),
    }


def _node_patch(variable: str, field: str) -> dict[str, Any]:
    control_plane = [f"{path}/{field}" for path in _CONTROL_PLANE_NODE]
    worker = [f"{path}/{field}" for path in _WORKER_NODE]
    return _patch(
        variable,
        _definition(_CONTROL_PLANE, variable, *control_plane),
        _definition(_WORKER, variable, *worker),
    )


PATCHES: tuple[dict[str, Any], ...] = (
    _patch(API_SERVER, _definition(_CONTROL_PLANE, API_SERVER, f"{_CLUSTER}/apiServer/extraArgs")),
    _patch(CERT_SANS, _definition(_CONTROL_PLANE, CERT_SANS, f"{_CLUSTER}/apiServer/certSANs")),
    _patch(
        CONTROLLER_MANAGER,
        _definition(_CONTROL_PLANE, CONTROLLER_MANAGER, f"{_CLUSTER}/controllerManager/extraArgs"),
    ),
    _patch(SCHEDULER, _definition(_CONTROL_PLANE, SCHEDULER, f"{_CLUSTER}/scheduler/extraArgs")),
    _node_patch(KUBELET, "kubeletExtraArgs"),
    _node_patch(TAINTS, "taints"),
)
