"""Snapshots of etcd on a schedule: a CronJob inside each cluster that wants them.

Clusters with the same settings share one ClusterResourceSet, so a thousand cost no more than one.
The job needs nothing of the cluster's network: it reads etcd and uploads from a control-plane host.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pulumi
import yaml

from catalog import catalog
from components.base import Component
from components.cluster.control_plane_settings import Etcd, EtcdSnapshots
from components.cluster.settings import Cluster
from components.cluster_object import SNAPSHOTS_LABEL
from components.digests import content_name
from components.manifest import core_object, custom_resource
from components.mappings import Manifest

RESOURCE_SET_API = "addons.cluster.x-k8s.io/v1beta2"
NAME = "etcd-snapshots"
NAMESPACE = "kube-system"
CREDENTIALS = "etcd-snapshots-credentials"
"""The Secret in the cluster, in NAMESPACE, whose keys become the upload's environment."""
_PKI = "/etc/kubernetes/pki/etcd"
_SNAPSHOT = "/snapshot/etcd.db"
_UPLOAD = """\
set -eu
cluster=$(sed -n 's/^clusterName: *//p' /kubeadm/ClusterConfiguration)
target="store:$BUCKET/$PREFIX/${cluster:?}"
rclone copyto /snapshot/etcd.db "$target/$(date -u +%Y%m%dT%H%M%SZ).db"
rclone delete --min-age "${RETENTION_DAYS}d" --include '*.db' "$target"
"""


def snapshot_labels(settings: Etcd) -> dict[str, str]:
    """The label of a cluster that says how its etcd is saved; none where it is not."""
    if not settings.snapshots.bucket or settings.external:
        return {}
    return {SNAPSHOTS_LABEL: digest(settings.snapshots)}


def digest(settings: EtcdSnapshots) -> str:
    """The same for the same settings."""
    return content_name("s", settings.model_dump(mode="json"))


class EtcdSnapshotJobs(Component):
    """Makes a ClusterResourceSet for each way in which clusters want their etcd saved.

    Args:
        name: the stack's name.
        clusters: all clusters; those without a bucket are left alone.
        namespace: where the Clusters live.
    """

    def __init__(
        self,
        name: str,
        clusters: Iterable[Cluster],
        *,
        namespace: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(f"{name}-etcd-snapshots", opts)
        wanted = {
            label: cluster.control_plane.etcd.snapshots
            for cluster in clusters
            for label in snapshot_labels(cluster.control_plane.etcd).values()
        }
        for label, settings in wanted.items():
            job, resource_set = manifests(settings, namespace)
            content = core_object(f"{NAME}-{label}-job", job, self.child())
            custom_resource(f"{NAME}-{label}", resource_set, self.child(depends_on=[content]))
        self.register_outputs({})


def manifests(settings: EtcdSnapshots, namespace: str) -> tuple[Manifest, Manifest]:
    """The ConfigMap that holds the CronJob, and the ClusterResourceSet that delivers it."""
    label = digest(settings)
    metadata = {"name": f"{NAME}-{label}", "namespace": namespace}
    resources = [{"kind": "ConfigMap", "name": metadata["name"]}]
    if settings.credentials:
        resources.append({"kind": "Secret", "name": settings.credentials})
    text = yaml.safe_dump(cron_job(settings), sort_keys=False)
    content = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {"cron-job.yaml": text},
    }
    resource_set = {
        "apiVersion": RESOURCE_SET_API,
        "kind": "ClusterResourceSet",
        "metadata": metadata,
        "spec": {
            "strategy": "Reconcile",
            "clusterSelector": {"matchLabels": {SNAPSHOTS_LABEL: label}},
            "resources": resources,
        },
    }
    return content, resource_set


def cron_job(settings: EtcdSnapshots) -> Manifest:
    """The job: save, check, upload, and delete what is older than wanted."""
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": {
            "schedule": settings.schedule,
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 600,
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {
                "spec": {
                    "backoffLimit": 2,
                    "activeDeadlineSeconds": 3600,
                    "template": {
                        "metadata": {"labels": {"app.kubernetes.io/name": NAME}},
                        "spec": _pod(settings),
                    },
                }
            },
        },
    }


def _pod(settings: EtcdSnapshots) -> dict[str, Any]:
    images = catalog().images
    endpoint = [
        "--endpoints=https://127.0.0.1:2379",
        f"--cacert={_PKI}/ca.crt",
        f"--cert={_PKI}/healthcheck-client.crt",
        f"--key={_PKI}/healthcheck-client.key",
    ]
    save = ["etcdctl", *endpoint, "snapshot", "save", _SNAPSHOT]
    check = ["etcdutl", "snapshot", "status", _SNAPSHOT]
    snapshot = {"name": "snapshot", "mountPath": "/snapshot"}
    upload = _container("upload", images["rclone"], ["/bin/sh", "-c", _UPLOAD])
    upload |= {"env": _environment(settings)}
    if settings.credentials:
        upload["envFrom"] = [{"secretRef": {"name": CREDENTIALS}}]
    return {
        "restartPolicy": "Never",
        "hostNetwork": True,
        "dnsPolicy": "Default",
        "automountServiceAccountToken": False,
        "priorityClassName": "system-cluster-critical",
        "nodeSelector": {"node-role.kubernetes.io/control-plane": ""},
        "tolerations": [{"operator": "Exists"}],
        # The keys of etcd belong to root.
        "securityContext": {"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}},
        "initContainers": [
            _container("save", images["etcd"], save)
            | {"volumeMounts": [snapshot, {"name": "pki", "mountPath": _PKI, "readOnly": True}]},
            _container("check", images["etcd"], check) | {"volumeMounts": [snapshot]},
        ],
        "containers": [
            upload | {"volumeMounts": [snapshot, {"name": "kubeadm", "mountPath": "/kubeadm"}]}
        ],
        "volumes": [
            {"name": "snapshot", "emptyDir": {}},
            {"name": "pki", "hostPath": {"path": _PKI, "type": "Directory"}},
            # It knows the name of the cluster.
            {"name": "kubeadm", "configMap": {"name": "kubeadm-config"}},
        ],
    }


def _container(name: str, image: str, command: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        "command": command,
        "resources": {
            "requests": {"cpu": "10m", "memory": "64Mi"},
            # What is read of a snapshot is in the page cache, which gives way.
            "limits": {"memory": "512Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _environment(settings: EtcdSnapshots) -> list[dict[str, str]]:
    values = {
        "BUCKET": settings.bucket,
        "PREFIX": settings.prefix,
        "RETENTION_DAYS": str(settings.retention_days),
        "RCLONE_CONFIG": "/dev/null",
        "RCLONE_CONFIG_STORE_TYPE": "s3",
        "RCLONE_CONFIG_STORE_PROVIDER": "Other" if settings.endpoint else "AWS",
        "RCLONE_CONFIG_STORE_ENV_AUTH": "true",
        "RCLONE_CONFIG_STORE_NO_CHECK_BUCKET": "true",
        "RCLONE_CONFIG_STORE_ENDPOINT": settings.endpoint,
        "RCLONE_CONFIG_STORE_REGION": settings.region,
    }
    return [{"name": name, "value": value} for name, value in values.items() if value]
