"""The start time of the management plane, and the time of a preview of an unchanged stack."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.measure import command, row, seconds
from plane.binaries import ensure_binaries
from plane.plane import Plane
from plane.progress import Silent


def run(folder: Path) -> None:
    """Cold and warm starts, tuned and with the programs' defaults; then a preview."""
    warm = {tuned: _starts(folder, tuned) for tuned in (True, False)}
    row("warm start, tuned / defaults", warm[True] / warm[False], "")
    _preview(folder / "state")


def _starts(folder: Path, tuned: bool) -> float:
    binaries = ensure_binaries(Silent())
    plane = Plane(folder / f"tuned-{tuned}", tuned=tuned)
    name = "tuned" if tuned else "defaults"
    try:
        cold = seconds(lambda: plane.start(binaries, Silent()))
        plane.stop()
        warm = seconds(lambda: plane.start(binaries, Silent()))
    finally:
        plane.destroy()
    row(f"cold start, {name}", cold, "s")
    row(f"warm start, {name}", warm, "s", "promise: under 15 s")
    return warm


def _preview(state: Path) -> None:
    environment = {"CAAS_STATE": str(state)}
    os.environ.update(environment)
    try:
        command("./caas", "up", "--engine", "in-process")
        preview = command("./caas", "preview")
        again = command("./caas", "up", "--engine", "in-process")
        row("./caas preview, unchanged local stack", preview.wall, "s", "promise: under 3 s")
        row("./caas up, unchanged local stack", again.wall, "s")
    finally:
        command("./caas", "destroy", "--yes")
