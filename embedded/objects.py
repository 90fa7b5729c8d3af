"""What a stack has on the management cluster.

Every object of a stack carries the label `caas.dev/stack`; a `Stack` object lists the kinds that
were ever applied and not all pruned, so that looking for members takes one list per kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from components.manifest import STACK_LABEL, Manifest
from embedded.api import FIELD_MANAGER, Api

STACK_API = "caas.dev/v1alpha1"
STACK_KIND = "Stack"
MANAGERS = (FIELD_MANAGER, "pulumi-kubernetes")
"""Field managers of what this project applies, by itself or through the pulumi CLI."""


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
Kind = tuple[str, str]
"""API version and kind."""


class StackObjects:
    """The objects of one stack on the management cluster.

    Args:
        api: the management API server.
        stack: the stack's name.
    """

    def __init__(self, api: Api, stack: str) -> None:
        self._api = api
        self._stack = stack
        self._parent: Manifest = {
            "apiVersion": STACK_API,
            "kind": STACK_KIND,
            "metadata": {"name": stack},
        }

    def live(self, wanted: Iterable[Key] = ()) -> Objects:
        """Every member that the cluster has now.

        Args:
            wanted: the members that shall be; their kinds are looked at even when no earlier run
                of this project recorded them.
        """
        kinds = {*self._recorded(), *((key.api_version, key.kind) for key in wanted)}
        found: Objects = {}
        for api_version, kind in sorted(kinds):
            path = self._api.collection(api_version, kind)
            for manifest in self._api.list(path, labelSelector=f"{STACK_LABEL}={self._stack}"):
                if _applied(manifest):
                    found[Key.of(manifest)] = manifest
        return found

    def declare(self, members: Iterable[Key]) -> None:
        """Records the kinds: before an apply those of old and new members, after it the new."""
        kinds = sorted({f"{key.api_version}/{key.kind}" for key in members})
        self._api.apply({**self._parent, "spec": {"kinds": kinds}})

    def _recorded(self) -> list[Kind]:
        parent = self._api.get(self._api.path(self._parent)) or {}
        entries = parent.get("spec", {}).get("kinds", ())
        return [(entry.rpartition("/")[0], entry.rpartition("/")[2]) for entry in entries]


def _applied(manifest: Manifest) -> bool:
    """Whether this project applied the object; Cluster API's clones of it carry its labels too."""
    entries = manifest["metadata"].get("managedFields", ())
    return any(entry["manager"].startswith(MANAGERS) for entry in entries)
