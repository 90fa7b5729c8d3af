"""Counts of work in place of times, which depend on the machine and on what else it does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def calls(work: Callable[[], object]) -> int:
    """The number of calls of Python functions that `work` makes."""
    counted = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal counted
        counted += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return counted


def calls_of_one_more(work: Callable[[int], object], size: int) -> tuple[float, float]:
    """The calls for one more item: from `size` items to twice as many, and from there again."""
    work(size)  # fills caches
    one, two, four = (calls(lambda many=many: work(many)) for many in (size, 2 * size, 4 * size))
    return (two - one) / size, (four - two) / (2 * size)
