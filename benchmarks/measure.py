"""Timing a command and writing a line about it."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Sample:
    """Seconds and MiB of one run of a command, itself and its children."""

    wall: float
    cpu: float
    memory: float


def command(*arguments: str, environment: dict[str, str] | None = None) -> Sample:
    """Runs a command once; its output goes nowhere."""
    started = time.monotonic()
    process = subprocess.Popen(
        arguments,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, _, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def seconds(action: Callable[[], object]) -> float:
    """The seconds that an action takes."""
    started = time.monotonic()
    action()
    return time.monotonic() - started


def median(samples: list[Sample]) -> Sample:
    """The median of each figure."""
    return Sample(
        statistics.median(sample.wall for sample in samples),
        statistics.median(sample.cpu for sample in samples),
        max(sample.memory for sample in samples),
    )


def row(what: str, value: float, unit: str, promise: str = "") -> None:
    """One line of the result."""
    print(f"  {what:<58} {value:>9.2f} {unit:<4} {promise}", flush=True)
