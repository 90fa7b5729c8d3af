"""The API server accepts what storage, backup and registry add-ons bring beside their charts.

What Rook's and Velero's charts make of their values is tried here as the objects that they are: the
Ceph cluster, its pools, the backup locations and schedules.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kubectl import Kubectl

from components.backup.velero import VeleroSettings
from components.storage.ceph import cluster_values
from components.storage.rook_ceph import RookCephSettings
from plane.binaries import Binaries
from plane.plane import Plane
from tests.addons.examples import addon

pytestmark = pytest.mark.plane

DEFINITIONS = Path(__file__).resolve().parents[2].parent / "shared/upstream/crds"
NEEDED = (
    "external-snapshotter/snapshot.storage.k8s.io_volumesnapshotclasses.yaml",
    "cert-manager/cert-manager.io_certificates.yaml",
    "cert-manager/cert-manager.io_issuers.yaml",
    "rook/crds.yaml",
    "velero/backupstoragelocations.yaml",
    "velero/schedules.yaml",
)
NFS = {"classes": [{"server": "nfs.example.com", "share": "/export"}]}
LOCATION = {
    "name": "main",
    "bucket": "backups",
    "region": "eu",
    "secret": "credentials",
    "prefix": "shop",
}


@pytest.fixture(scope="module")
def kubectl(plane: Plane, binaries: Binaries) -> Kubectl:
    if not DEFINITIONS.is_dir():
        pytest.skip("the definitions are not here (../shared/upstream)")
    found = Kubectl(binaries.kubectl, plane.kubeconfig)
    for file in NEEDED:
        # Other tests install the same objects, and the first one owns them.
        found("apply", "--server-side", "--force-conflicts", "-f", str(DEFINITIONS / file))
        found(
            "wait", "--for=condition=Established", "-f", str(DEFINITIONS / file), "--timeout=200s"
        )
    return found


def accepted(kubectl: Kubectl, *manifests: Any) -> None:
    for manifest in manifests:
        metadata = dict(manifest["metadata"])
        if "namespace" in metadata:
            metadata["namespace"] = "default"
        answer = kubectl.run(
            *("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"),
            text=json.dumps({**manifest, "metadata": metadata}),
        )
        assert answer.returncode == 0, answer.stderr


def test_storage_classes(kubectl: Kubectl) -> None:
    own = {
        "name": "cold",
        "provisioner": "ebs.csi.aws.com",
        "parameters": {"type": "sc1"},
        "mountOptions": ["noatime"],
    }
    more = {
        "name": "hot",
        "provisioner": "x",
        "reclaimPolicy": "Retain",
        "bindingMode": "Immediate",
    }
    accepted(kubectl, *addon("storageClasses", {"classes": [own, more]}).objects)


def test_snapshot_classes(kubectl: Kubectl) -> None:
    others = {
        "nfs": NFS,
        "longhorn": {},
        "rookCeph": {"disks": {"all": True}, "fileSystem": True},
        "velero": {"locations": [LOCATION]},
    }
    made = addon("snapshots", {"deletionPolicy": "Retain"}, others=others)
    assert len(made.objects) == 4
    accepted(kubectl, *made.objects)


def test_harbor(kubectl: Kubectl) -> None:
    inside = {"expose": "loadBalancer", "tlsSecret": "t", "internalTls": True}
    made = addon("harbor", {"host": "r.example.com"} | inside, others={"certManager": {}})
    kinds = {each["kind"] for each in made.objects}
    assert kinds == {"Certificate", "Issuer", "NetworkPolicy"}
    accepted(kubectl, *made.objects)


@pytest.mark.parametrize(
    "disks",
    [{"filter": "^vdb$"}, {"all": True}, {"claims": {"storageClass": "gp3", "size": "1Ti"}}],
    ids=str,
)
def test_ceph(kubectl: Kubectl, disks: dict[str, Any]) -> None:
    more = {"fileSystem": True, "objectStore": True, "encryption": True, "pools": {"a": "b"}}
    settings = RookCephSettings.model_validate({"disks": disks} | more)
    values = cluster_values(settings, monitored=True)
    image = {"cephVersion": {"image": "quay.io/ceph/ceph:v20"}}
    accepted(
        kubectl,
        _ceph("CephCluster", "rook-ceph", values["cephClusterSpec"] | image),
        *(_ceph("CephBlockPool", each["name"], each["spec"]) for each in values["cephBlockPools"]),
        *(
            _ceph("CephFilesystem", each["name"], each["spec"])
            for each in values["cephFileSystems"]
        ),
        *(
            _ceph("CephObjectStore", each["name"], each["spec"])
            for each in values["cephObjectStores"]
        ),
    )


def _ceph(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "ceph.rook.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def test_velero(kubectl: Kubectl) -> None:
    pem = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"
    schedule = {"name": "nightly", "time": "0 3 * * *", "namespaces": ["shop"], "location": "main"}
    settings = VeleroSettings.model_validate({"locations": [LOCATION | {"ca": pem}]})
    (location,) = [each.values(is_default=True) for each in settings.locations]
    scheduled = VeleroSettings.model_validate({"locations": [LOCATION], "schedules": [schedule]})
    accepted(
        kubectl,
        _velero(
            "BackupStorageLocation",
            "main",
            {key: location[key] for key in ("provider", "credential", "accessMode", "config")}
            | {"objectStorage": {key: location[key] for key in ("bucket", "prefix", "caCert")}},
        ),
        *(_velero("Schedule", each.name, each.values()) for each in scheduled.schedules),
    )


def _velero(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "velero.io/v1", "kind": kind, "metadata": metadata, "spec": spec}
