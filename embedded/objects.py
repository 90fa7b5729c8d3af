"""What a stack has on the management cluster.

Every object of a stack carries the label `caas.dev/stack`; a `Stack` object lists the kinds that
were ever applied and not all pruned, so that looking for members takes one list per kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

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


LISTS = 8
"""Kinds that are listed side by side; a list that is up to date waits for the server's cache."""

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
        with ThreadPoolExecutor(LISTS) as pool:
            members = chain.from_iterable(pool.map(self._members, sorted(kinds)))
        return {Key.of(manifest): manifest for manifest in members if _applied(manifest)}

    def declare(self, members: Iterable[Key]) -> None:
        """Records the kinds: before an apply those of old and new members, after it the new."""
        kinds = sorted({f"{key.api_version}/{key.kind}" for key in members})
        self._api.apply({**self._parent, "spec": {"kinds": kinds}})

    def _members(self, kind: Kind) -> list[Manifest]:
        """As new as this moment: a plan made of old objects would be wrong."""
        path = self._api.collection(*kind)
        query = {"labelSelector": f"{STACK_LABEL}={self._stack}", "resourceVersion": ""}
        return self._api.list(path, **query)

    def _recorded(self) -> list[Kind]:
        parent = self._api.get(self._api.path(self._parent)) or {}
        entries = parent.get("spec", {}).get("kinds", ())
        return [(entry.rpartition("/")[0], entry.rpartition("/")[2]) for entry in entries]


def _applied(manifest: Manifest) -> bool:
    """Whether this project applied the object; Cluster API's clones of it carry its labels too."""
    entries = manifest["metadata"].get("managedFields", ())
    return any(entry["manager"].startswith(MANAGERS) for entry in entries)
