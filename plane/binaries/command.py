"""Runs a program that takes long: its lines as they come, a log, a limit, and a clean end."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from plane.binaries.faults import writing

PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a program.

    Attributes:
        status: its exit status, negative for a signal.
        output: its standard output.
        errors: its standard error.
        late: it was stopped because it did not end within its limit.
    """

    status: int
    output: str
    errors: str
    late: bool


def run(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    log: Path,
    limit: float,
    on_line: Callable[[str], None],
) -> Outcome:
    """Runs `argv` in `folder` for at most `limit` seconds.

    `on_line` gets each line of standard error as it comes; `log` gets all of them, after the
    command. Whatever ends the wait, Ctrl-C included, also ends the program and its children.
    """
    with writing(log):
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"+ cd {folder}\n+ {' '.join(argv)}\n")
    with tempfile.TemporaryFile("w+", dir=log.parent) as output:
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        late = threading.Event()

        def stop() -> None:
            late.set()
            _end(process)

        clock = threading.Timer(limit, stop)
        clock.daemon = True
        clock.start()
        try:
            errors = _follow(process, log, on_line)
            process.wait(timeout=limit + 2 * PATIENCE)
        finally:
            clock.cancel()
            if process.poll() is None:
                _end(process)
        output.seek(0)
        return Outcome(process.returncode, output.read(), errors, late.is_set())


def _follow(process: subprocess.Popen[str], log: Path, on_line: Callable[[str], None]) -> str:
    assert process.stderr is not None  # noqa: S101 - it is a pipe
    lines = []
    with writing(log), log.open("a", buffering=1) as file, process.stderr as stream:
        for line in stream:
            file.write(line)
            lines.append(line)
            on_line(line.rstrip())
    return "".join(lines)


def _end(process: subprocess.Popen[str]) -> None:
    """Ends the process group: an interrupt first, so that Go removes its scratch files."""
    try:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=PATIENCE)
    finally:  # a second Ctrl-C during the wait included
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=PATIENCE)
