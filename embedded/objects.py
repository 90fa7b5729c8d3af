"""What a stack has on the management cluster, and marking it as the stack's own.

Membership follows kubectl's ApplySet specification, so that `kubectl apply --prune --applyset`
could take over: a parent object names the kinds, a label marks the members.
Source: https://kubernetes.io/docs/reference/labels-annotations-taints/#applyset-kubernetes-io-part-of
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from components.manifest import Manifest
from embedded.api import FIELD_MANAGER, Api

GROUP = "caas.dev"
VERSION = "v1alpha1"
KIND = "Stack"
PART_OF = "applyset.kubernetes.io/part-of"
SET_ID = "applyset.kubernetes.io/id"
TOOLING = "applyset.kubernetes.io/tooling"
KINDS = f"{GROUP}/kinds"
GROUP_KINDS = "applyset.kubernetes.io/contains-group-kinds"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What identifies an object across versions of its content."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, manifest: Manifest) -> Key:
        """The key of an object."""
        metadata = manifest["metadata"]
        return cls(
            manifest["apiVersion"],
            manifest["kind"],
            metadata.get("namespace", ""),
            metadata["name"],
        )


Objects = dict[Key, Manifest]


class StackObjects:
    """The objects of one stack on the management cluster.

    Args:
        api: the management API server.
        stack: the stack's name.
    """

    def __init__(self, api: Api, stack: str) -> None:
        self._api = api
        self._stack = stack
        digest = hashlib.sha256(f"{stack}..{KIND}.{GROUP}".encode()).digest()
        self.set_id = f"applyset-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}-v1"

    def marked(self, manifest: Manifest) -> Manifest:
        """The object with the label that makes it a member."""
        metadata = manifest["metadata"]
        labels = {**metadata.get("labels", {}), PART_OF: self.set_id}
        return {**manifest, "metadata": {**metadata, "labels": labels}}

    def live(self) -> Objects:
        """Every member that the cluster has now."""
        parent = self._api.get(f"/apis/{GROUP}/{VERSION}/stacks/{self._stack}")
        if parent is None:
            return {}
        found: Objects = {}
        for entry in parent["metadata"]["annotations"].get(KINDS, "").split():
            api_version, _, kind = entry.rpartition("/")
            path = self._api.collection(api_version, kind)
            for manifest in self._api.list(path, labelSelector=f"{PART_OF}={self.set_id}"):
                if _applied(manifest):
                    found[Key.of(manifest)] = manifest
        return found

    def declare(self, members: Iterable[Key]) -> None:
        """Writes the parent; before an apply with old and new members, after it with the new."""
        kinds = sorted({f"{key.api_version}/{key.kind}" for key in members})
        group_kinds = sorted(
            {f"{key.kind}.{_group(key.api_version)}".rstrip(".") for key in members}
        )
        self._api.apply(
            {
                "apiVersion": f"{GROUP}/{VERSION}",
                "kind": KIND,
                "metadata": {
                    "name": self._stack,
                    "labels": {SET_ID: self.set_id},
                    "annotations": {
                        TOOLING: "caas/v1",
                        GROUP_KINDS: ",".join(group_kinds),
                        KINDS: " ".join(kinds),
                    },
                },
            }
        )

    def forget(self) -> None:
        """Removes the parent, when no member is left."""
        self._api.delete(
            {
                "apiVersion": f"{GROUP}/{VERSION}",
                "kind": KIND,
                "metadata": {"name": self._stack},
            }
        )


def _applied(manifest: Manifest) -> bool:
    """Whether this project applied the object; Cluster API's clones of it carry its labels too."""
    entries = manifest["metadata"].get("managedFields", ())
    return any(
        entry["manager"] == FIELD_MANAGER and entry["operation"] == "Apply" for entry in entries
    )


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]
