"""`caas drift`."""

from __future__ import annotations

import typer

from cli import console
from cli.options import Format, Output, Stack
from embedded.drift.judge import HEALED, Finding, find_drift
from embedded.progress import Silent
from embedded.session import Session

EXAMPLES = {
    "./caas drift": "who changed what on the local stack's plane since the last `up`",
    "./caas drift prod-aws --output json": "for a scheduled job; exit status 3 says: drift",
}
DRIFTED = 3


def command(stack: Stack = "local", output: Output = Format.TABLE) -> None:
    """Tell who changed what runs, object by object.

    Compares the objects on the management cluster with what the stack says. What was changed or
    deleted by hand, and what a controller overrides, is drift, and `./caas up` puts it right; what
    somebody added is drift as well, and is left to them. What controllers set beside the stack is
    expected. What the stack file says and was not applied yet is told, and is no drift. Nothing is
    started and nothing is changed.

    Exit status: 0 no drift, 3 drift, 1 a problem.
    """
    session = Session(stack, Silent())
    session.settings  # noqa: B018 - a bad stack file is told before anybody is asked
    found = find_drift(session)
    drifted = [each for each in found if each.is_drift]
    if output is Format.JSON:
        findings = [each.as_dict(stack) for each in found]
        console.document({"stack": stack, "drift": bool(drifted), "findings": findings})
    else:
        _show(stack, found, drifted)
    if drifted:
        raise typer.Exit(DRIFTED)


def _show(stack: str, found: list[Finding], drifted: list[Finding]) -> None:
    for each in found:
        problem = each.problem(stack)
        why = f" ({problem.why})" if problem.why else ""
        line = f"{problem.where.object}: {problem.code.id} {problem.what}{why}"
        console.say(line, "red" if each.is_drift else "yellow")
    if pending := len(found) - len(drifted):
        what = "change is" if pending == 1 else "changes are"
        console.say(f"{pending} {what} not applied yet: ./caas preview {stack}", "yellow")
    if not drifted:
        console.say("No drift: nobody changed what the stack says.", "green")
        return
    healed = sum(each.code in HEALED for each in drifted)
    if healed:
        console.say(f"`./caas up {stack}` puts {healed} of {len(drifted)} right.")
    if healed < len(drifted):
        console.say(
            f"{len(drifted) - healed} added by hand: write it into the stack file, or remove it."
        )
