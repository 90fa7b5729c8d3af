"""The fleet on the screen: one live table on a terminal, a line per change in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence

from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli import console
from engine.fleet import ClusterState, GroupState, elapsed
from engine.session import Session
from plane.progress import Silent

COLUMNS = ("Cluster", "Version", "Control plane", "Workers", "Phase", "Condition", "Elapsed")
COLOURS = {True: "green", False: "yellow"}


def row(state: ClusterState, seconds: int) -> list[str]:
    """One cluster in words, a cell per column."""
    version = state.version
    if state.running and state.running != state.version:
        version = f"{state.running} → {state.version}"
    workers = ", ".join(f"{pool.name} {_count(pool)}" for pool in state.pools)
    return [
        state.name,
        version,
        _count(state.control_plane),
        workers or "-",
        "Deleting" if state.deleting else state.phase,
        state.condition,
        _duration(seconds),
    ]


def table(states: Iterable[ClusterState], since: float | None = None) -> None:
    """The fleet as the answer of a command.

    Args:
        states: the clusters.
        since: when the work began, on the monotonic clock; None shows each cluster's age.
    """
    columns = COLUMNS if since is not None else (*COLUMNS[:-1], "Age")
    console.table(columns, [row(state, _seconds(state, since)) for state in states])


def follow(session: Session, watch: Iterable[Sequence[ClusterState]]) -> list[ClusterState]:
    """Shows the fleet until `watch` ends, and returns its last state.

    What the session has to say meanwhile stands above the table.
    """
    started = time.monotonic()
    if not console.is_terminal(sys.stderr):
        session.progress = _Notes(console.warn)
        return _lines(watch, started)
    last: list[ClusterState] = []
    screen = console.rich_console(sys.stderr)
    session.progress = _Notes(screen.print)
    with Live(console=screen, transient=True, auto_refresh=False) as live:
        for states in watch:
            last = list(states)
            live.update(_drawn(last, started), refresh=True)
    return last


class _Notes(Silent):
    """Progress beside the table: the lines that stay."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def note(self, text: str) -> None:
        """Says a line above the table."""
        self._say(text)


def _lines(watch: Iterable[Sequence[ClusterState]], started: float) -> list[ClusterState]:
    said: dict[str, list[str]] = {}
    last: list[ClusterState] = []
    for states in watch:
        last = list(states)
        for state in last:
            cells = row(state, _seconds(state, started))
            if said.get(state.name) != cells[:-1]:
                said[state.name] = cells[:-1]
                sys.stderr.write(f"{time.strftime('%H:%M:%S')} {_line(cells)}\n")
        sys.stderr.flush()
    return last


def _line(cells: list[str]) -> str:
    name, version, control_plane, workers, phase, condition, seconds = cells
    return (
        f"{name} {version}: control plane {control_plane}, workers {workers}, "
        f"{phase}, {condition} ({seconds})"
    )


def _drawn(states: Sequence[ClusterState], started: float) -> Table:
    """The live table; of a large fleet only what is not settled yet."""
    room = 20
    shown = [state for state in states if not state.settled][:room] or list(states[:room])
    if len(states) <= room:
        shown = list(states)
    done = sum(state.settled for state in states)
    drawn = Table(*COLUMNS, title=f"{done} of {len(states)} clusters ready", title_justify="left")
    for state in shown:
        cells = row(state, _seconds(state, started))
        drawn.add_row(*(Text(cell, style=COLOURS[state.settled]) for cell in cells))
    return drawn


def _seconds(state: ClusterState, since: float | None) -> int:
    return elapsed(state.created) if since is None else int(time.monotonic() - since)


def _count(group: GroupState) -> str:
    wanted = group.replicas if group.desired is None else group.desired
    more = f" ({group.up_to_date} new)" if 0 < group.up_to_date < group.replicas else ""
    return f"{group.available}/{wanted}{more}"


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02d}m"
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"
