"""Cluster API's custom resource definitions and webhooks, made to fit a plane."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from errors import CaasError, Where, machine

Object = dict[str, Any]

CONTRACT = "v1beta2"
"""The contract of Cluster API's own controllers."""
# clusterctl moves the objects of labelled kinds only; of a kind with the second one, all of them,
# and with the third one also what they own.
MOVABLE = {"clusterctl.cluster.x-k8s.io": ""}
MOVED = {"clusterctl.cluster.x-k8s.io/move": ""}
MOVED_WHOLE = {"clusterctl.cluster.x-k8s.io/move-hierarchy": ""}
# The kinds of credentials that a provider's clusters share are named so, by every provider.
SHARED = "identities"
# Counts up when this module makes other objects out of the same files.
EDITION = "2"


@dataclass(frozen=True, slots=True)
class ManifestFolder:
    """The manifests of one controller.

    Attributes:
        controller: its name, `core`.
        folder: where `crds/*.yaml` and `webhooks.yaml` are.
        url: its webhook server.
        contract: the Cluster API contract that its kinds keep.
    """

    controller: str
    folder: Path
    url: str
    contract: str = CONTRACT

    @property
    def files(self) -> list[Path]:
        """Its files, in order."""
        return [*sorted((self.folder / "crds").glob("*.yaml")), self.folder / "webhooks.yaml"]


def digest(folders: Sequence[ManifestFolder], ca_bundle: str) -> str:
    """Changes when `load` would return something else; cheap, for nothing is parsed.

    Args:
        folders: the manifests of each controller.
        ca_bundle: what the certificates of their webhooks are checked with, base64.
    """
    total = hashlib.sha256(f"{EDITION} {ca_bundle}".encode())
    for each in folders:
        total.update(f"{each.controller} {each.url} {each.contract}".encode())
        for path in each.files:
            total.update(path.name.encode())
            total.update(_read(path))
    return total.hexdigest()


def load(folders: Sequence[ManifestFolder], ca_bundle: str) -> list[Object]:
    """Every definition and webhook configuration; arguments as for `digest`.

    Raises:
        CaasError: CAAS-2107 a file is missing or not YAML.
    """
    objects = [stack_definition()]
    for each in folders:
        reach = {"url": each.url, "caBundle": ca_bundle}
        for content in (content for path in each.files for content in _parse(path)):
            if content["kind"] == "CustomResourceDefinition":
                objects.append(_definition(content, each.contract, reach))
            else:
                objects.append(_webhooks(content, each.controller, reach))
    return objects


def stack_definition() -> Object:
    """The cluster-scoped kind that records which kinds a stack has applied."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": anything, "status": anything}}
    version = {
        "name": "v1alpha1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "stacks.caas.dev", "labels": {**MOVABLE, **MOVED}},
        "spec": {
            "group": "caas.dev",
            "scope": "Cluster",
            "names": {
                "kind": "Stack",
                "listKind": "StackList",
                "plural": "stacks",
                "singular": "stack",
            },
            "versions": [version],
        },
    }


def _definition(content: Object, contract: str, reach: Mapping[str, str]) -> Object:
    """Names the contract it keeps, and who converts between its versions."""
    metadata, spec = content["metadata"], content["spec"]
    stored = "_".join(each["name"] for each in spec["versions"] if each.get("storage"))
    labels = {f"cluster.x-k8s.io/{contract}": stored, **MOVABLE}
    if metadata["name"].partition(".")[0].endswith(SHARED):
        labels |= MOVED_WHOLE
    metadata["labels"] = {**metadata.get("labels", {}), **labels}
    metadata.pop("creationTimestamp", None)
    content.pop("status", None)
    if len(spec["versions"]) > 1:
        client = {"url": f"{reach['url']}/convert", "caBundle": reach["caBundle"]}
        webhook = {"conversionReviewVersions": ["v1"], "clientConfig": client}
        spec["conversion"] = {"strategy": "Webhook", "webhook": webhook}
    return content


def _webhooks(content: Object, controller: str, reach: Mapping[str, str]) -> Object:
    """Calls the controller by URL, under a separate name."""
    content["metadata"] = {"name": f"caas-{controller}-{content['metadata']['name']}"}
    for webhook in content["webhooks"]:
        path = webhook["clientConfig"]["service"]["path"]
        webhook["clientConfig"] = {"url": reach["url"] + path, "caBundle": reach["caBundle"]}
    return content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error


def _parse(path: Path) -> list[Object]:
    try:
        contents = list(yaml.load_all(_read(path), yaml.CSafeLoader))
    except yaml.YAMLError as error:
        raise _unreadable(path, str(error)) from error
    if not contents or not all(isinstance(each, dict) and "kind" in each for each in contents):
        raise _unreadable(path, "it holds something that is not a Kubernetes object")
    return contents


def _unreadable(path: Path, why: str) -> CaasError:
    return CaasError(
        machine.MANIFESTS_UNREADABLE,
        "Cluster API's manifests can't be read.",
        where=Where(file=str(path)),
        why=why,
    )
