"""`caas volumes`."""

from __future__ import annotations

from contextlib import ExitStack
from enum import StrEnum
from typing import Annotated

from typer import Argument, BadParameter, Option

from cli import console
from cli.options import Format, Output, Yes, seconds
from cli.progress import drawn
from engine.session import Session
from engine.workload import workload_api
from operations.volumes.move import STEPS, Moved, VolumeMove
from operations.volumes.plan import MovePlan, MoveSide, plan_move
from plane.progress import Silent

EXAMPLES = {
    "./caas volumes move shop --namespace orders --to-class fast --dry-run": "what would move",
    "./caas volumes move shop --namespace orders --to-class fast": "to another storage class",
    "./caas volumes move shop --namespace orders --to-cluster shop-2": "to another cluster",
}


class VolumesAction(StrEnum):
    """The operations of the command."""

    MOVE = "move"


def command(
    action: Annotated[VolumesAction, Argument(help="The operation.", show_default=False)],
    cluster: Annotated[
        str, Argument(metavar="CLUSTER", help="The cluster of the volumes.", show_default=False)
    ],
    namespace: Annotated[
        str, Option("--namespace", "-n", help="Whose volumes.", show_default=False)
    ],
    *,
    to_class: Annotated[
        str, Option("--to-class", metavar="CLASS", help="The storage class that they get.")
    ] = "",
    to_cluster: Annotated[
        str, Option("--to-cluster", metavar="CLUSTER", help="The cluster that they go to.")
    ] = "",
    stack: Annotated[str, Option("--stack", help="The stack of both clusters.")] = "local",
    dry_run: Annotated[
        bool, Option("--dry-run", help="Check and show what would move, and change nothing.")
    ] = False,
    yes: Yes = False,
    patience: Annotated[
        float,
        Option(
            "--patience",
            metavar="DURATION",
            parser=seconds,
            help="The longest time without progress: 90s, 10m, 1h30m.",
        ),
    ] = 1800.0,
    output: Output = Format.TABLE,
) -> None:
    """Move the volumes of a namespace to another class or cluster.

    Velero copies the data: it saves the namespace with a snapshot of each volume, and restores it.
    Pods that use the volumes have to be stopped before, and stay so until the end. Within a
    cluster only the volumes are restored, under their old names; the old ones are kept aside.
    In another cluster the whole namespace is restored, and the source stays as it is.

    At the end every volume is checked: there, bound, in the wanted class, as large as before, all
    of its data restored. Interrupt the command and run it again to go on.
    """
    if action is VolumesAction.MOVE and not to_class and not to_cluster:
        raise BadParameter("a move needs --to-class CLASS, --to-cluster CLUSTER, or both")
    session = Session(stack, Silent())
    with ExitStack() as opened:
        source = MoveSide(cluster, opened.enter_context(workload_api(session, cluster)))
        target = source
        if to_cluster and to_cluster != cluster:
            target = MoveSide(to_cluster, opened.enter_context(workload_api(session, to_cluster)))
        elif not to_class:
            raise BadParameter("the volumes are in that cluster already; add --to-class CLASS")
        plan = plan_move(source, target, namespace, to_class)
        if output is Format.TABLE:
            _show(plan)
        if dry_run or not plan.claims:
            if output is Format.JSON:
                console.document(plan.as_dict() | {"moved": False})
            return
        if not console.confirm(_question(plan), yes=yes):
            console.say("Nothing was moved.")
            return
        with drawn(STEPS) as progress:
            moved = VolumeMove(plan, source, target, patience=patience).run(progress)
    if output is Format.JSON:
        console.document(moved.as_dict() | {"moved": True})
    else:
        _tell(moved)


def _show(plan: MovePlan) -> None:
    if not plan.claims:
        console.say("Every volume has that class already.", "green")
        return
    rows = [
        (each.name, each.size, each.storage_class, plan.class_of(each), each.volume)
        for each in plan.claims
    ]
    console.table(("claim", "size", "from", "to", "volume now"), rows)
    if plan.resumed:
        console.say("The move that an earlier run began continues.")


def _question(plan: MovePlan) -> str:
    where = f"from {plan.source} to {plan.target}" if not plan.stays else f"to {plan.storage_class}"
    return f"Move {len(plan.claims)} volumes of {plan.namespace} {where}?"


def _tell(moved: Moved) -> None:
    plan = moved.plan
    total = sum(moved.data.values())
    console.say(
        f"{len(plan.claims)} volumes, {total} bytes, {moved.restore.done} items; all checked.",
        "green",
    )
    if moved.restore.warnings:
        console.warn(
            f"{moved.restore.warnings} warnings: velero restore describe {moved.restore.name}"
        )
    if plan.stays:
        console.say("The old volumes are kept; delete them once you have checked the data:")
        console.say(f"  kubectl delete persistentvolume {' '.join(moved.kept)}")
    else:
        console.say(f"{plan.namespace} is still in {plan.source}, too; delete it there later.")
