"""Snapshots of volumes: the controller, its definitions, and a class for each driver."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import SNAPSHOTS, Addon, SecurityLevel
from components.addon_settings import AddonSettings, merged
from components.chart import Chart
from components.cluster_volumes import SnapshotDriver
from components.facts import ClusterFacts
from components.fields import Count
from components.finding import Finding
from components.pods import CRITICAL
from components.storage.volumes import volumes_of
from errors.storage import NOTHING_TO_SNAPSHOT

CHART = "snapshot-controller"
NAMESPACE = "snapshot-controller"
API = "snapshot.storage.k8s.io/v1"
IS_DEFAULT = "snapshot.storage.kubernetes.io/is-default-class"
OF_VELERO = "velero.io/csi-volumesnapshot-class"
"""The label by which Velero knows the class that it may use of a driver."""


class DeletionPolicy(StrEnum):
    """The effect of a VolumeSnapshot's deletion on the snapshot in the storage."""

    DELETE = "Delete"
    RETAIN = "Retain"


class SnapshotsSettings(AddonSettings):
    """The snapshot controller; one class for each driver that can, `snapshots-<driver>`."""

    TITLE: ClassVar = "Volume snapshots"
    SUMMARY: ClassVar = "Snapshots of volumes by their CSI drivers, with a class for each driver."

    replicas: Annotated[Count, Field(ge=1, le=5)] = 2
    """The number of controllers; one is active."""
    deletion_policy: DeletionPolicy = DeletionPolicy.DELETE
    """The effect of a VolumeSnapshot's deletion on the snapshot in the storage."""

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """NOTHING_TO_SNAPSHOT."""
        if not _drivers(target):
            yield Finding(
                NOTHING_TO_SNAPSHOT,
                (),
                f"no driver of `{target.name}` takes snapshots",
                key=True,
            )

    def addon(self, target: ClusterFacts) -> Addon:
        """One chart of the definitions and the controller; the classes follow."""
        values = {
            "controller": {
                "priorityClassName": CRITICAL,
                "replicaCount": self.replicas,
                "pdb": {"minAvailable": 1} if self.replicas > 1 else {},
                "serviceMonitor": {"create": target.has("monitoring")},
                # What the level `restricted` asks for and the chart's defaults lack.
                "podSecurityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
                "securityContext": {"allowPrivilegeEscalation": False},
            },
        }
        return Addon(
            "snapshots",
            charts=(Chart(CHART, NAMESPACE, merged(values, self.values)),),
            namespaces={NAMESPACE: SecurityLevel.RESTRICTED},
            objects=tuple(self._class(each, target) for each in _drivers(target)),
            provides=(SNAPSHOTS,),
            ready=(f"Deployment {NAMESPACE}/{CHART}",),
        )

    def _class(self, driver: SnapshotDriver, target: ClusterFacts) -> dict[str, Any]:
        labels = {"labels": {OF_VELERO: "true"}} if target.has("velero") else {}
        return {
            "apiVersion": API,
            "kind": "VolumeSnapshotClass",
            "metadata": {
                "name": f"snapshots-{driver.suffix}",
                "annotations": {IS_DEFAULT: "true"},  # of its driver
            }
            | labels,
            "driver": driver.name,
            "deletionPolicy": self.deletion_policy.value,
            "parameters": dict(driver.parameters),
        }


def _drivers(target: ClusterFacts) -> list[SnapshotDriver]:
    return [driver for _, volumes in volumes_of(target) for driver in volumes.snapshots]
