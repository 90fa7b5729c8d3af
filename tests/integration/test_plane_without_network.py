"""The plane on a computer that has no network beside the loopback interface."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from plane.binaries import Binaries

ROOT = Path(__file__).parents[2]
LIMIT = 240.0
ALONE = ("unshare", "--net", "sh", "-ec", 'ip link set lo up; exec "$@"', "sh")
"""Runs a command in a network namespace whose only interface is `lo`."""
START = """
import sys
from pathlib import Path
from plane.binaries import ensure_binaries
from plane.plane import Plane
from plane.progress import Silent

plane = Plane(Path(sys.argv[1]))
try:
    print("started", plane.start(ensure_binaries(Silent()), Silent()))
    print("running", all(each.running for each in plane.processes()))
finally:
    plane.destroy()
"""


def _alone(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ALONE, *command], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False
    )


@pytest.mark.slow
def test_the_plane_starts_without_a_default_route(binaries: Binaries, tmp_path: Path) -> None:
    """kube-apiserver takes the default route's address unless it has another."""
    try:
        routes = _alone("cat", "/proc/net/route")
    except FileNotFoundError:
        pytest.skip("there is no `unshare`, so no network namespace can be made")
    if routes.returncode:
        pytest.skip(f"no network namespace can be made here: {routes.stderr.strip()}")
    assert len(routes.stdout.splitlines()) <= 1, "the namespace has a route"
    found = _alone(sys.executable, "-c", START, str(tmp_path / "plane"))
    assert found.stdout == "started True\nrunning True\n", found.stderr
