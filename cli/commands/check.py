"""`caas check`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from cli import console
from cli.app import FAILED
from cli.check import github, junit, markdown, sarif, words
from cli.check.base import Base, checked_out
from cli.check.found import Checked, StackFinding
from cli.check.report import CheckReport
from cli.check.side_by_side import check_all
from cli.commands.version import caas_version
from cli.progress import drawn
from errors import CaasError, Problem, Where
from errors.check import NOTHING_TO_CHECK, REPORT_NOT_WRITABLE, STACK_FILE_REMOVED
from stacks.paths import stack_file
from stacks.settings.source import stack_name

EXAMPLES = {
    "./caas check": "every stack, without credentials and without a management cluster",
    "./caas check prod-aws --against origin/main": "what this branch changes, and what it breaks",
    "./caas check -o table -o sarif=check.sarif -o junit=check.xml": "for people and for CI",
}


class Form(StrEnum):
    """An output format of a check."""

    TABLE = "table"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"
    GITHUB = "github"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True)
class Target:
    """One form of the answer, and where it goes: standard output where no file is named."""

    form: Form
    file: Path | None = None


def target(text: str) -> Target:
    """The value of `--output`: `sarif`, or `sarif=check.sarif`."""
    form, _, file = text.partition("=")
    if form not in list(Form):
        raise typer.BadParameter(f"'{form}' is not a form; there are {', '.join(Form)}")
    return Target(Form(form), Path(file) if file else None)


def command(
    stacks: Annotated[
        list[str] | None,
        Argument(
            metavar="STACK...", help="Names of stacks, or paths of stack files; all by default."
        ),
    ] = None,
    against: Annotated[
        str,
        Option(metavar="REF", help="Compare with a branch, tag or commit: show what changes."),
    ] = "",
    output: Annotated[
        list[Target] | None,
        Option(
            "--output",
            "-o",
            metavar="FORM[=FILE]",
            parser=target,
            help="table, json, junit, sarif, github or markdown; as often as wanted.",
        ),
    ] = None,
) -> None:
    """Check stacks without credentials, and show the effects of a change.

    Reads the settings, runs the program and evaluates the policies, for all stacks side by side.
    Nothing is started. With --against, each stack is compared with its state at the commit where
    this branch left REF: what happens to clusters and machines and what it costs, in the words of
    `preview`, and of the findings only those that are new.

    Exit status: 0 all is well, or there is only advice; 1 a problem. With --against, problems that
    were there before don't count.
    """
    files = chosen(stacks)
    with drawn() as progress, ExitStack() as held:
        step = progress.step("check")
        base = held.enter_context(checked_out(against, files[0].parent)) if against else None
        done: list[Checked] = []

        def report(checked: Checked) -> None:
            done.append(checked)
            step.advance(len(done), len(files), checked.stack)

        found = check_all(files, base, report)
        gone = () if stacks or base is None else tuple(_removed(base, files))
    whole = CheckReport(found, against, base.commit if base else "", gone)
    for each in output or [Target(Form.TABLE)]:
        _write(whole, each)
    if whole.errors:
        raise typer.Exit(FAILED)


def chosen(stacks: Sequence[str] | None) -> list[Path]:
    """The files of the stacks that are named, else of all. Raises CAAS-3060 without any."""
    if stacks:
        named = (Path(each) if each.endswith(".yaml") else stack_file(each) for each in stacks)
        return list(dict.fromkeys(path.absolute() for path in named))
    folder = stack_file("any").parent
    files = sorted(path.absolute() for path in folder.glob("Pulumi.*.yaml"))
    if not files:
        what = "There is no stack file to check"
        raise CaasError(NOTHING_TO_CHECK, what, where=Where(file=str(folder)))
    return files


def _removed(base: Base, files: Sequence[Path]) -> Iterator[StackFinding]:
    """The findings about stacks of the base whose files are gone."""
    there = {file.name for file in files}
    for old in sorted(base.path(files[0].parent).glob("Pulumi.*.yaml")):
        if old.name not in there:
            what = f"The file of the stack `{stack_name(old)}` is removed, its clusters are not"
            where = Where(file=str(files[0].parent / old.name))
            yield StackFinding(Problem(STACK_FILE_REMOVED, what, where), advice=True)


def _write(report: CheckReport, where: Target) -> None:
    if where.file is None and where.form is Form.TABLE:
        for line, style in words.lines(report):
            console.say(line, style)
        return
    text = _text(report, where.form)
    if where.file is None:
        console.say(text.removesuffix("\n"))
        return
    try:
        where.file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CaasError(
            REPORT_NOT_WRITABLE,
            f"The report as `{where.form}` can't be written",
            where=Where(file=str(where.file)),
            why=error.strerror or os.strerror(error.errno or 0),
        ) from error


def _text(report: CheckReport, form: Form) -> str:
    match form:
        case Form.TABLE:
            return "".join(f"{line}\n" for line, _ in words.lines(report))
        case Form.JSON:
            return console.as_json(report.as_dict())
        case Form.JUNIT:
            return junit.text(report)
        case Form.SARIF:
            return sarif.text(report, caas_version())
        case Form.GITHUB:
            return github.text(report)
        case Form.MARKDOWN:
            return markdown.text(report)
