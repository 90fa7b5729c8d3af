"""Shelves of the application store: folders with an entry in each of their folders.

`stacks.settings.shelves` reads the shelves of a stack with the line and column of each problem; a
program of one's own takes an entry of the recommended shelf by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

import yaml
from pydantic import ValidationError

from catalog import APPS
from components import problems
from components.fields import shown
from components.problems import Places, Steps
from components.store.entry import AppEntry
from errors import CaasError, Problem, Where, stack_file
from errors.store import APP_UNKNOWN, ENTRY_INCONSISTENT

FILE = "app.yaml"


def entry_of(values: object, places: Places) -> AppEntry:
    """The entry in the values of a file.

    Args:
        values: the content of `app.yaml`.
        places: gives the place of a value, for problems.

    Raises:
        CaasError: with every problem: codes of stack files, ENTRY_INCONSISTENT.
    """
    if not isinstance(values, Mapping):
        what = f"the file holds {shown(values)}"
        raise CaasError(stack_file.NOT_A_MAPPING, what, where=places.where(()))
    try:
        entry = AppEntry.model_validate(values)
    except ValidationError as error:
        raise CaasError.of(problems.of(error, AppEntry, places)) from None
    found = [
        Problem(ENTRY_INCONSISTENT, why, places.where(at)) for at, why in entry.inconsistencies()
    ]
    if found:
        raise CaasError.of(found)
    return entry


def recommended(name: str) -> AppEntry:
    """An entry of the recommended shelf.

    Raises:
        CaasError: APP_UNKNOWN, or what `entry_of` raises.
    """
    path = APPS / name / FILE
    if not path.is_file():
        known = names(APPS)
        raise CaasError(APP_UNKNOWN, f"the store has no {shown(name)}", fix=nearest(name, known))
    return entry_of(yaml.load(path.read_text(), yaml.CSafeLoader), _FilePlaces(path))


def names(folder: Path) -> list[str]:
    """The names of the entries in the folder of a shelf."""
    return sorted(path.parent.name for path in folder.glob(f"*/{FILE}"))


def nearest(name: str, known: list[str]) -> str:
    """A question for the entry that was probably meant, and the others."""
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    meant = f"Did you mean `{near[0]}`? " if near else ""
    return f"{meant}The store has {', '.join(known) or 'no entries'}."


class _FilePlaces:
    """Places in a file whose lines are not known."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def where(self, steps: Steps, *, key: bool = False) -> Where:
        return Where(file=str(self._path), path=".".join(map(str, steps)) or None)
