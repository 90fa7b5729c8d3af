"""The texts of the codes: one YAML file per area in `errors/areas`, read when a text is needed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "areas"


class Actor(StrEnum):
    """The actor that is responsible for a failure of a running cluster."""

    USER = "user"
    """The author of the stack file, or the owner of the workload."""
    PLATFORM = "platform"
    """The operator of the infrastructure, its account and the management cluster."""

    @property
    def words(self) -> str:
        """In words, for pages."""
        if self is Actor.USER:
            return "the author of the stack file or the owner of the workload"
        return "the operator of the infrastructure or the management cluster"


@dataclass(frozen=True, slots=True)
class Texts:
    """One entry of an area file.

    Args:
        number: four digits; the first one is the subject: 1 stack file, 2 this machine and the
            embedded plane, 3 program, preview and apply, 4 policies, 5 running clusters.
        reason: the name in CamelCase, unique; scripts match on it.
        summary: one line, what is wrong in general.
        cause: why it happens, a short paragraph.
        fix: what to do, in the imperative.
        example: a text that triggers it, or what a user sees.
        since: the release that brought it.
        retired: the release that stopped raising it; a retired number is never used again.
        actor: the role that has to act, where that is not the user of the command.
        provider: the infrastructure of the stack in which a test executes the example.
        at: the example's place in that stack, `clusters.0`; `file` if it is a whole stack file.
            `command` for a command line before its remark. Empty if no test executes it.
        before: what is at this place of the stack of a running cluster, if the code is about a
            change.
    """

    number: int
    reason: str
    summary: str
    cause: str
    fix: str
    example: str
    since: str
    retired: str | None = None
    actor: Actor | None = None
    provider: str = ""
    at: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """An area file.

    Args:
        name: the file's name, and that of the module that has the codes as constants.
        title: the numbers and their subject, a heading of the index.
        codes: the texts by the constant's name, in the file's order.
    """

    name: str
    title: str
    codes: dict[str, Texts]


def areas() -> list[str]:
    """The names of all areas."""
    return sorted(file.stem for file in FOLDER.glob("*.yaml"))


@cache
def area(name: str) -> Area:
    """The area of this name, read once."""
    import yaml  # noqa: PLC0415 - a third of the time that `./caas --help` takes

    data = yaml.load((FOLDER / f"{name}.yaml").read_text(), yaml.CSafeLoader)
    codes = {constant: _texts(entry) for constant, entry in data["codes"].items()}
    return Area(name, data["title"], codes)


@cache
def texts(name: str, number: int) -> Texts:
    """The texts of one code of an area."""
    return next(found for found in area(name).codes.values() if found.number == number)


def _texts(entry: dict[str, str]) -> Texts:
    actor = entry.pop("actor", None)
    return Texts(**entry, actor=Actor(actor) if actor else None)  # type: ignore[arg-type]
