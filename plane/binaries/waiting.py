"""One run at a time makes the binaries; the others wait, as they want the same result."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from errors import CaasError
from errors.machine import LOCK_HELD
from plane.binaries.faults import writing
from plane.lock import hold
from plane.progress import Progress

LIMIT = 5400.0
PURPOSE = "making the plane's binaries"


@contextmanager
def turn(lock: Path, progress: Progress, limit: float = LIMIT) -> Iterator[None]:
    """Holds the file `lock`, after waiting at most `limit` seconds for another holder.

    Raises CAAS-2001 where the cache can't be written, CAAS-2100 at the limit.
    """
    with writing(lock.parent):
        lock.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=lock.parent).close()
    with ExitStack() as stack:
        try:
            stack.enter_context(hold(lock, PURPOSE))
        except CaasError as error:
            if error.problems[0].code is not LOCK_HELD:
                raise
            progress.note(f"{error.problems[0].what.rstrip('.')}: waiting for it")
            stack.enter_context(hold(lock, PURPOSE, wait=limit))
        yield
