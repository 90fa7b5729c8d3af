"""The metrics of kube-state-metrics about Cluster API's objects, on a management cluster.

Only what the project's own dashboards and alerts read. The metrics are named as Cluster API names
its own, so that its dashboards work as well.

Source: `core/config/metrics/crd-metrics-config.yaml` of Cluster API.
"""

from __future__ import annotations

from components.mappings import Manifest

GROUP, VERSION = "cluster.x-k8s.io", "v1beta2"
CONTROL_PLANE_GROUP = "controlplane.cluster.x-k8s.io"
_PHASES = {
    "Cluster": ("Pending", "Provisioning", "Provisioned", "Deleting", "Failed", "Unknown"),
    "Machine": (
        *("Pending", "Provisioning", "Provisioned", "Running"),
        *("Deleting", "Deleted", "Failed", "Unknown"),
    ),
}
_STATUS = ("True", "False", "Unknown")


def custom_resource_state() -> Manifest:
    """The `customResourceState.config` of kube-state-metrics."""
    return {
        "kind": "CustomResourceStateMetrics",
        "spec": {
            "resources": [
                _resource(
                    GROUP,
                    "Cluster",
                    _info(version=("spec", "topology", "version")),
                    _phase("Cluster"),
                    _conditions(),
                    _gauge("spec_paused", "spec", "paused", nil_is_zero=True),
                ),
                _resource(
                    CONTROL_PLANE_GROUP,
                    "KubeadmControlPlane",
                    _info(version=("spec", "version")),
                    *_replicas(),
                ),
                _resource(
                    GROUP,
                    "MachineDeployment",
                    _info(version=("spec", "template", "spec", "version")),
                    *_replicas(),
                ),
                _resource(GROUP, "Machine", _info(version=("spec", "version")), _phase("Machine")),
            ]
        },
    }


def rules_of_role() -> list[Manifest]:
    """The permissions of kube-state-metrics for these objects."""
    read = ["get", "list", "watch"]
    kinds = ["clusters", "machinedeployments", "machines"]
    return [
        {"apiGroups": [GROUP], "resources": kinds, "verbs": read},
        {"apiGroups": [CONTROL_PLANE_GROUP], "resources": ["kubeadmcontrolplanes"], "verbs": read},
    ]


def _resource(group: str, kind: str, *metrics: Manifest) -> Manifest:
    # `cluster` is the label of the cluster that is meant, as in every other series of the fleet.
    label = "cluster.x-k8s.io/cluster-name"
    named = ["metadata", "name"] if kind == "Cluster" else ["metadata", "labels", label]
    return {
        "groupVersionKind": {"group": group, "version": VERSION, "kind": kind},
        "metricNamePrefix": f"capi_{kind.lower()}",
        "labelsFromPath": {
            "name": ["metadata", "name"],
            "namespace": ["metadata", "namespace"],
            "cluster": named,
        },
        "metrics": list(metrics),
    }


def _metric(name: str, kind: str, what: Manifest, text: str) -> Manifest:
    return {"name": name, "help": text, "each": {"type": kind, kind[0].lower() + kind[1:]: what}}


def _info(version: tuple[str, ...]) -> Manifest:
    return _metric("info", "Info", {"labelsFromPath": {"version": list(version)}}, "What it is.")


def _phase(kind: str) -> Manifest:
    states = {"labelName": "phase", "path": ["status", "phase"], "list": list(_PHASES[kind])}
    return _metric("status_phase", "StateSet", states, "Its phase.")


def _conditions() -> Manifest:
    states = {
        "labelName": "status",
        "labelsFromPath": {"type": ["type"]},
        "path": ["status", "conditions"],
        "valueFrom": ["status"],
        "list": list(_STATUS),
    }
    return _metric("status_condition", "StateSet", states, "Its conditions.")


def _gauge(name: str, *path: str, nil_is_zero: bool = False) -> Manifest:
    what: Manifest = {"path": list(path)} | ({"nilIsZero": True} if nil_is_zero else {})
    return _metric(name, "Gauge", what, "A number of it.")


def _replicas() -> tuple[Manifest, ...]:
    return (
        _gauge("spec_replicas", "spec", "replicas"),
        _gauge("status_replicas_available", "status", "availableReplicas", nil_is_zero=True),
        _gauge("status_replicas_up_to_date", "status", "upToDateReplicas", nil_is_zero=True),
    )
