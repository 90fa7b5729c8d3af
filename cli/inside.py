"""The work inside clusters on the screen: its progress, the names it asks for, and its result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from cli import console
from cli.progress import drawn
from engine.inside.fate import Fate
from engine.inside.step import (
    ClusterWork,
    InsideClusters,
    asked,
    pending_problems,
    problems,
)
from plane.progress import Progress

STEP = "objects in clusters"


def settle(inside: InsideClusters) -> None:
    """Removes what left the clusters and puts right what differs; says what it could not.

    On a terminal the name of an object that takes data along is asked for. Without one, the stack
    file and the option `--delete-data` are the consent.

    Args:
        inside: the clusters.
    """
    if not inside.clusters:
        return
    with drawn((STEP,)) as progress:
        works = _with_progress(progress, inside)
    refused = _refused(works)

    def agreed(fate: Fate) -> bool:
        return (fate.removal.key.kind, fate.removal.key.name) not in refused

    works = inside.act(works, agreed, lambda done, total, name: None)
    _show(works)
    pending = inside.pending(works)
    silent = {each.error for each in works if each.error}
    for problem in problems(works):
        console.warn(str(problem))
    for problem in pending_problems(each for each in pending if each.reason.text not in silent):
        console.warn(str(problem))


def _with_progress(progress: Progress, inside: InsideClusters) -> list[ClusterWork]:
    return inside.look(progress.step(STEP).advance)


def _refused(works: Iterable[ClusterWork]) -> set[tuple[str, str]]:
    """The objects whose names were asked for and not typed."""
    if not console.can_ask():
        return set()
    questions = asked(works)
    return {(each.kind, each.name) for each in questions if console.ask(str(each)) != each.name}


def _show(works: Iterable[ClusterWork]) -> None:
    """The removed and restored objects, alike clusters together."""
    found: Counter[str] = Counter()
    for work in works:
        found.update(f"{each.title} removed" for each in work.removed)
        found.update(
            f"{key.kind} {_name(key.namespace, key.name)} put right" for key in work.restored
        )
    for what, number in sorted(found.items()):
        console.warn(f"{what} in {number} cluster{'s' * (number > 1)}")


def _name(namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if namespace else name
