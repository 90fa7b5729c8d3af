"""The signs on an object: a condition, an event, a deletion, a date."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from components.mappings import Manifest
from engine.fleet import conditions_of
from operations.diagnosis.inventory import Inventory, Name

OWN_FINALIZERS = ("cluster.x-k8s.io", "foregroundDeletion", "orphan")
"""Substrings of the finalizers of Cluster API, of its providers and of Kubernetes."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The observed sign.

    Attributes:
        words: `InfrastructureReady is False (NotReady)`.
        message: what Cluster API says about it, in one line.
        since: when it began; None where that says nothing.
    """

    words: str
    message: str
    since: datetime | None


@dataclass(frozen=True)
class ObservedObject:
    """One object, looked at now."""

    manifest: Manifest
    inventory: Inventory
    now: datetime

    @cached_property
    def conditions(self) -> dict[str, dict[str, Any]]:
        """Its conditions by type."""
        return conditions_of(self.manifest)

    @cached_property
    def reports(self) -> list[Evidence]:
        """The errors that an object's controller reports: false conditions, a failure, an event.

        Providers of before Cluster API's v1beta2 keep the message in a condition that is deprecated
        now, or in `status.failureMessage`. Events stay for an hour, whatever became of it: the last
        one counts, while the object is not ready and no condition tells of a failure.
        """
        status = self.manifest.get("status", {})
        deprecated = status.get("deprecated", {}).get("v1beta1", {}).get("conditions", [])
        # The summary comes last: it repeats what another condition says.
        conditions = sorted(
            (*self.conditions.values(), *deprecated), key=lambda each: each["type"] == "Ready"
        )
        wrong = [each for each in conditions if each["status"] != "True" and each.get("message")]
        found = [_evidence(each) for each in wrong]
        if failure := status.get("failureMessage"):
            found.append(Evidence("status.failureMessage", in_one_line(failure), None))
        is_told = failure or any(each.get("severity") != "Info" for each in wrong)
        if not is_told and not self._is_ready:
            found += [
                Evidence(f"event {each.reason}", in_one_line(each.message), each.since)
                for each in self.inventory.events(Name.of(self.manifest))[:1]
            ]
        return found

    @property
    def _is_ready(self) -> bool:
        status = self.manifest.get("status", {})
        return bool(status.get("ready")) or self.conditions.get("Ready", {}).get("status") == "True"

    @property
    def is_deleting(self) -> bool:
        """True if the object is being deleted."""
        return "deletionTimestamp" in self.manifest["metadata"]

    @cached_property
    def cluster(self) -> Manifest:
        """Its Cluster; empty where there is none."""
        return self.inventory.cluster(self.manifest) or {}

    def initialization(self, what: str) -> bool:
        """`status.initialization.<what>` of the object."""
        return bool(self.manifest.get("status", {}).get("initialization", {}).get(what))


Sign = Callable[[ObservedObject], Evidence | None]


def condition(kind: str, status: str, reason: str = ".*", message: str = "") -> Sign:
    """A condition of the object.

    Args:
        kind: its type, or several as `ScalingUp|ScalingDown`.
        status: `False`, or several as `False|Unknown`.
        reason: a pattern for the whole reason.
        message: a pattern for some of the message.
    """

    kinds, statuses = kind.split("|"), status.split("|")

    def sign(subject: ObservedObject) -> Evidence | None:
        for each in kinds:
            found = subject.conditions.get(each)
            if (
                found is not None
                and found["status"] in statuses
                and re.fullmatch(reason, found.get("reason", ""))
                and re.search(message, found.get("message", ""))
            ):
                return _evidence(found)
        return None

    return sign


def says(pattern: str) -> Sign:
    """A word of the infrastructure in what the object's controller reports."""
    compiled = re.compile(pattern)

    def sign(subject: ObservedObject) -> Evidence | None:
        return next((each for each in subject.reports if compiled.search(each.message)), None)

    return sign


def since_created(sign: Sign) -> Sign:
    """The same sign, dated from the object's creation: it is normal only in its first time."""

    def dated(subject: ObservedObject) -> Evidence | None:
        evidence = sign(subject)
        return evidence and replace(evidence, since=_created(subject.manifest))

    return dated


def since_last_machine(sign: Sign) -> Sign:
    """The same sign, dated from the cluster's newest machine: while machines come it goes on."""

    def dated(subject: ObservedObject) -> Evidence | None:
        evidence = sign(subject)
        if evidence is None or evidence.since is None:
            return evidence
        machines = subject.inventory.of_cluster(subject.manifest["metadata"]["name"], "Machine")
        times = [_created(machine) for machine in machines]
        return replace(evidence, since=max([evidence.since, *times]))

    return dated


def kept_by_finalizers(subject: ObservedObject) -> Evidence | None:
    """The object is being deleted, and finalizers keep it."""
    metadata = subject.manifest["metadata"]
    if not subject.is_deleting:
        return None
    message = f"finalizers: {', '.join(metadata.get('finalizers', ())) or 'none'}"
    return Evidence("being deleted", message, datetime.fromisoformat(metadata["deletionTimestamp"]))


def kept_by_strangers(subject: ObservedObject) -> Evidence | None:
    """The object is being deleted, and only unknown finalizers keep it."""
    finalizers = subject.manifest["metadata"].get("finalizers", ())
    if not finalizers or any(own in each for each in finalizers for own in OWN_FINALIZERS):
        return None
    return kept_by_finalizers(subject)


def expires_within(days: int) -> Sign:
    """The certificates of a control-plane Machine expire soon."""

    def sign(subject: ObservedObject) -> Evidence | None:
        left = _left(subject)
        return _expiry(subject) if left and timedelta() < left <= timedelta(days=days) else None

    return sign


def expired(subject: ObservedObject) -> Evidence | None:
    """The certificates of a control-plane Machine have expired."""
    left = _left(subject)
    return _expiry(subject) if left is not None and left <= timedelta() else None


def unapplied(subject: ObservedObject) -> Evidence | None:
    """A ClusterResourceSetBinding has resources that could not be applied."""
    bindings = subject.manifest["spec"].get("bindings", ())
    missing = [
        (each, binding["clusterResourceSetName"])
        for binding in bindings
        for each in binding.get("resources", ())
        if not each.get("applied")
    ]
    if not missing:
        return None
    names = [f"{each['kind']} {each['name']} of {owner}" for each, owner in missing]
    times = [each["lastAppliedTime"] for each, _ in missing if each.get("lastAppliedTime")]
    since = datetime.fromisoformat(max(times)) if times else None
    return Evidence("spec.bindings", f"not applied: {', '.join(names)}", since)


def _expiry(subject: ObservedObject) -> Evidence:
    text = subject.manifest["status"]["certificatesExpiryDate"]
    return Evidence("status.certificatesExpiryDate", text, None)


def _left(subject: ObservedObject) -> timedelta | None:
    text = subject.manifest.get("status", {}).get("certificatesExpiryDate")
    return datetime.fromisoformat(text) - subject.now if text else None


def _evidence(found: dict[str, Any]) -> Evidence:
    """The sign of a condition."""
    reason = f" ({found['reason']})" if found.get("reason") else ""
    words = f"{found['type']} is {found['status']}{reason}"
    since = datetime.fromisoformat(found["lastTransitionTime"])
    return Evidence(words, in_one_line(found.get("message", "")), since)


def _created(manifest: Manifest) -> datetime:
    return datetime.fromisoformat(manifest["metadata"]["creationTimestamp"])


def in_one_line(message: str) -> str:
    """A condition's message, an indented list, as one line."""
    parts = [line.strip().removeprefix("* ") for line in message.splitlines()]
    return re.sub(r":; ", ": ", "; ".join(part for part in parts if part))
