"""`caas destroy`."""

from __future__ import annotations

import shutil
from contextlib import suppress

from cli import console, fleet
from cli.options import Engine, Stack, Timeout, Yes
from cli.progress import drawn
from cli.pulumi_cli import choose, made_by_pulumi, require_for_destroy
from engine.fleet import FleetObjects
from engine.session import Session
from errors import CaasError
from errors.program import MANAGEMENT_CLUSTER_STAYS, NOT_BOOTSTRAPPED
from plane import containers
from plane.progress import Silent
from stacks.settings.stack import ManagementMode

EXAMPLES = {
    "./caas destroy": "prompts, then deletes the clusters and the plane of the local stack",
    "./caas destroy --yes": "without a prompt",
}
QUESTIONS = {
    ManagementMode.EMBEDDED: "Delete every cluster of the stack `{}`, and its management plane?",
    ManagementMode.EXISTING: "Delete every cluster of the stack `{}`, and all that it created?",
    ManagementMode.SELF_MANAGED: "Delete every workload cluster of the stack `{}`?",
}


def command(stack: Stack = "local", yes: Yes = False, timeout: Timeout = 900.0) -> None:
    """Delete every cluster of a stack, then the embedded plane and its data.

    Clusters go first, and Cluster API takes their machines down in order; then what the pulumi CLI
    made, the processes of an embedded plane, and the stack's folder. What is left is the cache of
    binaries. On an existing management cluster only what this stack made is deleted, and never a
    namespace. A management cluster of the stack's own can't delete itself, and stays.
    """
    session = Session(stack, Silent())
    if session.mode is not ManagementMode.EXISTING and not session.directory.exists():
        console.say(f"Nothing to destroy: the stack `{stack}` has no state on this machine.")
        return
    require_for_destroy(session)
    if not console.confirm(QUESTIONS[session.mode].format(stack), yes=yes):
        console.say("Nothing was deleted.")
        return
    with session.lock(f"caas destroy {stack}"):
        if session.mode is ManagementMode.EMBEDDED:
            _with_plane(session, timeout)
        elif session.mode is ManagementMode.EXISTING:
            _on_existing(session, timeout)
        else:
            _self_managed(session, timeout)
        with suppress(OSError):  # other stacks have their state there
            session.directory.parent.rmdir()
    console.say(f"The stack `{stack}` is gone: no process, no data.", "green")


def _with_plane(session: Session, timeout: float) -> None:
    if session.plane.kubeconfig.exists() or made_by_pulumi(session):
        _delete_clusters(session.stack, timeout)
        _pulumi_destroy(session)
    in_containers = session.in_containers
    session.plane.destroy()
    if in_containers:
        containers.leave()


def _on_existing(session: Session, timeout: float) -> None:
    _delete_clusters(session.stack, timeout)
    _pulumi_destroy(session)
    session.remove_objects()
    shutil.rmtree(session.directory)


def _self_managed(session: Session, timeout: float) -> None:
    if session.is_bootstrapped:
        _delete_clusters(session.stack, timeout)
        raise CaasError(
            MANAGEMENT_CLUSTER_STAYS,
            f"The workload clusters of the stack `{session.stack}` are gone; its management "
            "cluster stays",
        )
    if session.plane.directory.exists():
        raise CaasError(
            NOT_BOOTSTRAPPED,
            f"The bootstrap of the stack `{session.stack}` was begun and is not finished",
            why="its plane has the only record of the machines so far",
            fix=f"Run `./caas bootstrap {session.stack}` to its end, then destroy.",
        )
    _pulumi_destroy(session)
    shutil.rmtree(session.directory)


def _pulumi_destroy(session: Session) -> None:
    if pulumi := choose(Engine.AUTO, session):
        pulumi.destroy()


def _delete_clusters(stack: str, timeout: float) -> None:
    """Deletes the workload clusters, and waits until they are gone."""
    with drawn(("management plane", "delete clusters", "clusters gone")) as progress:
        session = Session(stack, progress)
        session.open()
        progress.step("delete clusters")
        session.delete_clusters()
        leaving = {cluster["metadata"]["name"] for cluster in session.workload_clusters()}

    def gone(seen: FleetObjects) -> bool:
        return leaving.isdisjoint(cluster["metadata"]["name"] for cluster in seen.clusters)

    fleet.follow(session, session.watch(timeout, gone))
