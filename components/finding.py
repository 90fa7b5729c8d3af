"""The finding of a rule."""

from __future__ import annotations

from dataclasses import dataclass, replace

from errors import Code


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule.

    Attributes:
        code: which rule.
        path: the place in the settings, `("clusters", 0, "name")`.
        what: what is wrong.
        why: what makes it wrong here.
        fix: what to do about it here.
        key: whether the key at `path` is meant, not its value.
    """

    code: Code
    path: tuple[str | int, ...]
    what: str
    why: str = ""
    fix: str = ""
    key: bool = False

    def below(self, *parents: str | int) -> Finding:
        """The same finding, seen from further up."""
        return replace(self, path=(*parents, *self.path))
