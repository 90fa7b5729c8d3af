"""Processes that outlive the run that started them, and are known again by the next one.

Each process carries a mark in its environment: the plane it belongs to and an identity that no
other process has. So a reused process id is never taken for ours, and a process whose start was
not recorded is still found.
"""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

PLANE = "CAAS_PLANE"
IDENTITY = "CAAS_PROCESS"
LOG_LIMIT = 10 * 2**20
TAIL_BYTES = 16 * 1024
KILL_SECONDS = 10.0
LOAD_SECONDS = 1.0
POLL = 0.02


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """The command of a process.

    Attributes:
        name: the process's name, `etcd`.
        command: the binary and its arguments; no secret may be among them.
        environment: all that the process sees of the environment, besides its mark.
        fingerprint: changes when a running process has to be replaced by this program.
        port: where it serves.
    """

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    fingerprint: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """A process that was started: what the plane's state file keeps of it."""

    pid: int
    identity: str
    fingerprint: str
    log_start: int = 0


def spawn(program: ProcessSpec, plane: str, log: Path) -> ProcessRecord:
    """Starts the program in a separate session, so that Ctrl-C does not reach it.

    Args:
        program: what to run.
        plane: the plane's mark.
        log: gets its output; a log beyond 10 MB is set aside as `<log>.1` first.
    """
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_name(f"{log.name}.1"))
    identity = uuid.uuid4().hex
    environment = {**program.environment, PLANE: plane, IDENTITY: identity}
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        start = output.tell()
        process = subprocess.Popen(
            program.command,
            env=environment,
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _started[process.pid] = process
    return ProcessRecord(process.pid, identity, program.fingerprint, start)


# Children of this run: kept so that they can be buried when they end.
_started: dict[int, subprocess.Popen[bytes]] = {}


def find(record: ProcessRecord) -> psutil.Process | None:
    """The running process of the record; None if it ended, even if another has its id."""
    _bury(record.pid)
    with suppress(psutil.Error, OSError):
        process = psutil.Process(record.pid)
        if _environment(process).get(IDENTITY) == record.identity:
            return process
    return None


def _environment(process: psutil.Process) -> dict[str, str]:
    """The command line of a process; it is empty for a moment while a program is loaded."""
    end = time.monotonic() + LOAD_SECONDS
    while not (found := process.environ()) and time.monotonic() < end:
        if process.status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(POLL)
    return found


def members(plane: str) -> list[psutil.Process]:
    """Every running process that carries the plane's mark."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(PLANE) == plane:
                found.append(process)
    return found


def end(processes: Iterable[psutil.Process], grace: float) -> None:
    """Asks the processes to end, and kills those that are still there after `grace` seconds."""
    asked = list(processes)
    for process in asked:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    left = _await_end(asked, grace)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _await_end(left, KILL_SECONDS)


def _await_end(processes: list[psutil.Process], limit: float) -> list[psutil.Process]:
    """Those that still run after `limit` seconds; one that waits to be buried counts as ended."""
    end = time.monotonic() + limit
    while (left := [each for each in processes if _runs(each)]) and time.monotonic() < end:
        time.sleep(POLL)
    return left


def _runs(process: psutil.Process) -> bool:
    """True if the process still holds resources; its first thread may end before the others."""
    _bury(process.pid)
    try:
        if not process.is_running():
            return False
        return process.status() != psutil.STATUS_ZOMBIE or process.num_threads() > 1
    except psutil.NoSuchProcess:
        return False


def _bury(pid: int) -> None:
    """Takes the exit status of a child of this run, if it has ended."""
    if (child := _started.get(pid)) and child.poll() is not None:
        del _started[pid]


def tail(log: Path, start: int, lines: int = 5) -> str:
    """The last lines that were written to the log after `start`."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(start if start <= size else 0, size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.strip().splitlines()[-lines:])
