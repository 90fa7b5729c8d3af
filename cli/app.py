"""The caas command: finds the command's module, runs it, and says what went wrong.

Exit status: 0 done, 1 a problem with a code, 64 a command line that was not understood, 70 a
fault in caas (both of sysexits.h), 130 interrupted, 141 the output's reader is gone. 2 is left to
commands that report a difference, 3 to `drift`.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from inspect import cleandoc
from itertools import pairwise
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from cli import console
from cli.commands import COMMANDS
from errors import CaasError, Problem
from errors.command_line import USAGE

FAILED = 1
MISUSED = 64
INTERRUPTED = 130
NOBODY_READS = 141

HELP = {"help_option_names": ["--help", "-h"], "terminal_width": 100}


class LazyCommand(TyperCommand):
    """A command that is in the list, and whose module is imported when it is called."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """The context of the command itself."""
        return load(str(self.name)).make_context(*args, **kwargs)


def load(name: str) -> TyperCommand:
    """The command `name` with its arguments, options and examples."""
    module = import_module(f"cli.commands.{name.replace('-', '_')}")
    app = typer.Typer(add_completion=False, rich_markup_mode=_markup())
    paragraphs = cleandoc(module.command.__doc__).split("\n\n")
    prose = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    examples = "\n".join(f"  {line}\n      {does}" for line, does in module.EXAMPLES.items())
    app.command(
        name=name,
        help=f"{prose}\n\n\b\nExamples:\n{examples}",
        context_settings={**HELP, **getattr(module, "CONTEXT", {})},
    )(module.command)
    command = typer.main.get_command(app)
    assert isinstance(command, TyperCommand)  # noqa: S101 - one function makes one command
    return command


def group() -> TyperGroup:
    """The whole command line."""
    app = typer.Typer(
        add_completion=False,
        invoke_without_command=True,
        rich_markup_mode=_markup(),
        context_settings=HELP,
    )
    app.callback()(_caas)
    whole = typer.main.get_group(app)
    for panel, entries in COMMANDS.items():
        for entry in entries:
            stub = LazyCommand(entry.name, help=entry.summary, rich_help_panel=panel)
            whole.add_command(stub)
    return whole


def _caas(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Containers as a Service: highly available Kubernetes clusters from one stack file.

    `./caas up` makes the clusters of stacks/Pulumi.local.yaml on this machine.
    """
    if version:
        from cli.commands.version import caas_version  # noqa: PLC0415 - only here

        console.say(f"caas {caas_version()}")
    elif context.invoked_subcommand is None:
        console.say(context.get_help())


def main(arguments: list[str]) -> int:
    """Runs a command line and returns its exit status; no traceback leaves it."""
    try:
        status = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        return _nobody_reads()
    except KeyboardInterrupt:
        return _interrupted()
    return status


def _run(arguments: list[str]) -> int:
    as_json = wants_json(arguments)
    try:
        whole = group()
        with whole.make_context("caas", list(arguments)) as context:
            whole.invoke(context)
    except CaasError as error:
        console.problems(error.problems, as_json=as_json)
        return FAILED
    except typer.Exit as end:
        return end.exit_code
    except typer.TyperException as error:
        console.problems([_misuse(error)], as_json=as_json)
        return MISUSED
    except BrokenPipeError:
        raise
    except Exception as error:  # the last resort: no traceback reaches a user
        from cli.fault import STATUS, report  # noqa: PLC0415 - only when caas is at fault

        console.problems([report(error, arguments)], as_json=as_json)
        return STATUS
    return 0


def wants_json(arguments: list[str]) -> bool:
    """True if `--output json` is among the arguments, even if the other arguments are invalid."""
    joined = {"--output=json", "-ojson"} & set(arguments)
    pairs = pairwise(arguments)
    return bool(joined) or any(
        option in ("--output", "-o") and value == "json" for option, value in pairs
    )


def _misuse(error: typer.TyperException) -> Problem:
    context: typer.Context | None = getattr(error, "ctx", None)
    path = context.command_path.replace("caas", "./caas", 1) if context else "./caas"
    what, _, hint = error.format_message().replace("\n\t", " ").partition(". Did you mean ")
    suggestion = f"Did you mean {hint} " if hint else ""
    fix = f"{suggestion}Run `{path} --help` to see its arguments and options."
    return Problem(USAGE, what.rstrip("."), fix=fix)


def _interrupted() -> int:
    from cli import progress  # noqa: PLC0415 - keeps `caas --help` fast

    done = f" {progress.current.summary()}" if progress.current else ""
    console.warn(f"\nInterrupted.{done} Run the same command again to go on from here.")
    return INTERRUPTED


def _nobody_reads() -> int:
    # Python flushes standard output once more at exit: into nothing.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return NOBODY_READS


def _markup() -> Any:
    return "rich" if console.is_terminal(sys.stdout) else None
