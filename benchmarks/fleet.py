"""Fifty clusters: through `up`, and the same objects with bare `kubectl apply` on the same plane.

And the same with the programs' default settings instead of the plane's, to see what tuning gives.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import yaml

from benchmarks.measure import ROOT, row, seconds
from benchmarks.stack import write_stack
from embedded.binaries import Binaries, ensure_binaries
from embedded.fleet import Fleet
from embedded.plane import Plane
from embedded.progress import Silent
from embedded.session import Session

CLUSTERS = int(os.environ.get("CAAS_BENCH_CLUSTERS", "50"))
LIMIT = 1800.0


def run(folder: Path) -> None:
    """Measures up, kubectl and up with default settings, each until all clusters are Available."""
    binaries = ensure_binaries(Silent())
    file = write_stack(folder / "stacks", CLUSTERS, control_plane=1, workers=3)
    os.environ["CAAS_STACKS"] = str(file.parent)
    os.environ["CAAS_STATE"] = str(folder / "state")
    plane = Plane(folder / "state" / "local")
    try:
        plane.start(binaries, Silent())
        up = _up()
        row(f"{CLUSTERS} clusters, up", up, "s")
        _delete()
        bare = _kubectl(binaries, plane, folder)
        row(f"{CLUSTERS} clusters, kubectl apply", bare, "s")
        row("up / kubectl apply", up / bare, "", "promise: at most 1.05")
    finally:
        plane.destroy()
    defaults = Plane(folder / "state" / "local", tuned=False)
    try:
        defaults.start(binaries, Silent())
        untuned = _kubectl(binaries, defaults, folder)
        row(f"{CLUSTERS} clusters, default settings, kubectl apply", untuned, "s")
        row("tuned / defaults", bare / untuned, "")
    finally:
        defaults.destroy()


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

    def done(fleet: Fleet) -> bool:
        states = fleet.states()
        return len(states) == CLUSTERS and all(state.settled for state in states)

    for _ in session.watch(LIMIT, done):
        pass
    return time.monotonic() - started


def _delete() -> None:
    session = Session("local", Silent())
    session.delete_clusters()
    for _ in session.watch(LIMIT, lambda fleet: not fleet.clusters):
        pass
