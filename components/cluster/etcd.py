"""etcd: on the control-plane machines, if possible with a separate disk, or external."""

from __future__ import annotations

from typing import Any

from components.cluster.control_plane_settings import Etcd

LABEL = "etcd_disk"
MOUNT = "/var/lib/etcddisk"
DATA = f"{MOUNT}/etcd"
_GIB = 1024**3
_PKI = "/etc/kubernetes/pki"


def has_disk(settings: Etcd, device: str) -> bool:
    """True if machines with this device have a separate disk for etcd."""
    return bool(device and settings.disk and not settings.external)


def configuration(settings: Etcd, device: str) -> dict[str, Any]:
    """`clusterConfiguration.etcd` of kubeadm.

    Args:
        settings: of the control plane.
        device: of the etcd disk; empty where the infrastructure has none.
    """
    if settings.external:
        # Cluster API writes these files from Secrets that it finds by their names.
        return {
            "external": {
                "endpoints": list(settings.external.endpoints),
                "caFile": f"{_PKI}/etcd/ca.crt",
                "certFile": f"{_PKI}/apiserver-etcd-client.crt",
                "keyFile": f"{_PKI}/apiserver-etcd-client.key",
            }
        }
    quota = {"name": "quota-backend-bytes", "value": str(settings.quota_gib * _GIB)}
    data = {"dataDir": DATA} if has_disk(settings, device) else {}
    return {"local": data | {"extraArgs": [quota]}}


def disk_setup(device: str) -> dict[str, Any]:
    """The preparation of the disk by cloud-init: one partition, formatted once.

    Source: templates of Cluster API's Azure and AWS providers.
    """
    return {
        "partitions": [{"device": device, "layout": True, "overwrite": False, "tableType": "gpt"}],
        "filesystems": [
            {
                "device": device,
                "filesystem": "ext4",
                "label": LABEL,
                "extraOpts": ["-E", "lazy_itable_init=1,lazy_journal_init=1"],
            }
        ],
    }


MOUNTS = [[f"LABEL={LABEL}", MOUNT]]
