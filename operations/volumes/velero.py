"""Velero's objects: those that a move makes, and how far Velero is with them.

Source: https://velero.io/docs/v1.18/api-types/ and
https://velero.io/docs/v1.18/restore-reference/#changing-pvpvc-storage-classes
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from components.backup.velero import NAMESPACE
from components.mappings import Manifest
from engine.api import Api
from operations.volumes.claims import listed

API = "velero.io/v1"
DATA_API = "velero.io/v2alpha1"
OF_MOVE = "caas.dev/volume-move"
"""The label of everything that belongs to a move; its value is the move's id."""
OF_BACKUP, OF_RESTORE = "velero.io/backup-name", "velero.io/restore-name"
CLASS_MAPPING = "velero.io/change-storage-class"
DONE = "Completed"
FAILED = ("FailedValidation", "PartiallyFailed", "Failed", "Deleting")
KEPT = "720h0m0s"


@dataclass(frozen=True, slots=True)
class Work:
    """The progress of a Backup or a Restore.

    Attributes:
        name: of the object.
        phase: Velero's word; empty where Velero has not seen it.
        done: how many items.
        total: of how many.
        warnings: how many.
        errors: how many.
        reasons: what Velero says about a failure.
    """

    name: str
    phase: str = ""
    done: int = 0
    total: int = 0
    warnings: int = 0
    errors: int = 0
    reasons: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """True if Velero has finished."""
        return self.phase == DONE or self.phase in FAILED


@dataclass(frozen=True, slots=True)
class Transfer:
    """The data of one volume on its way to or from the bucket."""

    claim: str
    phase: str
    done: int
    total: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class VeleroKind:
    """Backup or Restore, and what carries its data."""

    name: str
    plural: str
    done: str
    transfers: str
    label: str
    claim: tuple[str, ...]


BACKUP = VeleroKind("Backup", "backups", "itemsBackedUp", "datauploads", OF_BACKUP, ("sourcePVC",))
RESTORE = VeleroKind(
    "Restore", "restores", "itemsRestored", "datadownloads", OF_RESTORE, ("targetVolume", "pvc")
)


@dataclass(frozen=True, slots=True)
class Order:
    """A Backup or a Restore to make."""

    name: str
    spec: Mapping[str, Any]
    labels: Mapping[str, str] = field(default_factory=dict)

    def manifest(self, kind: VeleroKind) -> Manifest:
        """The object."""
        metadata = {"name": self.name, "namespace": NAMESPACE, "labels": dict(self.labels)}
        return {"apiVersion": API, "kind": kind.name, "metadata": metadata, "spec": self.spec}


def backup_spec(namespace: str) -> dict[str, Any]:
    """A Backup of everything in a namespace, the data of its volumes copied to the bucket."""
    return {
        "includedNamespaces": [namespace],
        "snapshotMoveData": True,
        "snapshotVolumes": True,
        "defaultVolumesToFsBackup": False,
        "ttl": KEPT,
    }


def restore_spec(backup: str, namespace: str, *, only: str = "") -> dict[str, Any]:
    """A Restore of a namespace; `only` is the move whose claims alone come back."""
    spec: dict[str, Any] = {
        "backupName": backup,
        "includedNamespaces": [namespace],
        "restorePVs": True,
        "existingResourcePolicy": "none",
    }
    if only:
        spec["includedResources"] = ["persistentvolumeclaims", "persistentvolumes"]
        spec["labelSelector"] = {"matchLabels": {OF_MOVE: only}}
    return spec


def mapping(move: str, classes: Mapping[str, str]) -> Manifest:
    """The ConfigMap by which every restore changes storage classes while it is there."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "caas-volume-move",
            "namespace": NAMESPACE,
            "labels": {
                "velero.io/plugin-config": "",
                CLASS_MAPPING: "RestoreItemAction",
                OF_MOVE: move,
            },
        },
        "data": dict(classes),
    }


def work(api: Api, kind: VeleroKind, name: str) -> Work | None:
    """The state of a Backup or a Restore; None if it does not exist."""
    found = api.get(f"/apis/{API}/namespaces/{NAMESPACE}/{kind.plural}/{name}")
    return _work(kind, found) if found else None


def works(api: Api, kind: VeleroKind, move: str) -> list[Work]:
    """Those of a move, the oldest first."""
    found = listed(api, API, kind.plural, NAMESPACE, labelSelector=f"{OF_MOVE}={move}")
    return sorted((_work(kind, each) for each in found), key=lambda each: _number(each.name))


def _number(name: str) -> int:
    """The attempt: the number at the end of `caas-shop-20261125083000-2`."""
    return int(name.rpartition("-")[2])


def _work(kind: VeleroKind, manifest: Manifest) -> Work:
    status = manifest.get("status", {})
    progress = status.get("progress", {})
    reasons = [*status.get("validationErrors", ()), status.get("failureReason", "")]
    return Work(
        manifest["metadata"]["name"],
        status.get("phase", ""),
        progress.get(kind.done, 0),
        progress.get("totalItems", 0),
        status.get("warnings", 0),
        status.get("errors", 0),
        tuple(reason for reason in reasons if reason),
    )


def transfers(api: Api, kind: VeleroKind, name: str) -> dict[str, Transfer]:
    """The data of the volumes of a Backup or a Restore, by claim."""
    selector = f"{kind.label}={name}"
    found = listed(api, DATA_API, kind.transfers, NAMESPACE, labelSelector=selector)
    each_one = (_transfer(kind, each) for each in found)
    return {each.claim: each for each in each_one}


def _transfer(kind: VeleroKind, manifest: Manifest) -> Transfer:
    claim: Any = manifest["spec"]
    for key in kind.claim:
        claim = claim[key]
    status = manifest.get("status", {})
    progress = status.get("progress", {})
    return Transfer(
        claim,
        status.get("phase", ""),
        progress.get("bytesDone", 0),
        progress.get("totalBytes", 0),
        status.get("message", ""),
    )
