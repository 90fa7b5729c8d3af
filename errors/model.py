"""What an error is: a code from the registry, and a problem that names where it was met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

DOCS = "docs/errors"


class Actor(StrEnum):
    """Who has to act on a failure of a running cluster."""

    USER = "user"
    """Who wrote the stack file, or what runs in the cluster: it asks for what can't be."""
    PLATFORM = "platform"
    """Who runs the infrastructure, its account and the management cluster: they do not deliver."""

    @property
    def words(self) -> str:
        """In words, for pages."""
        if self is Actor.USER:
            return "whoever wrote the stack file or runs the workload"
        return "whoever runs the infrastructure or the management cluster"


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of the registry.

    Args:
        number: four digits; the first one is the room: 1 stack file, 2 this machine and the
            embedded plane, 3 program, preview and apply, 4 policies, 5 running clusters.
        reason: the name in CamelCase, unique; scripts match on it.
        summary: one line, what is wrong in general.
        cause: why it happens, a short paragraph.
        fix: what to do, in the imperative.
        example: a text that triggers it, or what a user sees.
        since: the release that brought it.
        retired: the release that stopped raising it; a retired number is never used again.
        actor: who has to act, where that is not whoever ran the command.
    """

    number: int
    reason: str
    summary: str
    cause: str
    fix: str
    example: str
    since: str = "0.1.0"
    retired: str | None = None
    actor: Actor | None = None

    @property
    def id(self) -> str:
        """The code as users see it, `CAAS-1003`."""
        return f"CAAS-{self.number:04d}"

    @property
    def page(self) -> str:
        """The page about this code, relative to the repository."""
        return f"{DOCS}/{self.id}.md"


@dataclass(frozen=True, slots=True)
class Where:
    """The place of a problem: a spot in a file, or an object in a cluster."""

    file: str | None = None
    line: int | None = None
    column: int | None = None
    path: str | None = None
    cluster: str | None = None
    object: str | None = None

    def __str__(self) -> str:
        spot = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        cluster = f"cluster {self.cluster}" if self.cluster else ""
        return " ".join(part for part in (spot, self.path, cluster, self.object) if part)


NOWHERE = Where()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what, where, why, and what to do.

    `fix` falls back to the registry's general advice.
    """

    code: Code
    what: str
    where: Where = NOWHERE
    why: str = ""
    fix: str = ""

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return self.fix or self.code.fix

    def __str__(self) -> str:
        place = f"{self.where}: " if str(self.where) else ""
        why = f" ({self.why})" if self.why else ""
        what = self.what.rstrip(".")
        actor = f" ({self.code.actor})" if self.code.actor else ""
        return f"{place}{self.code.id} {what}{why}. Fix{actor}: {self.remedy}"

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        where = {key: value for key, value in asdict(self.where).items() if value is not None}
        actor = {"actor": self.code.actor.value} if self.code.actor else {}
        return {
            "code": self.code.id,
            "reason": self.code.reason,
            "what": self.what,
            "where": where,
            "why": self.why,
            "fix": self.remedy,
            **actor,
        }


class CaasError(Exception):
    """Everything a user can meet: one or more problems, each with a code."""

    def __init__(
        self,
        code: Code,
        what: str,
        *,
        where: Where = NOWHERE,
        why: str = "",
        fix: str = "",
    ) -> None:
        self.problems: tuple[Problem, ...] = (Problem(code, what, where, why, fix),)
        super().__init__(str(self.problems[0]))

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> CaasError:
        """One error out of several problems, in the order given."""
        found = tuple(problems)
        error = cls.__new__(cls)
        Exception.__init__(error, "\n".join(str(problem) for problem in found))
        error.problems = found
        return error

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)
