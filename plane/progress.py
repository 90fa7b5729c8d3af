"""Progress of long operations; the command line draws it, tests collect it."""

from __future__ import annotations

from typing import Protocol


class Step(Protocol):
    """A piece of work under way."""

    def advance(
        self,
        done: float,
        total: float | None = None,
        detail: str = "",
        *,
        left: float | None = None,
    ) -> None:
        """`done` of `total` units are finished; `detail` names the one under way.

        `left` is an estimate, in seconds, of the time until the whole work is done, where the
        work knows better than its share of units tells.
        """


class Progress(Protocol):
    """The receiver of progress."""

    def step(self, name: str) -> Step:
        """Begins a step, ending the one before it."""

    def note(self, text: str) -> None:
        """Says one line that stays."""


class Silent:
    """Reports nothing."""

    def step(self, name: str) -> Silent:
        """Starts a step without output."""
        return self

    def advance(
        self,
        done: float,
        total: float | None = None,
        detail: str = "",
        *,
        left: float | None = None,
    ) -> None:
        """Does nothing."""

    def note(self, text: str) -> None:
        """Does nothing."""
