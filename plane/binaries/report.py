"""Progress of programs that are made, with an estimate of the time that is left."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from plane.progress import Step

LINK = 30
"""Cost of linking a program and of moving it to its place, in packages."""
FEWEST = 100
"""Packages that have to be compiled before the pace of this machine is known."""


class BuildWork:
    """All programs of one run, each with the cost of making it.

    Costs are numbers of packages to compile, so the pace, seconds per package, is that of this
    machine under its present load.

    Args:
        costs: of each program that has to be made, in packages.
        clock: seconds, from any start.
    """

    def __init__(
        self, costs: Mapping[str, int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._left = {name: cost + LINK for name, cost in costs.items()}
        self._all = sum(self._left.values())
        self._clock = clock
        self._started: float | None = None

    @property
    def count(self) -> str:
        """The number of programs that are left: `8 programs left`."""
        number = len(self._left)
        return f"{number} program{'' if number == 1 else 's'} left"

    def begin(self) -> None:
        """Starts the clock, at the first program."""
        self._started = self._clock() if self._started is None else self._started

    def end(self, name: str) -> None:
        """A program is built."""
        self._left.pop(name, None)

    def downloaded(self, name: str) -> None:
        """A program was downloaded, which says nothing about the pace of builds."""
        self._all -= self._left.pop(name, 0)

    def seconds_left(self, name: str, share: float) -> float | None:
        """Seconds until all programs are made; None while the pace is not known.

        Args:
            name: the program that is being made.
            share: the part of it that is done, 0 to 1.
        """
        left = sum(self._left.values()) - share * self._left.get(name, 0)
        done = self._all - left
        if self._started is None or done < FEWEST:
            return None
        return (self._clock() - self._started) / done * left


@dataclass(frozen=True, slots=True)
class StepReport:
    """Tells a step its progress, the number of programs left, and the time left."""

    step: Step
    work: BuildWork
    name: str = ""

    def __call__(self, done: float, total: float | None, detail: str = "") -> None:
        """`done` of `total` units are finished; `detail` names the one under way."""
        text = f"{detail}, {self.work.count}" if detail else self.work.count
        left = self.work.seconds_left(self.name, done / total if total else 0.0)
        self.step.advance(done, total, text, left=left)
