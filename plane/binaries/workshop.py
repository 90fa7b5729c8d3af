"""Makes what is missing in the cache: downloads where it can, builds where it must."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from errors import CaasError, Problem
from errors.machine import DOWNLOAD_BROKEN
from plane.binaries.build import build, module_folders
from plane.binaries.download import download
from plane.binaries.manifests import take
from plane.binaries.mirrors import Mirrors
from plane.binaries.recipe import ManifestSet, Program, Recipe, ReleasedFile
from plane.binaries.report import BuildWork, StepReport
from plane.binaries.store import MANIFESTS, CacheStore
from plane.binaries.toolchain import Go, find_go, needed_version, own_folders
from plane.binaries.waiting import turn
from plane.progress import Progress


def ensure(recipe: Recipe, cache: Path, progress: Progress) -> Path:
    """The folder below `cache` with everything of `recipe` in it, made where it is missing."""
    return ensure_all([recipe], cache, progress)[0]


def ensure_all(recipes: Sequence[Recipe], cache: Path, progress: Progress) -> list[Path]:
    """The folder of each recipe, made where it is missing; Go and its caches are shared."""
    stores = [CacheStore(cache / "plane" / recipe.key) for recipe in recipes]
    pairs = list(zip(recipes, stores, strict=True))
    if any(_missing(recipe, store) for recipe, store in pairs):
        with turn(cache / "plane" / "lock", progress):
            wanting = [pair for pair in pairs if _missing(*pair)]
            programs = {
                program.name: program.packages
                for recipe, store in wanting
                for program in recipe.programs
                if program.name in _missing(recipe, store)
            }
            supplies = Supplies(
                [recipe for recipe, _ in wanting], cache, progress, BuildWork(programs)
            )
            for recipe, store in wanting:
                store.clean()
                Workshop(recipe, store, supplies, progress).make(_missing(recipe, store))
            supplies.put_away()
    return [store.directory for store in stores]


def _missing(recipe: Recipe, store: CacheStore) -> list[str]:
    return store.missing(
        (program.name for program in recipe.programs), (item.name for item in recipe.manifests)
    )


class Supplies:
    """The shared parts of several recipes: Go, the reachable release hosts, and the pace."""

    def __init__(
        self, recipes: Sequence[Recipe], cache: Path, progress: Progress, work: BuildWork
    ) -> None:
        self.recipes, self.cache, self.progress, self.work = recipes, cache, progress, work
        self._go: Go | None = None

    def go(self, report: StepReport) -> Go:
        """Go, found or installed at the first call."""
        if not self._go:
            sources = [source for recipe in self.recipes for source in recipe.sources]
            self._go = find_go(needed_version(sources), self.cache, report)
        return self._go

    @cached_property
    def mirrors(self) -> Mirrors:
        """The release hosts; requests are sent at the first use."""
        programs = (program for recipe in self.recipes for program in recipe.programs)
        releases = (program.release for program in programs)
        return Mirrors({release.mirror for release in releases if release}, self.progress)

    def put_away(self) -> None:
        """Removes the wheel and the caches of its Go."""
        for folder in own_folders(self.cache):
            shutil.rmtree(folder, ignore_errors=True)


class Workshop:
    """One run that makes what is missing. Each finished file is installed at once."""

    def __init__(
        self, recipe: Recipe, store: CacheStore, supplies: Supplies, progress: Progress
    ) -> None:
        self.recipe, self.store, self.supplies, self.progress = recipe, store, supplies, progress
        self._broken: tuple[Problem, ...] = ()

    def make(self, missing: list[str]) -> None:
        """Makes the programs and manifest sets of these names."""
        programs = [program for program in self.recipe.programs if program.name in missing]
        for program in programs:
            self._make_program(program)
        sets = [item for item in self.recipe.manifests if f"{MANIFESTS}/{item.name}" in missing]
        if sets:
            self._make_manifests(sets)
        with suppress(OSError):
            (self.store.directory / "log").rmdir()

    def _make_program(self, program: Program) -> None:
        work = self.supplies.work
        report = StepReport(self.progress.step(program.name), work, program.name)
        with self.store.making() as path:
            release = program.release
            origin = release and self._download(program.name, release, path, report)
            if origin:
                work.downloaded(program.name)
            else:
                work.begin()
                self._build(program, path, report)
                work.end(program.name)
            self.store.install(path, program.name, origin or program.package)

    def _download(
        self, name: str, release: ReleasedFile, path: Path, report: StepReport
    ) -> str | None:
        """The address it was downloaded from; None if it has to be built."""
        address = self.supplies.mirrors.address(release.mirror)
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
            self.supplies.mirrors.drop(release.mirror)
            self.progress.note(f"{error.problems[0].what} ({DOWNLOAD_BROKEN.id}): building instead")
        return None

    def _build(self, program: Program, path: Path, report: StepReport) -> None:
        log = self.store.directory / "log" / f"{program.name}.log"
        try:
            with self.store.making() as scratch:
                go = self.supplies.go(report).with_scratch(scratch)
                build(program, path, go, log=log, report=report, scratch=scratch)
        except CaasError as error:
            raise CaasError.of((*error.problems, *self._broken)) from error
        log.unlink(missing_ok=True)

    def _make_manifests(self, sets: list[ManifestSet]) -> None:
        report = StepReport(self.progress.step("manifests"), self.supplies.work)
        log = self.store.directory / "log" / "manifests.log"
        go = self.supplies.go(report)
        for index, item in enumerate(sets):
            report(index, len(sets), item.name)
            folder = module_folders(item.source, [item.module], go, log)[item.module]
            with self.store.making() as path:
                take(item, folder, path)
                self.store.install_folder(path, f"{MANIFESTS}/{item.name}", item.module)
        report(len(sets), len(sets))
        log.unlink(missing_ok=True)
