"""Runs caas as a user does: in a pipe, in a terminal; or in this process, which is faster."""

from __future__ import annotations

import io
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from cli.app import main

ROOT = Path(__file__).resolve().parents[2]
LOCKS = tuple(sorted(path.name for path in ROOT.glob("requirements*.txt")))
LIMIT = 600.0
"""Seconds that a command may take. One of a second took forty on a machine that built programs."""

CONTROLLED = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Runs its arguments with standard input as the controlling terminal, so that Ctrl-C works."""


@dataclass(frozen=True)
class Outcome:
    """The result of a command; on a terminal `out` has both streams."""

    status: int
    out: str
    err: str = ""


def environment(changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """The environment without what would change the output, plus `changes`; None removes."""
    unwanted = ("NO_COLOR", "FORCE_COLOR", "CAAS_DEV", "COLUMNS")
    base = {name: value for name, value in os.environ.items() if name not in unwanted}
    wanted = {**base, "TERM": "xterm-256color", **(changes or {})}
    return {name: value for name, value in wanted.items() if value is not None}


def copy_of_checkout(folder: Path) -> Path:
    """A separate checkout in `folder` that shares the installed packages; returns its caas."""
    for name in (
        "cli",
        "errors",
        "plane",
        "engine",
        "operations",
        "catalog",
        "stacks",
        "components",
        "policies",
        "docs",
    ):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("caas", "pyproject.toml", *LOCKS):
        shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder / "caas"


def piped(
    *arguments: str,
    program: Sequence[str] = (str(ROOT / "caas"),),
    env: Mapping[str, str | None] | None = None,
    cwd: Path = ROOT,
) -> Outcome:
    """Runs a command whose output goes to pipes and whose input is empty."""
    done = subprocess.run(
        [*program, *arguments],
        env=environment(env),
        cwd=cwd,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def within(*arguments: str, env: Mapping[str, str | None] | None = None) -> Outcome:
    """Runs a command in this process, without the launcher and without loading modules again.

    For what a command prints and returns; not for signals, imports or the launcher.
    """
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, environment(env), clear=True),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        status = main([*arguments])
    return Outcome(status, out.getvalue(), err.getvalue())


def terminal(
    *arguments: str,
    program: Sequence[str] = (str(ROOT / "caas"),),
    env: Mapping[str, str | None] | None = None,
    cwd: Path = ROOT,
    keys: Mapping[str, str] | None = None,
) -> Outcome:
    """Runs a command in a pseudo terminal; types `keys[text]` when `text` has been shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", CONTROLLED, *program, *arguments],
        env=environment(env),
        cwd=cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    deadline = time.monotonic() + LIMIT
    waiting = dict(keys or {})
    shown = b""
    try:
        while time.monotonic() < deadline:
            if not select.select([ours], [], [], 0.2)[0]:
                continue
            try:
                data = os.read(ours, 65536)
            except OSError:  # Linux says EIO when the other end is closed
                break
            if not data:
                break
            shown += data
            for text in [text for text in waiting if text.encode() in shown]:
                os.write(ours, waiting.pop(text).encode())
        status = process.wait(timeout=max(1.0, deadline - time.monotonic()))
    finally:
        process.kill()
        process.wait(timeout=10)
        os.close(ours)
    return Outcome(status, shown.decode().replace("\r\n", "\n"))
