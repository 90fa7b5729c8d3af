"""Flux's source and helm controllers as processes, locked down as the add-on has them."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from components.store.flux import NO_ACCOUNT
from plane.binaries.tools import FluxFiles

LOOPBACK = "127.0.0.1"
LOCKED = ("--no-cross-namespace-refs=true", f"--default-service-account={NO_ACCOUNT}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((LOOPBACK, 0))
        return int(found.getsockname()[1])


@contextmanager
def flux(files: FluxFiles, kubeconfig: Path, folder: Path) -> Iterator[Mapping[str, Path]]:
    """Runs both controllers; gives their logs. The definitions have to be there.

    Args:
        files: the programs.
        kubeconfig: of the management cluster.
        folder: for charts and logs.
    """
    storage = f"{LOOPBACK}:{_free_port()}"
    own = {
        "source-controller": (
            f"--storage-path={folder / 'charts'}",
            f"--storage-addr={storage}",
            f"--storage-adv-addr={storage}",
        ),
        "helm-controller": LOCKED,
    }
    (folder / "charts").mkdir(parents=True)
    logs = {name: folder / f"{name}.log" for name in own}
    with ExitStack() as running:
        for name, arguments in own.items():
            running.enter_context(_process(files.programs[name], arguments, kubeconfig, logs[name]))
        yield logs


@contextmanager
def _process(
    program: Path, arguments: tuple[str, ...], kubeconfig: Path, log: Path
) -> Iterator[None]:
    common = (
        f"--metrics-addr={LOOPBACK}:{_free_port()}",
        f"--health-addr={LOOPBACK}:{_free_port()}",
        "--events-addr=",
        "--enable-leader-election=false",
        "--requeue-dependency=1s",
    )
    environment = {
        **os.environ,
        "KUBECONFIG": str(kubeconfig),
        "RUNTIME_NAMESPACE": "flux-system",
        "HOME": str(log.parent),
    }
    with log.open("w") as file:
        process = subprocess.Popen(
            [program, *arguments, *common],
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(30)
