"""`caas drift`."""

from __future__ import annotations

import typer

from cli import console
from cli.options import Format, Output, Stack
from engine.session import Session
from operations.drift.inside import find_inside
from operations.drift.judge import DriftFinding, find_drift
from plane.progress import Silent

EXAMPLES = {
    "./caas drift": "changes on the local stack's plane since the last `up`, with their author",
    "./caas drift prod-aws --output json": "for a scheduled job; exit status 3 means drift",
}
DRIFTED = 3


def command(stack: Stack = "local", output: Output = Format.TABLE) -> None:
    """Show changes made outside the stack, by object and author.

    Compares the objects on the management cluster with the stack, and those that it brought to
    workload clusters, in each cluster that answers. What was changed or
    deleted by hand, and what a controller overrides, is drift, and `./caas up` puts it right; what
    was added manually is drift as well, and is kept. Fields that only controllers set are
    expected. Unapplied changes of the stack file are reported, and are no drift. Nothing is
    started and nothing is changed.

    Exit status: 0 no drift, 3 drift, 1 a problem.
    """
    session = Session(stack, Silent())
    session.settings  # noqa: B018 - report a bad stack file before connecting
    plan = session.plan(lenient=True)
    inside = find_inside(session, plan)
    found = [*find_drift(session, plan), *inside.findings]
    drifted = [each for each in found if each.is_drift]
    if output is Format.JSON:
        findings = [each.as_dict(stack) for each in found]
        unread = [each.as_dict() for each in inside.unread]
        answer = {"stack": stack, "drift": bool(drifted), "findings": findings, "unread": unread}
        console.document(answer)
    else:
        for problem in inside.unread:
            console.warn(str(problem))
        _show(stack, found, drifted)
    if drifted:
        raise typer.Exit(DRIFTED)


def _show(stack: str, found: list[DriftFinding], drifted: list[DriftFinding]) -> None:
    for each in found:
        problem = each.problem(stack)
        why = f" ({problem.why})" if problem.why else ""
        line = f"{_place(each)}: {problem.code.id} {problem.what}{why}"
        console.say(line, "red" if each.is_drift else "yellow")
    if pending := len(found) - len(drifted):
        what = "change is" if pending == 1 else "changes are"
        console.say(f"{pending} {what} not applied yet: ./caas preview {stack}", "yellow")
    if not drifted:
        console.say("No drift: the live objects match the stack.", "green")
        return
    healed = sum(each.healed for each in drifted)
    if healed:
        console.say(f"`./caas up {stack}` reverts {healed} of {len(drifted)}.")
    for each in drifted:
        if not each.healed:
            problem = each.problem(stack)
            console.say(f"{_place(each)}: {problem.remedy}")


def _place(finding: DriftFinding) -> str:
    key = finding.key
    place = f"{key.namespace}/" if key.namespace else ""
    inside = f"{finding.cluster}: " if finding.cluster else ""
    return f"{inside}{key.kind} {place}{key.name}"
