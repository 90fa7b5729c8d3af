"""Kubernetes objects as Pulumi resources."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

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


def wait_for(*conditions: str) -> dict[str, str]:
    """The annotation that makes an apply wait for conditions of the object, all of them."""
    wanted = [f"condition={condition}" for condition in conditions]
    return {WAIT_FOR: wanted[0] if len(wanted) == 1 else json.dumps(wanted)}


def content_name(prefix: str, content: Mapping[str, Any]) -> str:
    """A name that changes with the content, for templates that Kubernetes keeps immutable."""
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return f"{prefix}-{digest[:8]}"


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
