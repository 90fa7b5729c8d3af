"""The only writer of output: Rich on a terminal, plain lines in a pipe, JSON on request.

Answers go to standard output; problems, progress and questions to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from errors import CaasError, Problem
from errors.command_line import CONFIRMATION_NEEDED

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


def is_terminal(stream: TextIO) -> bool:
    """True if `stream` is an interactive terminal with cursor movement."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def rich_console(stream: TextIO) -> Console:
    """A Rich console on `stream` that shows texts as they are; it knows NO_COLOR."""
    from rich.console import Console  # noqa: PLC0415 - keeps `caas --help` fast

    return Console(file=stream, markup=False, emoji=False, highlight=False)


def say(text: str = "", style: str = "") -> None:
    """A line of the answer; `style` is Rich's (`bold green`) and is for terminals."""
    if style and is_terminal(sys.stdout):
        rich_console(sys.stdout).print(text, style=style)
    else:
        sys.stdout.write(f"{text}\n")


def warn(text: str) -> None:
    """A line beside the answer, on standard error."""
    if is_terminal(sys.stderr):
        rich_console(sys.stderr).print(text, style="yellow")
    else:
        sys.stderr.write(f"{text}\n")


def document(value: Any) -> None:
    """The answer of `--output json`."""
    sys.stdout.write(as_json(value))


def as_json(value: Any) -> str:
    """An answer as every command writes it."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, title: str = "") -> None:
    """Rows under headings; cells are texts, or Rich texts where colour says something.

    In a pipe: the headings in capitals and columns that line up, for grep and awk.
    """
    if is_terminal(sys.stdout):
        from rich import box  # noqa: PLC0415 - keeps `caas --help` fast
        from rich.table import Table  # noqa: PLC0415 - keeps `caas --help` fast

        drawn = Table(*columns, title=title or None, title_justify="left", box=box.SIMPLE_HEAD)
        for row in rows:
            drawn.add_row(*row)
        rich_console(sys.stdout).print(drawn)
        return
    lines = [[column.upper() for column in columns], *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        say("  ".join(padded).rstrip())


def can_ask() -> bool:
    """True if a question can be asked on the terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str, default: str = "") -> str | None:
    """One line of an answer, `default` where it is empty; None at the end of the input."""
    hint = f" [{default}]" if default else ""
    sys.stderr.write(f"{question}{hint}: ")
    sys.stderr.flush()
    line = sys.stdin.readline()
    return (line.strip() or default) if line else None


def confirm(question: str, *, yes: bool) -> bool:
    """Asks on a terminal; `yes` is the answer that --yes gave beforehand.

    Raises CaasError CAAS-2064 if there is no terminal for the answer.
    """
    if yes:
        return True
    if not can_ask():
        raise CaasError(CONFIRMATION_NEEDED, f"There is no terminal for the answer: {question}")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def problems(found: Iterable[Problem], *, as_json: bool = False) -> None:
    """Shows problems on standard error: one line each in a pipe, a block each on a terminal."""
    found = list(found)
    if as_json:
        answer = {"problems": [problem.as_dict() for problem in found]}
        sys.stderr.write(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
    elif is_terminal(sys.stderr):
        console = rich_console(sys.stderr)
        for problem in found:
            console.print(_block(problem))
    else:
        sys.stderr.writelines(f"{problem}\n" for problem in found)


def _block(problem: Problem) -> Text:
    from rich.text import Text  # noqa: PLC0415 - keeps `caas --help` fast

    block = Text.assemble((f"{problem.code.id} ", "bold red"), (problem.what, "red"))
    details = {
        "where": str(problem.where),
        "why": problem.why,
        "who": problem.code.actor or "",
        "fix": problem.remedy,
        "more": f"./caas explain {problem.code.id}",
    }
    for name, text in details.items():
        if text:
            block.append(f"\n  {name:<6}", "dim")
            block.append(text, "green" if name == "fix" else "")
    return block
