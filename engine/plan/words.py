"""A plan in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from components.cluster_object import CONTROL_PLANE
from engine.plan.clusters import ClusterAction, ClusterChange, MachineChange

ASSUMED = (
    "machines of pools with an autoscaler are counted by their bounds: their number was not read "
    "from a management cluster"
)
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def sentences(changes: Iterable[ClusterChange], objects: int = 0) -> list[str]:
    """One sentence for each cluster that changes.

    Args:
        changes: of the clusters.
        objects: the number of changed objects, reported if no cluster changes.
    """
    changed = [change for change in changes if change.action is not ClusterAction.UNCHANGED]
    found = [sentence(change) for change in changed]
    if any(machines.most is not None for change in changed for machines in change.machines):
        found.append(ASSUMED)
    if objects and not found:
        return [f"no cluster changes, {_count(objects, 'object')} around them"]
    return found


def sentence(change: ClusterChange) -> str:
    """The changes of one cluster and of each group of its machines."""
    title = f"cluster `{change.name}`"
    paused = " (paused: not reconciled until it is unpaused)" if change.paused else ""
    if change.action is ClusterAction.CREATE:
        parts = [_made(machines) for machines in change.machines]
        return f"{title}: new, Kubernetes {change.version}; {'; '.join(parts)}{paused}"
    if change.action is ClusterAction.DELETE:
        fewest = sum(machines.before for machines in change.machines)
        most = sum(_most(machines) for machines in change.machines)
        return f"{title}: deleted, with its {_span(fewest, most)}"
    parts = [_changed(machines) for machines in change.machines]
    upgrade = _upgrade(change)
    if upgrade:
        parts.insert(0, upgrade)
    elif change.other:
        parts.insert(0, "labels or settings of the cluster itself change, in place")
    return f"{title}: {'; '.join(parts)}{paused}"


def _upgrade(change: ClusterChange) -> str:
    if not change.steps:
        return ""
    many = len(change.steps) > 1
    how = f" in {_number(len(change.steps))} steps" if many else ""
    via = f" ({', then '.join(str(step) for step in change.steps)})" if many else ""
    return f"Kubernetes {change.version} → {change.steps[-1]}{how}{via}"


def _made(machines: MachineChange) -> str:
    return f"{_title(machines)}: {_amount(machines)}"


def _changed(machines: MachineChange) -> str:
    title = _title(machines)
    if machines.action is ClusterAction.CREATE:
        return f"{title}: new, {_amount(machines)}"
    if machines.action is ClusterAction.DELETE:
        return f"{title}: deleted, with its {_span(machines.before, _most(machines))}"
    parts = []
    if machines.rounds:
        parts.append(_replaced(machines))
    parts += _resized(machines)
    if machines.in_place and not machines.rounds:
        parts.append("settings change in place, no machine is replaced")
    return f"{title}: {', '.join(parts) or 'unchanged'}"


def _resized(machines: MachineChange) -> Iterator[str]:
    if machines.most is not None and machines.bounds is None:
        there = f"there are {_span(machines.before, machines.most)}"
        yield f"{_count(machines.after, 'machine')} from now on, {there} now"
        return
    if machines.created:
        yield f"{_count(machines.created, 'machine')} added"
    if machines.deleted:
        yield f"{_count(machines.deleted, 'machine')} removed"
    if machines.later > 0:
        yield f"{_count(machines.later, 'machine')} added by the autoscaler afterwards"
    if machines.later < 0:
        removed = _count(-machines.later, "machine")
        yield f"{removed} removed by the autoscaler as the load allows it"


def _replaced(machines: MachineChange) -> str:
    known = machines.most is None
    count = _count(machines.replaced, "machine") if known else "every machine"
    if machines.name != CONTROL_PLANE:
        missing = machines.max_unavailable
        return f"{count} replaced, {f'at most {missing}' if missing else 'none'} unavailable"
    times = "" if machines.rounds == 1 else f", {_number(machines.rounds)} times over"
    one_by_one = " one at a time" if machines.replaced > 1 else ""
    return f"{count} replaced{one_by_one}{times}"


def _amount(machines: MachineChange) -> str:
    if machines.bounds is None:
        return _count(machines.after, "machine")
    return f"{_span(*machines.bounds)} as the load requires"


def _most(machines: MachineChange) -> int:
    return machines.before if machines.most is None else machines.most


def _span(fewest: int, most: int) -> str:
    return _count(most, "machine") if fewest == most else f"{fewest} to {_count(most, 'machine')}"


def _title(machines: MachineChange) -> str:
    return "control plane" if machines.name == CONTROL_PLANE else f"pool `{machines.name}`"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _number(number: int) -> str:
    return NUMBERS[number] if number < len(NUMBERS) else str(number)
