"""The differences as findings: changed, added, deleted, overridden, and not applied yet.

An apply's dry run tells what it would change. Of a field that it would change, the API server knows
who set it; of one that is gone it does not, so the record of the last apply tells whether the stack
wanted it then already. Without such a record, as after an apply of the pulumi CLI, what is gone
counts as not applied yet.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from components.mappings import Manifest
from engine.objects import Digests, Key, Objects, digests, is_applied
from engine.owners import FieldOwner, Hand, Owners
from engine.plan.objects import ObjectChange, Operation
from engine.plan.plan import Plan
from engine.session import Session
from engine.values import HIDDEN
from errors import Code, Problem, Where
from errors.drift import (
    ADDED_BY_HAND,
    CHANGED_BY_HAND,
    NOT_APPLIED_YET,
    OBJECT_ADDED_BY_HAND,
    OBJECT_DELETED,
    OVERRIDDEN_BY_CONTROLLER,
)
from operations.drift.differences import ABSENT, Difference, additions, differences, written

LONGEST = 60
"""Characters of a value that are shown."""
HEALED = (CHANGED_BY_HAND, OBJECT_DELETED, OVERRIDDEN_BY_CONTROLLER, NOT_APPLIED_YET)
"""The findings that `up` fixes; manual additions are kept."""
ONCE = (
    "Bring it back from a backup of the management cluster before the next `./caas up STACK`: that "
    "makes another one, and what was encrypted with this one can't be read any more."
)
"""The fix for a deleted encryption key."""


@dataclass(frozen=True, slots=True)
class DriftFinding:
    """One thing that is not as the stack says.

    Attributes:
        code: what kind of thing.
        key: the object.
        path: the field; empty where the whole object is meant.
        found: what it is, as it may be shown.
        wanted: what it would be after an `up`.
        by: who set it; None where that is not recorded.
        is_once: whether an `up` would make it with other content, as a key.
        cluster: the workload cluster that the object is in; empty for the management cluster.
    """

    code: Code
    key: Key
    path: str = ""
    found: Any = ABSENT
    wanted: Any = ABSENT
    by: FieldOwner | None = None
    is_once: bool = False
    cluster: str = ""

    def order(self) -> tuple[bool, str, Key, str]:
        """The place among findings: drift first."""
        return not self.is_drift, self.cluster, self.key, self.path

    @property
    def healed(self) -> bool:
        """True if `up` fixes it."""
        return self.code in HEALED and not self.is_once

    @property
    def is_drift(self) -> bool:
        """True if the live object changed, and not the stack."""
        return self.code is not NOT_APPLIED_YET

    def problem(self, stack: str) -> Problem:
        """The finding as every command shows it."""
        cluster = self.key.name if self.key.kind == "Cluster" else self.cluster or None
        place = f"{self.key.namespace}/" if self.key.namespace else ""
        where = Where(cluster=cluster, object=f"{self.key.kind} {place}{self.key.name}")
        fix = ONCE if self.is_once else self.code.fix
        return Problem(self.code, self._what(), where, self._who(), fix.replace("STACK", stack))

    def as_dict(self, stack: str) -> dict[str, Any]:
        """For `--output json`."""
        values = {"found": self.found, "wanted": self.wanted}
        return self.problem(stack).as_dict() | {
            "drift": self.is_drift,
            "path": self.path or None,
            "by": self.by.manager if self.by else None,
            "at": self.by.time if self.by else None,
            "healedByUp": self.healed,
            **{name: each for name, each in values.items() if self.path and each is not ABSENT},
        }

    def _what(self) -> str:
        if self.path:
            if self.code is ADDED_BY_HAND:
                return f"`{self.path}` is {_short(self.found)}, and the stack does not set it"
            return f"`{self.path}` is {_short(self.found)} and not {_short(self.wanted)}"
        if self.code is NOT_APPLIED_YET:
            gone = self.wanted is ABSENT
            return "it is no longer in the stack" if gone else "it is not made yet"
        if self.code is OBJECT_ADDED_BY_HAND:
            return "it carries the stack's label, and the stack did not make it"
        return "it is gone" if self.found is ABSENT else "it is being deleted"

    def _who(self) -> str:
        if self.by:
            return f"by {self.by}"
        return "by an unknown manager" if self.is_drift else ""


def find_drift(session: Session, plan: Plan) -> list[DriftFinding]:
    """Everything that differs on the management cluster, object by object. Nothing is changed.

    Args:
        session: the stack.
        plan: a lenient plan of an apply.
    """
    recording, objects = plan.recording, plan.objects
    known = digests(recording.objects())
    made_once = recording.made_once()
    look = Look(session.members.applied(), known, recording.with_secrets(), made_once)
    found: list[DriftFinding] = []
    for change in objects.changes:
        found += look.change(change)
    for key, desired in objects.desired.items():
        live = objects.live.get(key)
        if live is None:
            continue
        if "deletionTimestamp" in live["metadata"]:
            found = [each for each in found if each.key != key]
            found.append(DriftFinding(OBJECT_DELETED, key, found=True, wanted=True))
        elif key not in made_once:
            found += look.additions(live, desired)
    found += _strangers(session.members.labelled(objects.desired), objects.desired)
    return sorted(found, key=DriftFinding.order)


@dataclass(frozen=True, slots=True)
class Look:
    """The context of an object.

    Attributes:
        applied: what the last apply was about.
        wanted: the same of the stack as it is now.
        secret: objects that have secrets.
        made_once: objects that are left alone where they exist.
    """

    applied: Digests | None
    wanted: Digests
    secret: Objects
    made_once: Container[Key] = ()

    def change(self, change: ObjectChange) -> Iterator[DriftFinding]:
        """The findings about one object that an apply would touch."""
        key = change.key
        if change.operation is Operation.DELETE:
            yield DriftFinding(NOT_APPLIED_YET, key, found=True)
        elif change.before is None or change.after is None:
            was_there = self.applied is not None and str(key) in self.applied
            code = OBJECT_DELETED if was_there else NOT_APPLIED_YET
            once = was_there and key in self.made_once
            yield DriftFinding(code, key, wanted=True, is_once=once)
        else:
            for difference in differences(change.before, change.after):
                if finding := self._judged(change.before, key, difference):
                    yield self._shown(finding)

    def additions(self, live: Manifest, desired: Manifest) -> Iterator[DriftFinding]:
        """The manual additions to an object."""
        key = Key.of(live)
        for each in additions(live, desired):
            path = written(each.path)
            yield self._shown(DriftFinding(ADDED_BY_HAND, key, path, each.found, by=each.owner))

    def _judged(self, live: Manifest, key: Key, difference: Difference) -> DriftFinding | None:
        owners = difference.owners
        path = written(difference.path)
        finding = DriftFinding(NOT_APPLIED_YET, key, path, difference.found, difference.wanted)
        if difference.found is not ABSENT and any(owners.by(Hand.STACK)):
            return finding
        if difference.wanted is ABSENT:  # owned by another manager; its removal would be a guess
            return None
        for hand, code in (
            (Hand.PERSON, CHANGED_BY_HAND),
            (Hand.CONTROLLER, OVERRIDDEN_BY_CONTROLLER),
        ):
            if difference.found is not ABSENT and (by := next(owners.by(hand), None)):
                return replace(finding, code=code, by=by)
        if self._is_pending(key):
            return finding
        return replace(
            finding, code=CHANGED_BY_HAND, by=next(Owners.of(live).by(Hand.PERSON), None)
        )

    def _is_pending(self, key: Key) -> bool:
        """True if the stack's object differs from the last apply."""
        return self.applied is None or self.applied.get(str(key)) != self.wanted.get(str(key))

    def _shown(self, finding: DriftFinding) -> DriftFinding:
        """The finding without values where the object has secrets."""
        if finding.key.kind != "Secret" and finding.key not in self.secret:
            return finding
        found, wanted = (
            each if each is ABSENT else HIDDEN for each in (finding.found, finding.wanted)
        )
        return replace(finding, found=found, wanted=wanted)


def _strangers(labelled: Objects, desired: Iterable[Key]) -> Iterator[DriftFinding]:
    """Objects with the stack's label that a person made; Cluster API's copies have an owner."""
    wanted = set(desired)
    for key, manifest in labelled.items():
        if key in wanted or is_applied(manifest) or manifest["metadata"].get("ownerReferences"):
            continue
        if by := next(Owners.of(manifest).by(Hand.PERSON), None):
            yield DriftFinding(OBJECT_ADDED_BY_HAND, key, found=True, by=by)


def _short(value: Any) -> str:
    if value is ABSENT:
        return "not there"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text}`" if len(text) <= LONGEST else f"`{text[:LONGEST]}…`"
