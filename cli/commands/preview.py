"""`caas preview`."""

from __future__ import annotations

from typing import Annotated

import typer
from typer import Option

from cli import console, estimate
from cli.options import Format, Output, Stack
from cli.plan import as_dict, judged, show_clouds, show_words, title
from cli.policies import configuration
from cli.progress import drawn
from engine.plan.objects import Operation
from engine.plan.plan import Plan
from engine.session import Session

EXAMPLES = {
    "./caas preview": "what the next `up` of the local stack would do",
    "./caas preview prod-aws": "of a cloud, without credentials",
    "./caas preview --output json": "the same for a script; exit status 2 means changes",
}
CHANGES = 2


Offline = Annotated[
    bool, Option("--offline", help="Use no management cluster: everything counts as new.")
]


def command(
    stack: Stack = "local", output: Output = Format.TABLE, offline: Offline = False
) -> None:
    """Show the changes that `up` would make, and their effects.

    First the objects, as the API server itself would change them, then in plain words what
    happens to clusters and machines: which are replaced, in how many rounds, how many may be
    missing meanwhile. What a policy refuses is a problem; its advice follows the words. Last comes
    what everything is made of and costs. Nothing is changed. An embedded plane is started where it
    does not run.

    No credentials are needed. Values that are known only after creation are shown as such. Where
    there is no management cluster yet, everything counts as new; a line gives the reason.

    Objects that leave workload clusters are listed, those too that an earlier `up` could not
    remove. What was changed by hand inside of clusters is listed by `./caas drift`.

    Exit status: 0 nothing would change, 2 something would, 1 a problem.
    """
    with drawn() as progress:
        session = Session(stack, progress)
        # Report a bad stack file before anything is started.
        rules = configuration(session.settings, session.file)
        why = "--offline" if offline else session.offline
        if not why:
            session.open()
        plan = session.plan(offline=why)
        found = session.estimate(plan)
    if output is Format.JSON:
        console.document(as_dict(plan, judged(plan, rules), found))
    else:
        _show(plan)
        for violation in judged(plan, rules):
            console.say(str(violation.problem()), "yellow")
        estimate.show(found)
    if not plan.is_empty or plan.is_unfinished:
        raise typer.Exit(CHANGES)


def _show(plan: Plan) -> None:
    styles = {Operation.CREATE: "green", Operation.UPDATE: "yellow", Operation.DELETE: "red"}
    if plan.offline:
        console.say(f"Compared with nothing, so everything is new ({plan.offline}).", "yellow")
    show_clouds(plan, console.say)
    for change in plan.objects.changes:
        console.say(title(change), styles[change.operation])
        if change.operation is Operation.UPDATE:
            for line in change.diff().splitlines():
                console.say(f"    {line}", "dim")
    if plan.is_empty:
        if not plan.pending:
            console.say("Nothing would change.", "green")
        for each in plan.pending:
            console.say(str(each), "yellow")
        return
    console.say()
    show_words(plan, console.say)
