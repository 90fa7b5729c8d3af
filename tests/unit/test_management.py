"""Backups that are not valid, the graph of objects, and the objects of Cluster API's operator."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from catalog import catalog
from components.cluster import cluster_api
from components.infrastructure.registry import infrastructure
from errors import CaasError
from errors.management import (
    BACKUP_DAMAGED,
    BACKUP_NOT_WRITABLE,
    BACKUP_OF_OTHER_STACK,
    BACKUP_TOO_NEW,
    MACHINES_LOST,
)
from operations.management import archive
from operations.management.archive import Header
from operations.management.graph import Node, ObjectKind, build
from operations.management.handover import compare
from tests.addons.upstream import unknown_values
from tests.infrastructure.examples import WITH_PROVIDER

HEADER = Header(1, "0.1.0", "prod", "clusters", "2026-11-22T00:00:00+00:00", "id", ("a",), 1, {})


def code_of(error: pytest.ExceptionInfo[CaasError]) -> Any:
    return error.value.problems[0].code


class TestArchive:
    def write(self, folder: Path, **changes: Any) -> Path:
        member = folder / archive.OBJECTS
        member.write_text("[[]]")
        content = {name: getattr(HEADER, name) for name in HEADER.__slots__} | changes
        digests = {archive.OBJECTS: archive.digest(member)}
        path = folder / "prod.caas-backup"
        archive.write(
            path,
            Header(**{"sha256": digests, **content} | {"sha256": digests}),
            {archive.OBJECTS: member},
        )
        return path

    def test_what_is_written_is_read(self, tmp_path: Path) -> None:
        path = self.write(tmp_path)
        header = archive.read_header(path, "prod")
        (tmp_path / "out").mkdir()
        archive.extract(path, header, tmp_path / "out")
        assert json.loads((tmp_path / "out" / archive.OBJECTS).read_text()) == [[]]
        assert path.stat().st_mode & 0o777 == 0o600
        assert sorted(each.name for each in tmp_path.iterdir()) == [
            "objects.json",
            "out",
            "prod.caas-backup",
        ]

    def test_of_another_stack(self, tmp_path: Path) -> None:
        with pytest.raises(CaasError) as error:
            archive.read_header(self.write(tmp_path), "staging")
        assert code_of(error) is BACKUP_OF_OTHER_STACK

    def test_of_a_newer_format(self, tmp_path: Path) -> None:
        with pytest.raises(CaasError) as error:
            archive.read_header(self.write(tmp_path, format=2, caas="9.0.0"), "prod")
        assert code_of(error) is BACKUP_TOO_NEW
        assert "9.0.0" in str(error.value)

    def test_cut_off(self, tmp_path: Path) -> None:
        path = self.write(tmp_path)
        whole = path.read_bytes()
        (tmp_path / archive.OBJECTS).unlink()
        for length in (0, 10, len(whole) // 2, len(whole) * 9 // 10):
            path.write_bytes(whole[:length])
            with pytest.raises(CaasError) as error:
                archive.extract(path, archive.read_header(path, "prod"), tmp_path)
            assert code_of(error) is BACKUP_DAMAGED, length

    def test_changed_inside(self, tmp_path: Path) -> None:
        path = self.write(tmp_path)
        header = archive.read_header(path, "prod")
        changed = tmp_path / archive.OBJECTS
        changed.write_text("[[{}]]")
        archive.write(path, header, {archive.OBJECTS: changed})
        with pytest.raises(CaasError) as error:
            archive.extract(path, header, tmp_path)
        assert code_of(error) is BACKUP_DAMAGED

    @pytest.mark.parametrize("content", [b"", b"text", b"\x1f\x8b\x08\x00"])
    def test_no_backup_at_all(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(CaasError) as error:
            archive.read_header(tmp_path / "x", "prod")
        assert code_of(error) is BACKUP_DAMAGED

    def test_another_archive(self, tmp_path: Path) -> None:
        with tarfile.open(tmp_path / "x", "w:gz") as tar:
            tar.add(__file__, "readme")
        with pytest.raises(CaasError) as error:
            archive.read_header(tmp_path / "x", "prod")
        assert code_of(error) is BACKUP_DAMAGED

    def test_where_nothing_can_be(self, tmp_path: Path) -> None:
        with pytest.raises(CaasError) as error:
            archive.read_header(tmp_path / "absent", "prod")
        assert code_of(error) is BACKUP_NOT_WRITABLE
        with pytest.raises(CaasError) as error:
            archive.write(tmp_path / "no" / "x", HEADER, {})
        assert code_of(error) is BACKUP_NOT_WRITABLE

    def test_an_interrupt_leaves_nothing_and_keeps_what_was_there(self, tmp_path: Path) -> None:
        path = tmp_path / "x"
        path.write_text("old")
        with pytest.raises(KeyboardInterrupt), archive.made_private(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt
        assert [each.name for each in tmp_path.iterdir()] == ["x"]
        assert path.read_text() == "old"


class TestGraph:
    def node(self, kind: str, name: str, *owners: str, **more: Any) -> Node:
        core = kind in ("Secret", "ConfigMap")
        group = "" if core else "cluster.x-k8s.io/v1beta2"
        manifest = {
            "apiVersion": group or "v1",
            "kind": kind,
            "metadata": {
                "name": name,
                "namespace": "ns",
                "uid": name,
                "ownerReferences": [{"uid": owner} for owner in owners],
                "labels": more.pop("labels", {}),
            },
            "spec": more.pop("spec", {}),
        }
        head = kind in ("Cluster", "ClusterClass")
        path = ObjectKind(group or "v1", kind, f"{kind.lower()}s", True, head, head)
        return Node(manifest, path)

    def test_owners_come_first_and_strangers_stay(self) -> None:
        nodes = [
            self.node("Secret", "shop-kubeconfig"),
            self.node("Secret", "other-ca"),
            self.node("Secret", "cloud", labels={"clusterctl.cluster.x-k8s.io/move": ""}),
            self.node("ConfigMap", "kube-root-ca.crt"),
            self.node("Machine", "m", "shop"),
            self.node("Machine", "mixed", "shop", "somebody-else"),
            self.node("Cluster", "shop", spec={"topology": {"classRef": {"name": "aws"}}}),
            self.node("ClusterClass", "aws"),
        ]
        graph = build({each.manifest["metadata"]["uid"]: each for each in nodes})
        levels = [sorted(n.manifest["metadata"]["name"] for n in group) for group in graph.groups]
        assert levels == [["aws", "cloud"], ["shop"], ["m", "shop-kubeconfig"]]

    def test_owners_in_a_circle_stay(self) -> None:
        nodes = [self.node("Machine", "a", "b"), self.node("Machine", "b", "a")]
        assert build({each.manifest["metadata"]["uid"]: each for each in nodes}).groups == []


def test_machines_that_differ_are_named() -> None:
    compare({"ns/a": "x"}, {"ns/a": "x"})
    with pytest.raises(CaasError) as error:
        compare({"ns/a": "x", "ns/b": "y"}, {"ns/a": "z", "ns/c": "y"})
    assert code_of(error) is MACHINES_LOST
    for words in ("ns/b is missing", "ns/c is new", "ns/a was x and is z"):
        assert words in str(error.value)


class TestClusterApi:
    @pytest.fixture(params=WITH_PROVIDER)
    def plugin(self, request: pytest.FixtureRequest) -> Any:
        return infrastructure(request.param).model_construct(provider=request.param)

    def test_every_provider_has_its_version_and_a_namespace(self, plugin: Any) -> None:
        found = cluster_api.providers(plugin)
        kinds = [each["kind"] for each in found]
        assert kinds == [
            "CoreProvider",
            "BootstrapProvider",
            "ControlPlaneProvider",
            "InfrastructureProvider",
            "AddonProvider",
        ]
        assert found[3]["spec"]["version"] == f"v{catalog().providers[plugin.PROVIDER.name]}"
        assert all(each["spec"]["deployment"]["replicas"] == 2 for each in found)
        gates = found[0]["spec"]["manager"]["featureGates"]
        assert gates["ClusterTopology"]

    def test_the_operators_chart_has_the_values_that_are_set(self) -> None:
        assert not unknown_values(cluster_api.OPERATOR.name, cluster_api.OPERATOR.values)
