"""Two states of one object, field by field, each with who owns it; and what people added to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from components.mappings import Manifest
from engine.owners import FieldOwner, Hand, Owners, item_step
from engine.plan.objects import content

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "nothing"})()
"""The marker of a missing value."""
LAST_APPLIED = "f:kubectl.kubernetes.io/last-applied-configuration"
"""The annotations that kubectl writes for itself."""
NAME = ("name",)
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as it would be after an apply.

    Attributes:
        path: to it; items of lists by what tells them apart, `[name=general]`.
        found: what it is.
        wanted: what it would be.
        owners: who owns it as it is.
    """

    path: Path
    found: Any
    wanted: Any
    owners: Owners


@dataclass(frozen=True, slots=True)
class Addition:
    """One field that a person added and the stack does not set."""

    path: Path
    found: Any
    owner: FieldOwner


def written(path: Path) -> str:
    """A path as messages write it: `spec.topology.workers.machineDeployments[name=general]`."""
    text = ""
    for step in path:
        is_item = step.startswith("[")
        text += step if is_item else f".{step}" if PLAIN.fullmatch(step) else f'["{step}"]'
    return text.removeprefix(".")


def differences(found: Manifest, wanted: Manifest) -> Iterator[Difference]:
    """Every field in which two states of an object differ, without what the server writes.

    Args:
        found: the object as it is, with its managed fields.
        wanted: as it would be.
    """
    return _differences(content(found), content(wanted), Owners.of(found), ())


def _differences(found: Any, wanted: Any, owners: Owners, path: Path) -> Iterator[Difference]:
    if found is not ABSENT and wanted is not ABSENT and found == wanted:
        return
    if _both(dict, found, wanted):
        left, right = _or_empty(found, {}), _or_empty(wanted, {})
        for key in (*left, *(key for key in right if key not in left)):
            pair = left.get(key, ABSENT), right.get(key, ABSENT)
            yield from _differences(*pair, owners.below(f"f:{key}"), (*path, key))
        return
    keys = _keys(found, wanted, owners) if _both(list, found, wanted) else ()
    if not keys:
        yield Difference(path, found, wanted, owners)
        return
    left, right = _by_step(found, keys), _by_step(wanted, keys)
    for step in (*left, *(step for step in right if step not in left)):
        pair = left.get(step, ABSENT), right.get(step, ABSENT)
        yield from _differences(*pair, owners.below(step), (*path, _item(step)))


def additions(found: Manifest, desired: Manifest) -> Iterator[Addition]:
    """The manual additions to an object, each as a whole: a pool, an annotation, a field.

    Args:
        found: the object as it is, with its managed fields.
        desired: what the stack sets of it.
    """
    owners = Owners.of(found)
    others = tuple(owner for owner in owners.all if owner.hand is not Hand.PERSON)
    for owner in owners.all:
        if owner.is_typed and owner.hand is Hand.PERSON:
            yield from _additions(owner, Owners(others), content(found), content(desired), ())


def _additions(
    owner: FieldOwner, others: Owners, found: Any, desired: Any, path: Path
) -> Iterator[Addition]:
    for step, fields in owner.fields.items():
        value, wanted = _value(found, step), _value(desired, step)
        if step in (".", LAST_APPLIED) or value is ABSENT:
            continue
        is_item = step[:2] in ("k:", "v:")
        here = (*path, _item(step) if is_item else step[2:])
        theirs = others.below(step)
        if not theirs.all and wanted is ABSENT and (is_item or not fields):
            yield Addition(here, value, owner)
        elif fields:
            below = replace(owner, fields=fields)
            yield from _additions(below, theirs, value, wanted, here)


def _both(kind: type, found: Any, wanted: Any) -> bool:
    """True if one value is of a kind and the other is of the same kind or missing."""
    there = [each for each in (found, wanted) if each is not ABSENT]
    return bool(there) and all(isinstance(each, kind) and each for each in there)


def _or_empty(value: Any, empty: Any) -> Any:
    return empty if value is ABSENT else value


def _keys(found: Any, wanted: Any, owners: Owners) -> tuple[str, ...]:
    """The key that distinguishes the items of two lists; None if a list is compared as one
    value."""
    items = [*_or_empty(found, []), *_or_empty(wanted, [])]
    if not all(isinstance(item, dict) for item in items):
        return ()
    if keys := owners.item_keys():
        return keys
    return NAME if all("name" in item for item in items) else ()


def _by_step(items: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    return {item_step(item, keys): item for item in _or_empty(items, [])}


def _item(step: str) -> str:
    """`k:{"name":"general"}` as `[name=general]`, `v:"a"` as `["a"]`."""
    kind, _, text = step.partition(":")
    if kind == "v":
        return f"[{text}]"
    return f"[{','.join(f'{name}={value}' for name, value in json.loads(text).items())}]"


def _value(found: Any, step: str) -> Any:
    """The value that a step of FieldsV1 leads to."""
    kind, _, text = step.partition(":")
    if kind == "f" and isinstance(found, dict):
        return found.get(text, ABSENT)
    if kind == "k" and isinstance(found, list):
        key = json.loads(text)
        for item in found:
            if isinstance(item, dict) and all(item.get(name) == key[name] for name in key):
                return item
    if kind == "v" and isinstance(found, list):
        value = json.loads(text)
        return value if value in found else ABSENT
    return ABSENT
