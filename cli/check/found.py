"""The result of a check: the findings of a stack, and the effect of a change on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from errors import Problem, Where
from errors.registry import find


@dataclass(frozen=True, slots=True)
class StackFinding:
    """One thing that is wrong with a stack, or could be better.

    Attributes:
        problem: what, where, why, and what to do.
        advice: whether it stops nothing.
        rule: the policy's name; empty where it is none.
    """

    problem: Problem
    advice: bool = False
    rule: str = ""

    @property
    def level(self) -> str:
        """`error` or `warning`."""
        return "warning" if self.advice else "error"

    @property
    def what(self) -> str:
        """The message of a finding and its object; a finding in a stack file names clusters
        only."""
        thing = self.problem.where.object
        what = self.problem.what.rstrip(".")
        return f"{thing}: {what}" if thing else what

    @property
    def identity(self) -> tuple[str, ...]:
        """The identity of a finding that does not depend on line numbers."""
        where = self.problem.where
        thing = where.cluster or where.object or ""
        return (self.problem.code.id, self.rule, thing, self.problem.what)

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`, and from one process to another."""
        return self.problem.as_dict() | {"level": self.level, "rule": self.rule or None}

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> StackFinding | None:
        """The finding that `as_dict` gave; None where its code is none of this release's."""
        code = find(given["code"])
        if code is None:
            return None
        fix = "" if given["fix"] == code.fix else given["fix"]
        problem = Problem(code, given["what"], Where(**given["where"]), given["why"], fix)
        return cls(problem, given["level"] == "warning", given["rule"] or "")


@dataclass(frozen=True, slots=True)
class StackChange:
    """The effect of a pull request on one stack.

    Attributes:
        summary: a sentence for each cluster that changes.
        clusters: every cluster's change, as of `./caas preview --output json`.
        objects: a line for each object that changes.
        approvals: that changes of tenants need, as of `./caas preview --output json`.
        cloud: a line for each resource that changes and that the pulumi CLI makes.
    """

    summary: Sequence[str] = ()
    clusters: Sequence[Mapping[str, Any]] = ()
    objects: Sequence[str] = ()
    cloud: Sequence[str] = ()
    approvals: Sequence[Mapping[str, Any]] = ()

    @property
    def is_empty(self) -> bool:
        """True if the stack does not change."""
        return not self.objects and not self.cloud

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`, and from one process to another."""
        names = ("summary", "clusters", "objects", "cloud", "approvals")
        return {name: list(getattr(self, name)) for name in names}


@dataclass(frozen=True, slots=True)
class Checked:
    """One stack after its check.

    Attributes:
        stack: its name.
        file: its file.
        findings: what is wrong; where it was compared, what was not wrong before.
        known: what was wrong before, and is still.
        mended: how much was wrong before, and no longer is.
        change: what changes; None where nothing was compared.
        clusters: how many clusters it has.
        objects: how many objects its program registers.
        estimate: what it is made of and costs, as of `./caas preview --output json`.
    """

    stack: str
    file: Path
    findings: tuple[StackFinding, ...] = ()
    known: tuple[StackFinding, ...] = ()
    mended: int = 0
    change: StackChange | None = None
    clusters: int = 0
    objects: int = 0
    estimate: Mapping[str, Any] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        """The number of findings that fail the check."""
        return sum(not finding.advice for finding in self.findings)

    def since(self, before: Iterable[StackFinding]) -> Checked:
        """The same, with the findings told apart from those that were there before."""
        left = Counter(finding.identity for finding in before)
        new: list[StackFinding] = []
        known: list[StackFinding] = []
        for finding in self.findings:
            there = left[finding.identity] > 0
            left[finding.identity] -= int(there)
            (known if there else new).append(finding)
        gone = sum(count for count in left.values() if count > 0)
        return replace(self, findings=tuple(new), known=tuple(known), mended=gone)

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`, and from one process to another."""
        return {
            "stack": self.stack,
            "file": str(self.file),
            "findings": [finding.as_dict() for finding in self.findings],
            "known": [finding.as_dict() for finding in self.known],
            "mended": self.mended,
            "change": self.change.as_dict() if self.change else None,
            "clusters": self.clusters,
            "objects": self.objects,
            "estimate": dict(self.estimate) or None,
        }

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Checked:
        """The inverse of `as_dict`, which ran in another process."""
        change = given["change"]
        return cls(
            given["stack"],
            Path(given["file"]),
            findings=_findings(given["findings"]),
            known=_findings(given["known"]),
            mended=given["mended"],
            change=StackChange(**change) if change else None,
            clusters=given["clusters"],
            objects=given["objects"],
            estimate=given["estimate"] or {},
        )


def _findings(given: Iterable[Mapping[str, Any]]) -> tuple[StackFinding, ...]:
    return tuple(finding for each in given if (finding := StackFinding.of(each)))
