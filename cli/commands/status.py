"""`caas status`."""

from __future__ import annotations

from cli import console, fleet
from cli.options import Format, Output, Stack
from engine.session import Session
from plane.progress import Silent

EXAMPLES = {
    "./caas status": "the clusters of the local stack",
    "./caas status --output json": "the same for a script",
}


def command(stack: Stack = "local", output: Output = Format.TABLE) -> None:
    """Show the clusters and their condition.

    Reads the management cluster and changes nothing; an embedded plane must be running.
    """
    session = Session(stack, Silent())
    states = session.fleet().states()
    if output is Format.JSON:
        console.document({"clusters": [state.as_dict() for state in states]})
        return
    dead = session.dead_processes()
    if dead:
        console.warn(f"Not running: {', '.join(dead)}. `./caas up` starts what is missing.")
    if states:
        fleet.table(states)
    else:
        console.say(f"The stack `{stack}` has no clusters.")
