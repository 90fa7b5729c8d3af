"""Codes, places, problems, and the exception that carries them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from errors.texts import Actor, Texts, texts

INDEX = "docs/errors/README.md"


@dataclass(frozen=True, slots=True)
class Code:
    """One code: its identity here, its texts in the file of its area.

    Args:
        number: four digits, unique.
        reason: the name in CamelCase, unique; scripts match on it.
        area: the file in `errors/areas` that has the texts.
    """

    number: int
    reason: str
    area: str

    @property
    def id(self) -> str:
        """The code as users see it, `CAAS-1003`."""
        return f"CAAS-{self.number:04d}"

    @property
    def page(self) -> str:
        """The code's row in the index, relative to the repository."""
        return f"{INDEX}#{self.id.lower()}"

    @property
    def texts(self) -> Texts:
        """Summary, cause, fix, example and all else that the area's file says."""
        return texts(self.area, self.number)

    @property
    def summary(self) -> str:
        """The summary of the problem in general, in one line."""
        return self.texts.summary

    @property
    def cause(self) -> str:
        """The general cause."""
        return self.texts.cause

    @property
    def fix(self) -> str:
        """The general fix."""
        return self.texts.fix

    @property
    def retired(self) -> str | None:
        """The release that stopped raising it."""
        return self.texts.retired

    @property
    def actor(self) -> Actor | None:
        """The responsible actor, if it is not the user of the command."""
        return self.texts.actor


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
        """The fix."""
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
