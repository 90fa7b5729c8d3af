"""The program and the policies for many clusters: the cost of one more must not grow."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.measure import Sample, command, row
from benchmarks.stack import write_stack

SIZES = (250, 1000)
SCRIPT = """
import sys
from datetime import date
from pathlib import Path
from engine.program import run_program
from policies import check
recording = run_program("local", Path(sys.argv[1]))
check(recording.resources, date.today())
"""


def run(folder: Path) -> None:
    """Synthesises and checks stacks of different sizes."""
    taken: dict[int, Sample] = {}
    for size in SIZES:
        file = write_stack(folder / str(size), size, control_plane=3, workers=3)
        taken[size] = command(sys.executable, "-c", SCRIPT, str(file))
        row(f"{size} clusters: program and policies", taken[size].wall, "s")
    small, large = (taken[size] for size in SIZES)
    row("1,000 clusters", large.wall, "s", "promise: under 10 s")
    row("1,000 clusters, memory", large.memory, "MiB", "promise: under 1024 MiB")
    row("cost per cluster, 1,000 / 250", (large.cpu / small.cpu) / (SIZES[1] / SIZES[0]), "")
