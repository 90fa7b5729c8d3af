"""Runs the checks of several stacks at once, as many as there are processors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.check.base import Base
from cli.check.found import Checked, StackFinding
from cli.check.worker import EDITION
from errors import Problem, Where
from errors.check import CHECK_FAILED
from stacks.paths import CHECKOUT
from stacks.settings.source import stack_name

LIMIT = 600.0
"""Seconds that one run of a program may take."""
POLL = 0.02
NEW: dict[str, Any] = {"registered": {"objects": [], "cloud": {}}}
"""The base of a stack that is new."""
UNUSABLE: dict[str, Any] = {"registered": None}
"""The base of a stack that could not be run there."""
Done = Callable[[Checked], None]


@dataclass(slots=True)
class _Run:
    """One stack on its way: at the base first, where there is one, then as it is."""

    file: Path
    folder: Path
    base: Base | None
    steps: Iterator[list[str]] = field(init=False)
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.steps = self._commands()

    @property
    def result(self) -> Path:
        return self.folder / "result.json"

    def _commands(self) -> Iterator[list[str]]:
        before = self.folder / "before.json"
        result = [str(self.file), str(self.result)]
        if self.base is None:
            yield [*_worker(CHECKOUT), *result]
            return
        if not self.base.concerns(self.file):
            yield [*_worker(CHECKOUT), *result, "--unchanged"]
            return
        old = self.base.path(self.file)
        if old != self.file.resolve() and old.exists():
            worker = _worker(self.base.program)
            yield [*worker, str(old), str(before), "--registered"]
        else:
            _write(before, NEW, self.file)
        if not _usable(before):
            _write(before, UNUSABLE, self.file)
        yield [*_worker(CHECKOUT), *result, "--before", str(before)]

    def start(self) -> bool:
        """Starts what comes next; False when that was all."""
        command = next(self.steps, None)
        if command is None:
            return False
        self.began = time.monotonic()
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=CHECKOUT
            )
        return True

    @property
    def running(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            return False
        if time.monotonic() - self.began > LIMIT:
            self.stop()
        return True

    def stop(self) -> None:
        """Ends what runs."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def checked(self) -> Checked:
        """The result of a check, or the error that ended it."""
        with suppress(OSError, ValueError):
            return Checked.of(json.loads(self.result.read_text()))
        status = self.process.returncode if self.process else None
        lines = (self.folder / "log").read_text(errors="replace").strip().splitlines()
        problem = Problem(
            CHECK_FAILED,
            f"The check of the stack `{stack_name(self.file)}` ended with exit status {status}",
            Where(file=str(self.file)),
            why=lines[-1] if lines else "it printed no message",
        )
        return Checked(stack_name(self.file), self.file, (StackFinding(problem),))


def check_all(files: Sequence[Path], base: Base | None, done: Done) -> list[Checked]:
    """Checks every stack; nothing is left running, however it ends.

    Args:
        files: the stack files.
        base: what to compare them with.
        done: called for each stack when it is done.
    """
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="caas-check-")))
        runs = [_Run(file, folder / str(index), base) for index, file in enumerate(files)]
        for run in runs:
            held.callback(run.stop)
        waiting = list(reversed(runs))
        active: list[_Run] = []
        found: dict[Path, Checked] = {}
        while waiting or active:
            while waiting and len(active) < (os.cpu_count() or 1):
                active.append(waiting.pop())
            for run in list(active):
                if not run.running and not run.start():
                    active.remove(run)
                    found[run.file] = run.checked()
                    done(found[run.file])
            time.sleep(POLL)
        return [found[file] for file in files]


def _worker(checkout: Path) -> list[str]:
    return [sys.executable, "-I", str(checkout / "cli" / "check" / "worker.py")]


def _usable(result: Path) -> bool:
    """True if the base's result exists and is comparable."""
    try:
        return bool(json.loads(result.read_text())["edition"] == EDITION)
    except (OSError, ValueError, KeyError):
        return False


def _write(result: Path, what: dict[str, Any], file: Path) -> None:
    checked = Checked(stack_name(file), file)
    result.write_text(json.dumps(checked.as_dict() | what | {"edition": EDITION}))
