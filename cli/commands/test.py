"""`caas test`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import psutil
import typer

from cli.progress import drawn

EXAMPLES = {
    "./caas test --fast": "what needs neither the plane nor seconds: about two minutes",
    "./caas test": "everything",
    "./caas test tests/unit/test_cli.py -k explain": "arguments after the options are pytest's",
}
CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True}
ROOT = Path(__file__).resolve().parents[2]
MOST_WORKERS = 4
MEMORY_PER_WORKER = 4 * 1024**3
"""Bytes of memory per worker, which may run a separate plane."""


def command(
    context: typer.Context,
    fast: Annotated[
        bool, typer.Option("--fast", help="Leave out what needs the plane, or is slow.")
    ] = False,
) -> None:
    """Run the tests of caas.

    They run in parallel with pytest, which takes every further argument. Tests that can't run
    here are skipped with the reason.
    """
    arguments = ["-n", str(workers()), "--dist", "loadscope"]
    if fast:
        arguments += ["-m", "not plane and not slow", "--ignore=tests/integration"]
    else:
        _get_binaries()
    arguments += [_absolute(argument) for argument in context.args]
    os.chdir(ROOT)
    sys.stdout.flush()
    command_line = [sys.executable, "-m", "pytest", *arguments]
    os.execve(sys.executable, command_line, environment())  # noqa: S606 - no shell


def _get_binaries() -> None:
    """The programs of the plane and of tests, with progress here, not silently inside a test."""
    from components.delivery.addon_provider import ADDON_PROVIDER  # noqa: PLC0415 - as below
    from components.infrastructure.registry import embedded  # noqa: PLC0415 - as below
    from plane.binaries import ensure_everything  # noqa: PLC0415 - `--fast` needs none

    with drawn() as progress:
        ensure_everything(progress, (*embedded(), ADDON_PROVIDER))


def environment() -> dict[str, str]:
    """The environment of the tests: Python keeps compiled modules, which many processes need.

    Containers often set PYTHONDONTWRITEBYTECODE; then every process compiles everything again.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(ROOT / ".venv" / "compiled")}


def workers() -> int:
    """The number of parallel tests: by the cores and the memory of this machine."""
    linux = sys.platform == "linux"
    cores = len(os.sched_getaffinity(0)) if linux else os.cpu_count() or 1
    memory = int(psutil.virtual_memory().available) // MEMORY_PER_WORKER
    return max(1, min(cores, memory, MOST_WORKERS))


def _absolute(argument: str) -> str:
    """A path relative to the user's folder, made to work from the checkout's."""
    path = argument.split("::", 1)[0]
    return str(Path.cwd() / argument) if path and Path(path).exists() else argument
