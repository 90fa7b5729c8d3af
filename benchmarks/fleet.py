"""Fifty clusters: through `up`, and the same objects with bare `kubectl apply` on the same plane.

And the same with the programs' default settings instead of the plane's, to see what tuning gives.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from benchmarks.measure import ROOT, row, seconds
from benchmarks.stack import write_stack
from engine.fleet import FleetObjects
from engine.session import Session
from plane.binaries import Binaries, ensure_binaries
from plane.plane import Plane
from plane.progress import Silent

CLUSTERS = int(os.environ.get("CAAS_BENCH_CLUSTERS", "50"))
LIMIT = 1800.0


def run(folder: Path) -> None:
    """Measures up, kubectl and kubectl with default settings, until all clusters are Available.

    Each measurement has a separate plane, so that objects which outlive their cluster, such as its
    keys, don't slow the next one down.
    """
    binaries = ensure_binaries(Silent())
    file = write_stack(folder / "stacks", CLUSTERS, control_plane=1, workers=3)
    os.environ["CAAS_STACKS"] = str(file.parent)
    os.environ["CAAS_STATE"] = str(folder / "state")

    def on_a_plane(measure: Callable[[Plane], float], *, tuned: bool = True) -> float:
        plane = Plane(folder / "state" / "local", tuned=tuned)
        try:
            plane.start(binaries, Silent())
            return measure(plane)
        finally:
            plane.destroy()

    def kubectl(plane: Plane) -> float:
        return _kubectl(binaries, plane, folder)

    up = on_a_plane(lambda _: _up())
    row(f"{CLUSTERS} clusters, up", up, "s")
    bare = on_a_plane(kubectl)
    row(f"{CLUSTERS} clusters, kubectl apply", bare, "s")
    row("up / kubectl apply", up / bare, "", "promise: at most 1.05")
    untuned = on_a_plane(kubectl, tuned=False)
    row(f"{CLUSTERS} clusters, default settings, kubectl apply", untuned, "s")
    row("tuned / defaults", bare / untuned, "")


def _up() -> float:
    command = [str(ROOT / "caas"), "up", "--engine", "in-process", "--timeout", f"{LIMIT:.0f}s"]
    return seconds(lambda: subprocess.run(command, check=True, capture_output=True))


def _kubectl(binaries: Binaries, plane: Plane, folder: Path) -> float:
    """Applies the same objects with kubectl; the class first, as its webhook wants it."""
    session = Session("local", Silent())
    waves = session.record().waves()
    started = time.monotonic()
    for number, wave in enumerate(waves):
        file = folder / f"wave-{number}.yaml"
        file.write_text(yaml.dump_all(wave, Dumper=yaml.CSafeDumper))
        apply = [str(binaries.kubectl), f"--kubeconfig={plane.kubeconfig}", "apply"]
        apply += ["--server-side", "--force-conflicts", "-f", str(file)]
        subprocess.run(apply, check=True, capture_output=True)

    def done(fleet: FleetObjects) -> bool:
        states = fleet.states()
        return len(states) == CLUSTERS and all(state.settled for state in states)

    for _ in session.watch(LIMIT, done):
        pass
    return time.monotonic() - started
