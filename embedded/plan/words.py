"""A plan in plain words."""

from __future__ import annotations

from collections.abc import Iterable

from embedded.plan.clusters import Action, ClusterChange, MachineChange
from embedded.plan.machines import CONTROL_PLANE

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def sentences(changes: Iterable[ClusterChange], objects: int = 0) -> list[str]:
    """One sentence for each cluster that changes.

    Args:
        changes: of the clusters.
        objects: how many objects change; when no cluster does, that is said.
    """
    found = [sentence(change) for change in changes if change.action is not Action.UNCHANGED]
    if objects and not found:
        return [f"no cluster changes, {_count(objects, 'object')} around them"]
    return found


def sentence(change: ClusterChange) -> str:
    """What happens to one cluster and to each group of its machines."""
    title = f"cluster `{change.name}`"
    paused = " (paused: nothing happens until it is not)" if change.paused else ""
    if change.action is Action.CREATE:
        parts = [_made(machines) for machines in change.machines]
        return f"{title}: new, Kubernetes {change.version}; {'; '.join(parts)}{paused}"
    if change.action is Action.DELETE:
        total = sum(machines.before for machines in change.machines)
        return f"{title}: deleted, with its {_count(total, 'machine')}"
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
    if machines.action is Action.CREATE:
        return f"{title}: new, {_amount(machines)}"
    if machines.action is Action.DELETE:
        return f"{title}: deleted, with its {_count(machines.before, 'machine')}"
    parts = []
    if machines.rounds:
        parts.append(_replaced(machines))
    if machines.created:
        parts.append(f"{_count(machines.created, 'machine')} added")
    if machines.deleted:
        parts.append(f"{_count(machines.deleted, 'machine')} removed")
    if machines.in_place and not machines.rounds:
        parts.append("settings change in place, no machine is replaced")
    return f"{title}: {', '.join(parts) or 'unchanged'}"


def _replaced(machines: MachineChange) -> str:
    count = "every machine" if machines.bounds else _count(machines.replaced, "machine")
    if machines.name != CONTROL_PLANE:
        missing = machines.max_unavailable
        return f"{count} replaced, {f'at most {missing}' if missing else 'none'} unavailable"
    times = "" if machines.rounds == 1 else f", {_number(machines.rounds)} times over"
    one_by_one = " one at a time" if machines.replaced > 1 else ""
    return f"{count} replaced{one_by_one}{times}"


def _amount(machines: MachineChange) -> str:
    if machines.bounds is None:
        return _count(machines.after, "machine")
    return f"{machines.bounds[0]} to {_count(machines.bounds[1], 'machine')} as the load wants it"


def _title(machines: MachineChange) -> str:
    return "control plane" if machines.name == CONTROL_PLANE else f"pool `{machines.name}`"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _number(number: int) -> str:
    return NUMBERS[number] if number < len(NUMBERS) else str(number)
