"""Which objects an apply would create, change and delete: the API server's own dry run."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import yaml

from components.manifest import Manifest
from embedded.api import Api, RefusedError
from embedded.objects import Key, Objects, StackObjects

WORKERS = 8
TRIES = 5
"""How often an object is looked at again that somebody else is writing to."""
SERVER_FIELDS = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp")


Judge = Callable[[Objects, Objects], None]
"""Is given what is and what shall be."""


class Operation(StrEnum):
    """What happens to an object."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object that an apply would touch.

    Attributes:
        before: as it is, None when it is made.
        after: as the server says it will be, None when it is deleted.
        desired: what is applied.
    """

    operation: Operation
    key: Key
    before: Manifest | None
    after: Manifest | None
    desired: Manifest | None

    def diff(self) -> str:
        """The change as a unified diff of YAML."""
        lines = difflib.unified_diff(
            _yaml(self.before), _yaml(self.after), "before", "after", lineterm="", n=2
        )
        return "\n".join(line for line in lines if not line.startswith(("---", "+++")))


@dataclass(frozen=True, slots=True)
class ObjectPlan:
    """Everything that an apply would touch, and what is there.

    Attributes:
        live: every object that the stack has now.
        desired: every object that the stack shall have, dependencies first.
        changes: the differences; deletions last.
    """

    live: Objects
    desired: Objects
    changes: tuple[ObjectChange, ...]

    def after(self) -> Objects:
        """Every object as it will be."""
        touched = {change.key: change.after for change in self.changes}
        return {key: touched.get(key) or self.live[key] for key in self.desired}


def content(manifest: Manifest) -> dict[str, Any]:
    """The object without what the server adds."""
    metadata = {
        key: value for key, value in manifest["metadata"].items() if key not in SERVER_FIELDS
    }
    return {key: value for key, value in manifest.items() if key not in ("metadata", "status")} | {
        "metadata": metadata
    }


def plan_objects(
    api: Api,
    desired: Iterable[Manifest],
    members: StackObjects,
    judge: Judge = lambda live, wanted: None,
) -> ObjectPlan:
    """Compares what shall be with what is, by a dry run of every object on the server.

    Args:
        api: the management API server.
        desired: the objects of the program, dependencies first.
        members: the stack's objects on the server.
        judge: raises for what must not be done, before the server is asked.

    Raises:
        CaasError: CAAS-3010 for an object that the server would refuse.
    """
    wanted = {Key.of(manifest): manifest for manifest in desired}
    live = members.live(wanted)
    judge(live, wanted)
    unchecked = _unchecked(live, wanted)
    with ThreadPoolExecutor(WORKERS) as pool:
        outcomes = pool.map(
            lambda key: _compare(api, live.get(key), wanted[key], key in unchecked), wanted
        )
        compared = dict(zip(wanted, outcomes, strict=True))
    live |= {key: before for key, (before, _) in compared.items() if before}
    changes = [change for _, change in compared.values() if change]
    return ObjectPlan(live, wanted, (*changes, *_deletions(live, wanted)))


def _unchecked(live: Objects, wanted: Objects) -> set[Key]:
    """Objects that the server can't judge before what they need is there.

    Objects in a namespace that is not there yet; clusters whose class is made or changed by the
    same apply.
    """
    namespaces = {key.name for key in wanted if key.kind == "Namespace" and key not in live}
    class_changes = any(
        key not in live or not same_where_set(wanted[key]["spec"], live[key]["spec"])
        for key in wanted
        if key.kind == "ClusterClass"
    )
    return {
        key
        for key in wanted
        if key.namespace in namespaces or (class_changes and key.kind == "Cluster")
    }


def same_where_set(wanted: Any, live: Any) -> bool:
    """Whether everything that `wanted` sets has that value in `live`."""
    if isinstance(wanted, dict):
        return isinstance(live, dict) and all(
            key in live and same_where_set(value, live[key]) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(live, list)
            and len(wanted) == len(live)
            and all(same_where_set(a, b) for a, b in zip(wanted, live, strict=True))
        )
    return bool(wanted == live)


def _compare(
    api: Api, live: Manifest | None, desired: Manifest, unchecked: bool
) -> tuple[Manifest | None, ObjectChange | None]:
    """The object as it is, and its change.

    What is there is read again until the server's answer is about just that: controllers write to
    these objects too, and their changes are not ours.
    """
    try:
        after = api.apply(desired, dry_run=True)
        for _ in range(TRIES):
            if live is None or _version(live) == _version(after):
                break
            live = api.get(api.path(desired))
            after = api.apply(desired, dry_run=True)
    except RefusedError:
        if not unchecked:
            raise
        after = _merged(live, desired) if live else desired
    if live is None:
        return None, ObjectChange(Operation.CREATE, Key.of(desired), None, after, desired)
    if content(live) == content(after):
        return live, None
    return live, ObjectChange(Operation.UPDATE, Key.of(desired), live, after, desired)


def _version(manifest: Manifest) -> str:
    """The server's version of an object; a dry run gives that of the object it started from."""
    return str(manifest["metadata"].get("resourceVersion", ""))


def _merged(live: Manifest, desired: Manifest) -> Manifest:
    """The best guess where the server can't be asked: the new spec under the live metadata."""
    return {**live, "metadata": {**live["metadata"], **desired["metadata"]}} | {
        key: value for key, value in desired.items() if key != "metadata"
    }


def _deletions(live: Objects, wanted: Objects) -> Iterator[ObjectChange]:
    """What is no longer wanted: clusters first, namespaces last."""
    order = {"Cluster": 0, "ClusterClass": 1, "Namespace": 3}
    gone = sorted(
        (key for key in live if key not in wanted), key=lambda key: order.get(key.kind, 2)
    )
    for key in gone:
        if "deletionTimestamp" not in live[key]["metadata"]:
            yield ObjectChange(Operation.DELETE, key, live[key], None, None)


def _yaml(manifest: Manifest | None) -> list[str]:
    if manifest is None:
        return []
    return yaml.dump(content(manifest), Dumper=yaml.CSafeDumper, sort_keys=True).splitlines()
