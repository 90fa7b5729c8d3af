"""A repository of charts in the namespace of the lab, over TLS as a mirror has to be."""

from __future__ import annotations

import functools
import http.server
import ssl
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from plane import pki
from tests.nodes.docker_daemon import Daemon
from tests.unit.command_line import ROOT

ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class ChartRepository:
    """A repository that answers.

    Attributes:
        url: its address.
        authority: the file with the certificate that its own is signed by.
    """

    url: str
    authority: Path


@contextmanager
def serving(docker: Daemon, folder: Path, charts: Iterable[Path]) -> Iterator[ChartRepository]:
    """Serves charts, each a folder, in the namespace of Docker."""
    certificates, content = folder / "certificates", folder / "charts"
    content.mkdir(parents=True)
    pki.ensure(certificates, ADDRESS)
    _write(content, charts)
    process = subprocess.Popen(
        docker.inside(sys.executable, "-m", __name__, str(content), str(certificates)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        port = int(process.stdout.readline())
        yield ChartRepository(f"https://{ADDRESS}:{port}", certificates / "ca.crt")
    finally:
        process.terminate()
        process.wait(30)


def _write(content: Path, charts: Iterable[Path]) -> None:
    entries = {}
    for each in charts:
        about = yaml.safe_load((each / "Chart.yaml").read_text())
        file = f"{about['name']}-{about['version']}.tgz"
        with tarfile.open(content / file, "w:gz") as tar:
            tar.add(each, arcname=about["name"])
        entries[about["name"]] = [{**about, "urls": [file]}]
    index = {"apiVersion": "v1", "entries": entries}
    (content / "index.yaml").write_text(yaml.safe_dump(index))


def _main(content: str, certificates: str) -> None:
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=content)
    server = http.server.ThreadingHTTPServer((ADDRESS, 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{certificates}/webhook.crt", f"{certificates}/webhook.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    _main(*sys.argv[1:])
