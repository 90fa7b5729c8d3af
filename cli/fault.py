"""Handling of internal errors: a log with the details, and a problem that names it."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from pathlib import Path

from errors import CaasError, Problem, Where
from errors.command_line import INTERNAL_ERROR
from plane.paths import cache_directory

STATUS = 70
"""The exit status, EX_SOFTWARE of sysexits.h."""


def report(error: Exception, arguments: list[str]) -> Problem:
    """Writes the traceback of `error` to a log file and says where it is."""
    text = "\n".join(
        (
            f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} caas {' '.join(arguments[:1])}",
            f"Python {sys.version}, {platform.platform()}",
            "".join(traceback.format_exception(error)),
        )
    )
    path = _write(text)
    why = f"{type(error).__name__} in {_place(error)}"
    return Problem(INTERNAL_ERROR, "caas itself failed", Where(file=str(path)), why)


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    root = Path(__file__).resolve().parents[1]
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(root)]
    last = (own or frames)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def _write(text: str) -> Path:
    name = f"fault-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    try:
        path = cache_directory() / "log" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return _create(path, text)
    except (CaasError, OSError):  # the cache may be the very thing that is broken
        return _create(Path(tempfile.mkdtemp(prefix="caas-")) / name, text)


def _create(path: Path, text: str) -> Path:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123 - the mode
        file.write(text)
    return path
