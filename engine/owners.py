"""The manager of each field of an object, from its `metadata.managedFields`.

Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management and
FieldsV1 of the API reference: `f:<field>`, `k:<key fields of a list item as JSON>`, `v:<value of a
set's item>`, `.` for the thing itself; an empty mapping is a field with everything in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from components.mappings import Manifest
from engine.managers import MANAGERS

CONTROLLERS = ("capi-", "clusterctl", "manager", "kube-apiserver", "before-first-apply")
"""Prefixes of the names of controllers' field managers; `manager` is the binary of Cluster API's
providers."""
KINDS_OF_CONTROLLERS = ("-manager", "-controller", "-operator", "-autoscaler", "-scheduler")
"""Suffixes of the names of controllers' field managers."""
TYPED = (
    "kubectl",
    "k9s",
    "lens",
    "node-fetch",
    "headlamp",
    "mozilla",
    "curl",
    "wget",
    "openapi-generator",
    "python-requests",
)
"""Prefixes of interactive field managers in lower case: command lines, consoles, scripts."""


class Hand(Enum):
    """The kind of a field manager."""

    STACK = "stack"
    CONTROLLER = "controller"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class FieldOwner:
    """One manager and what it owns from here on.

    Attributes:
        manager: its name, `kubectl-edit`.
        time: when it last changed what it owns, as the API server writes it.
        fields: FieldsV1 below the field that is looked at.
    """

    manager: str
    time: str
    fields: dict[str, Any]

    @property
    def hand(self) -> Hand:
        """The kind of a field manager; an unknown program counts as interactive."""
        if self.manager.startswith(MANAGERS):
            return Hand.STACK
        known = self.manager.startswith(CONTROLLERS)
        if known or self.manager.endswith(KINDS_OF_CONTROLLERS):
            return Hand.CONTROLLER
        return Hand.PERSON

    @property
    def is_typed(self) -> bool:
        """True if it is interactive, so that additions are intentional."""
        return self.manager.lower().startswith(TYPED)

    def below(self, step: str) -> FieldOwner | None:
        """The same a step further down; None where it owns nothing there."""
        if not self.fields:  # an empty mapping: all of it
            return self
        found = self.fields.get(step)
        return None if found is None else replace(self, fields=found)

    def __str__(self) -> str:
        return f"{self.manager}, {self.time.replace('T', ' ').replace('Z', ' UTC')}"


@dataclass(frozen=True, slots=True)
class Owners:
    """The managers of a field or of its children, the most recent first."""

    all: tuple[FieldOwner, ...]

    @classmethod
    def of(cls, manifest: Manifest) -> Owners:
        """The owners of an object; entries in another API version speak of other fields."""
        entries = manifest["metadata"].get("managedFields", ())
        found = (
            FieldOwner(entry["manager"], entry.get("time", ""), entry.get("fieldsV1", {}))
            for entry in entries
            if entry.get("apiVersion") == manifest["apiVersion"]
            and not entry.get("subresource")
            and entry.get("fieldsV1")
        )
        return cls(tuple(sorted(found, key=lambda owner: owner.time, reverse=True)))

    def below(self, step: str) -> Owners:
        """The managers of a child field: `f:spec`."""
        return Owners(tuple(found for each in self.all if (found := each.below(step))))

    def by(self, hand: Hand) -> Iterator[FieldOwner]:
        """Those of one kind."""
        return (each for each in self.all if each.hand is hand)

    def item_keys(self) -> tuple[str, ...]:
        """The fields that identify the items of this list; none if they are unknown."""
        for step in self._steps():
            if step.startswith("k:"):
                return tuple(sorted(json.loads(step[2:])))
        return ()

    def _steps(self) -> Iterable[str]:
        return (step for each in self.all for step in each.fields)


def item_step(item: dict[str, Any], keys: tuple[str, ...]) -> str:
    """The item of a list in the notation of FieldsV1."""
    key = {name: item[name] for name in keys if name in item}
    return f"k:{json.dumps(key, separators=(',', ':'))}"
