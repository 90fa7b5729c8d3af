"""`caas down`."""

from __future__ import annotations

from cli import console
from cli.options import Stack
from embedded.progress import Silent
from embedded.session import Session

EXAMPLES = {"./caas down": "stop the plane of the local stack; `./caas up` starts it again"}


def command(stack: Stack = "local") -> None:
    """Stop the embedded plane; its data stays on disk.

    Simulated machines stop with it and come back with it.
    """
    session = Session(stack, Silent())
    running = [process for process in session.plane.processes() if process.running]
    if not running:
        console.say(f"The plane of the stack `{stack}` is not running.")
        return
    with session.lock(f"caas down {stack}"):
        session.plane.stop()
    console.say(f"Stopped {len(running)} processes; the data is kept in {session.directory}.")
