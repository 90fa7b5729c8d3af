"""Builds a program, and takes manifests, out of pinned Go modules."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from errors import CaasError, Where
from errors.machine import (
    BUILD_FAILED,
    BUILD_TOO_SLOW,
    MODULE_CHECKSUM_WRONG,
    MODULES_UNREACHABLE,
)
from plane.binaries.adapted import adapt
from plane.binaries.command import Outcome, run
from plane.binaries.faults import disk_full
from plane.binaries.recipe import FLAGS, ModuleSource, Program
from plane.binaries.report import StepReport
from plane.binaries.toolchain import Go

DOWNLOAD_LIMIT = 1800.0
BUILD_LIMIT = 5400.0
SHOWN = 5
STALE = "{{if .Stale}}{{.ImportPath}}{{end}}"

NO_SPACE = ("no space left on device", "disk quota exceeded", "file too large")
TAMPERED = ("SECURITY ERROR", "checksum mismatch")
UNREACHABLE = (
    "dial tcp",
    "no such host",
    "connection refused",
    "connection reset",
    "i/o timeout",
    "TLS handshake",
    "x509:",
    "unexpected EOF",
    "GOPROXY",
    "404 Not Found",
    "410 Gone",
    "403 Forbidden",
    "502 Bad Gateway",
    "503 Service Unavailable",
    "504 Gateway",
    "reading http",
    "reading file:",
    'Get "http',
    "unrecognized import path",
)


def build(
    program: Program, target: Path, go: Go, *, log: Path, report: StepReport, scratch: Path
) -> None:
    """Builds `program` to `target`; `log` has what Go says, `scratch` is thrown away after it.

    Raises CAAS-2002 no space, CAAS-2021 modules out of reach, CAAS-2022 a module that is not the
    pinned one, CAAS-2023 not compiled, CAAS-2024 not ended within the limit.
    """

    def downloading(line: str) -> None:
        if line.startswith("go: downloading"):
            report(0, None, line.removeprefix("go: "))

    report(0, None, "looking for modules")
    source = _adapted(program.source, go, log, scratch)
    tags = ["-tags", source.tags] if source.tags else []
    query = ["list", "-deps", "-trimpath", "-mod=readonly", *tags, "-f", STALE, program.package]
    listed = _go(
        query, program.name, source, go, log=log, limit=DOWNLOAD_LIMIT, on_line=downloading
    )
    total = max(len(listed.output.split()), 1)
    done = 0

    def compiling(line: str) -> None:
        nonlocal done
        if line and " " not in line and not line.startswith(("#", "go:")):
            done += 1
            report(min(done, total), total, line)

    report(0, total)
    command = ["build", "-v", *FLAGS, *tags, "-ldflags", program.source.link, "-o", str(target)]
    command.append(program.package)
    _go(command, program.name, source, go, log=log, limit=BUILD_LIMIT, on_line=compiling)
    report(total, total)


def _adapted(source: ModuleSource, go: Go, log: Path, scratch: Path) -> ModuleSource:
    """The source to build from: a changed copy where something is to be changed."""
    if not source.changes:
        return source
    wanted = sorted({change.module for change in source.changes})
    modules = module_folders(source, wanted, go, log)
    folder = adapt(source.folder, source.changes, modules, scratch / "adapted")
    return replace(source, folder=folder)


def module_folders(source: ModuleSource, modules: list[str], go: Go, log: Path) -> dict[str, Path]:
    """The source folders of modules, which are downloaded if they are missing."""
    command = ["mod", "download", "-json", *modules]
    outcome = _go(
        command, "manifests", source, go, log=log, limit=DOWNLOAD_LIMIT, on_line=lambda line: None
    )
    decoder, text, folders = json.JSONDecoder(), outcome.output.strip(), {}
    while text:
        module, end = decoder.raw_decode(text)
        folders[module["Path"]] = Path(module["Dir"])
        text = text[end:].lstrip()
    return folders


def _go(
    arguments: list[str],
    name: str,
    source: ModuleSource,
    go: Go,
    *,
    log: Path,
    limit: float,
    on_line: Callable[[str], None],
) -> Outcome:
    outcome = run(
        [str(go.path), *arguments],
        environment=go.environment,
        folder=source.folder,
        log=log,
        limit=limit,
        on_line=on_line,
    )
    if outcome.late:
        raise CaasError(
            BUILD_TOO_SLOW,
            f"{name} was not ready after {limit / 60:.0f} minutes",
            where=Where(file=str(log)),
        )
    if outcome.status != 0:
        # `go mod download -json` says on standard output what failed.
        raise _failure(name, f"{outcome.errors}\n{outcome.output}", outcome.status, log)
    return outcome


def _failure(name: str, text: str, status: int, log: Path) -> CaasError:
    lines = [line for line in text.splitlines() if " " in line.strip()]
    last = "\n".join(lines[-SHOWN:]) or f"go ended with status {status}"
    where = Where(file=str(log))

    def says(marks: tuple[str, ...]) -> bool:
        return any(mark in line for line in lines[-4 * SHOWN :] for mark in marks)

    if says(NO_SPACE):
        return disk_full(log.parent, last)
    if says(TAMPERED):
        what = f"A Go module for {name} is not the pinned one"
        return CaasError(MODULE_CHECKSUM_WRONG, what, where=where, why=last)
    if says(UNREACHABLE):
        what = f"The Go modules for {name} can't be downloaded"
        return CaasError(MODULES_UNREACHABLE, what, where=where, why=last)
    return CaasError(BUILD_FAILED, f"{name} can't be built", where=where, why=last)
