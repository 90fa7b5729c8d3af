"""`caas destroy`."""

from __future__ import annotations

from contextlib import suppress

from cli import console, fleet
from cli.options import Engine, Stack, Timeout, Yes
from cli.progress import drawn
from cli.pulumi_cli import choose
from embedded.fleet import Fleet
from embedded.progress import Silent
from embedded.session import Session

EXAMPLES = {
    "./caas destroy": "asks, then deletes the clusters and the plane of the local stack",
    "./caas destroy --yes": "without asking",
}


def command(stack: Stack = "local", yes: Yes = False, timeout: Timeout = 900.0) -> None:
    """Delete every cluster of a stack, then the embedded plane and its data.

    Clusters go first, and Cluster API takes their machines down in order; then the processes end
    and the stack's folder is removed. What is left is the cache of binaries.
    """
    session = Session(stack, Silent())
    if not session.directory.exists():
        console.say(f"Nothing to destroy: the stack `{stack}` has no state on this machine.")
        return
    question = f"Delete every cluster of the stack `{stack}`, and its management plane?"
    if not console.confirm(question, yes=yes):
        console.say("Nothing was deleted.")
        return
    with session.lock(f"caas destroy {stack}"):
        if session.plane.kubeconfig.exists():
            _delete_clusters(stack, timeout)
        session.plane.destroy()
        with suppress(OSError):  # other stacks have their state there
            session.directory.parent.rmdir()
    console.say(f"The stack `{stack}` is gone: no process, no data.", "green")


def _delete_clusters(stack: str, timeout: float) -> None:
    with drawn(("management plane", "delete clusters", "clusters gone")) as progress:
        session = Session(stack, progress)
        session.open()
        progress.step("delete clusters")
        session.delete_clusters()
    if pulumi := choose(Engine.AUTO, session):
        pulumi.destroy()

    def gone(seen: Fleet) -> bool:
        return not seen.clusters

    fleet.follow(session, session.watch(timeout, gone))
