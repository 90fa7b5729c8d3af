"""Kubernetes objects as Pulumi resources."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import ConfigMap, Secret

from components.mappings import Manifest

WAIT_FOR = "pulumi.com/waitFor"
"""`pulumi up` waits until these conditions are true, and so does `./caas up`.

Source: https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/
"""


STACK_LABEL = "caas.dev/stack"
"""The label that every object of a stack carries; its value is the stack's name."""

MEMBER_LABEL = "caas.dev/member-of"
"""The label that tells whose an object is; its value is what `membership` gives."""

FIELD_MANAGER = "caas"
"""The field manager of every apply, of both engines: what one of them set, the other can remove."""

RETAINED = "caas.dev/retain-on-delete"
"""The annotation of an object that stays when it leaves the program, as `retain_on_delete` says."""

PROTECTED = "caas.dev/protect"
"""The annotation of an object that may not be deleted, as `protect` says."""

FOR_PULUMI = {
    "pulumi.com/patchFieldManager": FIELD_MANAGER,
    # Controllers own the order of deletion: garbage collection in the foreground would take what a
    # cluster needs before its machines are gone.
    "pulumi.com/deletionPropagationPolicy": "background",
}
"""The annotations of every object, which the Kubernetes provider of Pulumi reads.

Source: `provider/pkg/metadata/annotations.go` of pulumi-kubernetes.
"""

PROVIDER: Mapping[str, Any] = {
    # Objects that are there are adopted: from a run without the pulumi CLI, namespaces that stayed.
    "upsert_existing_objects": True,
    # A change by hand is put right, as it is without the pulumi CLI.
    "enable_patch_force": True,
}
"""Arguments of every Kubernetes provider."""

_NAMESPACE: ContextVar[str] = ContextVar("namespace", default="")


def membership(project: str, stack: str, namespace: str) -> str:
    """The identity of a stack on a management cluster, as a label value and an object's name.

    Stacks of the same name differ by their project, or by the namespace of their clusters.

    Args:
        project: the name in `Pulumi.yaml`.
        stack: the stack's name.
        namespace: where its Cluster objects live.
    """
    digest = hashlib.sha256("\0".join((project, stack, namespace)).encode()).hexdigest()[:8]
    readable = (re.sub("[^a-z0-9]+", "-", part.lower())[:24] for part in (project, stack))
    return ".".join(("-".join(filter(None, part.split("-"))) or "x") for part in readable) + (
        f".{digest}"
    )


def settle_in(namespace: str) -> None:
    """Tells the running program where its clusters live, which is part of its membership."""
    _NAMESPACE.set(namespace)


def stack_labels() -> dict[str, str]:
    """The labels of every object that the running program registers."""
    project, stack = pulumi.get_project(), pulumi.get_stack()
    return {
        "app.kubernetes.io/managed-by": "caas",
        STACK_LABEL: stack,
        MEMBER_LABEL: membership(project, stack, _NAMESPACE.get()),
    }


def of_stack(
    metadata: Mapping[str, Any],
    opts: pulumi.ResourceOptions | None = None,
    *,
    shared: bool = False,
) -> Any:  # a mapping; Pulumi's types for metadata are too many for mypy
    """The metadata of an object with what every registered object carries.

    Args:
        metadata: of the object; its labels and annotations have precedence.
        opts: how the object is registered; what keeps it from being deleted is written down.
        shared: whether the object is no stack's alone, so that it carries no label of one.
    """
    kept = {RETAINED: opts and opts.retain_on_delete, PROTECTED: opts and opts.protect}
    annotations = FOR_PULUMI | {name: "true" for name, wanted in kept.items() if wanted}
    labels = {} if shared else stack_labels()
    return {
        **metadata,
        "labels": labels | metadata.get("labels", {}),
        "annotations": annotations | metadata.get("annotations", {}),
    }


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


class _OtherObject(pulumi.CustomResource):
    """An object with keys beside `spec`, such as a StorageClass: pulumi_kubernetes has none."""

    def __init__(self, name: str, manifest: Manifest, opts: pulumi.ResourceOptions | None) -> None:
        kind = f"kubernetes:{manifest['apiVersion']}:{manifest['kind']}"
        super().__init__(kind, name, manifest, opts)


_TYPED = {"Secret": Secret, "ConfigMap": ConfigMap}


def core_object(
    name: str, manifest: Manifest, opts: pulumi.ResourceOptions | None = None
) -> pulumi.CustomResource:
    """Registers any object as the Pulumi resource `name`, a Secret or ConfigMap among them.

    The labels and annotations of `of_stack` are added.
    """
    content = {
        key: value for key, value in manifest.items() if key not in ("apiVersion", "metadata")
    }
    metadata = of_stack(manifest["metadata"], opts)
    typed = _TYPED.get(manifest["kind"])
    if typed:
        content.pop("kind")
        data = {"string_data" if key == "stringData" else key: content[key] for key in content}
        made: pulumi.CustomResource = typed(name, metadata=metadata, opts=opts, **data)
        return made
    if content.keys() <= {"kind", "spec"}:
        return CustomResource(
            name, api_version=manifest["apiVersion"], metadata=metadata, opts=opts, **content
        )
    return _OtherObject(name, {**manifest, "metadata": metadata}, opts)


def custom_resource(
    name: str, manifest: Manifest, opts: pulumi.ResourceOptions | None = None
) -> CustomResource:
    """Registers `manifest`, an object with a `spec`, as the Pulumi resource `name`.

    The labels and annotations of `of_stack` are added.
    """
    return CustomResource(
        name,
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        metadata=of_stack(manifest["metadata"], opts),
        spec=manifest["spec"],
        opts=opts,
    )
