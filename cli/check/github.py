"""A check as GitHub's annotations: commands that a job writes to its log.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands, and
the escapes of `actions/toolkit`, packages/core/src/command.ts.
"""

from __future__ import annotations

from cli.check.found import StackFinding
from cli.check.report import CheckReport

DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY = DATA | {":": "%3A", ",": "%2C"}


def text(report: CheckReport) -> str:
    """A line for each finding."""
    return "".join(f"{_annotation(report, finding)}\n" for finding in report.findings)


def _annotation(report: CheckReport, finding: StackFinding) -> str:
    problem = finding.problem
    where = problem.where
    title = " ".join(filter(None, (problem.code.id, finding.rule or problem.code.reason)))
    properties = {
        "file": report.path(where),
        "line": where.line,
        "col": where.column,
        "title": title,
    }
    said = ",".join(
        f"{name}={escaped(str(value), PROPERTY)}" for name, value in properties.items() if value
    )
    why = f" ({problem.why})" if problem.why else ""
    message = f"{finding.what}{why}.\nFix: {problem.remedy}\n{report.page(problem.code)}"
    return f"::{finding.level} {said}::{escaped(message, DATA)}"


def escaped(words: str, escapes: dict[str, str]) -> str:
    """The words with the characters that mean something to GitHub written otherwise."""
    return "".join(escapes.get(character, character) for character in words)
