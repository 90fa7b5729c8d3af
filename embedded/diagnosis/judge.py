"""From objects to findings: the first row that fits each object, the deepest cause of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from embedded.diagnosis.inventory import Inventory, Name
from embedded.diagnosis.row import Row
from embedded.diagnosis.signs import Evidence, Subject
from embedded.diagnosis.table import rows_for
from errors import Code, Problem, Where

PATIENCE = timedelta(minutes=10)
"""How long progress may take before it is a problem."""


@dataclass(frozen=True, slots=True)
class Finding:
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
        """What it means."""
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

    def explains(self, other: Finding) -> bool:
        """Whether it is the reason for a symptom on an object above its own.

        The infrastructure of the whole cluster is the reason for what is seen on any object of it.
        """
        if self.row.aside or other.row.symptom is None or self.object == other.object:
            return False
        branch = not other.row.symptom or any(each.kind == other.row.symptom for each in self.chain)
        below = (other.object in self.chain and branch) or self.is_of_whole_cluster
        return below and (other.pending or not self.pending)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong, and what is merely on its way."""

    problems: tuple[Finding, ...]
    progress: tuple[Finding, ...]


def diagnose(
    inventory: Inventory, *, patience: timedelta = PATIENCE, now: datetime | None = None
) -> Diagnosis:
    """Judges every object of the inventory by the table.

    Args:
        inventory: the objects.
        patience: how long progress may take before it is a problem.
        now: the time to reckon ages from; the present one if it is not given.
    """
    now = now or datetime.now(UTC)
    found = [
        finding
        for manifest in inventory
        for finding in _findings(Subject(manifest, inventory, now), patience)
    ]
    by_cluster: dict[str, list[Finding]] = {}
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


def _findings(subject: Subject, patience: timedelta) -> Iterator[Finding]:
    """Every aside that fits, and the first of the other rows that does."""
    fitting = list(_fitting(subject))
    first = [pair for pair in fitting if not pair[0].aside][:1]
    for row, evidence in [*(pair for pair in fitting if pair[0].aside), *first]:
        age = None if evidence.since is None else subject.now - evidence.since
        chain = subject.inventory.chain(subject.manifest)
        end = Name.at(subject.manifest, row.leads_to) if row.leads_to else None
        yield Finding(
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


def _fitting(subject: Subject) -> Iterator[tuple[Row, Evidence]]:
    kind = subject.manifest["kind"]
    is_infrastructure = kind in subject.inventory.infrastructure
    for row in rows_for(kind, is_infrastructure=is_infrastructure):
        evidence = row.sign(subject)
        if evidence is not None and row.only(subject):
            yield row, evidence


def _ago(age: timedelta) -> str:
    """How long, in the largest unit that says it: `45 s`, `12 min`, `3 h`."""
    seconds = int(age.total_seconds())
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
