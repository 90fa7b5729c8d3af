"""`caas up`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

from typer import Option

from cli import console, estimate, fleet, inside
from cli.options import Engine, EngineChoice, Stack, Timeout
from cli.plan import judged, show_words
from cli.policies import configuration
from cli.progress import drawn
from cli.pulumi_cli import choose, require
from engine.inside.step import InsideClusters
from engine.plan.objects import ObjectChange
from engine.plan.plan import Plan
from engine.session import Session
from plane.progress import Progress

EXAMPLES = {
    "./caas up": "the clusters of stacks/Pulumi.local.yaml, on this machine",
    "./caas up staging --timeout 20m": "another stack, with a longer limit",
}
STEPS = ("management plane", "plan", "apply", "objects in clusters", "clusters ready")


def command(
    stack: Stack = "local",
    timeout: Timeout = 1800.0,
    engine: EngineChoice = Engine.AUTO,
    delete_data: Annotated[
        bool,
        Option("--delete-data", help="Lose the data of what left the stack file in clusters."),
    ] = False,
) -> None:
    """Bring the clusters to the state that the stack file describes.

    Starts an embedded plane where it does not run, shows what changes and costs, applies it, and
    waits until every cluster is as wanted. Interrupt it at any time: the next run goes on from
    there. Run again without a change, it does nothing. Resources of a cloud need the pulumi CLI.

    Objects in workload clusters that left the stack file are removed, and those that were changed
    by hand are put right, in each cluster that answers; the next `up` goes on with the others.
    Namespaces with volumes go if the stack file had them with `leaving: true` before, or with
    `--delete-data`. On a terminal you confirm them by typing their names.
    """
    with ExitStack() as held:
        with drawn(STEPS) as progress:
            session = Session(stack, progress)
            session.delete_data = delete_data
            # Report a bad stack file before anything is started.
            rules = configuration(session.settings, session.file)
            if not session.has_plane:
                session.open()  # report a missing cluster before the program runs
            recording = session.record()
            pulumi = choose(engine, session)
            if not pulumi:
                require(recording.foreign())
            held.enter_context(session.lock(f"caas up {stack}"))
            session.prepare()
            session.open()
            progress.step("plan")
            plan = session.plan(recording)
            show_words(plan, progress.note)
            if costs := estimate.line(session.estimate(plan)):
                progress.note(costs)
            for violation in judged(plan, rules):
                progress.note(str(violation.problem()))
            clusters = InsideClusters(session, plan)
            clusters.remember()
            if not pulumi:
                _apply(session, plan, progress)
        if pulumi:
            session.prepare_for_pulumi(plan)
            pulumi.up(adopted=plan.once_made, refresh=True)
        inside.settle(clusters)
        _wait(session, plan, timeout)


def _apply(session: Session, plan: Plan, progress: Progress) -> None:
    if plan.is_empty:
        return
    step = progress.step("apply")
    done = 0
    total = len(plan.objects.changes)

    def report(change: ObjectChange) -> None:
        nonlocal done
        done += 1
        step.advance(done, total, f"{change.key.kind} {change.key.name}")

    session.apply(plan, report)


def _wait(session: Session, plan: Plan, timeout: float) -> None:
    states = fleet.follow(session, session.watch(timeout, session.settled(plan)))
    fleet.table(states)
    if plan.is_empty:
        console.say("Nothing to change: the clusters are what the stack file says.", "green")
    for state in states:
        console.say(f"./caas kubeconfig {state.name}{_suffix(session.stack)}  # the way in")


def _suffix(stack: str) -> str:
    return "" if stack == "local" else f" --stack {stack}"
