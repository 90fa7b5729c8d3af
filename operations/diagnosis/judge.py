"""From objects to findings: the first row that fits each object, the deepest cause of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from components.infrastructure.failure_sign import FailureSign
from errors import Code, Problem, Where
from operations.diagnosis.inventory import Inventory, Name
from operations.diagnosis.row import Row
from operations.diagnosis.signs import Evidence, ObservedObject
from operations.diagnosis.table import every_sign, rows_for

PATIENCE = timedelta(minutes=10)
"""The time after which progress becomes a problem."""


@dataclass(frozen=True, slots=True)
class DiagnosedProblem:
    """Something that is not as it should be.

    Attributes:
        chain: from the Cluster to the object that shows why.
        pending: it is progress so far.
        is_of_whole_cluster: its object is the infrastructure of the Cluster itself.
    """

    row: Row
    cluster: str
    object: Name
    chain: tuple[Name, ...]
    evidence: Evidence
    pending: bool
    age: timedelta | None
    is_of_whole_cluster: bool = False

    @property
    def code(self) -> Code:
        """The explanation of a sign."""
        return self.row.code

    @property
    def what(self) -> str:
        """One sentence."""
        words = self.row.what.format(object=self.object, cluster=self.cluster)
        return words if self.age is None or not self.row.grace else f"{words}, for {_ago(self.age)}"

    @property
    def why(self) -> str:
        """The chain of objects, and what the last of them shows."""
        chain = " → ".join(str(name) for name in self.chain)
        message = f": {self.evidence.message}" if self.evidence.message else ""
        return f"{chain}: {self.evidence.words}{message}"

    def problem(self) -> Problem:
        """The finding as a problem with its code."""
        where = Where(cluster=self.cluster or None, object=str(self.object))
        return Problem(self.code, self.what, where, self.why)

    def explains(self, other: DiagnosedProblem) -> bool:
        """True if it explains a symptom on an owner of its object.

        The infrastructure of the whole cluster is the reason for what is seen on any object of it.
        """
        if self.row.aside or other.row.symptom is None or self.object == other.object:
            return False
        branch = not other.row.symptom or any(each.kind == other.row.symptom for each in self.chain)
        below = (other.object in self.chain and branch) or self.is_of_whole_cluster
        return below and (other.pending or not self.pending)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The problems, and the operations in progress."""

    problems: tuple[DiagnosedProblem, ...]
    progress: tuple[DiagnosedProblem, ...]


def diagnose(
    inventory: Inventory,
    *,
    signs: tuple[FailureSign, ...] | None = None,
    patience: timedelta = PATIENCE,
    now: datetime | None = None,
) -> Diagnosis:
    """Judges every object of the inventory by the table.

    Args:
        inventory: the objects.
        signs: of failures of the stack's infrastructure; those of every infrastructure if they are
            not given.
        patience: how long progress may take before it is a problem.
        now: the time to reckon ages from; the present one if it is not given.
    """
    now = now or datetime.now(UTC)
    signs = every_sign() if signs is None else signs
    found = [
        finding
        for manifest in inventory
        for finding in _findings(ObservedObject(manifest, inventory, now), signs, patience)
    ]
    by_cluster: dict[str, list[DiagnosedProblem]] = {}
    for finding in found:
        by_cluster.setdefault(finding.cluster, []).append(finding)
    found = [
        finding
        for finding in found
        if not any(other.explains(finding) for other in by_cluster[finding.cluster])
    ]
    found.sort(key=lambda finding: (finding.cluster, finding.code.number, finding.object))
    return Diagnosis(
        problems=tuple(finding for finding in found if not finding.pending),
        progress=tuple(finding for finding in found if finding.pending),
    )


def _findings(
    subject: ObservedObject, signs: tuple[FailureSign, ...], patience: timedelta
) -> Iterator[DiagnosedProblem]:
    """Every aside that fits, and the first of the other rows that does."""
    fitting = list(_fitting(subject, signs))
    first = [pair for pair in fitting if not pair[0].aside][:1]
    for row, evidence in [*(pair for pair in fitting if pair[0].aside), *first]:
        age = None if evidence.since is None else subject.now - evidence.since
        chain = subject.inventory.chain(subject.manifest)
        end = Name.at(subject.manifest, row.leads_to) if row.leads_to else None
        yield DiagnosedProblem(
            row=row,
            cluster=subject.cluster.get("metadata", {}).get("name", ""),
            object=Name.of(subject.manifest),
            chain=(*chain, end) if end else tuple(chain),
            evidence=evidence,
            pending=bool(row.grace and age is not None and age < patience),
            age=age,
            is_of_whole_cluster=Name.at(subject.cluster, "spec.infrastructureRef")
            == Name.of(subject.manifest),
        )


def _fitting(
    subject: ObservedObject, signs: tuple[FailureSign, ...]
) -> Iterator[tuple[Row, Evidence]]:
    kind = subject.manifest["kind"]
    is_infrastructure = kind in subject.inventory.infrastructure
    for row in rows_for(kind, is_infrastructure=is_infrastructure, signs=signs):
        evidence = row.sign(subject)
        if evidence is not None and row.only(subject):
            yield row, evidence


def _ago(age: timedelta) -> str:
    """A duration in its largest unit: `45 s`, `12 min`, `3 h`."""
    seconds = int(age.total_seconds())
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
