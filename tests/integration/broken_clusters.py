"""Clusters that the real controllers can't bring up, or that someone keeps from going on."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import yaml

from engine.fleet import CLUSTER_NAME

Manifest = dict[str, Any]

INFRASTRUCTURE = "infrastructure.cluster.x-k8s.io/v1beta2"
BOOTSTRAP = "bootstrap.cluster.x-k8s.io/v1beta2"
SMALL = Path(__file__).parent / "small_cluster.yaml"
NEVER = "1h"
OLD, NEW = "v1.36.3", "v1.37.2"
HOOK = "pre-drain.delete.hook.machine.cluster.x-k8s.io/backup"
DEFER = "topology.cluster.x-k8s.io/defer-upgrade"
RESOURCES = "example.com/resources"
SPEC = ("paused", "infrastructureRef", "bootstrap", "clusterName", "bindings")
CHECKS = {
    "nodeStartupTimeoutSeconds": 30,
    "unhealthyNodeConditions": [
        {"type": "Ready", "status": status, "timeoutSeconds": 1} for status in ("Unknown", "False")
    ],
}


def _small() -> dict[str, Manifest]:
    return {each["kind"]: each for each in yaml.safe_load_all(SMALL.read_text())}


def _machine(name: str, part: str) -> Manifest:
    """A machine template one part of which takes for ever to start."""
    template: Manifest = _small()["DevMachineTemplate"] | {"metadata": {"name": name}}
    backend = template["spec"]["template"]["spec"]["backend"]["inMemory"]
    backend[part]["provisioning"]["startupDuration"] = NEVER
    return template


def _reference(kind: str, name: str, version: str = INFRASTRUCTURE) -> Manifest:
    return {"templateRef": {"apiVersion": version, "kind": kind, "name": name}}


def _class(name: str, control_plane: str = "small", **workers: Manifest) -> Manifest:
    """A class; `workers` are further worker classes by what differs from the first."""
    made = _small()["ClusterClass"] | {"metadata": {"name": name}}
    spec = copy.deepcopy(made["spec"])
    spec["controlPlane"]["machineInfrastructure"] = _reference("DevMachineTemplate", control_plane)
    spec["kubernetesVersions"] = [OLD, NEW]
    (worker,) = spec["workers"]["machineDeployments"]
    spec["workers"]["machineDeployments"] += [
        worker | {"class": each} | change for each, change in workers.items()
    ]
    return made | {"spec": spec}


def classes() -> list[Manifest]:
    """The classes and everything that they refer to."""
    small = _small()
    absent_secret: Manifest = {"secret": {"name": "absent", "key": "x"}}
    no_secret = copy.deepcopy(small["KubeadmConfigTemplate"]) | {"metadata": {"name": "no-secret"}}
    no_secret["spec"]["template"]["spec"]["files"] = [
        {"path": "/etc/x", "contentFrom": absent_secret}
    ]
    bad_patch = _class("bad-patch")
    bad_patch["spec"]["patches"] = [
        {
            "name": "misfit",
            "definitions": [
                {
                    "selector": {
                        "apiVersion": "controlplane.cluster.x-k8s.io/v1beta2",
                        "kind": "KubeadmControlPlaneTemplate",
                        "matchResources": {"controlPlane": True},
                    },
                    "jsonPatches": [
                        {
                            "op": "replace",
                            "path": "/spec/template/spec/kubeadmConfigSpec/absent/deeper",
                            "value": "x",
                        }
                    ],
                }
            ],
        }
    ]
    pools: dict[str, Manifest] = {
        "slow-node": {"infrastructure": _reference("DevMachineTemplate", "slow-node")},
        "no-secret": {"bootstrap": _reference("KubeadmConfigTemplate", "no-secret", BOOTSTRAP)},
    }
    return [
        *(each for each in small.values() if not each["kind"].startswith("Cluster")),
        _machine("slow-vm", "vm"),
        _machine("slow-node", "node"),
        _machine("slow-api", "apiServer"),
        no_secret,
        _class("pools", **pools),
        _class("slow-vm", control_plane="slow-vm"),
        _class("slow-api", control_plane="slow-api"),
        _class("no-template", control_plane="absent"),
        bad_patch,
    ]


def cluster(name: str, klass: str = "pools", *pools: Manifest, **spec: Any) -> Manifest:
    """A cluster with one control-plane machine; `spec` is added to the Cluster's."""
    topology: Manifest = {
        "classRef": {"name": klass},
        "version": OLD,
        "controlPlane": {"replicas": 1},
    }
    if pools:
        topology["workers"] = {"machineDeployments": list(pools)}
    return {
        "apiVersion": "cluster.x-k8s.io/v1beta2",
        "kind": "Cluster",
        "metadata": {"name": name},
        "spec": {"topology": topology} | spec,
    }


def pool(name: str, klass: str = "worker", replicas: int | None = 1, **more: Any) -> Manifest:
    """A pool; without replicas an autoscaler would own them."""
    count = {} if replicas is None else {"replicas": replicas}
    return {"name": name, "class": klass} | count | more


def health_check(limit: int | str, **remediation: Any) -> Manifest:
    """A quick health check that replaces nothing while more than `limit` are unhealthy."""
    trigger: Manifest = {"triggerIf": {"unhealthyLessThanOrEqualTo": limit}}
    return {"enabled": True, "checks": CHECKS, "remediation": trigger | remediation}


def broken_clusters() -> list[Manifest]:
    """All clusters of the tests; most have one machine or none."""
    return [
        cluster("no-class", "absent"),
        cluster("no-template", "no-template"),
        cluster("bad-patch", "bad-patch"),
        cluster("paused", paused=True),
        cluster("slow-vm", "slow-vm"),
        cluster("leaving", "slow-vm"),
        cluster("slow-api", "slow-api"),
        cluster("gate", availabilityGates=[{"conditionType": "SmokeTest"}]),
        cluster(
            "shop",
            "pools",
            pool("late", "slow-node", healthCheck=health_check("100%", maxInFlight=0)),
            pool("no-secret", "no-secret"),
            pool("blocked", healthCheck=health_check(0)),
            pool("hooked", healthCheck=health_check(1), metadata={"annotations": {HOOK: "me"}}),
            pool("robbed"),
        ),
        cluster(
            "upgrade",
            "pools",
            pool("held", replicas=None, metadata={"annotations": {DEFER: ""}}),
            pool("by-hand", rollout={"strategy": {"type": "OnDelete"}}),
        ),
        cluster("fine", "pools"),
        even_control_plane(),
        cluster("unanswered", "slow-vm"),
        cluster("bare", "slow-vm", pool("general")),
        labelled("sick", pool("hooked", metadata={"annotations": {HOOK: "me"}}), pool("undrained")),
    ]


def even_control_plane() -> Manifest:
    """A cluster whose control plane has two machines with etcd, which its webhook refuses."""
    made = cluster("even")
    made["spec"]["topology"]["controlPlane"]["replicas"] = 2
    return made


def labelled(name: str, *pools: Manifest) -> Manifest:
    """A cluster that the resource sets choose."""
    made = cluster(name, "pools", *pools)
    made["metadata"]["labels"] = {RESOURCES: name}
    return made


def resource_sets(cluster: str) -> list[Manifest]:
    """One whose Secret has the wrong type, and one with an object that no API server knows."""
    unknown = {"apiVersion": "example.com/v1", "kind": "Unknown", "metadata": {"name": "x"}}
    sources: dict[str, Manifest] = {
        "wrong-type": {"kind": "Secret", "type": "Opaque", "stringData": {"x": "{}"}},
        "unknown-kind": {"kind": "ConfigMap", "data": {"x": json.dumps(unknown)}},
    }
    sets = [
        {
            "apiVersion": "addons.cluster.x-k8s.io/v1beta2",
            "kind": "ClusterResourceSet",
            "metadata": {"name": name},
            "spec": {
                "clusterSelector": {"matchLabels": {RESOURCES: cluster}},
                "resources": [{"kind": source["kind"], "name": name}],
            },
        }
        for name, source in sources.items()
    ]
    made = [
        {"apiVersion": "v1", "metadata": {"name": name}} | source
        for name, source in sources.items()
    ]
    return [*made, *sets]


def dead_webhook(name: str, cluster: str, namespace: str) -> Manifest:
    """A webhook that does not answer, for the infrastructure of one cluster."""
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [
            {
                "name": "dead.example.com",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "clientConfig": {"url": "https://127.0.0.1:1/"},
                "rules": [
                    {
                        "apiGroups": ["infrastructure.cluster.x-k8s.io"],
                        "apiVersions": ["*"],
                        "resources": ["devclusters"],
                        "operations": ["CREATE", "UPDATE"],
                    }
                ],
                "objectSelector": {"matchLabels": {CLUSTER_NAME: cluster}},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            }
        ],
    }


def crash_loop(container: str) -> Manifest:
    """The status of a pod whose container ends after each start, as a kubelet would write it."""
    state = {
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}},
    }
    image = {"name": container, "image": "", "imageID": "", "ready": False, "restartCount": 3}
    ready = {"type": "Ready", "status": "False"}
    return {"conditions": [ready], "containerStatuses": [image | state]}


def slim(manifest: Manifest) -> Manifest:
    """The fields of an object that a diagnosis reads, without the rest."""
    metadata, status = manifest["metadata"], manifest.get("status", {})
    owners = [
        _only(each, "kind", "name", "controller") for each in metadata.get("ownerReferences", [])
    ]
    conditions = [
        _only(each, "type", "status", "reason", "message", "lastTransitionTime")
        for each in status.get("conditions", [])
    ]
    kept = ("name", "creationTimestamp", "deletionTimestamp", "finalizers")
    return {
        "kind": manifest["kind"],
        "metadata": _only(metadata, *kept)
        | {"labels": _only(metadata.get("labels", {}), CLUSTER_NAME), "ownerReferences": owners},
        "spec": _only(manifest["spec"], *SPEC),
        "status": _only(status, "initialization", "nodeRef", "certificatesExpiryDate")
        | {"conditions": conditions},
    }


def _only(mapping: Manifest, *keys: str) -> Manifest:
    return {key: mapping[key] for key in keys if key in mapping}
