"""Objects on the management cluster that clusters of AWS refer to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.infrastructure.interface import INFRASTRUCTURE_GROUP
from components.mappings import Manifest

API_VERSION = f"{INFRASTRUCTURE_GROUP}/v1beta2"
CONTROLLER_IDENTITY = "AWSClusterControllerIdentity"
CONTROLLER_IDENTITY_NAME = "default"
"""The provider knows this one name only."""
ROLE_IDENTITY = "AWSClusterRoleIdentity"
ROLE_IDENTITY_NAME = "caas"
MOVED = {"clusterctl.cluster.x-k8s.io/move-hierarchy": ""}
"""The label by which `clusterctl move` takes an object along that no cluster owns."""


def identity_reference(role_arn: str | None) -> dict[str, str]:
    """The objects that clusters refer to; `role_arn` as in the settings."""
    if role_arn:
        return {"kind": ROLE_IDENTITY, "name": ROLE_IDENTITY_NAME}
    return {"kind": CONTROLLER_IDENTITY, "name": CONTROLLER_IDENTITY_NAME}


def identities(role_arn: str | None, namespace: str) -> Sequence[Manifest]:
    """The identities; only clusters in `namespace` may use them."""
    allowed = {"allowedNamespaces": {"list": [namespace]}}
    own = identity_reference(None)
    found = [_identity(own, allowed)]
    if role_arn:
        role = {"roleARN": role_arn, "sourceIdentityRef": own, "sessionName": "caas"}
        found.append(_identity(identity_reference(role_arn), allowed | role))
    return found


def _identity(reference: dict[str, str], spec: dict[str, Any]) -> Manifest:
    return {
        "apiVersion": API_VERSION,
        "kind": reference["kind"],
        "metadata": {"name": reference["name"], "labels": dict(MOVED)},
        "spec": spec,
    }
