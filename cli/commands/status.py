"""`caas status`."""

from __future__ import annotations

from contextlib import suppress

from cli import console, fleet
from cli.options import Format, Output, Stack
from engine.inside.record import PendingRemoval, grouped
from engine.session import Session
from errors import CaasError
from plane.progress import Silent

EXAMPLES = {
    "./caas status": "the clusters of the local stack",
    "./caas status --output json": "the same for a script",
}


def command(stack: Stack = "local", output: Output = Format.TABLE) -> None:
    """Show the clusters and their condition.

    Reads the management cluster and changes nothing; an embedded plane must be running. Objects
    that left the stack file and are still in clusters follow the table.
    """
    session = Session(stack, Silent())
    states = session.fleet().states()
    pending = _pending(session)
    if output is Format.JSON:
        clusters = [state.as_dict() for state in states]
        console.document({"clusters": clusters, "pending": [each.as_dict() for each in pending]})
        return
    dead = session.dead_processes()
    if dead:
        console.warn(f"Not running: {', '.join(dead)}. `./caas up` starts what is missing.")
    if states:
        fleet.table(states)
    else:
        console.say(f"The stack `{stack}` has no clusters.")
    for each in pending:
        console.say(str(each), "yellow")


def _pending(session: Session) -> list[PendingRemoval]:
    """The removals that are left; none are known where the stack file can't be read."""
    with suppress(CaasError):
        session.settings  # noqa: B018 - the identity of the stack is in it
        return grouped(session.removals.read().removals)
    return []
