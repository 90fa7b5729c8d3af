"""The objects of a stack on the management cluster.

Every object of a stack carries the labels `caas.dev/stack`, its name, and `caas.dev/member-of`, its
identity, which distinguishes stacks of the same name. A `Stack` object lists the kinds that were
ever applied and not all pruned, so that looking for members takes one list per kind, and what
the last apply was about: a digest of each object, so that what was taken away since is missed.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any

from components.manifest import MEMBER_LABEL, PROTECTED, RETAINED, STACK_LABEL
from components.mappings import Manifest
from engine.api import Api, UnknownKindError, root
from engine.managers import MANAGERS
from plane.manifests import stack_definition

STACK_API = "caas.dev/v1alpha1"
STACK_KIND = "Stack"
CONTENT = frozenset({"data", "stringData", "spec"})
"""Content fields. A resource that lists one in `ignore_changes` is created once and never
updated."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """The identity of an object, independent of its content."""

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

    def __str__(self) -> str:
        return "/".join((self.api_version, self.kind, self.namespace, self.name))


DEFINED_LIMIT = 30.0
"""Seconds that a definition may take to be served."""
LARGEST_RECORD = 900_000
"""Bytes of digests that are kept; etcd takes objects of 1.5 MiB. Beyond, none are."""
LISTS = 8
"""Kinds that are listed side by side; a list that is up to date waits for the server's cache."""

Objects = dict[Key, Manifest]
Digests = Mapping[str, str]
"""The record of an apply: the digest of each object by its key."""
Kind = tuple[str, str]
"""API version and kind."""


class StackObjects:
    """The objects of one stack on the management cluster.

    What an older version applied has no identity. On a cluster of the stack's own it is the
    stack's; where others have objects too, only as long as the stack file names it: a stack of the
    same name may have made the rest.

    Args:
        api: the management API server.
        stack: the stack's name.
        member: its identity, `components.manifest.membership`.
        shared: whether other stacks may have objects on the management cluster.
    """

    def __init__(self, api: Api, stack: str, member: str, *, shared: bool = False) -> None:
        self._api = api
        self._stack = stack
        self._member = member
        self._shared = shared

    def live(self, wanted: Iterable[Key] = ()) -> Objects:
        """Every member that the cluster has now.

        Args:
            wanted: the members that shall be; their kinds are looked at even when no earlier run
                of this project recorded them.
        """
        wanted = set(wanted)
        return {
            key: each
            for key, each in self.labelled(wanted).items()
            if is_applied(each) and self.has(each, key in wanted)
        }

    def has(self, manifest: Manifest, wanted: bool) -> bool:
        """True if an object belongs to the stack.

        Args:
            manifest: the object.
            wanted: whether the stack file names it.
        """
        labels = manifest["metadata"].get("labels", {})
        if labels.get(STACK_LABEL) != self._stack:
            return False
        owner = labels.get(MEMBER_LABEL)
        return not self._shared or (wanted if owner is None else owner == self._member)

    def owner_of(self, manifest: Manifest) -> str:
        """Another stack that has an object; empty where it is this one's, or no stack's."""
        labels = manifest["metadata"].get("labels", {})
        owner = str(labels.get(MEMBER_LABEL) or labels.get(STACK_LABEL) or "")
        return owner if self._shared and owner not in (self._member, self._stack) else ""

    def labelled(self, wanted: Iterable[Key] = ()) -> Objects:
        """Every object that carries the stack's name, members or not; `wanted` as of `live`."""
        kinds = {*self._recorded(), *((key.api_version, key.kind) for key in wanted)}
        with ThreadPoolExecutor(LISTS) as pool:
            found = chain.from_iterable(pool.map(self._members, sorted(kinds)))
        return {Key.of(manifest): manifest for manifest in found}

    def applied(self) -> Digests | None:
        """The record of the last apply; None if there is none."""
        digests: Digests | None = self._record().get("applied")
        return digests

    def declare(self, members: Iterable[Key], applied: Digests | None) -> None:
        """Records the kinds: before an apply those of old and new members, after it the new.

        Args:
            members: whose kinds are recorded.
            applied: what the apply was about, by `digests`; None where that is not known.
        """
        kinds = sorted({f"{key.api_version}/{key.kind}" for key in members})
        spec: dict[str, Any] = {"kinds": kinds}
        if applied is not None and _size(applied) <= LARGEST_RECORD:
            spec["applied"] = dict(applied)
        recorded = {**self._record_of(self._member), "spec": spec}
        try:
            self._api.apply(recorded)
        except UnknownKindError:  # a management cluster that is not a plane
            define(self._api)
            self._api.apply(recorded)

    def forget(self) -> None:
        """Removes what `declare` recorded."""
        with suppress(UnknownKindError):
            self._api.delete(self._record_of(self._member))

    def _members(self, kind: Kind) -> list[Manifest]:
        """As new as this moment: a plan made of old objects would be wrong."""
        try:
            path = self._api.collection(*kind)
        except UnknownKindError:  # so there is none of it; an apply will say what is missing
            return []
        query = {"labelSelector": f"{STACK_LABEL}={self._stack}", "resourceVersion": ""}
        return self._api.list(path, **query)

    def _record(self) -> dict[str, Any]:
        """The record of the last apply, also under the stack's name that an older version used."""
        for name in (self._member, self._stack):
            try:
                found = self._api.get(self._api.path(self._record_of(name)))
            except UnknownKindError:
                return {}
            if found:
                record: dict[str, Any] = found.get("spec", {})
                return record
        return {}

    @staticmethod
    def _record_of(name: str) -> Manifest:
        return {"apiVersion": STACK_API, "kind": STACK_KIND, "metadata": {"name": name}}

    def _recorded(self) -> list[Kind]:
        entries = self._record().get("kinds", ())
        return [(entry.rpartition("/")[0], entry.rpartition("/")[2]) for entry in entries]


def define(api: Api) -> None:
    """Defines the kind that records, and waits until it is served."""
    definition = stack_definition()
    api.apply(definition)
    deadline = time.monotonic() + DEFINED_LIMIT
    while time.monotonic() < deadline:
        if api.get(root(STACK_API)):
            return
        time.sleep(0.1)


def digests(manifests: Iterable[Manifest]) -> dict[str, str]:
    """A digest of each object as the program registers it, its secrets hidden."""
    return {str(Key.of(manifest)): _digest(manifest) for manifest in manifests}


def _digest(manifest: Manifest) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()[:16]


def _size(applied: Digests) -> int:
    return sum(len(key) + len(digest) for key, digest in applied.items())


def is_retained(manifest: Manifest) -> bool:
    """True if an object stays when the program does not register it any more.

    Older versions did not write it down; of theirs it is the Secrets that are made once.
    """
    written = manifest["metadata"].get("annotations", {})
    return RETAINED in written or (manifest["kind"] == "Secret" and bool(manifest.get("immutable")))


def is_protected(manifest: Manifest) -> bool:
    """True if an object must not be deleted."""
    return PROTECTED in manifest["metadata"].get("annotations", {})


def is_applied(manifest: Manifest) -> bool:
    """True if this project applied the object; Cluster API's clones of it carry the same labels."""
    entries = manifest["metadata"].get("managedFields", ())
    return any(entry["manager"].startswith(MANAGERS) for entry in entries)
