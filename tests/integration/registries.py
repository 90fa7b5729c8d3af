"""Repositories of charts and registries of images on the loopback address, and Helm."""

from __future__ import annotations

import functools
import http.server
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHARTS = Path(__file__).parent / "charts"


class Helm:
    """The real program, with separate folders for cache, configuration and data."""

    def __init__(self, program: Path, folder: Path, kubeconfig: Path | None = None) -> None:
        self.program, self.folder, self.kubeconfig = program, folder, kubeconfig

    def __call__(self, *arguments: str, text: str | None = None) -> str:
        names = ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")
        homes = {name: str(self.folder / name) for name in names}
        cluster = [f"--kubeconfig={self.kubeconfig}"] if self.kubeconfig else []
        result = subprocess.run(
            [self.program, *cluster, *arguments],
            input=text,
            env=homes | {"HOME": str(self.folder), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout


@contextmanager
def chart_repository(helm: Helm, folder: Path, *versions: str) -> Iterator[str]:
    """The chart `greeting` in these versions, served over HTTP; gives the address."""
    for version in versions:
        chart = str(CHARTS / "greeting")
        helm("package", chart, f"--version={version}", f"--destination={folder}")
    helm("repo", "index", str(folder))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{serving.server_address[1]}"
        finally:
            serving.shutdown()
            thread.join()


@contextmanager
def image_registry(crane: Path, log: Path) -> Iterator[str]:
    """An empty registry; gives its host and port."""
    with log.open("w") as file:
        command = [crane, "registry", "serve", "--address=127.0.0.1:0"]
        process = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        end = time.monotonic() + 30
        while not (found := re.search(r"port:? (\d+)|127\.0\.0\.1:(\d+)", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield f"127.0.0.1:{found.group(1) or found.group(2)}"
    finally:
        process.terminate()
        process.wait(timeout=10)
