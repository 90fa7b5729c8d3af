"""Kubernetes objects as Pulumi resources."""

from __future__ import annotations

import json
import os
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import ConfigMap, Secret

Manifest = dict[str, Any]

WAIT_FOR = "pulumi.com/waitFor"
"""`pulumi up` waits until these conditions are true, and so does `./caas up`.

Source: https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/
"""


STACK_LABEL = "caas.dev/stack"
"""The label that every object of a stack carries; its value is the stack's name."""


def stack_labels() -> dict[str, str]:
    """The labels of every object that the running program registers."""
    return {"app.kubernetes.io/managed-by": "caas", STACK_LABEL: pulumi.get_stack()}


ADOPTED = "CAAS_ADOPTED"
"""The variable that names objects that are there and may not be made anew, `namespace/name`, with
commas between: Pulumi's engine imports what it does not know yet. `./caas up` sets it."""


def adopted(namespace: str, name: str) -> str | None:
    """The id to import a made-once object by; None for one that has to be made."""
    there = os.environ.get(ADOPTED, "").split(",")
    return f"{namespace}/{name}" if f"{namespace}/{name}" in there else None


def movable(manifest: Manifest) -> Manifest:
    """The object with the label by which `clusterctl move` takes along what no cluster owns."""
    metadata = manifest["metadata"]
    labels = {"clusterctl.cluster.x-k8s.io/move": ""} | metadata.get("labels", {})
    return {**manifest, "metadata": {**metadata, "labels": labels}}


def wait_for(*conditions: str) -> dict[str, str]:
    """The annotation that makes an apply wait for conditions of the object, all of them."""
    wanted = [f"condition={condition}" for condition in conditions]
    return {WAIT_FOR: wanted[0] if len(wanted) == 1 else json.dumps(wanted)}


_TYPED = {"Secret": Secret, "ConfigMap": ConfigMap}


def core_object(
    name: str, manifest: Manifest, opts: pulumi.ResourceOptions | None = None
) -> pulumi.CustomResource:
    """Registers any object as the Pulumi resource `name`, a Secret or ConfigMap among them.

    The stack's labels are added.
    """
    metadata = manifest["metadata"]
    content = {
        key: value for key, value in manifest.items() if key not in ("apiVersion", "metadata")
    }
    labelled = {**metadata, "labels": stack_labels() | metadata.get("labels", {})}
    typed = _TYPED.get(manifest["kind"])
    if typed:
        content.pop("kind")
        data = {"string_data" if key == "stringData" else key: content[key] for key in content}
        made: pulumi.CustomResource = typed(name, metadata=labelled, opts=opts, **data)
        return made
    return CustomResource(
        name, api_version=manifest["apiVersion"], metadata=labelled, opts=opts, **content
    )


def custom_resource(
    name: str, manifest: Manifest, opts: pulumi.ResourceOptions | None = None
) -> CustomResource:
    """Registers `manifest`, an object with a `spec`, as the Pulumi resource `name`.

    The stack's labels are added.
    """
    metadata = manifest["metadata"]
    return CustomResource(
        name,
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        metadata={**metadata, "labels": stack_labels() | metadata.get("labels", {})},
        spec=manifest["spec"],
        opts=opts,
    )
