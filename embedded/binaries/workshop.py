"""Makes what is missing in the cache: downloads where it can, builds where it must."""

from __future__ import annotations

import shutil
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from embedded.binaries.build import build, module_folders
from embedded.binaries.download import download
from embedded.binaries.manifests import take
from embedded.binaries.mirrors import Mirrors
from embedded.binaries.recipe import ManifestSet, Program, Recipe, Release
from embedded.binaries.report import Report
from embedded.binaries.store import MANIFESTS, Store
from embedded.binaries.toolchain import Go, find_go, needed_version, own_folders
from embedded.binaries.waiting import turn
from embedded.progress import Progress
from errors import CaasError, Problem
from errors.machine import DOWNLOAD_BROKEN


def ensure(recipe: Recipe, cache: Path, progress: Progress) -> Path:
    """The folder below `cache` with everything of `recipe` in it, made where it is missing."""
    store = Store(cache / "plane" / recipe.key)
    if not _missing(recipe, store):
        return store.directory
    with turn(cache / "plane" / "lock", progress):
        missing = _missing(recipe, store)
        if missing:
            store.clean()
            Workshop(recipe, store, cache, progress).make(missing)
    return store.directory


def _missing(recipe: Recipe, store: Store) -> list[str]:
    return store.missing(
        (program.name for program in recipe.programs), (item.name for item in recipe.manifests)
    )


class Workshop:
    """One run that makes what is missing. Each finished file is installed at once."""

    def __init__(self, recipe: Recipe, store: Store, cache: Path, progress: Progress) -> None:
        self.recipe, self.store, self.cache, self.progress = recipe, store, cache, progress
        self._go: Go | None = None
        self._broken: tuple[Problem, ...] = ()

    def make(self, missing: list[str]) -> None:
        """Makes the programs and manifest sets of these names."""
        programs = [program for program in self.recipe.programs if program.name in missing]
        for index, program in enumerate(programs):
            left = f"{len(programs) - index} of {len(programs)} binaries left"
            self._make_program(program, left)
        sets = [item for item in self.recipe.manifests if f"{MANIFESTS}/{item.name}" in missing]
        if sets:
            self._make_manifests(sets)
        for folder in own_folders(self.cache):
            shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            (self.store.directory / "log").rmdir()

    def _find_go(self, report: Report) -> Go:
        self._go = self._go or find_go(needed_version(self.recipe.sources), self.cache, report)
        return self._go

    @cached_property
    def _mirrors(self) -> Mirrors:
        releases = (program.release for program in self.recipe.programs)
        return Mirrors({release.mirror for release in releases if release}, self.progress)

    def _make_program(self, program: Program, left: str) -> None:
        report = Report(self.progress.step(program.name), left)
        with self.store.making() as path:
            release = program.release
            origin = release and self._download(program.name, release, path, report)
            if not origin:
                self._build(program, path, report)
            self.store.install(path, program.name, origin or program.package)

    def _download(self, name: str, release: Release, path: Path, report: Report) -> str | None:
        """Where it was downloaded from; None where it has to be built."""
        address = self._mirrors.address(release.mirror)
        if not address:
            return None
        try:
            if download(release, address, path, report):
                return f"{address}/{release.file}"
            self.progress.note(f"{name}: no checksum at {address}, so it is built")
        except CaasError as error:
            if error.problems[0].code is not DOWNLOAD_BROKEN:
                raise
            self._broken = error.problems
            self._mirrors.drop(release.mirror)
            self.progress.note(f"{error.problems[0].what} ({DOWNLOAD_BROKEN.id}): building instead")
        return None

    def _build(self, program: Program, path: Path, report: Report) -> None:
        log = self.store.directory / "log" / f"{program.name}.log"
        try:
            with self.store.making() as scratch:
                go = self._find_go(report).with_scratch(scratch)
                build(program, path, go, log=log, report=report, scratch=scratch)
        except CaasError as error:
            raise CaasError.of((*error.problems, *self._broken)) from error
        log.unlink(missing_ok=True)

    def _make_manifests(self, sets: list[ManifestSet]) -> None:
        report = Report(self.progress.step("manifests"), "no binaries left")
        log = self.store.directory / "log" / "manifests.log"
        go = self._find_go(report)
        for index, item in enumerate(sets):
            report(index, len(sets), item.name)
            folder = module_folders(item.source, [item.module], go, log)[item.module]
            with self.store.making() as path:
                take(item, folder, path)
                self.store.install_folder(path, f"{MANIFESTS}/{item.name}", item.module)
        report(len(sets), len(sets))
        log.unlink(missing_ok=True)
