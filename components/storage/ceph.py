"""Values of Rook's three charts.

The charts' lists of pools replace their defaults as a whole, so each entry is written out.
Source: https://rook.io/docs/rook/v1.20/Helm-Charts/ceph-cluster-chart/
"""

from __future__ import annotations

from typing import Any

from components.pods import CRITICAL
from components.storage.ceph_settings import RookCephOptions
from components.storage.volumes import node_affinity

NAMESPACE = "rook-ceph"
BLOCK, FILE, BUCKET = "ceph-block", "ceph-filesystem", "ceph-bucket"
BLOCK_DRIVER = f"{NAMESPACE}.rbd.csi.ceph.com"
FILE_DRIVER = f"{NAMESPACE}.cephfs.csi.ceph.com"
_SPREAD = {
    "maxSkew": 1,
    "topologyKey": "kubernetes.io/hostname",
    "whenUnsatisfiable": "ScheduleAnyway",
    "labelSelector": {
        "matchExpressions": [
            {"key": "app", "operator": "In", "values": ["rook-ceph-osd", "rook-ceph-osd-prepare"]}
        ]
    },
}
_ACTIONS = ("provisioner", "controller-expand", "controller-publish", "node-stage")


def operator_values(*, monitored: bool) -> dict[str, Any]:
    """Of the chart with the operator."""
    return {"monitoring": {"enabled": monitored}, "priorityClassName": CRITICAL}


def driver_values() -> dict[str, Any]:
    """Of the chart with the CSI drivers: the names and images that Rook's operator wants.

    Source: deploy/charts/ceph-csi-drivers/values.yaml of Rook 1.20.
    """
    return {
        "operatorConfig": {
            "namespace": NAMESPACE,
            "driverSpecDefaults": {
                "imageSet": {"name": "rook-csi-operator-image-set-configmap"},
                "nodePlugin": {"priorityClassName": "system-node-critical"},
                "controllerPlugin": {"priorityClassName": "system-cluster-critical", "replicas": 2},
            },
        },
        "drivers": {
            "rbd": {"enabled": True, "name": BLOCK_DRIVER},
            "cephfs": {"enabled": True, "name": FILE_DRIVER},
            "nfs": {"enabled": False, "name": f"{NAMESPACE}.nfs.csi.ceph.com"},
            "nvmeof": {"enabled": False, "name": f"{NAMESPACE}.nvmeof.csi.ceph.com"},
        },
    }


def snapshot_parameters(kind: str) -> dict[str, str]:
    """Of a snapshot class of `rbd` or `cephfs`."""
    prefix = "csi.storage.k8s.io/snapshotter-secret"
    return {
        "clusterID": NAMESPACE,
        f"{prefix}-name": f"rook-csi-{kind}-provisioner",
        f"{prefix}-namespace": NAMESPACE,
    }


def cluster_values(settings: RookCephOptions, *, monitored: bool) -> dict[str, Any]:
    """Of the chart with the Ceph cluster, its pools and classes."""
    placement = {"placement": {"all": node_affinity(settings.pools)}} if settings.pools else {}
    return {
        "operatorNamespace": NAMESPACE,
        "toolbox": {"enabled": settings.toolbox},
        "monitoring": {"enabled": monitored, "createPrometheusRules": monitored},
        "cephClusterSpec": {
            "dataDirHostPath": settings.data_path,
            "mon": {"count": settings.monitors, "allowMultiplePerNode": False},
            "mgr": {"count": min(2, settings.monitors), "allowMultiplePerNode": False},
            "dashboard": {"enabled": settings.dashboard},
            "network": {
                "connections": {
                    "encryption": {"enabled": settings.encryption},
                    "requireMsgr2": settings.encryption,
                }
            },
            "storage": _storage(settings),
        }
        | placement,
        "cephBlockPools": [_block(settings)] if settings.block else [],
        "cephFileSystems": [_file_system(settings)] if settings.file_system else [],
        "cephObjectStores": [_object_store(settings)] if settings.object_store else [],
    }


def _storage(settings: RookCephOptions) -> dict[str, Any]:
    disks = settings.disks
    if disks.claims is None:
        devices = {"deviceFilter": disks.filter} if disks.filter else {}
        return {"useAllNodes": True, "useAllDevices": disks.all} | devices
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "volumeMode": "Block",
        "storageClassName": disks.claims.storage_class,
        "resources": {"requests": {"storage": disks.claims.size}},
    }
    placement = {"topologySpreadConstraints": [_SPREAD]}
    claims = {
        "name": "disks",
        "count": disks.claims.count,
        "portable": True,
        "placement": placement,
        "preparePlacement": placement,
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": spec}],
    }
    return {"useAllNodes": False, "useAllDevices": False, "storageClassDeviceSets": [claims]}


def _replicated(settings: RookCephOptions) -> dict[str, Any]:
    return {"failureDomain": "host", "replicated": {"size": settings.replicas}}


def _class(settings: RookCephOptions, name: str, kind: str, *, is_default: bool) -> dict[str, Any]:
    secrets = {"provisioner": "provisioner", "node-stage": "node"}
    parameters = {}
    for action in _ACTIONS:
        secret = f"rook-csi-{kind}-{secrets.get(action, 'provisioner')}"
        parameters[f"csi.storage.k8s.io/{action}-secret-name"] = secret
        parameters[f"csi.storage.k8s.io/{action}-secret-namespace"] = NAMESPACE
    return {
        "enabled": True,
        "name": name,
        "isDefault": is_default,
        "reclaimPolicy": settings.reclaim_policy.value,
        "allowVolumeExpansion": True,
        "volumeBindingMode": "Immediate",
        "parameters": parameters | {"csi.storage.k8s.io/fstype": "ext4"},
    }


def _block(settings: RookCephOptions) -> dict[str, Any]:
    made = _class(settings, BLOCK, "rbd", is_default=settings.default == "block")
    image = {"imageFormat": "2", "imageFeatures": "layering"}
    return {
        "name": "ceph-blockpool",
        "spec": _replicated(settings),
        "storageClass": made | {"parameters": made["parameters"] | image},
    }


def _file_system(settings: RookCephOptions) -> dict[str, Any]:
    made = _class(settings, FILE, "cephfs", is_default=settings.default == "fileSystem")
    return {
        "name": FILE,
        "spec": {
            "metadataPool": {"replicated": {"size": settings.replicas}},
            "dataPools": [_replicated(settings) | {"name": "data0"}],
            "metadataServer": {
                "activeCount": 1,
                "activeStandby": True,
                "resources": {
                    "limits": {"memory": "4Gi"},
                    "requests": {"cpu": "1000m", "memory": "4Gi"},
                },
                "priorityClassName": "system-cluster-critical",
            },
        },
        "storageClass": made | {"pool": "data0"},
    }


def _object_store(settings: RookCephOptions) -> dict[str, Any]:
    return {
        "name": "ceph-objectstore",
        "spec": {
            "metadataPool": _replicated(settings),
            "dataPool": _replicated(settings),
            "preservePoolsOnDelete": True,
            "gateway": {
                "port": 80,
                "instances": 2,
                "resources": {
                    "limits": {"memory": "2Gi"},
                    "requests": {"cpu": "1000m", "memory": "1Gi"},
                },
                "priorityClassName": "system-cluster-critical",
            },
        },
        "storageClass": {
            "enabled": True,
            "name": BUCKET,
            "reclaimPolicy": settings.reclaim_policy.value,
            "volumeBindingMode": "Immediate",
            "parameters": {"region": "us-east-1"},
        },
        "ingress": {"enabled": False},
        "route": {"enabled": False},
    }
