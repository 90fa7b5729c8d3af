"""Work in many clusters side by side, with a limit, so that none that is silent delays others."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor, wait

from errors import CaasError

WORKERS = 16
LIMIT = 180.0
"""Seconds after which no further cluster is looked at."""
NO_TIME = f"no time was left after {LIMIT:.0f} s"

Tick = Callable[[int, int, str], None]
"""Is given the number of clusters that are done, the number of all, and a name."""


def side_by_side(
    clusters: Collection[str], run: Callable[[str], None], tick: Tick
) -> tuple[dict[str, str], set[str]]:
    """Runs a function for each cluster.

    Args:
        clusters: their names.
        run: called with a name; an error with a code is that of its cluster.
        tick: is given the progress.

    Returns:
        The errors of clusters, and the clusters that were not finished in time.
    """
    if not clusters:
        return {}, set()
    failed: dict[str, str] = {}
    pool = ThreadPoolExecutor(min(WORKERS, len(clusters)))
    running: dict[Future[None], str] = {pool.submit(run, each): each for each in clusters}
    deadline = time.monotonic() + LIMIT
    waiting = set(running)
    try:
        while waiting and time.monotonic() < deadline:
            done, waiting = wait(waiting, timeout=1.0)
            for future in done:
                if why := _error(future):
                    failed[running[future]] = why
            tick(len(clusters) - len(waiting), len(clusters), "")
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return failed, {running[future] for future in waiting}


def _error(future: Future[None]) -> str:
    error = future.exception()
    if isinstance(error, CaasError):
        return error.problems[0].what
    if error:
        raise error
    return ""
