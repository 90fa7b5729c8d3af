"""Plays Velero's server and node agents, and a CSI driver, on a real API server.

It writes what they write: phases, progress, DataUploads and DataDownloads, claims and the volumes
behind them. No data is copied; how many bytes there are is made up.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from engine.api import Api, collection_path
from errors import CaasError
from operations.volumes.claims import listed

VELERO = "velero"
DRIVER = "fake.csi.example.com"
BYTES = 1 << 20
Object = dict[str, Any]


@dataclass
class Bucket:
    """The objects that both clusters see, by the name of the backup."""

    backups: dict[str, list[Object]] = field(default_factory=dict)


@dataclass
class Mood:
    """The failures that Velero shows.

    Attributes:
        sleeps: nothing is done at all.
        failing_backups: so many end as PartiallyFailed.
        failing_restores: so many end as Failed, after the first claim.
        without_data: claims whose data is not uploaded.
        unbound: restored claims are not bound.
        shrunk: restored claims are smaller.
        short: restored data is shorter.
        syncs: whether backups of other clusters are found.
    """

    sleeps: bool = False
    failing_backups: int = 0
    failing_restores: int = 0
    without_data: bool = False
    unbound: bool = False
    shrunk: bool = False
    short: bool = False
    syncs: bool = True


class Player(threading.Thread):
    """One cluster's Velero and CSI driver, until `stop`."""

    def __init__(self, api: Api, bucket: Bucket) -> None:
        super().__init__(daemon=True)
        self.api = api
        self.bucket = bucket
        self.mood = Mood()
        self.events: list[str] = []
        self.faults: list[str] = []
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()
        self.join(timeout=30)

    def run(self) -> None:
        while not self._stopped.wait(0.03):
            try:
                self._protection()
                if not self.mood.sleeps:
                    self._backups()
                    self._restores()
                    self._sync()
            except (CaasError, AssertionError, KeyError, TypeError) as fault:
                self.faults.append(repr(fault))

    # ---- Kubernetes ----------------------------------------------------------------------------

    def _protection(self) -> None:
        """Lets claims that are not in use go, as the controller manager does."""
        for claim in listed(self.api, "v1", "persistentvolumeclaims"):
            if claim["metadata"].get("deletionTimestamp"):
                self.events.append(f"deleted {claim['metadata']['name']}")
                self.api.merge(claim, {"metadata": {"finalizers": None}})

    def bind(self, claim: Object) -> None:
        """Creates a volume and binds it, as a CSI driver does."""
        metadata, spec = claim["metadata"], claim["spec"]
        name = f"pvc-{metadata['uid']}"
        size = spec["resources"]["requests"]["storage"]
        volume = {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name},
            "spec": {
                "accessModes": spec["accessModes"],
                "capacity": {"storage": size},
                "persistentVolumeReclaimPolicy": "Delete",
                "storageClassName": spec["storageClassName"],
                "csi": {"driver": DRIVER, "volumeHandle": name},
                "claimRef": {key: metadata[key] for key in ("name", "namespace", "uid")},
            },
        }
        self.api.apply(volume)
        self.api.merge(claim, {"spec": {"volumeName": name}})
        status = {"status": {"phase": "Bound", "capacity": {"storage": size}}}
        self._status(claim, status)

    def _status(self, manifest: Object, change: Object) -> None:
        self.api.request(
            "PATCH",
            f"{self.api.path(manifest)}/status",
            change,
            content_type="application/merge-patch+json",
        )

    # ---- Velero --------------------------------------------------------------------------------

    def _backups(self) -> None:
        for backup in self._ours("velero.io/v1", "backups"):
            name, status = backup["metadata"]["name"], backup.get("status", {})
            (namespace,) = backup["spec"]["includedNamespaces"]
            match status.get("phase"):
                case None:
                    self.events.append(f"backup {name}")
                    self._upload(name, namespace)
                    self._phase(backup, "InProgress", itemsBackedUp=1, totalItems=4)
                case "InProgress" if self.mood.failing_backups:
                    self.mood.failing_backups -= 1
                    self._finish("datauploads", "velero.io/backup-name", name)
                    self._phase(backup, "PartiallyFailed", errors=2)
                case "InProgress":
                    self._finish("datauploads", "velero.io/backup-name", name)
                    self.bucket.backups[name] = [
                        *listed(self.api, "v1", "persistentvolumeclaims", namespace),
                        *listed(self.api, "v1", "configmaps", namespace),
                    ]
                    self._phase(backup, "Completed", itemsBackedUp=4, totalItems=4)

    def _upload(self, backup: str, namespace: str) -> None:
        if self.mood.without_data:
            return
        for claim in listed(self.api, "v1", "persistentvolumeclaims", namespace):
            name = claim["metadata"]["name"]
            spec = {
                "snapshotType": "CSI",
                "sourceNamespace": namespace,
                "sourcePVC": name,
                "backupStorageLocation": "default",
                "operationTimeout": "10m",
            }
            self._transfer(
                "DataUpload", f"{backup}-{name}", {"velero.io/backup-name": backup}, spec
            )

    def _restores(self) -> None:
        for restore in self._ours("velero.io/v1", "restores"):
            name = restore["metadata"]["name"]
            match restore.get("status", {}).get("phase"):
                case None:
                    self.events.append(f"restore {name}")
                    self._bring_back(restore)
                    self._phase(restore, "InProgress", itemsRestored=1, totalItems=2)
                case "InProgress":
                    self._finish("datadownloads", "velero.io/restore-name", name)
                    if self.mood.failing_restores:
                        self.mood.failing_restores -= 1
                        self._phase(restore, "Failed", failureReason="no room")
                    else:
                        self._phase(restore, "Completed", itemsRestored=2, totalItems=2, warnings=1)

    def _bring_back(self, restore: Object) -> None:
        spec, name = restore["spec"], restore["metadata"]["name"]
        (namespace,) = spec["includedNamespaces"]
        kinds = spec.get("includedResources")
        wanted = spec.get("labelSelector", {}).get("matchLabels", {})
        classes = self._classes()
        self._namespace(namespace)
        for saved in self.bucket.backups[spec["backupName"]]:
            labels = saved["metadata"].get("labels") or {}
            plural = f"{saved['kind'].lower()}s"
            if (kinds and plural not in kinds) or not wanted.items() <= labels.items():
                continue
            metadata = {
                "name": saved["metadata"]["name"],
                "namespace": namespace,
                "labels": labels | {"velero.io/restore-name": name},
            }
            place = collection_path("v1", plural, namespace)
            if self.api.get(f"{place}/{metadata['name']}"):
                continue  # as existingResourcePolicy says
            if saved["kind"] != "PersistentVolumeClaim":
                self.api.request("POST", place, {**saved, "metadata": metadata})
                continue
            asked = {key: saved["spec"][key] for key in ("accessModes", "resources")}
            old = saved["spec"]["storageClassName"]
            asked["storageClassName"] = classes.get(old, old)
            if self.mood.shrunk:
                asked["resources"] = {"requests": {"storage": "1Mi"}}
            made = self.api.request("POST", place, {**_claim(metadata), "spec": asked})
            if not self.mood.unbound:
                self.bind(made)
            self._download(name, namespace, metadata["name"])

    def _classes(self) -> dict[str, str]:
        selector = "velero.io/plugin-config,velero.io/change-storage-class=RestoreItemAction"
        found = listed(self.api, "v1", "configmaps", VELERO, labelSelector=selector)
        assert len(found) <= 1
        return dict(found[0]["data"]) if found else {}

    def _namespace(self, name: str) -> None:
        self.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def _download(self, restore: str, namespace: str, claim: str) -> None:
        spec = {
            "targetVolume": {"pvc": claim, "pv": "", "namespace": namespace},
            "backupStorageLocation": "default",
            "snapshotID": "x",
            "sourceNamespace": namespace,
            "operationTimeout": "10m",
        }
        labels = {"velero.io/restore-name": restore}
        self._transfer("DataDownload", f"{restore}-{claim}", labels, spec)

    def _transfer(self, kind: str, name: str, labels: Object, spec: Object) -> None:
        manifest = {
            "apiVersion": "velero.io/v2alpha1",
            "kind": kind,
            "metadata": {"name": name, "namespace": VELERO, "labels": labels},
            "spec": spec,
        }
        self.api.apply(manifest)
        progress = {"bytesDone": 1, "totalBytes": BYTES}
        self.api.merge(manifest, {"status": {"phase": "InProgress", "progress": progress}})

    def _finish(self, plural: str, label: str, name: str) -> None:
        done = BYTES - (1 if self.mood.short and plural == "datadownloads" else 0)
        progress = {"bytesDone": done, "totalBytes": BYTES}
        selector = f"{label}={name}"
        for each in listed(self.api, "velero.io/v2alpha1", plural, VELERO, labelSelector=selector):
            self.api.merge(each, {"status": {"phase": "Completed", "progress": progress}})

    def _ours(self, version: str, plural: str) -> list[Object]:
        return listed(self.api, version, plural, VELERO)

    def _phase(self, manifest: Object, phase: str, **status: Any) -> None:
        counts = {
            key: status.pop(key)
            for key in ("itemsBackedUp", "itemsRestored", "totalItems")
            if key in status
        }
        progress = {"progress": counts} if counts else {}
        self.api.merge(manifest, {"status": {"phase": phase} | progress | status})

    def _sync(self) -> None:
        """Backups in the bucket that another cluster made become objects here."""
        if not self.mood.syncs:
            return
        here = {each["metadata"]["name"] for each in self._ours("velero.io/v1", "backups")}
        for name in set(self.bucket.backups) - here:
            manifest = {
                "apiVersion": "velero.io/v1",
                "kind": "Backup",
                "metadata": {"name": name, "namespace": VELERO},
                "spec": {"includedNamespaces": ["*"]},
            }
            self.api.apply(manifest)
            self.api.merge(manifest, {"status": {"phase": "Completed"}})


def _claim(metadata: Object) -> Object:
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata}
