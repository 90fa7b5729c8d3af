"""A namespace on another management cluster: whose each label and annotation is."""

from __future__ import annotations

from typing import Any, cast

import pytest

from components.manifest import FIELD_MANAGER
from components.mappings import Manifest
from engine.api import Api
from operations.management.namespace import bring_namespace, namespace_of

OURS = {"caas.dev/stack": "prod"}
BY_HAND = {"team": "blue"}
SERVERS = {"kubernetes.io/metadata.name": "clusters"}
PROTECTED = {"caas.dev/protect": "true"}
OF_A_PLATFORM = {"example.com/project": "p-1"}


class Server:
    """Has one namespace, and keeps what is applied and merged."""

    def __init__(self, manifest: Manifest | None = None) -> None:
        self.manifest = manifest
        self.applied: list[Manifest] = []
        self.merged: list[dict[str, Any]] = []

    def get(self, path: str) -> Manifest | None:
        assert path == "/api/v1/namespaces/clusters"
        return self.manifest

    def apply(self, manifest: Manifest) -> None:
        self.applied.append(manifest)

    def merge(self, manifest: Manifest, change: dict[str, Any]) -> None:
        assert manifest["metadata"]["name"] == "clusters"
        self.merged.append(change)


def entry(manager: str, labels: dict[str, str], annotations: dict[str, str]) -> dict[str, Any]:
    both = {"labels": labels, "annotations": annotations}
    fields = {f"f:{field}": {f"f:{key}": {} for key in keys} for field, keys in both.items()}
    return {"manager": manager, "operation": "Apply", "fieldsV1": {"f:metadata": fields}}


def live(manager: str) -> Manifest:
    managed = [entry(manager, OURS, PROTECTED), entry("kubectl-label", BY_HAND, OF_A_PLATFORM)]
    metadata = {
        "name": "clusters",
        "uid": "1",
        "labels": OURS | BY_HAND | SERVERS,
        "annotations": PROTECTED | OF_A_PLATFORM,
        "managedFields": managed,
    }
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata, "spec": {}}


def brought(saved: Manifest) -> tuple[Manifest, list[dict[str, Any]]]:
    server = Server()
    bring_namespace(cast(Api, server), saved)
    (applied,) = server.applied
    return applied["metadata"], server.merged


@pytest.mark.parametrize("manager", [FIELD_MANAGER, "pulumi-kubernetes-1a2b3c"])
def test_what_the_stack_set_is_applied_and_what_others_set_is_not(manager: str) -> None:
    metadata, merged = brought(namespace_of(cast(Api, Server(live(manager))), "clusters"))
    assert metadata == {"name": "clusters", "labels": OURS, "annotations": PROTECTED}
    assert merged == [{"metadata": {"labels": BY_HAND, "annotations": {}}}]


def test_the_namespace_of_an_older_backup_is_applied_as_a_whole() -> None:
    saved = {"apiVersion": "v1", "kind": "Namespace"}
    metadata, merged = brought(saved | {"metadata": {"name": "clusters", "labels": OURS}})
    assert metadata == {"name": "clusters", "labels": OURS, "annotations": {}}
    assert merged == []


def test_a_namespace_that_is_not_there_is_made_bare() -> None:
    metadata, merged = brought(namespace_of(cast(Api, Server()), "clusters"))
    assert metadata == {"name": "clusters", "labels": {}, "annotations": {}}
    assert merged == []
