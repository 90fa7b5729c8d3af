"""The record of objects that are still to be removed from clusters, on the management cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from components.mappings import Manifest
from engine.api import Api, UnknownKindError
from engine.objects import STACK_API, STACK_KIND, Key, Kind, define
from engine.plan.deliveries import Identity, Removal, identity

NOT_TRIED = "it was not tried yet"
LARGEST = 5_000
"""Groups of alike removals that are recorded; the labels of objects tell the rest."""


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """The reason for which an object is still there.

    Attributes:
        text: a clause.
        held: whether it stays for every `up` that does not give its data up.
    """

    text: str = NOT_TRIED
    held: bool = False


Removals = Mapping[str, Mapping[Removal, Reason]]
"""By the name of the cluster."""


@dataclass(frozen=True, slots=True)
class PendingRemoval:
    """Objects of an add-on that leave clusters and are still there.

    Attributes:
        clusters: their names.
        addon: the add-on that brought the objects.
        objects: their keys.
        reason: the same for all of them.
    """

    clusters: tuple[str, ...]
    addon: str
    objects: tuple[Key, ...]
    reason: Reason

    @property
    def titles(self) -> list[str]:
        """The objects as `Kind namespace/name`."""
        return [Removal(self.addon, key).title for key in self.objects]

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        return {
            "clusters": list(self.clusters),
            "addon": self.addon,
            "objects": self.titles,
            "reason": self.reason.text,
            "held": self.reason.held,
        }

    @property
    def what(self) -> str:
        """The removal in words, without the reason."""
        one = len(self.clusters) == 1
        where = f"`{self.clusters[0]}`" if one else f"{len(self.clusters)} clusters"
        return f"`{self.addon}`: {', '.join(self.titles)} still to be removed from {where}"

    def __str__(self) -> str:
        return f"{self.what}: {self.reason.text}"


@dataclass(slots=True)
class RemovalState:
    """The content of the record.

    Attributes:
        removals: by cluster.
        kinds: every kind that was ever brought to clusters.
    """

    removals: dict[str, dict[Removal, Reason]] = field(default_factory=dict)
    kinds: frozenset[Kind] = frozenset()


class RemovalRecord:
    """The record of a stack.

    Args:
        api: the management API server.
        member: the identity of the stack.
    """

    def __init__(self, api: Api, member: str) -> None:
        self._api = api
        self._header: Manifest = {
            "apiVersion": STACK_API,
            "kind": STACK_KIND,
            "metadata": {"name": f"{member}.removals"},
        }

    def read(self) -> RemovalState:
        """The record; an empty one where nothing was ever recorded."""
        try:
            found = self._api.get(self._api.path(self._header)) or {}
        except UnknownKindError:
            found = {}
        spec = found.get("spec", {})
        recorded = RemovalState(kinds=frozenset(_kind(each) for each in spec.get("kinds", ())))
        for group in spec.get("removals", ()):
            reason = Reason(group["reason"], group.get("held", False))
            removals = [Removal(group["addon"], _key(each)) for each in group["objects"]]
            for cluster in group["clusters"]:
                recorded.removals.setdefault(cluster, {}).update(dict.fromkeys(removals, reason))
        return recorded

    def write(self, recorded: RemovalState) -> None:
        """Replaces the record."""
        removals = [
            {
                "clusters": list(each.clusters),
                "addon": each.addon,
                "reason": each.reason.text,
                "held": each.reason.held,
                "objects": [str(key) for key in each.objects],
            }
            for each in grouped(recorded.removals)
        ]
        kinds = ["/".join(kind) for kind in sorted(recorded.kinds)]
        body = {**self._header, "spec": {"kinds": kinds, "removals": removals[:LARGEST]}}
        try:
            self._api.apply(body)
        except UnknownKindError:  # a management cluster that is not a plane
            define(self._api)
            self._api.apply(body)

    def forget(self) -> None:
        """Removes the record."""
        with suppress(UnknownKindError):
            self._api.delete(self._header)


def grouped(removals: Removals) -> list[PendingRemoval]:
    """The removals with those of alike clusters and alike reasons together."""
    by_cluster: dict[str, dict[tuple[str, Reason], list[Key]]] = {}
    for cluster, found in removals.items():
        for removal, reason in sorted(found.items()):
            of_cluster = by_cluster.setdefault(cluster, {})
            of_cluster.setdefault((removal.addon, reason), []).append(removal.key)
    groups: dict[tuple[str, Reason, tuple[Key, ...]], list[str]] = {}
    for cluster, reasons in by_cluster.items():
        for (addon, reason), keys in reasons.items():
            groups.setdefault((addon, reason, tuple(keys)), []).append(cluster)
    pending = (
        PendingRemoval(tuple(sorted(clusters)), addon, keys, reason)
        for (addon, reason, keys), clusters in groups.items()
    )
    return sorted(pending, key=lambda each: (each.addon, each.clusters))


def with_leaving(
    recorded: RemovalState,
    leaving: Iterable[tuple[str, tuple[Removal, ...]]],
    wanted: Mapping[str, frozenset[Identity]],
) -> RemovalState:
    """The record before an apply.

    Args:
        recorded: the record of the last one.
        leaving: the objects that leave clusters with the apply.
        wanted: the objects of each cluster that stays; what is wanted again is no removal.
    """
    found = {cluster: dict(each) for cluster, each in recorded.removals.items()}
    for cluster, removals in leaving:
        of_cluster = found.setdefault(cluster, {})
        for removal in removals:
            of_cluster.setdefault(removal, Reason())
    return RemovalState(dict(_still(found, wanted)), recorded.kinds)


def _still(
    found: Removals, wanted: Mapping[str, frozenset[Identity]]
) -> Iterator[tuple[str, dict[Removal, Reason]]]:
    for cluster, removals in found.items():
        kept = wanted.get(cluster)
        if kept is None:
            continue
        left = {each: why for each, why in removals.items() if identity(each.key) not in kept}
        if left:
            yield cluster, left


def _kind(text: str) -> Kind:
    version, _, kind = text.rpartition("/")
    return version, kind


def _key(text: str) -> Key:
    version, kind, namespace, name = text.rsplit("/", 3)
    return Key(version, kind, namespace, name)
