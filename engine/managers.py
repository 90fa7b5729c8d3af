"""One field manager for what the stack applies, whichever engine did it before.

Server-side apply removes a field when its last manager stops setting it. What two managers of ours
own would stay for ever, so their entries become one before an apply.

Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import reduce
from typing import Any

from components.manifest import FIELD_MANAGER
from components.mappings import Manifest

PULUMI = "pulumi-kubernetes"
"""The prefix of the names that Pulumi's Kubernetes provider uses as a field manager."""
MANAGERS = (FIELD_MANAGER, PULUMI)
"""Field managers of what this project applies, by itself or through the pulumi CLI."""

Fields = dict[str, Any]
"""FieldsV1: steps to fields, `f:<field>`, `k:<key of a list's item>`, `v:<value of a set>`."""


def is_ours(entry: dict[str, Any]) -> bool:
    """True if either engine wrote an entry of `managedFields`."""
    manager = entry["manager"]
    known = manager == FIELD_MANAGER or manager.startswith(PULUMI)
    return known and not entry.get("subresource")


def our_metadata(manifest: Manifest) -> dict[str, set[str]]:
    """The names of the labels and of the annotations that either engine set."""
    fields = _fields(each for each in _entries(manifest) if is_ours(each)).get("f:metadata", {})
    return {
        name: {step.removeprefix("f:") for step in fields.get(f"f:{name}", {})} - {"."}
        for name in ("labels", "annotations")
    }


def is_divided(manifest: Manifest) -> bool:
    """True if the stack has another field manager than ours."""
    entries = [each for each in _entries(manifest) if is_ours(each)]
    return any(not _is_current(each) for each in entries)


def united(manifest: Manifest) -> list[dict[str, Any]]:
    """The `managedFields` of an object with one entry of ours in the place of all."""
    entries = _entries(manifest)
    ours = [each for each in entries if is_ours(each)]
    # Entries in another API version speak of other fields.
    same = [each for each in ours if each.get("apiVersion") == manifest["apiVersion"]]
    if not same:
        return entries
    one = {**same[-1], "manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": _fields(same)}
    return [*(each for each in entries if not is_ours(each)), one]


def without_abandoned(after: Manifest) -> Manifest:
    """The result of an apply with our field manager on an object whose entries are merged into one.

    Args:
        after: the server's answer to a dry run, in which other managers of ours still hold fields
            that the stack does not set any more.
    """
    entries = [
        each for each in _entries(after) if each.get("apiVersion") == after.get("apiVersion")
    ]
    old = _fields(each for each in entries if is_ours(each) and not _is_current(each))
    if not old:
        return after
    kept = _fields(each for each in entries if not is_ours(each) or _is_current(each))
    left: Manifest = _pruned(after, old, kept)
    return left


def _entries(manifest: Manifest) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = manifest["metadata"].get("managedFields", [])
    return found


def _is_current(entry: dict[str, Any]) -> bool:
    return bool(entry["manager"] == FIELD_MANAGER and entry.get("operation") == "Apply")


def _fields(entries: Iterable[dict[str, Any]]) -> Fields:
    return reduce(_union, (each.get("fieldsV1", {}) for each in entries), {})


def _union(one: Fields, other: Fields) -> Fields:
    both = {key: _union(one[key], other[key]) for key in one if key in other}
    return one | other | both


def _pruned(value: Any, old: Fields, kept: Fields) -> Any:
    """A value without the fields of `old` that are not in `kept`; an empty mapping is all of it."""
    if not old or not kept:
        return value
    if isinstance(value, dict):
        found = ((key, item, f"f:{key}") for key, item in value.items())
        return {
            key: _pruned(item, old.get(step, {}), kept.get(step, {}))
            for key, item, step in found
            if step not in old or step in kept
        }
    if isinstance(value, list):
        return list(_pruned_items(value, old, kept))
    return value


def _pruned_items(items: list[Any], old: Fields, kept: Fields) -> Iterator[Any]:
    for item in items:
        step = _step(item, old)
        if step is None:
            yield item
        elif step in kept:
            yield _pruned(item, old[step], kept[step])


def _step(item: Any, fields: Fields) -> str | None:
    """The step of `fields` that leads to an item of a list."""
    for step in fields:
        kind, _, text = step.partition(":")
        if kind == "v" and json.loads(text) == item:
            return step
        if kind == "k" and isinstance(item, dict):
            key = json.loads(text)
            if all(item.get(name) == wanted for name, wanted in key.items()):
                return step
    return None
