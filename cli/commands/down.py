"""`caas down`."""

from __future__ import annotations

from cli import console
from cli.options import Stack
from engine.session import Session
from errors import CaasError
from errors.program import NO_EMBEDDED_PLANE
from plane.progress import Silent
from stacks.settings.stack import ManagementMode

EXAMPLES = {"./caas down": "stop the plane of the local stack; `./caas up` starts it again"}


def command(stack: Stack = "local") -> None:
    """Stop the embedded plane; its data stays on disk.

    Simulated machines stop with it and come back with it; those in containers go on running.
    """
    session = Session(stack, Silent())
    require_plane(session)
    running = [process for process in session.plane.processes() if process.running]
    if not running:
        console.say(f"The plane of the stack `{stack}` is not running.")
        return
    with session.lock(f"caas down {stack}"):
        session.plane.stop()
    console.say(f"Stopped {len(running)} processes; the data is kept in {session.directory}.")


def require_plane(session: Session) -> None:
    """Raises CAAS-3026 for a management cluster that is none of this machine's business."""
    boots = session.mode is ManagementMode.SELF_MANAGED and not session.is_bootstrapped
    if not session.has_plane and not boots:
        what = f"The management cluster of the stack `{session.stack}` is not an embedded plane"
        raise CaasError(NO_EMBEDDED_PLANE, what, why=f"`management.mode` is `{session.mode}`")
