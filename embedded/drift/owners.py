"""Who set which field of an object, as its `metadata.managedFields` say.

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

from components.manifest import Manifest
from embedded.objects import MANAGERS

CONTROLLERS = ("capi-", "clusterctl", "manager", "kube-apiserver", "before-first-apply")
"""How managers of controllers begin; `manager` is what a binary of Cluster API's providers is."""
KINDS_OF_CONTROLLERS = ("-manager", "-controller", "-operator", "-autoscaler", "-scheduler")
"""How their names end."""
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
"""How managers begin that people type into, in small letters: command lines, consoles, scripts."""


class Hand(Enum):
    """Whose hand a manager is."""

    STACK = "stack"
    CONTROLLER = "controller"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Owner:
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
        """Whose it is; a program that nobody knows counts as a person's."""
        if self.manager.startswith(MANAGERS):
            return Hand.STACK
        known = self.manager.startswith(CONTROLLERS)
        if known or self.manager.endswith(KINDS_OF_CONTROLLERS):
            return Hand.CONTROLLER
        return Hand.PERSON

    @property
    def is_typed(self) -> bool:
        """Whether people type into it, so that what it adds was meant by somebody."""
        return self.manager.lower().startswith(TYPED)

    def below(self, step: str) -> Owner | None:
        """The same a step further down; None where it owns nothing there."""
        if not self.fields:  # an empty mapping: all of it
            return self
        found = self.fields.get(step)
        return None if found is None else replace(self, fields=found)

    def __str__(self) -> str:
        return f"{self.manager}, {self.time.replace('T', ' ').replace('Z', ' UTC')}"


@dataclass(frozen=True, slots=True)
class Owners:
    """Everybody who owns something of one field or of what is in it, the last one first."""

    all: tuple[Owner, ...]

    @classmethod
    def of(cls, manifest: Manifest) -> Owners:
        """The owners of an object; entries in another API version speak of other fields."""
        entries = manifest["metadata"].get("managedFields", ())
        found = (
            Owner(entry["manager"], entry.get("time", ""), entry.get("fieldsV1", {}))
            for entry in entries
            if entry.get("apiVersion") == manifest["apiVersion"]
            and not entry.get("subresource")
            and entry.get("fieldsV1")
        )
        return cls(tuple(sorted(found, key=lambda owner: owner.time, reverse=True)))

    def below(self, step: str) -> Owners:
        """Who owns something a step further down: `f:spec`."""
        return Owners(tuple(found for each in self.all if (found := each.below(step))))

    def by(self, hand: Hand) -> Iterator[Owner]:
        """Those of one kind."""
        return (each for each in self.all if each.hand is hand)

    def item_keys(self) -> tuple[str, ...]:
        """The fields that tell the items of this list apart; none where nobody knows."""
        for step in self._steps():
            if step.startswith("k:"):
                return tuple(sorted(json.loads(step[2:])))
        return ()

    def _steps(self) -> Iterable[str]:
        return (step for each in self.all for step in each.fields)


def item_step(item: dict[str, Any], keys: tuple[str, ...]) -> str:
    """How FieldsV1 names an item of a list."""
    key = {name: item[name] for name in keys if name in item}
    return f"k:{json.dumps(key, separators=(',', ':'))}"
