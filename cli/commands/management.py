"""`caas management`."""

from __future__ import annotations

import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from typer import Argument, BadParameter, Option

from cli import console
from cli.commands.version import caas_version
from cli.options import Stack, Yes
from cli.progress import drawn
from engine.session import Session
from errors import CaasError, Where
from errors.management import NO_SNAPSHOT
from operations.management import archive, snapshot
from operations.management.archive import SNAPSHOT
from operations.management.backup import back_up
from operations.management.restore import Restore
from plane.binaries.tools import etcdutl
from plane.progress import Progress
from stacks.settings.stack import ManagementMode

EXAMPLES = {
    "./caas management backup prod-aws --out /backups": "a file per run, named after the time",
    "./caas management restore prod-aws --from /backups/prod-aws-20261122T080000Z.caas-backup": (
        "on an empty management cluster of the same stack"
    ),
    "./caas management restore local --from local.caas-backup --etcd": (
        "the whole database of the embedded plane, uids and all"
    ),
}


class ManagementAction(StrEnum):
    """The operations of the command."""

    BACKUP = "backup"
    RESTORE = "restore"


def command(
    action: Annotated[ManagementAction, Argument(help="The operation.", show_default=False)],
    stack: Stack = "local",
    *,
    out: Annotated[
        Path, Option("--out", metavar="FILE|DIR", help="For a backup: the folder to write it to.")
    ] = Path(),
    source: Annotated[
        Path | None, Option("--from", metavar="FILE", help="For a restore: the backup.")
    ] = None,
    etcd: Annotated[
        bool, Option("--etcd", help="For a restore: the embedded plane's database, not objects.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Back up or restore the objects of the management cluster.

    A backup holds every object that makes up the stack's clusters, and of an embedded plane its
    etcd too. It holds the keys of all clusters, unencrypted: the file is yours alone (0600), and
    has to be kept where only those may read it who may do anything with the clusters.

    A restore goes to an empty management cluster that runs Cluster API. It deletes and replaces
    no machine: clusters come back paused, and are let go when their machines are those of the
    backup. Interrupt it and run it again.
    """
    if action is ManagementAction.BACKUP:
        _backup(stack, out)
    elif source is None:
        raise BadParameter("a restore needs --from FILE")
    elif etcd:
        _restore_etcd(stack, source)
    else:
        _restore(stack, source, yes=yes)


def _backup(stack: str, out: Path) -> None:
    with drawn(("read the objects", "save etcd", "write the backup")) as progress:
        session = Session(stack, progress)
        management = session.settings.management
        embedded = management.mode is ManagementMode.EMBEDDED
        with session.lock(f"caas management backup {stack}"):
            made = back_up(
                session.api,
                stack,
                management.namespace,
                out,
                progress,
                caas=caas_version(),
                plane=session.plane if embedded else None,
            )
    header = made.header
    console.say(
        f"{made.path}: {len(header.clusters)} clusters, {header.machines} machines, "
        f"{made.objects} objects{', etcd' if header.has_snapshot else ''}",
        "green",
    )
    console.warn("It holds the keys of these clusters, unencrypted: restrict access to it.")


def _restore(stack: str, source: Path, *, yes: bool) -> None:
    header = archive.read_header(source, stack)
    names = ", ".join(header.clusters)
    question = f"Bring back {names} as of {header.created}, on the management cluster of {stack}?"
    if not console.confirm(question, yes=yes):
        console.say("Nothing was restored.")
        return
    steps = ("check the backup", "create the objects", "check the machines", "end the pause")
    with drawn(steps) as progress:
        session = Session(stack, progress)
        with session.lock(f"caas management restore {stack}"):
            session.open()
            done = Restore(session.api, source, stack).run(progress)
    console.say(f"{done.machines} machines and {done.objects} objects are back.", "green")
    console.say(f"./caas status {stack}  # the clusters settle within minutes")


def _restore_etcd(stack: str, source: Path) -> None:
    with drawn(("check the backup", "restore etcd", "management plane")) as progress:
        session = Session(stack, progress)
        header = archive.read_header(source, stack)
        if not header.has_snapshot or session.mode is not ManagementMode.EMBEDDED:
            raise CaasError(
                NO_SNAPSHOT,
                "The stack has no embedded plane"
                if header.has_snapshot
                else "The backup has no snapshot of etcd",
                where=Where(file=str(source)),
            )
        with session.lock(f"caas management restore {stack}"):
            _from_snapshot(session, source, header, progress)
            session.open()
    console.say(f"The plane of {stack} has its state of {header.created} again.", "green")


def _from_snapshot(
    session: Session, source: Path, header: archive.Header, progress: Progress
) -> None:
    with tempfile.TemporaryDirectory(prefix="caas-restore-") as made:
        progress.step("check the backup")
        archive.extract(source, header, Path(made))
        program = etcdutl(progress)
        progress.step("restore etcd")
        snapshot.restore(session.plane, Path(made) / SNAPSHOT, program)
