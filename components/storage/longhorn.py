"""Longhorn: replicated volumes on the machines' own disks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import VOLUMES, Addon, Port, SecurityLevel
from components.addon_settings import merged
from components.chart import Chart
from components.cluster_volumes import SnapshotDriver, VolumeClass, Volumes
from components.facts import ClusterFacts
from components.fields import Count, Flag, Path
from components.finding import Finding
from components.storage.classes import BindingMode, ReclaimPolicy
from components.storage.volumes import VolumeSettings, storage_nodes
from errors.storage import TOO_FEW_STORAGE_NODES

NAMESPACE = "longhorn-system"
DRIVER = "driver.longhorn.io"
CLASS = "longhorn"
HOLDS_DATA = "node.longhorn.io/create-default-disk"


class LonghornSettings(VolumeSettings):
    """Replicated block storage; machines need the packages open-iscsi and nfs-common."""

    TITLE: ClassVar = "Longhorn"
    SUMMARY: ClassVar = "Replicated volumes on the machines' own disks."

    replicas: Annotated[Count, Field(ge=1, le=5)] = 3
    """On how many machines a volume's data is."""
    data_path: Path = "/var/lib/longhorn/"
    """The folder of data on a machine; best a mounted data disk."""
    labeled_only: Flag = False
    """Only machines of pools with the label `node.longhorn.io/create-default-disk: "true"` hold
    data."""
    reclaim_policy: ReclaimPolicy = ReclaimPolicy.DELETE
    """The effect of a claim's deletion on its volume."""
    binding_mode: BindingMode = BindingMode.IMMEDIATE
    """`WaitForFirstConsumer` puts a replica where the pod runs, with `keepLocal`."""
    keep_local: Flag = False
    """Tries to keep one replica on the pod's machine."""
    over_provisioning_percent: Annotated[Count, Field(ge=100, le=1000)] = 100
    """The share of a disk's size that may be provisioned."""
    default: Flag = True
    """Makes this the default class; a cluster has exactly one default class."""

    def cluster_volumes(self) -> Volumes:
        """One class; snapshots stay in the cluster."""
        return Volumes(
            (VolumeClass(CLASS, DRIVER, self.default),),
            (SnapshotDriver(DRIVER, CLASS, {"type": "snap"}),),
        )

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """TOO_FEW_STORAGE_NODES."""
        nodes = storage_nodes(target, {HOLDS_DATA: "true"} if self.labeled_only else {})
        if nodes < self.replicas:
            yield Finding(
                TOO_FEW_STORAGE_NODES,
                ("replicas",),
                f"{self.replicas} replicas of a volume need as many worker machines, and "
                f"`{target.name}` has {nodes} at least",
            )

    def addon(self, target: ClusterFacts) -> Addon:
        """One chart."""
        return Addon(
            "longhorn",
            charts=(Chart("longhorn", NAMESPACE, merged(self._values(target), self.values)),),
            namespaces={NAMESPACE: SecurityLevel.PRIVILEGED},
            provides=(VOLUMES,),
            ports=(
                Port(9500, "managers to each other"),
                Port(8500, "managers to engines and replicas"),
                Port(10000, "engines to replicas, up to 30000"),
            ),
            privileges=("the machines' disks and kernel modules", "mounts on the machines"),
            ready=(
                f"DaemonSet {NAMESPACE}/longhorn-manager",
                f"DaemonSet {NAMESPACE}/longhorn-csi-plugin",
            ),
        )

    def _values(self, target: ClusterFacts) -> dict[str, Any]:
        return {
            "persistence": {
                "defaultClass": self.default,
                "defaultClassReplicaCount": self.replicas,
                "defaultDataLocality": "best-effort" if self.keep_local else "disabled",
                "reclaimPolicy": self.reclaim_policy.value,
                "volumeBindingMode": self.binding_mode.value,
            },
            "defaultSettings": {
                "defaultDataPath": self.data_path,
                "createDefaultDiskLabeledNodes": self.labeled_only,
                "storageOverProvisioningPercentage": self.over_provisioning_percent,
                # Nothing is sent out of the cluster.
                "upgradeChecker": False,
                "allowCollectingLonghornUsageMetrics": False,
                # A drained machine gives its last healthy replica away first.
                "nodeDrainPolicy": "block-for-eviction-if-last-replica",
            },
            # A job of the helm command line; the chart wants it off where something else installs.
            "preUpgradeChecker": {"jobEnabled": False},
            "metrics": {"serviceMonitor": {"enabled": target.has("monitoring")}},
        }
