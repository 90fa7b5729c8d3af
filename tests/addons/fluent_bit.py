"""A real Fluent Bit with the configuration of a collector, on files and to servers of a test."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from components.chart import CLUSTER_NAME, rendered
from plane.ports import choose_ports
from tests.addons.examples import addon

SECONDS = 90.0
NO_ERRORS = b'{"took":1,"errors":false,"items":[]}'
"""The answer of Elasticsearch when it has stored every record."""
NODE, CLUSTER = "node-1", "shop"
LOGIN = {"username": "u", "password": "p", "token": "t", "accessKeyId": "a", "secretAccessKey": "s"}
PARSERS = r"""
[PARSER]
    name cri
    format regex
    regex ^(?<time>[^ ]+) (?<stream>stdout|stderr) (?<logtag>[^ ]*) (?<log>.*)$
    time_key time
    time_format %Y-%m-%dT%H:%M:%S.%L%z
"""
"""The parsers of `parsers.conf` in the image of Fluent Bit that the configuration uses."""


def program() -> str:
    """The collector; the test is skipped where it is not on the PATH."""
    found = shutil.which("fluent-bit")
    if not found:
        pytest.skip("fluent-bit is not on the PATH")
    return found


def until(condition: Callable[[], object], log: Path) -> None:
    """Waits until the condition holds; fails after SECONDS with what the collector wrote."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, log.read_text()[-4000:]
        time.sleep(0.2)


@dataclass
class Collector:
    """A collector on a node that is a folder.

    Attributes:
        folder: of everything.
        environment: the variables of its pod.
    """

    folder: Path
    environment: Mapping[str, str]

    @property
    def config(self) -> Path:
        """Its configuration."""
        return self.folder / "fluent-bit.conf"

    @property
    def log(self) -> Path:
        """The log of Fluent Bit itself."""
        return self.folder / "log"

    def container(
        self, namespace: str, *lines: str, pod: str = "web", stream: str = "stdout"
    ) -> None:
        """Appends lines to the file of a container, as containerd writes them."""
        file = self.folder / f"containers/{pod}_{namespace}_app-{'0a' * 32}.log"
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000000000+00:00", time.gmtime())
        with file.open("a") as open_file:
            open_file.writelines(f"{now} {stream} F {line}\n" for line in lines)

    def audit(self, *lines: str) -> None:
        """Appends lines to the audit log."""
        with (self.folder / "audit/audit.log").open("a") as open_file:
            open_file.writelines(f"{line}\n" for line in lines)

    def accepted(self) -> subprocess.CompletedProcess[str]:
        """The result of a dry run of Fluent Bit with the configuration."""
        return subprocess.run(
            [program(), "--dry-run", "-q", "-c", str(self.config)],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @contextmanager
    def running(self, *, kill: bool = False) -> Iterator[None]:
        """Runs it; at the end it is asked to stop, or killed."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [program(), "-q", "-c", str(self.config)],
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            yield
        finally:
            assert process.poll() is None, self.log.read_text()[-4000:]
            if not kill:
                process.terminate()
                try:
                    process.wait(timeout=40)
                except subprocess.TimeoutExpired:
                    kill = True
            if kill:
                process.kill()
                process.wait(timeout=30)


def collector(
    folder: Path, settings: dict[str, Any], replaced: Mapping[str, str] | None = None, **more: Any
) -> Collector:
    """A collector whose folders of the machine are in `folder`.

    Args:
        folder: a new one.
        settings: of `logs`.
        replaced: texts of its configuration that are others here.
        more: `chart`, the collector of events instead of that of nodes.
    """
    chart = more.get("chart", "fluent-bit")
    values = {each.name: each.values for each in addon("logs", settings).charts}[chart]
    values = rendered(values, {CLUSTER_NAME: CLUSTER})
    for name in ("containers", "audit", "state", "scripts"):
        (folder / name).mkdir()
    (folder / "parsers.conf").write_text(PARSERS)
    for name, text in values["luaScripts"].items():
        (folder / "scripts" / name).write_text(text)
    config = values["config"]
    text = "\n".join(config[part] for part in ("service", "inputs", "filters", "outputs"))
    places = {
        "/var/log/containers": f"{folder}/containers",
        "var.log.containers": f"{folder}/containers".strip("/").replace("/", "."),
        "/var/log/kubernetes/audit": f"{folder}/audit",
        "/var/lib/fluent-bit": f"{folder}/state",
        "/fluent-bit/scripts": f"{folder}/scripts",
        "/fluent-bit/etc/parsers.conf": f"{folder}/parsers.conf",
        "http_listen 0.0.0.0": "http_listen 127.0.0.1",
        "http_port 2020": f"http_port {choose_ports('127.0.0.1', {'metrics': 2020})['metrics']}",
    }
    for old, new in (places | dict(replaced or {})).items():
        text = text.replace(old, new)
    made = Collector(folder, dict(_environment(values["env"])))
    made.config.write_text(text)
    return made


def _environment(variables: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for each in variables:
        source = each.get("valueFrom", {})
        if "secretKeyRef" in source:
            yield each["name"], LOGIN[source["secretKeyRef"]["key"]]
        elif "fieldRef" in source:
            yield each["name"], NODE
        else:
            yield each["name"], each["value"]


@dataclass
class Sink:
    """A server that keeps what it is sent, as long as it is not told to refuse.

    Attributes:
        port: on the loopback address.
        records: what came.
        headers: of the last request.
        path: of the last request.
        refuses: whether it answers 503.
    """

    port: int = 0
    records: list[Any] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    path: str = ""
    refuses: bool = False

    @property
    def logs(self) -> list[str]:
        """The texts of the records."""
        return [each["log"] for each in self.records]

    def has(self, count: int) -> bool:
        """True if at least so many records have arrived."""
        return len(self.records) >= count


@contextmanager
def http_sink() -> Iterator[Sink]:
    """A server that takes JSON, one record a line."""
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if not sink.refuses:
                sink.headers = dict(self.headers)
                sink.path = self.path
                sink.records += [json.loads(line) for line in body.splitlines() if line]
            self.send_response(503 if sink.refuses else 200)
            self.send_header("Content-Length", str(len(NO_ERRORS)))
            self.end_headers()
            self.wfile.write(NO_ERRORS)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with _served(ThreadingHTTPServer(("127.0.0.1", 0), Handler), sink):
        yield sink


@contextmanager
def syslog_sink() -> Iterator[Sink]:
    """A server that takes lines over TCP."""
    sink = Sink()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                sink.records.append(line.decode().rstrip("\n"))

    with _served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler), sink):
        yield sink


@contextmanager
def _served(server: socketserver.TCPServer, sink: Sink) -> Iterator[None]:
    server.daemon_threads = True
    sink.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
