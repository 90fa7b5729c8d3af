"""`caas diagnose`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from typer import Argument, Exit, Option

from cli import console
from cli.options import Format, Output, seconds
from engine.session import Session
from errors import CaasError, Problem
from errors.program import CLUSTER_NOT_FOUND
from operations.diagnosis import Diagnosis, Inventory, dead_processes, diagnose, read_inventory
from plane.progress import Silent

EXAMPLES = {
    "./caas diagnose": "every cluster of the local stack; exit status 1 when there are problems",
    "./caas diagnose shop --output json": "one cluster, for a script",
    "./caas diagnose --stack prod --patience 30m": "for machines that start slowly",
}


def command(
    cluster: Annotated[
        str | None, Argument(metavar="[CLUSTER]", help="Only this cluster.", show_default=False)
    ] = None,
    stack: Annotated[str, Option("--stack", help="The stack to look at.")] = "local",
    patience: Annotated[
        float,
        Option(
            "--patience",
            metavar="DURATION",
            parser=seconds,
            help="The time after which slow progress is a problem: 90s, 10m, 1h30m.",
        ),
    ] = 600.0,
    output: Output = Format.TABLE,
) -> None:
    """Find the problems of clusters, with cause and fix.

    Reads the conditions of every object that the clusters are made of, their add-ons and the
    warnings about them, and names the deepest cause of each problem with its code, the chain of
    objects that leads to it, who has to act, and a fix. Nothing is changed.
    """
    session = Session(stack, Silent())
    problems = dead_processes(session.plane, stack) if session.has_plane else []
    diagnosis = Diagnosis((), ())
    clusters = []
    if not problems:
        inventory = _inventory(session, cluster)
        clusters = inventory.clusters
        signs = session.settings.infrastructure.FAILURE_SIGNS
        diagnosis = diagnose(inventory, signs=signs, patience=timedelta(seconds=patience))
        problems = [finding.problem() for finding in diagnosis.problems]
    if output is Format.JSON:
        console.document(_document(problems, diagnosis))
    else:
        _show(problems, diagnosis, clusters)
    if problems:
        raise Exit(1)


def _inventory(session: Session, cluster: str | None) -> Inventory:
    inventory = read_inventory(session.api, session.namespace)
    if cluster is None:
        return inventory
    if cluster not in inventory.clusters:
        raise CaasError(
            CLUSTER_NOT_FOUND,
            f"The stack `{session.stack}` has no cluster `{cluster}`",
            fix=f"One of: {', '.join(inventory.clusters) or 'none yet; run ./caas up'}.",
        )
    return inventory.of_cluster(cluster)


def _show(problems: list[Problem], diagnosis: Diagnosis, clusters: list[str]) -> None:
    for finding in diagnosis.progress:
        console.say(f"In progress: {finding.what} ({finding.why})")
    if problems:
        console.problems(problems)
    elif clusters:
        console.say(f"No problems in {', '.join(clusters)}.", "green")
    else:
        console.say("There are no clusters.")


def _document(problems: list[Problem], diagnosis: Diagnosis) -> dict[str, object]:
    return {
        "problems": [problem.as_dict() for problem in problems],
        "progress": [finding.problem().as_dict() for finding in diagnosis.progress],
    }
