"""Snapshots of volumes: the controller, its definitions, and a class for each driver."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import SNAPSHOTS, Addon, AddonSettings, SecurityLevel, Target, merged
from components.chart import Chart
from components.cluster_volumes import SnapshotDriver
from components.fields import Count
from components.finding import Finding
from components.storage.volumes import volumes_of
from errors.storage import NOTHING_TO_SNAPSHOT

CHART = "snapshot-controller"
NAMESPACE = "snapshot-controller"
API = "snapshot.storage.k8s.io/v1"
IS_DEFAULT = "snapshot.storage.kubernetes.io/is-default-class"
OF_VELERO = "velero.io/csi-volumesnapshot-class"
"""The label by which Velero knows the class that it may use of a driver."""


class DeletionPolicy(StrEnum):
    """What becomes of the storage's own snapshot when the VolumeSnapshot is deleted."""

    DELETE = "Delete"
    RETAIN = "Retain"


class Snapshots(AddonSettings):
    """The snapshot controller; one class for each driver that can, `snapshots-<driver>`."""

    TITLE: ClassVar = "Volume snapshots"
    SUMMARY: ClassVar = "Snapshots of volumes by their CSI drivers, with a class for each driver."

    replicas: Annotated[Count, Field(ge=1, le=5)] = 2
    """How many controllers run; one works, the others wait for it to fail."""
    deletion_policy: DeletionPolicy = DeletionPolicy.DELETE
    """What becomes of the storage's own snapshot when the VolumeSnapshot is deleted."""

    def check(self, target: Target) -> Iterator[Finding]:
        """NOTHING_TO_SNAPSHOT."""
        if not _drivers(target):
            yield Finding(
                NOTHING_TO_SNAPSHOT,
                (),
                f"no driver of `{target.cluster.name}` takes snapshots",
                key=True,
            )

    def addon(self, target: Target) -> Addon:
        """One chart of the definitions and the controller; the classes follow."""
        values = {
            "controller": {
                "replicaCount": self.replicas,
                "pdb": {"minAvailable": 1} if self.replicas > 1 else {},
                "serviceMonitor": {"create": target.has("monitoring")},
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

    def _class(self, driver: SnapshotDriver, target: Target) -> dict[str, Any]:
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


def _drivers(target: Target) -> list[SnapshotDriver]:
    return [driver for _, volumes in volumes_of(target) for driver in volumes.snapshots]
