"""A check for people: on a terminal in colours, in a pipe a line each."""

from __future__ import annotations

from collections.abc import Iterator

from cli.check.found import Checked, StackFinding
from cli.check.report import CheckReport, costs, counted, machines

Line = tuple[str, str]
"""A line and its style."""
SHOWN = 20
"""Objects that are named of each stack."""


def lines(report: CheckReport) -> Iterator[Line]:
    """Every line of the answer."""
    for stack in report.stacks:
        yield from _stack(report, stack)
    for finding in report.beside:
        yield from _finding(report, finding)
    style = "red" if report.errors else "green"
    yield "", ""
    yield f"{counted(len(report.stacks), 'stack')} checked: {report.verdict}.", style


def _stack(report: CheckReport, stack: Checked) -> Iterator[Line]:
    parts = (counted(stack.clusters, "cluster"), counted(stack.objects, "object"), costs(stack))
    what = ", ".join(filter(None, parts)) if stack.objects else "can't be evaluated"
    style = "bold red" if stack.errors else "bold"
    yield f"{stack.stack}: {what}", style
    if stack.change:
        yield from (("    nothing changes", "dim"),) if stack.change.is_empty else _change(stack)
    for finding in stack.findings:
        yield from _finding(report, finding)
    if stack.known:
        yield f"    {counted(len(stack.known), 'finding')} as before", "dim"
    if stack.mended:
        yield f"    {counted(stack.mended, 'finding')} mended", "green"


def _change(stack: Checked) -> Iterator[Line]:
    change = stack.change
    if change is None:
        return
    for sentence in change.summary:
        yield f"    {sentence}", ""
    if touched := machines(stack):
        yield f"    {touched}", ""
    names = [*change.objects, *change.cloud]
    for name in names[:SHOWN]:
        yield f"    {name}", "dim"
    if len(names) > SHOWN:
        yield f"    and {len(names) - SHOWN} more objects", "dim"


def _finding(report: CheckReport, finding: StackFinding) -> Iterator[Line]:
    problem = finding.problem
    place = report.place(problem.where)
    why = f" ({problem.why})" if problem.why else ""
    where = f"{place}: " if place else ""
    yield (
        f"    {where}{problem.code.id} {finding.what}{why}",
        "yellow" if finding.advice else "red",
    )
    yield f"        Fix: {problem.remedy}", "dim"
