"""`caas preview`."""

from __future__ import annotations

import typer

from cli import console
from cli.options import Format, Output, Stack
from cli.plan import as_dict, judged, show_words, title
from cli.progress import drawn
from embedded.plan.objects import Operation
from embedded.session import Plan, Session

EXAMPLES = {
    "./caas preview": "what the next `up` of the local stack would do",
    "./caas preview --output json": "the same for a script; exit status 2 says: changes",
}
CHANGES = 2


def command(stack: Stack = "local", output: Output = Format.TABLE) -> None:
    """Show what `up` would change, and what that means.

    First the objects, as the API server itself would change them, then in plain words what
    happens to clusters and machines: which are replaced, in how many rounds, how many may be
    missing meanwhile. What a policy refuses is a problem; its advice follows the words. Nothing is
    changed. The management plane is started where it does not run.

    Exit status: 0 nothing would change, 2 something would, 1 a problem.
    """
    with drawn() as progress:
        session = Session(stack, progress)
        session.settings  # noqa: B018 - a bad stack file is told before anything is started
        session.open()
        plan = session.plan()
    if output is Format.JSON:
        console.document(as_dict(plan, judged(plan)))
    else:
        _show(plan)
        for violation in judged(plan):
            console.say(str(violation.problem()), "yellow")
    if not plan.is_empty:
        raise typer.Exit(CHANGES)


def _show(plan: Plan) -> None:
    styles = {Operation.CREATE: "green", Operation.UPDATE: "yellow", Operation.DELETE: "red"}
    for change in plan.objects.changes:
        console.say(title(change), styles[change.operation])
        if change.operation is Operation.UPDATE:
            for line in change.diff().splitlines():
                console.say(f"    {line}", "dim")
    if plan.is_empty:
        console.say("Nothing would change.", "green")
        return
    console.say()
    show_words(plan, console.say)
