"""Cluster API's custom resource definitions and webhooks, made to fit a plane."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from errors import CaasError, Where, machine

Object = dict[str, Any]

CONTRACT = {"cluster.x-k8s.io/v1beta2": "v1beta2"}
# Counts up when this module makes other objects out of the same files.
EDITION = "1"


def digest(folder: Path, webhook_urls: Mapping[str, str], ca_bundle: str) -> str:
    """Changes when `load` would return something else; cheap, for nothing is parsed.

    Args:
        folder: the manifests, a sub-folder per controller.
        webhook_urls: the URL of each controller's webhook server, by sub-folder.
        ca_bundle: what their certificates are checked with, base64.
    """
    total = hashlib.sha256(f"{EDITION} {sorted(webhook_urls.items())} {ca_bundle}".encode())
    for path in _files(folder, webhook_urls):
        total.update(str(path.relative_to(folder)).encode())
        total.update(_read(path))
    return total.hexdigest()


def load(folder: Path, webhook_urls: Mapping[str, str], ca_bundle: str) -> list[Object]:
    """Every definition and webhook configuration; arguments as for `digest`.

    Raises:
        CaasError: CAAS-2107 a file is missing or not YAML.
    """
    objects = [stack_definition()]
    for path in _files(folder, webhook_urls):
        controller = path.relative_to(folder).parts[0]
        reach = {"url": webhook_urls[controller], "caBundle": ca_bundle}
        for content in _parse(path):
            if content["kind"] == "CustomResourceDefinition":
                objects.append(_definition(content, reach))
            else:
                objects.append(_webhooks(content, controller, reach))
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
        "metadata": {"name": "stacks.caas.dev"},
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


def _definition(content: Object, reach: Mapping[str, str]) -> Object:
    """Names the contract it keeps, and who converts between its versions."""
    metadata, spec = content["metadata"], content["spec"]
    metadata["labels"] = {**metadata.get("labels", {}), **CONTRACT}
    metadata.pop("creationTimestamp", None)
    content.pop("status", None)
    if len(spec["versions"]) > 1:
        client = {"url": f"{reach['url']}/convert", "caBundle": reach["caBundle"]}
        webhook = {"conversionReviewVersions": ["v1"], "clientConfig": client}
        spec["conversion"] = {"strategy": "Webhook", "webhook": webhook}
    return content


def _webhooks(content: Object, controller: str, reach: Mapping[str, str]) -> Object:
    """Calls the controller by URL, under a name of its own."""
    content["metadata"] = {"name": f"caas-{controller}-{content['metadata']['name']}"}
    for webhook in content["webhooks"]:
        path = webhook["clientConfig"]["service"]["path"]
        webhook["clientConfig"] = {"url": reach["url"] + path, "caBundle": reach["caBundle"]}
    return content


def _files(folder: Path, controllers: Mapping[str, str]) -> list[Path]:
    files = []
    for controller in sorted(controllers):
        files += sorted((folder / controller / "crds").glob("*.yaml"))
        files.append(folder / controller / "webhooks.yaml")
    return files


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
