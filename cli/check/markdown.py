"""A check as Markdown, for a comment on a pull request."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from cli.check.found import Checked, StackFinding
from cli.check.report import CheckReport, costs, counted, machines, tenant_costs

MARK = "<!-- caas check -->"
"""By this line a job finds the comment that it wrote before."""
LONGEST = 60_000
"""Characters; GitHub refuses comments of more than 65,536."""
SHOWN = 50
"""Objects that are named of each stack."""


def text(report: CheckReport) -> str:
    """The comment; cut where it would be too long for one."""
    whole = "\n".join(_lines(report)) + "\n"
    if len(whole) <= LONGEST:
        return whole
    cut = whole[:LONGEST].rpartition("\n")[0]
    fence = "\n```" * (cut.count("\n```") % 2)
    folded = "\n\n</details>" * (cut.count("<details>") - cut.count("</details>"))
    return f"{cut}{fence}{folded}\n\nShortened; `./caas check` prints the whole report.\n"


def _lines(report: CheckReport) -> Iterator[str]:
    mark = "❌" if report.errors else "✅"
    against = f", compared with `{report.against}` ({report.commit})" if report.against else ""
    yield MARK
    yield f"### {mark} caas check: {report.verdict}"
    yield ""
    yield f"{counted(len(report.stacks), 'stack')}{against}."
    same = [each for each in report.stacks if each.change and each.change.is_empty]
    quiet = [each for each in same if not each.findings]
    for stack in report.stacks:
        if stack not in quiet:
            yield from _stack(report, stack)
    if report.beside:
        yield from ("", "#### Removed", "", *_findings(report, report.beside))
    if quiet:
        names = ", ".join(f"`{each.stack}`" for each in quiet)
        yield from ("", f"Nothing changes in {names}.")


def _stack(report: CheckReport, stack: Checked) -> Iterator[str]:
    yield from ("", f"#### `{stack.stack}`", "")
    if not stack.objects:
        yield "The stack can't be evaluated."
    elif stack.change is None:
        yield f"{counted(stack.clusters, 'cluster')}, {counted(stack.objects, 'object')}."
    elif stack.change.is_empty:
        yield "Nothing changes."
    else:
        yield from (f"- {_plain(sentence)}" for sentence in stack.change.summary)
        if touched := machines(stack):
            yield f"- {touched}"
    if cost := costs(stack):
        yield from ("", f"Estimated cost: **{cost}**")
    if rows := tenant_costs(stack):
        yield from _folded("Cost by tenant", list(_by_tenant(stack, rows)))
    if stack.findings:
        yield from ("", *_findings(report, stack.findings))
    if stack.mended:
        yield from ("", f"{counted(stack.mended, 'finding')} mended.")
    if stack.known:
        title = f"{counted(len(stack.known), 'finding')} as before"
        yield from _folded(title, list(_findings(report, stack.known)))
    if stack.change and not stack.change.is_empty:
        names = [*stack.change.objects, *stack.change.cloud]
        more = [f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
        title = counted(len(names), "object") + " that change" + "s" * (len(names) == 1)
        yield from _folded(title, ["```diff", *names[:SHOWN], *more, "```"])


def _by_tenant(stack: Checked, rows: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """A table of the tenants whose cost changes, and the rule."""
    currency = stack.estimate["currency"]
    yield f"| tenant | {currency} a month before | after |"
    yield "|---|---:|---:|"
    yield from (f"| {name} | {before} | {after} |" for name, before, after in rows)
    yield from ("", f"{stack.estimate['tenantRule']}.")


def _findings(report: CheckReport, findings: Sequence[StackFinding]) -> Iterator[str]:
    for finding in findings:
        problem = finding.problem
        mark = "⚠️" if finding.advice else "❌"
        place = report.place(problem.where)
        where = f" `{place}`" if place else ""
        why = f" ({_plain(problem.why)})" if problem.why else ""
        code = f"[{problem.code.id}]({report.page(problem.code)})"
        yield f"- {mark} {code}{where} {_plain(finding.what)}{why}"
        yield f"  - Fix: {_plain(problem.remedy)}"


def _folded(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield from ("", f"<details><summary>{title}</summary>", "", *lines, "", "</details>")


def _plain(words: str) -> str:
    """On one line, and without HTML."""
    return html.escape(" ".join(words.split()), quote=False)
