"""A look into one workload cluster: objects that leave it, and objects that are not as wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.delivery.plan import ADDON_OF
from components.mappings import Manifest
from engine.api import NOT_FOUND, Api, RefusedError, UnknownKindError
from engine.objects import Key, Kind, Objects
from engine.owners import Hand, Owners
from engine.plan.deliveries import Identity, Removal, identity, is_marked, is_owned
from engine.plan.objects import ObjectChange, Operation, content

METHOD_NOT_ALLOWED = 405


@dataclass(frozen=True, slots=True)
class Brought:
    """The objects that a cluster is brought.

    Attributes:
        settled: objects that arrived already, unless a person changed them; others are on the way.
        kept: the identities of all of them.
        kinds: that are searched for objects that leave.
    """

    settled: Mapping[Key, Manifest]
    kept: frozenset[Identity]
    kinds: frozenset[Kind]


@dataclass(slots=True)
class ClusterLook:
    """The state of the objects of this project in a cluster.

    Attributes:
        leaving: objects that are there and are not wanted.
        changes: objects that are not as wanted, as a dry run says.
        wanted: the objects that arrived already, unless a person changed them.
        live: those of them that are there.
        refused: the answers of the API server to objects that it would not take.
    """

    leaving: dict[Removal, Manifest] = field(default_factory=dict)
    changes: list[ObjectChange] = field(default_factory=list)
    wanted: Mapping[Key, Manifest] = field(default_factory=dict)
    live: Objects = field(default_factory=dict)
    refused: dict[Key, str] = field(default_factory=dict)


def look_into(api: Api, brought: Brought, recorded: Iterable[Removal] = ()) -> ClusterLook:
    """Reads a cluster, with one list for each kind; a kind that it does not hold is left aside.

    Args:
        api: the API server of the cluster.
        brought: the objects that it is brought.
        recorded: objects that left it before.

    Raises:
        CaasError: CAAS-3011 where it does not answer.
    """
    found = ClusterLook(wanted=brought.settled)
    marked = {key: each for kind in sorted(brought.kinds) for key, each in _marked(api, kind)}
    for key, manifest in marked.items():
        if identity(key) not in brought.kept and is_marked(manifest):
            found.leaving[Removal(manifest["metadata"]["labels"][ADDON_OF], key)] = manifest
    known = {identity(removal.key) for removal in found.leaving}
    for removal in recorded:
        if identity(removal.key) not in known | brought.kept:
            left = _find(api, removal.key)
            if left and not is_owned(left):
                found.leaving[removal] = left
    for key, wanted in brought.settled.items():
        _compare(api, key, wanted, marked.get(key), found)
    return found


def _compare(
    api: Api, key: Key, wanted: Manifest, there: Manifest | None, found: ClusterLook
) -> None:
    try:
        there = there or _find(api, key)
        if there is None:
            api.path(wanted)  # raises for a kind that is not defined: what defines it is not there
            found.changes.append(ObjectChange(Operation.CREATE, key, None, wanted, wanted))
            return
        found.live[key] = there
        if holds(wanted, there) and not any(Owners.of(there).by(Hand.PERSON)):
            return
        after = api.apply(wanted, dry_run=True)
    except UnknownKindError:
        return
    except RefusedError as error:
        if error.status not in (NOT_FOUND, METHOD_NOT_ALLOWED):
            found.refused[key] = str(error.problems[0].why)
        return
    if content(there) != content(after):
        found.changes.append(ObjectChange(Operation.UPDATE, key, there, after, wanted))


def holds(wanted: Any, there: Any) -> bool:
    """True if a value has every field of the wanted one; an empty field is one that is not there.

    Other fields may be defaults. What a person added to a map is seen by its owner.
    """
    if isinstance(wanted, dict):
        known = there if isinstance(there, dict) else {}
        return all(holds(each, known.get(key)) for key, each in wanted.items())
    if isinstance(wanted, list):
        known_items = there if isinstance(there, list) else []
        return len(wanted) == len(known_items) and all(
            holds(one, other) for one, other in zip(wanted, known_items, strict=True)
        )
    return bool(wanted == there) or (wanted in (None, "", 0, False) and there is None)


def _marked(api: Api, kind: Kind) -> Iterator[tuple[Key, Manifest]]:
    """The objects of a kind that sets have brought."""
    try:
        listed = api.list(api.collection(*kind), labelSelector=ADDON_OF, resourceVersion="")
    except UnknownKindError:
        return
    except RefusedError as error:
        if error.status in (NOT_FOUND, METHOD_NOT_ALLOWED):
            return
        raise
    for each in listed:
        # A simulated API server may not know selectors.
        if ADDON_OF in each["metadata"].get("labels", {}):
            yield Key.of(each), each


def _find(api: Api, key: Key) -> Manifest | None:
    metadata = {"name": key.name} | ({"namespace": key.namespace} if key.namespace else {})
    header = {"apiVersion": key.api_version, "kind": key.kind, "metadata": metadata}
    try:
        return api.get(api.path(header))
    except UnknownKindError:
        return None
