"""Storage in clusters: the storage classes, the refused settings, and the values of charts."""

from __future__ import annotations

from typing import Any

import pytest

from components.addon import SNAPSHOTS, VOLUMES
from components.delivery.rules import check_target
from components.facts import ClusterFacts
from components.infrastructure.interface import Infrastructure
from components.infrastructure.registry import infrastructure
from components.storage.ceph import cluster_values
from components.storage.rook_ceph import RookCephSettings
from errors import Code, storage
from errors.addons import ADDON_NEEDS
from stacks.settings.addons import Addons, addons_of
from tests.addons.examples import addon, cluster, target
from tests.addons.upstream import defaults, unknown_values

WORKERS = {"workerPools": [{"name": "general", "replicas": 3}]}
SNAPSHOT_DEFAULT = "snapshot.storage.kubernetes.io/is-default-class"
NFS = {"classes": [{"server": "nfs.example.com", "share": "/export"}]}


def on_cloud(name: str, addons: dict[str, Any], **own: Any) -> ClusterFacts:
    """A cluster on a cloud whose other settings don't matter here."""
    plugin: Any = infrastructure(name)
    made: Infrastructure = plugin.model_construct(provider=name, region="eu-central-1", **own)
    return addons_of(Addons(), cluster(addons=addons, **WORKERS), made)


def found(where: ClusterFacts) -> list[tuple[Code, tuple[str | int, ...]]]:
    return [(each.code, each.path) for each in check_target(where)]


# ---- which classes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("addons", "wanted"),
    [
        ({"longhorn": {}}, []),
        ({"localPath": {"default": True}}, []),
        ({"localPath": {}}, [(storage.NO_DEFAULT_STORAGE_CLASS, ("localPath",))]),
        ({"nfs": NFS}, [(storage.NO_DEFAULT_STORAGE_CLASS, ("nfs",))]),
        ({"nfs": NFS, "longhorn": {}}, []),
        (
            {"longhorn": {}, "localPath": {"default": True}},
            [(storage.TWO_DEFAULT_STORAGE_CLASSES, ("localPath",))],
        ),
        (
            {"localPath": {"className": "longhorn"}, "longhorn": {}},
            [(storage.DUPLICATE_STORAGE_CLASS, ("localPath",))],
        ),
        (
            {"nfs": {"classes": [NFS["classes"][0], NFS["classes"][0] | {"default": True}]}},
            [(storage.DUPLICATE_STORAGE_CLASS, ("nfs",))],
        ),
    ],
)
def test_exactly_one_class_is_the_default(
    addons: dict[str, Any], wanted: list[tuple[Code, tuple[str | int, ...]]]
) -> None:
    assert found(target(addons, **WORKERS)) == wanted


@pytest.mark.parametrize("name", ["aws", "openstack"])
def test_the_infrastructures_own_class_counts(name: str) -> None:
    nothing = on_cloud(name, {})
    assert not found(nothing)
    two = found(on_cloud(name, {"longhorn": {}}))
    assert two == [(storage.TWO_DEFAULT_STORAGE_CLASSES, ("longhorn",))]
    assert not found(on_cloud(name, {"longhorn": {}}, default_storage_class=False))
    none = found(on_cloud(name, {"nfs": NFS}, default_storage_class=False))
    assert none == [(storage.NO_DEFAULT_STORAGE_CLASS, ("nfs",))]


@pytest.mark.parametrize("name", ["aws", "openstack"])
@pytest.mark.parametrize("default", [True, False])
def test_an_infrastructures_chart_makes_what_it_says(name: str, default: bool) -> None:
    made = on_cloud(name, {}, default_storage_class=default).infrastructure
    values = str([chart.values for chart in made.charts()])
    classes = made.cluster_volumes().classes
    assert next(each.is_default for each in classes) is default
    if name == "aws":
        driver = made.charts()[1].values
        (only,) = driver["storageClasses"]
        assert only["name"] == classes[0].name
        assert only["annotations"] == {
            "storageclass.kubernetes.io/is-default-class": str(default).lower()
        }
        assert driver["sidecars"]["snapshotter"]["forceEnable"]
    else:
        assert f"'isDefault': {default}" in values


def test_a_class_of_ones_own_is_an_object() -> None:
    made = addon(
        "storageClasses",
        {
            "classes": [
                {
                    "name": "cold",
                    "provisioner": "ebs.csi.aws.com",
                    "parameters": {"type": "sc1"},
                    "reclaimPolicy": "Retain",
                    "bindingMode": "Immediate",
                    "allowVolumeExpansion": False,
                    "mountOptions": ["noatime"],
                }
            ]
        },
    )
    (manifest,) = made.objects
    assert made.provides == (VOLUMES,)
    assert manifest == {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "cold",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "false"},
        },
        "provisioner": "ebs.csi.aws.com",
        "parameters": {"type": "sc1"},
        "reclaimPolicy": "Retain",
        "allowVolumeExpansion": False,
        "volumeBindingMode": "Immediate",
        "mountOptions": ["noatime"],
    }


def test_nfs_has_a_class_for_each_share() -> None:
    made = addon(
        "nfs",
        {
            "classes": [
                {"name": "fast", "server": "10.0.0.5", "share": "/fast", "default": True},
                {
                    "name": "slow",
                    "server": "nas",
                    "share": "/slow",
                    "subDir": "${pvc.metadata.namespace}/${pvc.metadata.name}",
                    "reclaimPolicy": "Retain",
                },
            ]
        },
    )
    fast, slow = made.charts[0].values["storageClasses"]
    assert fast["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true"
    assert fast["parameters"] == {"server": "10.0.0.5", "share": "/fast"}
    assert slow["parameters"]["subDir"] == "${pvc.metadata.namespace}/${pvc.metadata.name}"
    assert slow["reclaimPolicy"] == "Retain"


def test_the_helper_of_local_path_has_a_version() -> None:
    values = addon("localPath", {"path": "/data", "default": True}).charts[0].values
    assert values["helperImage"]["tag"] not in ("", "latest")
    assert values["nodePathMap"][0]["paths"] == ["/data"]
    assert values["storageClass"]["defaultClass"]


# ---- machines ------------------------------------------------------------------------------------


def test_replicas_need_machines() -> None:
    few = {"workerPools": [{"name": "general", "replicas": 2}]}
    where = target({"longhorn": {}}, **few)
    assert found(where) == [(storage.TOO_FEW_STORAGE_NODES, ("longhorn", "replicas"))]
    assert not found(target({"longhorn": {"replicas": 2}}, **few))


def test_an_autoscaled_pool_counts_with_its_fewest() -> None:
    scaled = {"workerPools": [{"name": "general", "autoscaling": {"min": 2, "max": 9}}]}
    assert found(target({"longhorn": {}}, **scaled))
    assert not found(target({"longhorn": {"replicas": 2}}, **scaled))


def test_longhorn_on_labeled_machines() -> None:
    label = {"node.longhorn.io/create-default-disk": "true"}
    pools = [
        {"name": "general", "replicas": 9},
        {"name": "disks", "replicas": 2, "labels": label},
    ]
    chosen = {"longhorn": {"labeledOnly": True}}
    wrong = found(target(chosen, workerPools=pools))
    assert wrong == [(storage.TOO_FEW_STORAGE_NODES, ("longhorn", "replicas"))]
    pools[1]["replicas"] = 3
    assert not found(target(chosen, workerPools=pools))
    values = addon("longhorn", chosen["longhorn"]).charts[0].values
    assert values["defaultSettings"]["createDefaultDiskLabeledNodes"]


def test_only_chosen_pools_hold_data() -> None:
    pools = {
        "workerPools": [
            {"name": "general", "replicas": 9},
            {"name": "disks", "replicas": 3, "labels": {"role": "storage"}},
        ]
    }
    disks = {"disks": {"filter": "^vdb$"}, "pools": {"role": "storage"}}
    assert not found(target({"rookCeph": disks}, **pools))
    five = found(target({"rookCeph": disks | {"monitors": 5, "replicas": 4}}, **pools))
    assert five == [
        (storage.TOO_FEW_STORAGE_NODES, ("rookCeph", "monitors")),
        (storage.TOO_FEW_STORAGE_NODES, ("rookCeph", "replicas")),
    ]
    values = addon("rookCeph", disks, **pools).charts[2].values
    affinity = values["cephClusterSpec"]["placement"]["all"]["nodeAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "role", "operator": "In", "values": ["storage"]}]


# ---- Ceph ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("disks", [{}, {"all": True, "filter": "^vdb$"}])
def test_ceph_takes_no_disk_by_chance(disks: dict[str, Any]) -> None:
    where = target({"rookCeph": {"disks": disks}}, **WORKERS)
    assert found(where) == [(storage.CEPH_WITHOUT_DISKS, ("rookCeph", "disks"))]


@pytest.mark.parametrize(
    ("disks", "wanted"),
    [
        (
            {"filter": "^vdb$"},
            {"useAllNodes": True, "useAllDevices": False, "deviceFilter": "^vdb$"},
        ),
        ({"all": True}, {"useAllNodes": True, "useAllDevices": True}),
    ],
)
def test_disks_of_machines(disks: dict[str, Any], wanted: dict[str, Any]) -> None:
    values = addon("rookCeph", {"disks": disks}).charts[2].values
    assert values["cephClusterSpec"]["storage"] == wanted


def test_disks_of_another_class() -> None:
    claims = {"count": 6, "size": "1Ti", "storageClass": "gp3"}
    values = addon("rookCeph", {"disks": {"claims": claims}}).charts[2].values
    (given,) = values["cephClusterSpec"]["storage"]["storageClassDeviceSets"]
    (template,) = given["volumeClaimTemplates"]
    assert (given["count"], template["spec"]["storageClassName"]) == (6, "gp3")
    assert template["spec"]["resources"]["requests"]["storage"] == "1Ti"


ALL = {"fileSystem": True, "objectStore": True, "encryption": True, "toolbox": True}


def test_ceph_has_three_charts_and_the_classes_that_are_on() -> None:
    made = addon("rookCeph", {"disks": {"all": True}, "default": "fileSystem"} | ALL)
    names = [chart.name for chart in made.charts]
    assert names == ["rook-ceph", "ceph-csi-drivers", "rook-ceph-cluster"]
    values = made.charts[2].values
    block, file = values["cephBlockPools"][0], values["cephFileSystems"][0]
    assert not block["storageClass"]["isDefault"]
    assert file["storageClass"]["isDefault"]
    assert block["spec"] == {"failureDomain": "host", "replicated": {"size": 3}}
    assert values["cephObjectStores"][0]["storageClass"]["name"] == "ceph-bucket"
    secret = "csi.storage.k8s.io/node-stage-secret-name"
    assert block["storageClass"]["parameters"][secret] == "rook-csi-rbd-node"
    assert file["storageClass"]["parameters"][secret] == "rook-csi-cephfs-node"
    only_block = addon("rookCeph", {"disks": {"all": True}}).charts[2].values
    assert (only_block["cephFileSystems"], only_block["cephObjectStores"]) == ([], [])


def test_what_the_ceph_chart_is_told_is_in_it() -> None:
    settings = RookCephSettings.model_validate({"disks": {"all": True}, "pools": {"a": "b"}} | ALL)
    values = cluster_values(settings, monitored=True)
    place = values["cephClusterSpec"].pop("placement")
    assert place  # the chart passes the whole spec on; placement is in the definition, not here
    assert not unknown_values("rook-ceph-cluster", values)
    known = {
        pool["name"]: pool for pool in defaults("rook-ceph-cluster")["cephFileSystems"]
    }  # lists are not looked into: their keys by hand
    assert set(values["cephFileSystems"][0]) <= set(known["ceph-filesystem"])
    assert set(values["cephFileSystems"][0]["storageClass"]) <= set(
        known["ceph-filesystem"]["storageClass"]
    )
    (block,) = defaults("rook-ceph-cluster")["cephBlockPools"]
    assert set(values["cephBlockPools"][0]["storageClass"]) <= set(block["storageClass"])
    wanted = values["cephBlockPools"][0]["storageClass"]["parameters"]
    assert set(wanted) <= set(block["storageClass"]["parameters"])


def test_metrics_are_read_where_somebody_reads_them() -> None:
    quiet = addon("longhorn", {}).charts[0].values
    assert not quiet["metrics"]["serviceMonitor"]["enabled"]


# ---- snapshots -----------------------------------------------------------------------------------


def test_every_driver_gets_a_snapshot_class() -> None:
    others = {"longhorn": {}, "rookCeph": {"disks": {"all": True}, "fileSystem": True}, "nfs": NFS}
    made = addon("snapshots", {}, others=others)
    classes = {each["metadata"]["name"]: each for each in made.objects}
    assert set(classes) == {
        "snapshots-longhorn",
        "snapshots-ceph-block",
        "snapshots-ceph-filesystem",
        "snapshots-nfs",
    }
    block = classes["snapshots-ceph-block"]
    assert block["driver"] == "rook-ceph.rbd.csi.ceph.com"
    assert block["parameters"]["clusterID"] == "rook-ceph"
    assert block["metadata"]["annotations"] == {SNAPSHOT_DEFAULT: "true"}
    assert "labels" not in block["metadata"]
    assert made.provides == (SNAPSHOTS,)


def test_velero_finds_the_snapshot_classes() -> None:
    velero = {"locations": [{"name": "main", "bucket": "backups", "region": "r"}]}
    made = addon("snapshots", {"deletionPolicy": "Retain"}, others={"nfs": NFS, "velero": velero})
    (only,) = made.objects
    assert only["metadata"]["labels"] == {"velero.io/csi-volumesnapshot-class": "true"}
    assert only["deletionPolicy"] == "Retain"


def test_snapshots_need_a_driver() -> None:
    where = target({"snapshots": {}, "localPath": {"default": True}})
    assert found(where) == [(storage.NOTHING_TO_SNAPSHOT, ("snapshots",))]
    assert not found(on_cloud("aws", {"snapshots": {}}))
    assert not found(on_cloud("azure", {"snapshots": {}}))
    assert found(on_cloud("vsphere", {"snapshots": {}}))


def test_one_controller_has_no_budget() -> None:
    two = addon("snapshots", {}, others={"nfs": NFS}).charts[0].values["controller"]
    one = addon("snapshots", {"replicas": 1}, others={"nfs": NFS}).charts[0].values["controller"]
    assert (two["pdb"], one["pdb"]) == ({"minAvailable": 1}, {})


# ---- what needs volumes --------------------------------------------------------------------------


def test_buckets_are_no_volumes() -> None:
    buckets = {"disks": {"all": True}, "block": False, "objectStore": True, "default": None}
    assert addon("rookCeph", buckets).provides == ()
    assert addon("rookCeph", buckets | {"fileSystem": True}).provides == (VOLUMES,)


def test_volumes_of_the_infrastructure_are_volumes() -> None:
    harbor = {
        "harbor": {"host": "registry.example.com", "expose": "loadBalancer", "tlsSecret": "t"}
    }
    assert found(target(harbor, **WORKERS)) == [(ADDON_NEEDS, ("harbor",))]
    assert not found(on_cloud("aws", harbor))
    assert not found(target(harbor | {"longhorn": {}}, **WORKERS))
