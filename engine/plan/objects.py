"""The objects that an apply creates, changes and deletes, by the API server's dry run."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import yaml

from components.mappings import Manifest
from engine.api import Api, RefusedError, UnknownKindError, describe
from engine.managers import without_abandoned
from engine.objects import CONTENT, Key, Objects, StackObjects, is_protected, is_retained
from engine.values import HIDDEN, filled, hidden_where, is_unknown
from errors import CaasError, Where
from errors.program import CLAIMED_BY_ANOTHER_STACK, OBJECT_PROTECTED

WORKERS = 8
TRIES = 5
"""The number of retries for an object that another client is changing."""
SERVER_FIELDS = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp")


NOTHING: Objects = {}
Judge = Callable[[Objects, Objects], None]
"""Is given what is and what shall be."""


class Operation(StrEnum):
    """The change of an object."""

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
        shown: the same without its secrets, where it has some.
    """

    operation: Operation
    key: Key
    before: Manifest | None
    after: Manifest | None
    desired: Manifest | None
    shown: Manifest | None = field(default=None, compare=False)

    def diff(self) -> str:
        """The change as a unified diff of YAML, without secrets."""
        before, after = _without_secrets(self)
        lines = difflib.unified_diff(
            _yaml(before), _yaml(after), "before", "after", lineterm="", n=2
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


def plan_offline(desired: Iterable[Manifest]) -> ObjectPlan:
    """The plan where there is no management cluster: everything is new, and nothing is refused."""
    return plan_between((), desired)


def plan_between(
    before: Iterable[Manifest],
    desired: Iterable[Manifest],
    judge: Judge = lambda live, wanted: None,
) -> ObjectPlan:
    """The plan from what one run of the program registers to what another one does.

    Args:
        before: the objects of the first run, which are taken to be there as they are written.
        desired: the objects of the other run, dependencies first.
        judge: raises for what must not be done.
    """
    live = {Key.of(manifest): manifest for manifest in before}
    wanted = {Key.of(manifest): manifest for manifest in desired}
    judge(live, wanted)
    changes = (_change(live.get(key), manifest, manifest) for key, manifest in wanted.items())
    return ObjectPlan(live, wanted, (*filter(None, changes), *_deletions(live, wanted)))


def plan_removal(live: Objects, kept: Container[str]) -> ObjectPlan:
    """The plan that deletes everything but some kinds."""
    gone = (change for change in _deletions(live, {}) if change.key.kind not in kept)
    return ObjectPlan(live, {}, tuple(gone))


def plan_objects(
    api: Api,
    desired: Iterable[Manifest],
    members: StackObjects,
    judge: Judge = lambda live, wanted: None,
    *,
    shown: Mapping[Key, Manifest] = NOTHING,
    made_once: Container[Key] = (),
    kept: Container[str] = (),
    lenient: bool = False,
) -> ObjectPlan:
    """Compares what shall be with what is, by a dry run of every object on the server.

    What another field manager of this project still holds counts as gone where the stack does not
    set it any more: an apply makes these managers one first. What only creation tells is taken to
    be what it is, where the object is there already.

    Args:
        api: the management API server.
        desired: the objects of the program with their secrets, dependencies first.
        members: the stack's objects on the server.
        judge: raises for changes that must not happen, before any request.
        shown: the objects that have secrets, without them.
        made_once: objects that are left alone where they exist.
        kept: kinds that are never deleted.
        lenient: guess what the server refuses; for looking only.

    Raises:
        CaasError: CAAS-3010 for an object that the server would refuse; CAAS-3029 for one that
            another stack has; CAAS-3030 for one that is protected and would be deleted.
    """
    by_key = {Key.of(manifest): manifest for manifest in desired}
    live = members.live(by_key)
    wanted = {key: filled(manifest, live.get(key)) for key, manifest in by_key.items()}
    judge(live, wanted)
    unchecked = set(wanted) if lenient else _unchecked(live, wanted)

    def compare(key: Key) -> tuple[Manifest | None, ObjectChange | None]:
        there = live.get(key)
        if key in made_once and (there := there or _find(api, wanted[key])):
            return _compare(api, there, _with_content_of(there, wanted[key]), True, members)
        if key.kind == "Secret" and key in live and is_unknown(wanted[key]):
            return live[key], None  # made of what creation told, and that stays
        return _compare(api, there, wanted[key], key in unchecked, members)

    with ThreadPoolExecutor(WORKERS) as pool:
        compared = dict(zip(wanted, pool.map(compare, wanted), strict=True))
    live |= {key: before for key, (before, _) in compared.items() if before}
    changes = [
        replace(change, shown=shown.get(key)) for key, (_, change) in compared.items() if change
    ]
    gone = (change for change in _deletions(live, wanted) if change.key.kind not in kept)
    return ObjectPlan(live, wanted, (*changes, *gone))


def _find(api: Api, manifest: Manifest) -> Manifest | None:
    try:
        return api.get(api.path(manifest))
    except UnknownKindError:
        return None


def _with_content_of(there: Manifest, wanted: Manifest) -> Manifest:
    """An object that is made once, with the content that it has."""
    own = {key: value for key, value in wanted.items() if key not in CONTENT}
    return own | {key: there[key] for key in CONTENT if key in there}


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
    """True if every field of `wanted` has its value in `live`."""
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
    api: Api,
    live: Manifest | None,
    desired: Manifest,
    unchecked: bool,
    members: StackObjects,
) -> tuple[Manifest | None, ObjectChange | None]:
    """The object as it is, and its change.

    What is there is read again until the server's answer is about just that: controllers write to
    these objects too, and their changes are not ours.
    """
    if is_unknown(desired):  # the server would refuse the marker, or believe it
        after = _merged(live, desired) if live else desired
        return live, _change(live, after, desired)
    try:
        after = api.apply(desired, dry_run=True)
        if live is None and _version(after):  # not the stack's so far, and there
            live = api.get(api.path(desired))
        if live:
            _refuse_claimed(live, members)
        for _ in range(TRIES):
            if live is None or _version(live) == _version(after):
                break
            live = api.get(api.path(desired))
            after = api.apply(desired, dry_run=True)
        after = without_abandoned(after)
    except RefusedError:
        if not unchecked:
            raise
        after = _merged(live, desired) if live else desired
    return live, _change(live, after, desired)


def _refuse_claimed(live: Manifest, members: StackObjects) -> None:
    if owner := members.owner_of(live):
        raise CaasError(
            CLAIMED_BY_ANOTHER_STACK,
            f"{describe(live)} belongs to the stack `{owner}`",
            where=Where(object=describe(live)),
        )


def _change(live: Manifest | None, after: Manifest, desired: Manifest) -> ObjectChange | None:
    if live is None:
        return ObjectChange(Operation.CREATE, Key.of(desired), None, after, desired)
    if content(live) == content(after):
        return None
    return ObjectChange(Operation.UPDATE, Key.of(desired), live, after, desired)


def _version(manifest: Manifest) -> str:
    """The server's version of an object; a dry run gives that of the object it started from."""
    return str(manifest["metadata"].get("resourceVersion", ""))


def _merged(live: Manifest, desired: Manifest) -> Manifest:
    """The best guess where the server can't be asked: the new spec under the live metadata."""
    return {**live, "metadata": {**live["metadata"], **desired["metadata"]}} | {
        key: value for key, value in desired.items() if key != "metadata"
    }


def _deletions(live: Objects, wanted: Objects) -> Iterator[ObjectChange]:
    """The objects that are no longer wanted: clusters first, namespaces last."""
    order = {"Cluster": 0, "ClusterClass": 1, "Namespace": 3}
    gone = sorted(
        (key for key in live if key not in wanted), key=lambda key: order.get(key.kind, 2)
    )
    for key in gone:
        if is_retained(live[key]):
            continue
        if is_protected(live[key]):
            raise CaasError(
                OBJECT_PROTECTED,
                f"{describe(live[key])} is protected, and the stack does not name it any more",
                where=Where(object=describe(live[key])),
            )
        if "deletionTimestamp" not in live[key]["metadata"]:
            yield ObjectChange(Operation.DELETE, key, live[key], None, None)


def _without_secrets(change: ObjectChange) -> tuple[Manifest | None, Manifest | None]:
    """Both sides of a change as they may be shown; that a secret changes is shown."""
    before, after = change.before, change.after
    if change.key.kind == "Secret":
        return _closed(before, None), _closed(after, before)
    if change.shown is None:
        return before, after
    return hidden_where(before, change.shown), hidden_where(after, change.shown)


def _closed(secret: Manifest | None, before: Manifest | None) -> Manifest | None:
    """A Secret with its keys alone; `before` is what it was, where changes are to be marked."""
    if secret is None:
        return None
    parts = {part: secret[part] for part in ("data", "stringData") if part in secret}
    old = before or secret
    return secret | {part: _marked(value, old.get(part)) for part, value in parts.items()}


def _marked(value: Any, old: Any) -> Any:
    if isinstance(value, dict):
        known = old if isinstance(old, dict) else {}
        return {key: _marked(item, known.get(key)) for key, item in value.items()}
    return HIDDEN if value == old else f"{HIDDEN} (changes)"


def _yaml(manifest: Manifest | None) -> list[str]:
    if manifest is None:
        return []
    return yaml.dump(content(manifest), Dumper=yaml.CSafeDumper, sort_keys=True).splitlines()
