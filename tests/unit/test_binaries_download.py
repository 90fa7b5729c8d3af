"""Official releases, from a real server on the loopback address."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import os
import socket
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from errors import CaasError
from errors.machine import BUILD_FAILED, DOWNLOAD_BROKEN, DOWNLOAD_CHECKSUM_WRONG
from plane.binaries.host import Host
from plane.binaries.mirrors import Mirrors
from plane.binaries.recipe import ModuleSource, Program, Recipe, ReleasedFile, ReleaseMirror, plane
from plane.binaries.store import CacheStore
from plane.binaries.workshop import ensure
from plane.progress import Silent

MIRROR = ReleaseMirror("CAAS_TEST_MIRROR", "http://127.0.0.1:9")


class Server(ThreadingHTTPServer):
    """Serves `files`; `cut` names those that end early, `failing` those that answer 500."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.cut: set[str] = set()
        self.failing: set[str] = set()
        self.asked: list[str] = []
        self.delay = 0.0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def release(self, path: str, content: bytes) -> None:
        self.files[path] = content
        self.files[f"{path}.sha256"] = hashlib.sha256(content).hexdigest().encode()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        self.send_error(404)

    def do_GET(self) -> None:
        path = self.path.removeprefix("/")
        self.server.asked.append(path)
        time.sleep(self.server.delay)
        if path in self.server.failing or path not in self.server.files:
            return self.send_error(500 if path in self.server.failing else 404)
        content = self.server.files[path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if path in self.server.cut:
            content = content[: len(content) // 2]
        self.wfile.write(content)
        return None

    def log_message(self, format: str, *args: object) -> None:
        return None


class Notes(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    served = Server()
    monkeypatch.setenv(MIRROR.variable, served.address)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    thread = threading.Thread(target=served.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield served
    served.shutdown()
    served.server_close()
    thread.join(5)


@pytest.fixture(autouse=True)
def no_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A `go` that always fails, so that a test sees when a build is tried."""
    go = tmp_path / "path" / "go"
    go.parent.mkdir()
    go.write_text(
        '#!/bin/sh\n[ "$1" = env ] && echo go1.99.0 && exit 0\necho no build here >&2\nexit 1\n'
    )
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{go.parent}:/usr/bin:/bin")


def recipe(tmp_path: Path, *names: str, release: ReleasedFile | None = None) -> Recipe:
    modules = tmp_path / "modules"
    modules.mkdir(exist_ok=True)
    (modules / "go.mod").write_text("module a\n\ngo 1.20\n")
    (modules / "go.sum").write_text("")
    return Recipe(
        "test",
        tuple(
            Program(
                name,
                ModuleSource(modules),
                f"example.test/{name}",
                release or ReleasedFile(MIRROR, f"v1/{name}", f"v1/{name}.sha256"),
            )
            for name in names
        ),
        (),
    )


def failure(made: Recipe, cache: Path, notes: Notes) -> CaasError:
    with pytest.raises(CaasError) as caught:
        ensure(made, cache, notes)
    return caught.value


def left_over(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.glob("plane/*/*") if path.name != "log")


def test_installed_with_the_right_checksum(server: Server, tmp_path: Path) -> None:
    server.release("v1/kubectl", b"\x7fELF" * 1000)
    made = recipe(tmp_path, "kubectl")
    folder = ensure(made, tmp_path / "cache", Silent())
    assert (folder / "kubectl").read_bytes() == b"\x7fELF" * 1000
    assert os.access(folder / "kubectl", os.X_OK)
    assert CacheStore(folder).record()["kubectl"].origin == f"{server.address}/v1/kubectl"
    asked = len(server.asked)
    ensure(made, tmp_path / "cache", Silent())
    assert len(server.asked) == asked


@pytest.mark.parametrize("damage", ["remove", "cut"])
def test_damaged_file_is_got_again_and_only_this_one(
    server: Server, tmp_path: Path, damage: str
) -> None:
    for name in ("etcd", "kubectl"):
        server.release(f"v1/{name}", name.encode() * 100)
    made = recipe(tmp_path, "etcd", "kubectl")
    file = ensure(made, tmp_path / "cache", Silent()) / "kubectl"
    server.asked.clear()
    file.unlink() if damage == "remove" else os.truncate(file, 5)
    ensure(made, tmp_path / "cache", Silent())
    assert file.read_bytes() == b"kubectl" * 100
    assert server.asked == ["v1/kubectl.sha256", "v1/kubectl"]


def test_wrong_checksum_installs_nothing_and_builds_nothing(server: Server, tmp_path: Path) -> None:
    server.release("v1/kubectl", b"right")
    server.files["v1/kubectl"] = b"wrong"
    error = failure(recipe(tmp_path, "kubectl"), tmp_path / "cache", Notes())
    assert [problem.code for problem in error.problems] == [DOWNLOAD_CHECKSUM_WRONG]
    assert "v1/kubectl" in error.problems[0].what
    assert left_over(tmp_path / "cache") == []


@pytest.mark.parametrize("fault", ["cut", "failing", "portal"])
def test_broken_download_goes_to_the_build(server: Server, tmp_path: Path, fault: str) -> None:
    server.release("v1/kubectl", b"x" * 1_000_000)
    if fault == "portal":  # a page that answers everything, as in a hotel
        server.files["v1/kubectl.sha256"] = b"<html>please log in</html>"
    else:
        getattr(server, fault).add("v1/kubectl")
    notes = Notes()
    error = failure(recipe(tmp_path, "kubectl"), tmp_path / "cache", notes)
    assert [problem.code for problem in error.problems] == [BUILD_FAILED, DOWNLOAD_BROKEN]
    assert any(DOWNLOAD_BROKEN.id in note and "building" in note for note in notes.notes)
    assert left_over(tmp_path / "cache") == []


def test_finished_files_stay_when_a_later_one_fails(server: Server, tmp_path: Path) -> None:
    server.release("v1/etcd", b"etcd")
    server.release("v1/kubectl", b"kubectl" * 1000)
    server.cut.add("v1/kubectl")
    made = recipe(tmp_path, "etcd", "kubectl")
    failure(made, tmp_path / "cache", Notes())
    assert left_over(tmp_path / "cache") == ["etcd", "record.json"]
    (next(tmp_path.glob("cache/plane/*/etcd")).parent / ".making-0123").write_text(
        "of a killed run"
    )
    server.cut.clear()
    server.asked.clear()
    ensure(made, tmp_path / "cache", Silent())
    assert server.asked == ["v1/kubectl.sha256", "v1/kubectl"]
    assert left_over(tmp_path / "cache") == ["etcd", "kubectl", "record.json"]


def test_release_without_a_checksum_is_not_used(server: Server, tmp_path: Path) -> None:
    server.files["v1/clusterctl"] = b"unsigned"
    notes = Notes()
    error = failure(recipe(tmp_path, "clusterctl"), tmp_path / "cache", notes)
    assert [problem.code for problem in error.problems] == [BUILD_FAILED]
    assert any("no checksum" in note for note in notes.notes)
    assert server.asked == ["v1/clusterctl.sha256"]


@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
def test_program_in_an_archive(server: Server, tmp_path: Path, kind: str) -> None:
    packed = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("etcd-v1/etcd", "the program")
    else:
        with tarfile.open(fileobj=packed, mode="w:gz") as tape:
            member = tarfile.TarInfo("etcd-v1/etcd")
            member.size = len(b"the program")
            tape.addfile(member, io.BytesIO(b"the program"))
    name = f"etcd-v1.{kind}"
    digest = hashlib.sha256(packed.getvalue()).hexdigest()
    server.files[f"v1/{name}"] = packed.getvalue()
    server.files["v1/SHA256SUMS"] = f"{'0' * 64}  other.{kind}\n{digest}  {name}\n".encode()
    release = ReleasedFile(MIRROR, f"v1/{name}", "v1/SHA256SUMS", "etcd-v1/etcd")
    folder = ensure(recipe(tmp_path, "etcd", release=release), tmp_path / "cache", Silent())
    assert (folder / "etcd").read_bytes() == b"the program"
    assert left_over(tmp_path / "cache") == ["etcd", "record.json"]
    lost = replace(release, member="etcd-v1/gone")
    error = failure(recipe(tmp_path, "gone", release=lost), tmp_path / "other", Notes())
    assert error.problems[-1].code is DOWNLOAD_BROKEN


def test_mirror_switched_off_is_not_asked(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.release("v1/kubectl", b"kubectl")
    monkeypatch.setenv(MIRROR.variable, "none")
    notes = Notes()
    failure(recipe(tmp_path, "kubectl"), tmp_path / "cache", notes)
    assert server.asked == []
    assert notes.notes == []


def test_silent_hosts_cost_less_than_four_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three hosts: one refuses, one accepts and never answers, one does not exist."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        addresses = ["http://127.0.0.1:9", f"http://127.0.0.1:{port}", "http://caas.invalid"]
        mirrors = [
            ReleaseMirror(f"CAAS_TEST_{index}", item) for index, item in enumerate(addresses)
        ]
        monkeypatch.setenv("no_proxy", "127.0.0.1,caas.invalid")
        notes, started = Notes(), time.monotonic()
        found = Mirrors(mirrors, notes)
        assert time.monotonic() - started < 4
    assert [found.address(mirror) for mirror in mirrors] == [None, None, None]
    assert len(notes.notes) == 1
    assert "caas.invalid" in notes.notes[0]


def test_addresses_of_the_real_releases() -> None:
    releases = {program.name: program.release for program in plane(Host("linux", "arm64")).programs}
    kubectl, etcd = releases["kubectl"], releases["etcd"]
    assert kubectl
    assert kubectl.file.endswith("/bin/linux/arm64/kubectl")
    assert kubectl.checksums == f"{kubectl.file}.sha256"
    assert etcd
    assert etcd.file.endswith("-linux-arm64.tar.gz")
    assert etcd.checksums.endswith("/SHA256SUMS")
    assert not releases["core-manager"]
    mac = {program.name: program.release for program in plane(Host("darwin", "arm64")).programs}
    assert not mac["kube-apiserver"]
    assert mac["kubectl"]
    assert mac["etcd"]
    assert mac["etcd"].file.endswith("-darwin-arm64.zip")


def _run(made: Recipe, cache: Path) -> None:
    ensure(made, cache, Silent())


@pytest.mark.slow
def test_two_at_once_make_each_file_once(server: Server, tmp_path: Path) -> None:
    names = ("etcd", "kubectl")
    for name in names:
        server.release(f"v1/{name}", name.encode() * 1000)
    server.delay = 0.2
    made, context = recipe(tmp_path, *names), multiprocessing.get_context("spawn")
    runs = [context.Process(target=_run, args=(made, tmp_path / "cache")) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
    assert [run.exitcode for run in runs] == [0, 0]
    assert sorted(server.asked) == sorted(
        f"v1/{name}{end}" for name in names for end in ("", ".sha256")
    )
