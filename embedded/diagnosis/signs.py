"""What can be seen on an object: a condition, a deletion, a date."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from components.manifest import Manifest
from embedded.diagnosis.inventory import Inventory
from embedded.fleet import conditions_of


@dataclass(frozen=True)
class Subject:
    """One object, looked at now."""

    manifest: Manifest
    inventory: Inventory
    now: datetime

    @cached_property
    def conditions(self) -> dict[str, dict[str, Any]]:
        """Its conditions by type."""
        return conditions_of(self.manifest)

    @property
    def is_deleting(self) -> bool:
        """Whether it is being deleted."""
        return "deletionTimestamp" in self.manifest["metadata"]

    @cached_property
    def cluster(self) -> Manifest:
        """Its Cluster; empty where there is none."""
        return self.inventory.cluster(self.manifest) or {}

    def initialization(self, what: str) -> bool:
        """`status.initialization.<what>` of the object."""
        return bool(self.manifest.get("status", {}).get("initialization", {}).get(what))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen.

    Attributes:
        words: `InfrastructureReady is False (NotReady)`.
        message: what Cluster API says about it, in one line.
        since: when it began; None where that says nothing.
    """

    words: str
    message: str
    since: datetime | None


Sign = Callable[[Subject], Evidence | None]


def condition(kind: str, status: str, reason: str = ".*", message: str = "") -> Sign:
    """A condition of the object.

    Args:
        kind: its type.
        status: `False`, or several as `False|Unknown`.
        reason: a pattern for the whole reason.
        message: a pattern for some of the message.
    """

    def sign(subject: Subject) -> Evidence | None:
        found = subject.conditions.get(kind)
        if (
            found is None
            or found["status"] not in status.split("|")
            or not re.fullmatch(reason, found["reason"])
            or not re.search(message, found.get("message", ""))
        ):
            return None
        words = f"{kind} is {found['status']} ({found['reason']})"
        since = datetime.fromisoformat(found["lastTransitionTime"])
        return Evidence(words, in_one_line(found.get("message", "")), since)

    return sign


def since_created(sign: Sign) -> Sign:
    """The same sign, dated from the object's creation: it is normal only in its first time."""

    def dated(subject: Subject) -> Evidence | None:
        evidence = sign(subject)
        return evidence and replace(evidence, since=_created(subject.manifest))

    return dated


def since_last_machine(sign: Sign) -> Sign:
    """The same sign, dated from the cluster's newest machine: while machines come it goes on."""

    def dated(subject: Subject) -> Evidence | None:
        evidence = sign(subject)
        if evidence is None or evidence.since is None:
            return evidence
        machines = subject.inventory.of_cluster(subject.manifest["metadata"]["name"], "Machine")
        times = [_created(machine) for machine in machines]
        return replace(evidence, since=max([evidence.since, *times]))

    return dated


def kept_by_finalizers(subject: Subject) -> Evidence | None:
    """The object is being deleted, and finalizers keep it."""
    metadata = subject.manifest["metadata"]
    if not subject.is_deleting:
        return None
    message = f"finalizers: {', '.join(metadata.get('finalizers', ())) or 'none'}"
    return Evidence("being deleted", message, datetime.fromisoformat(metadata["deletionTimestamp"]))


def expires_within(days: int) -> Sign:
    """The certificates of a control-plane Machine expire soon."""

    def sign(subject: Subject) -> Evidence | None:
        text = subject.manifest.get("status", {}).get("certificatesExpiryDate")
        if not text or datetime.fromisoformat(text) - subject.now > timedelta(days=days):
            return None
        return Evidence("status.certificatesExpiryDate", text, None)

    return sign


def _created(manifest: Manifest) -> datetime:
    return datetime.fromisoformat(manifest["metadata"]["creationTimestamp"])


def in_one_line(message: str) -> str:
    """A condition's message, an indented list, as one line."""
    parts = [line.strip().removeprefix("* ") for line in message.splitlines()]
    return re.sub(r":; ", ": ", "; ".join(part for part in parts if part))
