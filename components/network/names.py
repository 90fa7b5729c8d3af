"""Names inside the settings of an add-on: each is there once, and leads somewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from components.finding import Finding
from errors import network as codes


def duplicates(kind: str, names: Sequence[str]) -> Iterator[Finding]:
    """DUPLICATE_NAME, for each name in a list that an earlier entry has.

    Args:
        kind: the key of the list.
        names: of its entries.
    """
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            what = f"`{name}` is there twice in `{kind}`"
            yield Finding(codes.DUPLICATE_NAME, (kind, index, "name"), what)
        seen.add(name)


def unknown(
    path: tuple[str | int, ...], name: str, known: Collection[str], kind: str
) -> Iterator[Finding]:
    """UNKNOWN_REFERENCE, when a name is not among those that are there.

    Args:
        path: where it stands.
        name: the name.
        known: the names that are there.
        kind: what it names, for people.
    """
    if name not in known:
        there = ", ".join(f"`{each}`" for each in sorted(known)) or "none"
        what = f"there is no {kind} `{name}`"
        yield Finding(codes.UNKNOWN_REFERENCE, path, what, why=f"there: {there}")
