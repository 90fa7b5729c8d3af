"""The images that a node brings, as containerd keeps them."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from errors import CaasError
from plane.node_image.debian import Steps

KEPT = ("io.containerd.content.v1.content", "io.containerd.metadata.v1.bolt")
START = 30.0
STOP = 20.0
# What is not needed to take images in, or would write outside the folders that are given.
CONFIG = """\
version = 3
disabled_plugins = [
  "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime",
  "io.containerd.podsandbox.controller.v1.podsandbox", "io.containerd.nri.v1.nri",
  "io.containerd.internal.v1.opt", "io.containerd.internal.v1.restart",
]
"""


def take_in(archive: Path, programs: Path, steps: Steps) -> list[Path]:
    """Lets containerd take the images of an archive in; nothing is unpacked.

    Args:
        archive: in Docker's format.
        programs: the folder with containerd and ctr.
        steps: where to work.

    Returns:
        The folders that belong into /var/lib/containerd.
    """
    root = steps.work / "containerd"
    with (
        tempfile.TemporaryDirectory(prefix="caas-") as short,
        _running(programs / "containerd", root, Path(short), steps) as socket,
    ):
        command = [str(programs / "ctr"), "--address", str(socket), "--namespace", "k8s.io"]
        command += ["images", "import", "--no-unpack"]
        command += ["--label=io.cri-containerd.pinned=pinned", str(archive)]
        steps.run("images", *command)
    return [root / name for name in KEPT]


@contextmanager
def _running(program: Path, root: Path, state: Path, steps: Steps) -> Iterator[Path]:
    """containerd with its data in `root`; gives its socket, whose path has to be short."""
    config, socket = state / "config.toml", state / "c.sock"
    config.write_text(CONFIG)
    command = [str(program), "--config", str(config), "--root", str(root)]
    command += ["--state", str(state / "state"), "--address", str(socket)]
    with (steps.work / "containerd.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait(program.with_name("ctr"), socket, steps)
        yield socket
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP)
        if process.poll() is None:
            process.kill()
            process.wait(STOP)


def _wait(ctr: Path, socket: Path, steps: Steps) -> None:
    """Waits until containerd answers; raises CAAS-2163 at the limit."""
    end = time.monotonic() + START
    while True:
        try:
            steps.run("containerd", str(ctr), "--address", str(socket), "version", limit=10)
        except CaasError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return
