"""The response time of the command line."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.measure import command, median, row

RUNS = 7


def run(folder: Path) -> None:
    """`--help`, as a ratio to an empty Python, and the stack file's own check."""
    empty = median([command(sys.executable, "-I", "-c", "pass") for _ in range(RUNS)])
    helped = median([command("./caas", "--help") for _ in range(RUNS)])
    synth = median([command("./caas", "synth") for _ in range(RUNS)])
    row("python -c pass", empty.wall, "s")
    row("./caas --help", helped.wall, "s", "promise: under 0.3 s")
    row("./caas --help / python -c pass", helped.wall / empty.wall, "")
    row("./caas synth, the local stack", synth.wall, "s")
