"""Draws how far work is: bars on a terminal, a line at most every five seconds in a pipe."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from cli.console import is_terminal, rich_console

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

SOON = 2.0
"""Seconds that a step runs before the time it still needs is estimated."""
FEWEST = 10
"""Units of a step below which their number says little about time."""
QUIET = 5.0
"""Seconds between two lines about the same step in a pipe."""


class Drawing(Protocol):
    """The display of the steps."""

    def begin(self, step: Running) -> None:
        """A step begins."""

    def show(self, step: Running) -> None:
        """A step went on."""

    def end(self, step: Running) -> None:
        """A step is over."""

    def note(self, text: str) -> None:
        """A line that stays."""


def about(seconds: float) -> str:
    """A length of time as an estimate: `about 40 s`, `about 6 min`."""
    if seconds < 8:  # noqa: PLR2004 - below it the words are more honest than a number
        return "a few seconds"
    if seconds < 95:  # noqa: PLR2004 - in steps of ten seconds
        return f"about {max(10, round(seconds, -1)):.0f} s"
    return f"about {seconds / 60:.0f} min"


class Running:
    """One step: its name, its progress, and the time since it began."""

    def __init__(self, name: str, drawing: Drawing) -> None:
        self.name = name
        self.done = 0.0
        self.total: float | None = None
        self.detail = ""
        self.started = time.monotonic()
        self._drawing = drawing
        self._left: tuple[float, float] | None = None

    @property
    def count(self) -> str:
        """`3/12`, or nothing where no total is known."""
        return f"{self.done:g}/{self.total:g}" if self.total else ""

    @property
    def seconds(self) -> float:
        """Since the step began."""
        return time.monotonic() - self.started

    @property
    def left(self) -> float | None:
        """An estimate of the seconds that are left; None where nothing tells."""
        if self.seconds < SOON:
            return None
        if self._left:
            told, at = self._left
            return max(0.0, told - (time.monotonic() - at))
        if not self.total or self.total < FEWEST or self.done < self.total / 20:
            return None
        return self.seconds / self.done * (self.total - self.done)

    @property
    def clock(self) -> str:
        """The estimate and, apart from it, the elapsed time: `about 6 min left, 57 s so far`."""
        left = self.left
        so_far = f"{self.seconds:.0f} s so far"
        return so_far if left is None else f"{about(left)} left, {so_far}"

    def advance(
        self,
        done: float,
        total: float | None = None,
        detail: str = "",
        *,
        left: float | None = None,
    ) -> None:
        """`done` of `total` units are finished; `detail` names the one under way.

        `left` is an estimate of the seconds until the work is done.
        """
        self.done, self.detail = done, detail
        self._left = None if left is None else (left, time.monotonic())
        self.total = total if total is not None else self.total
        self._drawing.show(self)


class Drawn:
    """The `Progress` of plane/progress.py on the command line.

    Args:
        drawing: what shows it.
        expected: names of the steps in their order, so that an interrupt can say what is left.
    """

    def __init__(self, drawing: Drawing, expected: Sequence[str] = ()) -> None:
        self.finished: list[str] = []
        self.running: Running | None = None
        self._expected = expected
        self._drawing = drawing

    def step(self, name: str) -> Running:
        """Begins a step, ending the one before it."""
        self.end()
        self.running = Running(name, self._drawing)
        self._drawing.begin(self.running)
        return self.running

    def note(self, text: str) -> None:
        """Says one line that stays."""
        self._drawing.note(text)

    def end(self) -> None:
        """Ends the step that runs."""
        if self.running:
            self._drawing.end(self.running)
            self.finished.append(self.running.name)
            self.running = None

    def summary(self) -> str:
        """The finished, interrupted and remaining steps of an interrupted run."""
        seen = {*self.finished, *([self.running.name] if self.running else [])}
        left = [name for name in self._expected if name not in seen]
        parts = [f"Done: {', '.join(self.finished) or 'nothing yet'}."]
        if self.running:
            count = f" at {self.running.count}" if self.running.count else ""
            parts.append(f"Interrupted: {self.running.name}{count}.")
        if left:
            parts.append(f"Left: {', '.join(left)}.")
        return " ".join(parts)


class Lines:
    """Timestamped lines for pipes and log files."""

    def __init__(self) -> None:
        self._said = 0.0
        self._lock = threading.Lock()

    def begin(self, step: Running) -> None:
        """Says the step's name."""
        self._say(step.name)

    def show(self, step: Running) -> None:
        """Says how far the step is, unless something was said a moment ago."""
        if time.monotonic() - self._said >= QUIET:
            said = " ".join(part for part in (step.count, step.detail) if part)
            self._say(f"{step.name}: {said}{'; ' if said else ''}{step.clock}")

    def end(self, step: Running) -> None:
        """Says how long the step took."""
        self._say(f"{step.name}: done in {step.seconds:.1f} s")

    def note(self, text: str) -> None:
        """Says a line."""
        self._say(text)

    def _say(self, text: str) -> None:
        with self._lock:
            self._said = time.monotonic()
            sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
            sys.stderr.flush()


class BarDrawing:
    """Rich's bars: a spinner while a step runs, a tick when it is over."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[Running, TaskID] = {}

    def begin(self, step: Running) -> None:
        """Adds a bar."""
        self._tasks[step] = self._bars.add_task(
            step.name, total=None, count="", detail="", step=step
        )

    def show(self, step: Running) -> None:
        """Moves the bar."""
        self._update(step)

    def end(self, step: Running) -> None:
        """Fills the bar and stops its clock."""
        step.detail = ""
        step.done = step.total or 0.0
        self._update(step)
        self._bars.update(self._tasks[step], total=1, completed=1)

    def note(self, text: str) -> None:
        """A line above the bars."""
        self._bars.console.print(text)

    def _update(self, step: Running) -> None:
        self._bars.update(
            self._tasks[step],
            completed=step.done,
            total=step.total,
            count=step.count,
            detail=step.detail,
        )


current: Drawn | None = None
"""The current or last progress; an interrupt asks it for its summary."""


@contextmanager
def drawn(expected: Sequence[str] = ()) -> Iterator[Drawn]:
    """A `Progress` to hand to the work; `expected` are the names of its steps, in order.

    A step that fails or is interrupted stays the running one; else the last step is ended.
    """
    global current  # noqa: PLW0603 - one command runs at a time, and the interrupt must find it
    if not is_terminal(sys.stderr):
        current = Drawn(Lines(), expected)
        yield current
        current.end()
        return
    with _bars() as bars:
        current = Drawn(BarDrawing(bars), expected)
        yield current
        current.end()


def _bars() -> Bars:
    from rich.progress import (  # noqa: PLC0415 - keeps `caas --help` fast
        BarColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        Task,
        TextColumn,
    )
    from rich.text import Text  # noqa: PLC0415 - keeps `caas --help` fast

    class Clock(ProgressColumn):
        """The estimate of the time left, and the elapsed time."""

        def render(self, task: Task) -> Text:
            """The clock of a running step; of a finished one the time that it took."""
            step: Running = task.fields["step"]
            took = f"{task.finished_time or step.seconds:.0f} s"
            return Text(took if task.finished else step.clock, style="yellow")

    return Progress(
        SpinnerColumn(finished_text="[green]✓[/green]"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[count]}", markup=False),
        Clock(),
        TextColumn("{task.fields[detail]}", markup=False, style="dim"),
        console=rich_console(sys.stderr),
    )
