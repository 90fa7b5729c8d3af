"""What a stack has on the management cluster.

Every object of a stack carries the label `caas.dev/stack`; a `Stack` object lists the kinds that
were ever applied and not all pruned, so that looking for members takes one list per kind.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

from components.manifest import STACK_LABEL, Manifest
from embedded.api import FIELD_MANAGER, Api, UnknownKindError, root
from embedded.manifests import stack_definition

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


DEFINED_LIMIT = 30.0
"""Seconds that a definition may take to be served."""
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
        recorded = {**self._parent, "spec": {"kinds": kinds}}
        try:
            self._api.apply(recorded)
        except UnknownKindError:  # a management cluster that is not a plane
            self._define()
            self._api.apply(recorded)

    def forget(self) -> None:
        """Removes what `declare` recorded."""
        with suppress(UnknownKindError):
            self._api.delete(self._parent)

    def _define(self) -> None:
        """Defines the kind that records, and waits until it is served."""
        definition = stack_definition()
        self._api.apply(definition)
        deadline = time.monotonic() + DEFINED_LIMIT
        while time.monotonic() < deadline:
            if self._api.get(root(STACK_API)):
                return
            time.sleep(0.1)

    def _members(self, kind: Kind) -> list[Manifest]:
        """As new as this moment: a plan made of old objects would be wrong."""
        try:
            path = self._api.collection(*kind)
        except UnknownKindError:  # so there is none of it; an apply will say what is missing
            return []
        query = {"labelSelector": f"{STACK_LABEL}={self._stack}", "resourceVersion": ""}
        return self._api.list(path, **query)

    def _recorded(self) -> list[Kind]:
        try:
            parent = self._api.get(self._api.path(self._parent)) or {}
        except UnknownKindError:
            return []
        entries = parent.get("spec", {}).get("kinds", ())
        return [(entry.rpartition("/")[0], entry.rpartition("/")[2]) for entry in entries]


def _applied(manifest: Manifest) -> bool:
    """Whether this project applied the object; Cluster API's clones of it carry its labels too."""
    entries = manifest["metadata"].get("managedFields", ())
    return any(entry["manager"].startswith(MANAGERS) for entry in entries)
