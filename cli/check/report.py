"""The whole of a check, and what all its forms say alike: places, addresses of pages, costs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cli.check.base import repository
from cli.check.found import Checked, StackFinding
from cli.estimate import money
from components.estimate import Range
from errors import Code, Where
from stacks.paths import CHECKOUT


@dataclass(frozen=True)
class CheckReport:
    """The results of all stacks.

    Args:
        stacks: each stack that was checked.
        against: what they were compared with, as the user wrote it; empty where nothing was.
        commit: the commit that is.
        beside: findings that belong to no stack that is there.
    """

    stacks: Sequence[Checked]
    against: str = ""
    commit: str = ""
    beside: Sequence[StackFinding] = field(default=())

    @property
    def findings(self) -> list[StackFinding]:
        """Every finding, those of stacks first."""
        return [*(each for stack in self.stacks for each in stack.findings), *self.beside]

    @property
    def errors(self) -> int:
        """The number of findings that fail the check."""
        return sum(not finding.advice for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        return {
            "against": self.against or None,
            "commit": self.commit or None,
            "errors": self.errors,
            "warnings": len(self.findings) - self.errors,
            "stacks": [stack.as_dict() for stack in self.stacks],
            "removed": [finding.as_dict() for finding in self.beside],
        }

    @property
    def verdict(self) -> str:
        """`2 problems, 1 warning`, and since when."""
        warnings = counted(len(self.findings) - self.errors, "warning")
        since = f", new since {self.against}" if self.against and self.findings else ""
        return f"{counted(self.errors, 'problem')}, {warnings}{since}"

    @cached_property
    def root(self) -> Path:
        """The root of relative paths: the repository, as readers of reports expect."""
        folder = self.stacks[0].file.parent if self.stacks else CHECKOUT
        return repository(folder) or CHECKOUT

    def path(self, where: Where) -> str:
        """The file of a place below the root, with slashes; as it is where it is elsewhere."""
        if not where.file:
            return ""
        file = Path(where.file).resolve()
        return (file.relative_to(self.root) if file.is_relative_to(self.root) else file).as_posix()

    def place(self, where: Where) -> str:
        """A place as people read it, `stacks/Pulumi.dev.yaml:12:5`."""
        parts = (self.path(where), where.line, where.column)
        return ":".join(str(part) for part in parts if part)

    def page(self, code: Code) -> str:
        """The address of a code's page: on the forge that runs this job, else in the checkout."""
        own = CHECKOUT.resolve()
        below = own.relative_to(self.root) if own.is_relative_to(self.root) else Path()
        return f"{forge(os.environ)}{(below / code.page).as_posix()}"


def forge(environment: Mapping[str, str]) -> str:
    """The address of the files of a CI job's commit on GitHub or GitLab; empty elsewhere."""
    repository, commit = environment.get("GITHUB_REPOSITORY"), environment.get("GITHUB_SHA")
    if repository and commit:
        server = environment.get("GITHUB_SERVER_URL", "https://github.com")
        return f"{server}/{repository}/blob/{commit}/"
    project, commit = environment.get("CI_PROJECT_URL"), environment.get("CI_COMMIT_SHA")
    return f"{project}/-/blob/{commit}/" if project and commit else ""


def costs(stack: Checked) -> str:
    """The monthly cost of a stack before and after a change; empty without prices."""
    estimate = stack.estimate
    if not estimate.get("currency"):
        return ""
    before, after = (_money(estimate[name]) for name in ("monthlyBefore", "monthlyAfter"))
    walked = f"{before} → {after}" if stack.change and before != after else after
    return f"{walked} {estimate['currency']} a month (prices of {estimate['pricesOf']})"


def tenant_costs(stack: Checked) -> list[tuple[str, str, str]]:
    """The tenants whose monthly cost changes, with the platform: before and after."""
    estimate = stack.estimate
    rows = [*estimate.get("tenants", ()), estimate.get("platform")]
    return [
        (each["name"], _money(each["monthlyBefore"]), _money(each["monthlyAfter"]))
        for each in rows
        if stack.change and each and each["monthlyBefore"] != each["monthlyAfter"]
    ]


def machines(stack: Checked) -> str:
    """The numbers of machines that a change creates, replaces and removes; empty if there are
    none."""
    clusters = stack.change.clusters if stack.change else ()
    groups = [group for each in clusters for group in (each["controlPlane"], *each["workers"])]
    words = {"created": "made", "replaced": "replaced", "deleted": "removed"}
    said = [
        f"{total} {word}" for key, word in words.items() if (total := sum(g[key] for g in groups))
    ]
    least = "at least " if any(group["autoscaled"] for group in groups) else ""
    return f"machines: {least}{', '.join(said)}" if said else ""


def counted(number: int, thing: str) -> str:
    """`1 cluster`, `2 clusters`."""
    return f"{number} {thing}{'s' * (number != 1)}"


def _money(amount: Any) -> str:
    if isinstance(amount, Mapping):
        return money(Range(amount["min"], amount["max"]))
    return money(Range(amount, amount))
