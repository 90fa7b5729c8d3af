"""Checks one stack in a separate process: the Pulumi SDK keeps one program per process.

`python -I cli/check/worker.py FILE RESULT [--before RESULT | --unchanged] [--registered]`. It
starts nothing and needs no cluster. The base of a pull request has the base's worker: a program
is only understood by the code that it came with.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cli.check.found import Checked, StackChange, StackFinding
from cli.plan import summary, title, violations
from cli.policies import configuration
from engine.plan.clouds import short_type
from engine.plan.plan import Plan
from engine.program import Recording
from engine.session import Session
from errors import CaasError, Problem, Where
from errors.check import BASE_UNUSABLE
from plane.progress import Silent
from policies import Configuration
from stacks.settings.source import stack_name

EDITION = 1
"""Counts up when a result means something else: results of other editions can't be compared."""
Result = dict[str, Any]


def check(
    file: Path,
    before: Result | None = None,
    *,
    unchanged: bool = False,
    registered: bool = False,
) -> Result:
    """The check of one stack, as JSON.

    Args:
        file: the stack file.
        before: the result of the same stack at the base; None where nothing is compared. Its
            `registered` is None where the program could not be run there.
        unchanged: the base is known to be the same.
        registered: add what the program registers, for a later comparison.
    """
    os.environ["CAAS_STACKS"] = str(file.parent)
    session = Session(stack_name(file), Silent())
    checked = Checked(session.stack, file)
    try:
        # Every problem of the file, before the program stumbles.
        rules = configuration(session.settings, session.file)
        recording = session.record()
    except CaasError as error:
        checked = replace(checked, findings=_errors(error.problems))
        recording = None
    if recording:
        there = {"registered": _registered(recording)} if unchanged else before
        checked = _judged(checked, session, recording, there, rules)
    if unchanged:
        checked = checked.since(checked.findings)
    elif before:
        was = Checked.of(before)
        checked = checked.since((*was.findings, *was.known))
    result = checked.as_dict() | {"edition": EDITION}
    if registered:
        result["registered"] = _registered(recording) if recording else None
    return result


def _judged(
    checked: Checked,
    session: Session,
    recording: Recording,
    before: Result | None,
    rules: Configuration,
) -> Checked:
    """The policy findings, the changes and the costs of a stack."""
    findings: list[StackFinding] = []
    plan = session.plan(recording, offline="a check uses no management cluster")
    change = None
    if before and (there := before["registered"]):
        try:
            plan = session.plan_from(there["objects"], recording)
            change = _change(plan, there["cloud"])
        except CaasError as error:
            findings += _errors(error.problems)
    elif before:
        what = f"What changes in the stack `{session.stack}` can't be determined"
        problem = Problem(BASE_UNUSABLE, what, Where(file=str(session.file)))
        findings.append(StackFinding(problem, advice=True))
    findings += [
        StackFinding(_placed(each.problem(), session), not each.is_mandatory, each.rule.name)
        for each in violations(plan, rules)
    ]
    findings += [StackFinding(each, advice=True) for each in session.advice()]
    estimate: dict[str, Any] = {}
    try:
        estimate = session.estimate(plan).as_dict()
    except CaasError as error:
        findings += _errors(error.problems)
    return replace(
        checked,
        findings=tuple(findings),
        change=change,
        clusters=len(session.settings.all_clusters),
        objects=len(plan.objects.desired),
        estimate=estimate,
    )


def _change(plan: Plan, cloud: Mapping[str, Mapping[str, Any]]) -> StackChange:
    changes = plan.objects.changes
    return StackChange(
        summary=summary(plan),
        clusters=[change.as_dict() for change in plan.clusters],
        objects=[title(change) for change in changes],
        approvals=[each.as_dict() for each in plan.approvals],
        cloud=list(_cloud_lines(cloud, _cloud(plan.recording))),
    )


def _registered(recording: Recording) -> Result:
    """The data of the base's run that a comparison needs, with secrets hidden."""
    return {"objects": recording.objects(), "cloud": _cloud(recording)}


def _cloud(recording: Recording) -> dict[str, dict[str, Any]]:
    """The resources that only the pulumi CLI creates, by URN."""
    return {
        each.urn: {
            "title": f"{short_type(each.type)} {each.name}",
            "inputs": json.loads(json.dumps(each.inputs)),
            "protect": each.protect,
        }
        for each in recording.foreign()
    }


def _cloud_lines(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> Iterable[str]:
    """A line for each resource of a cloud that changes, and which of its properties do."""
    for urn, new in after.items():
        old = before.get(urn)
        if old is None:
            yield f"+ {new['title']}"
        elif old != new:
            keys = sorted({*old["inputs"], *new["inputs"]})
            differing = [
                key for key in keys if old["inputs"].get(key) != new["inputs"].get(key)
            ] + ["protect"] * (old["protect"] != new["protect"])
            yield f"~ {new['title']}: {', '.join(differing)}"
    yield from (f"- {old['title']}" for urn, old in before.items() if urn not in after)


def _errors(problems: Iterable[Problem]) -> tuple[StackFinding, ...]:
    return tuple(StackFinding(problem) for problem in problems)


def _placed(problem: Problem, session: Session) -> Problem:
    """A policy's finding at the place of its cluster in the stack file."""
    name = problem.where.cluster
    if not name or name not in (each.name for each in session.settings.all_clusters):
        return replace(problem, where=replace(problem.where, file=str(session.file)))
    spot = session.place(name, "name")
    where = replace(problem.where, file=spot.file, line=spot.line, column=spot.column)
    return replace(problem, where=where)


def main() -> None:
    """Reads the arguments and writes the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--unchanged", action="store_true")
    parser.add_argument("--registered", action="store_true")
    given = parser.parse_args()
    before = None
    if given.before:
        before = json.loads(given.before.read_text())
    options = {"unchanged": given.unchanged, "registered": given.registered}
    result = check(given.file, before, **options)
    given.result.write_text(json.dumps(result, default=str))


if __name__ == "__main__":
    main()
