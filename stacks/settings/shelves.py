"""Shelves of the application store: the recommended one, and those that a stack file names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from catalog import APPS
from components.fields import LABEL, Settings
from components.store.entry import AppEntry
from components.store.shelf import FILE, entry_of, names
from errors import CaasError, Problem
from stacks.settings.source import FilePlaces, read

RECOMMENDED = "recommended"
"""The name of the shelf that comes with this project; its entries are named without it."""


def _own_name(name: str) -> str:
    if name == RECOMMENDED:
        raise ValueError(f"`{RECOMMENDED}` is the shelf that comes with caas")
    return name


class InternalShelf(Settings):
    """A shelf of the platform's own: a folder with `NAME/app.yaml` for each entry."""

    name: Annotated[str, AfterValidator(_own_name), Field(pattern=f"^{LABEL}$", max_length=40)]
    """The name of the shelf; its entries are named `NAME/ENTRY`."""
    folder: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$", max_length=300)]
    """The folder, from the folder of the stack file on."""


class Store(Settings):
    """The application store."""

    internal: Annotated[tuple[InternalShelf, ...], Field(max_length=20)] = ()
    """Shelves of the platform's own applications."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A shelf of the store.

    Attributes:
        name: `recommended`, or as the stack file has it.
        folder: the folder with the folders of its entries.
    """

    name: str
    folder: Path

    def called(self, entry: str) -> str:
        """The name by which tenants name an entry."""
        return entry if self.name == RECOMMENDED else f"{self.name}/{entry}"

    def names(self) -> list[str]:
        """The names of its entries, in the shelf."""
        return names(self.folder)

    def entry(self, name: str) -> AppEntry:
        """An entry. Raises CaasError with every problem of its file, as `entry_of`."""
        path = self.folder / name / FILE
        return _entry(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1024)
def _entry(path: Path, _changed: int) -> AppEntry:
    source = read(path)
    values = source.plain(source.root) if source.root else None
    if source.problems:
        raise CaasError.of(source.problems)
    return entry_of(values, FilePlaces(source))


class Shelves:
    """All shelves of a stack.

    Args:
        store: what the stack file says of them.
        base: the folder of the stack file.
    """

    def __init__(self, store: Store, base: Path) -> None:
        own = (Shelf(each.name, base / each.folder) for each in store.internal)
        self.shelves = (Shelf(RECOMMENDED, APPS), *own)

    def known(self) -> list[str]:
        """The names of all entries, as tenants name them."""
        return [shelf.called(name) for shelf in self.shelves for name in shelf.names()]

    def find(self, app: str) -> AppEntry | None:
        """The entry that a tenant names; None where there is none. Errors as `Shelf.entry`."""
        place, _, name = app.rpartition("/")
        for shelf in self.shelves:
            if shelf.name == (place or RECOMMENDED) and name in shelf.names():
                return shelf.entry(name)
        return None

    def all(self) -> Mapping[str, AppEntry]:
        """Every entry by its name. Raises CaasError with every problem of all of them."""
        found: dict[str, AppEntry] = {}
        problems: list[Problem] = []
        for name, shelf, own in self._places():
            try:
                found[name] = shelf.entry(own)
            except CaasError as error:
                problems += error.problems
        if problems:
            raise CaasError.of(problems)
        return found

    def _places(self) -> Iterator[tuple[str, Shelf, str]]:
        for shelf in self.shelves:
            for own in shelf.names():
                yield shelf.called(own), shelf, own
