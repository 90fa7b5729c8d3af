"""How long work reports where it is; the command line draws it, tests collect it."""

from __future__ import annotations

from typing import Protocol


class Step(Protocol):
    """A piece of work under way."""

    def advance(self, done: float, total: float | None = None, detail: str = "") -> None:
        """`done` of `total` units are finished; `detail` names what is being worked on."""


class Progress(Protocol):
    """Where work is reported to."""

    def step(self, name: str) -> Step:
        """Begins a step, ending the one before it."""

    def note(self, text: str) -> None:
        """Says one line that stays."""


class Silent:
    """Reports nothing."""

    def step(self, name: str) -> Silent:
        """Begins a step that nobody sees."""
        return self

    def advance(self, done: float, total: float | None = None, detail: str = "") -> None:
        """Does nothing."""

    def note(self, text: str) -> None:
        """Does nothing."""
