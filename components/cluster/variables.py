"""The ClusterClass variables of this project, and the patches that put them into templates.

A variable that a cluster does not set changes nothing: each patch is enabled by its variable.
A change of a variable replaces the machines whose templates it is patched into.
"""

from __future__ import annotations

import json
from typing import Any

from components.cluster import encryption, etcd
from components.cluster.kinds import BOOTSTRAP_API, CONTROL_PLANE_API, WORKER_CLASS
from components.cluster.machine import Placement
from components.cluster_object import (
    API_SERVER,
    CERT_SANS,
    CONTROL_PLANE_FILES,
    CONTROLLER_MANAGER,
    DATA_DISKS,
    ENCRYPTION,
    ENDPOINT,
    ETCD,
    ETCD_DISK,
    IMAGE,
    KUBELET,
    MACHINE_TYPE,
    PLACEMENT,
    REMEDIATION,
    ROLLOUT,
    ROOT_DISK,
    SCHEDULER,
    SKIP_PHASES,
    SPOT,
    TAINTS,
    WORKER_FILES,
)

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
_FILES = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["path"],
        "properties": {
            "path": _STRING,
            "owner": _STRING,
            "permissions": _STRING,
            "encoding": _STRING,
            "append": {"type": "boolean"},
            "content": _STRING,
            "contentFormat": _STRING,
            "contentFrom": {
                "type": "object",
                "properties": {
                    "secret": {
                        "type": "object",
                        "required": ["name", "key"],
                        "properties": {"name": _STRING, "key": _STRING},
                    }
                },
            },
        },
    },
}
_INTEGER = {"type": "integer"}
_ETCD = {
    "type": "object",
    "properties": {
        "local": {
            "type": "object",
            "properties": {"dataDir": _STRING, "extraArgs": _EXTRA_ARGS},
        },
        "external": {
            "type": "object",
            "required": ["endpoints", "caFile", "certFile", "keyFile"],
            "properties": {
                "endpoints": {"type": "array", "items": _STRING},
                "caFile": _STRING,
                "certFile": _STRING,
                "keyFile": _STRING,
            },
        },
    },
}
_ROLLOUT = {
    "type": "object",
    "properties": {
        "before": {"type": "object", "properties": {"certificatesExpiryDays": _INTEGER}},
        "strategy": {
            "type": "object",
            "properties": {
                "type": _STRING,
                "rollingUpdate": {"type": "object", "properties": {"maxSurge": _INTEGER}},
            },
        },
    },
}
_REMEDIATION = {
    "type": "object",
    "properties": {
        "maxRetry": _INTEGER,
        "retryPeriodSeconds": _INTEGER,
        "minHealthyPeriodSeconds": _INTEGER,
    },
}
_DISK = {"sizeGiB": {"type": "integer"}, "type": _STRING}
_SCHEMAS: dict[str, dict[str, Any]] = {
    API_SERVER: _EXTRA_ARGS,
    CONTROLLER_MANAGER: _EXTRA_ARGS,
    SCHEDULER: _EXTRA_ARGS,
    CERT_SANS: {"type": "array", "items": _STRING},
    KUBELET: _EXTRA_ARGS,
    TAINTS: _TAINTS,
    CONTROL_PLANE_FILES: _FILES,
    WORKER_FILES: _FILES,
    ETCD: _ETCD,
    ROLLOUT: _ROLLOUT,
    REMEDIATION: _REMEDIATION,
    # Phases of `kubeadm init` that are left out.
    SKIP_PHASES: {"type": "array", "items": _STRING},
    # The Secret with the encryption's configuration; empty for none.
    ENCRYPTION: _STRING,
    # Infrastructures put these into their machine templates.
    MACHINE_TYPE: _STRING,
    IMAGE: _STRING,
    ROOT_DISK: {"type": "object", "required": ["sizeGiB"], "properties": _DISK},
    DATA_DISKS: {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name", "sizeGiB"],
            "properties": _DISK | {"name": _STRING},
        },
    },
    ETCD_DISK: {"type": "object", "required": ["sizeGiB"], "properties": _DISK},
    PLACEMENT: _STRING | {"enum": [placement.value for placement in Placement]},
    SPOT: {"type": "object", "properties": {"maxPrice": _STRING}},
    # Infrastructures put this into their cluster template.
    ENDPOINT: {
        "type": "object",
        "properties": {
            "host": _STRING,
            "port": {"type": "integer"},
            "public": {"type": "boolean"},
            "allowed": {"type": "array", "items": _STRING},
        },
    },
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
_SPEC = "/spec/template/spec"
_KUBEADM = f"{_SPEC}/kubeadmConfigSpec"
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
    _patch(ETCD, _definition(_CONTROL_PLANE, ETCD, f"{_CLUSTER}/etcd")),
    _patch(ROLLOUT, _definition(_CONTROL_PLANE, ROLLOUT, f"{_SPEC}/rollout")),
    _patch(REMEDIATION, _definition(_CONTROL_PLANE, REMEDIATION, f"{_SPEC}/remediation")),
    _patch(
        SKIP_PHASES,
        _definition(_CONTROL_PLANE, SKIP_PHASES, f"{_KUBEADM}/initConfiguration/skipPhases"),
    ),
    # All files, then those that patches add to them: an infrastructure's come last.
    _patch(
        CONTROL_PLANE_FILES,
        _definition(_CONTROL_PLANE, CONTROL_PLANE_FILES, f"{_KUBEADM}/files"),
    ),
    _patch(WORKER_FILES, _definition(_WORKER, WORKER_FILES, f"{_SPEC}/files")),
    {
        "name": ENCRYPTION,
        "enabledIf": encryption.ENABLED_IF,
        "definitions": [
            {
                "selector": _CONTROL_PLANE,
                "jsonPatches": [
                    {
                        "op": "add",
                        "path": f"{_KUBEADM}/files/-",
                        # JSON is YAML: quotes keep the template's braces from being read as such.
                        "valueFrom": {"template": json.dumps(encryption.patch_file())},
                    }
                ],
            }
        ],
    },
)


def etcd_disk_patch(device: str) -> dict[str, Any]:
    """Formats and mounts the etcd disk of control-plane machines that have one.

    Args:
        device: as the machine sees it.
    """
    changes = {"diskSetup": etcd.disk_setup(device), "mounts": etcd.MOUNTS}
    return {
        "name": ETCD_DISK,
        "enabledIf": f'{{{{ if hasKey . "{ETCD_DISK}" }}}}true{{{{ end }}}}',
        "definitions": [
            {
                "selector": _CONTROL_PLANE,
                "jsonPatches": [
                    {"op": "add", "path": f"{_KUBEADM}/{part}", "value": value}
                    for part, value in changes.items()
                ],
            }
        ],
    }
