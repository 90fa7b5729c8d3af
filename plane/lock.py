"""One run at a time: a lock that names its holder and ends with the holder's process."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from errors import CaasError, Where, machine

POLL = 0.1


@contextmanager
def hold(path: Path, purpose: str, *, wait: float = 0.0) -> Iterator[None]:
    """Holds the lock at `path` for the body.

    The kernel drops the lock when the process ends, however it ends.

    Args:
        path: the lock file; it is made where it does not exist and stays afterwards.
        purpose: what the holder does, shown to a second process (`caas up prod`).
        wait: seconds to wait for another holder.

    Raises:
        CaasError: CAAS-2100 another process holds the lock; CAAS-2101 the file can't be written.
    """
    limit = time.monotonic() + wait
    while (file := _try(path)) is None:
        if time.monotonic() >= limit:
            raise CaasError(machine.LOCK_HELD, _holder(path), where=Where(file=str(path)))
        time.sleep(POLL)
    with file:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        file.truncate()
        json.dump({"pid": os.getpid(), "purpose": purpose, "since": since}, file)
        file.flush()
        yield


def _try(path: Path) -> IO[str] | None:
    """The locked file, or None if another process holds it or has just removed it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CaasError(
            machine.STATE_NOT_WRITABLE,
            "The lock file can't be opened.",
            where=Where(file=str(path)),
            why=error.strerror or str(error),
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_ino == path.stat().st_ino:
            return os.fdopen(descriptor, "r+", encoding="utf-8")
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def _holder(path: Path) -> str:
    """A sentence about who holds the lock, as far as the file tells."""
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return (
            f'Process {holder["pid"]} is busy with "{holder["purpose"]}" '
            f"since {holder['since']} and only one at a time may do that."
        )
    except (OSError, ValueError, KeyError, TypeError):
        return "Another process is busy here and only one at a time may do that."
