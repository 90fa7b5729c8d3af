"""Makes what is missing in the cache: downloads where it can, builds where it must."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
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
    return ensure_all([recipe], cache, progress)[0]


def ensure_all(recipes: Sequence[Recipe], cache: Path, progress: Progress) -> list[Path]:
    """The folder of each recipe, made where it is missing; Go and its caches are shared."""
    stores = [Store(cache / "plane" / recipe.key) for recipe in recipes]
    pairs = list(zip(recipes, stores, strict=True))
    if any(_missing(recipe, store) for recipe, store in pairs):
        with turn(cache / "plane" / "lock", progress):
            wanting = [pair for pair in pairs if _missing(*pair)]
            supplies = Supplies([recipe for recipe, _ in wanting], cache, progress)
            for recipe, store in wanting:
                store.clean()
                Workshop(recipe, store, supplies, progress).make(_missing(recipe, store))
            supplies.put_away()
    return [store.directory for store in stores]


def _missing(recipe: Recipe, store: Store) -> list[str]:
    return store.missing(
        (program.name for program in recipe.programs), (item.name for item in recipe.manifests)
    )


class Supplies:
    """What the making of several recipes shares: Go, and which release hosts answer."""

    def __init__(self, recipes: Sequence[Recipe], cache: Path, progress: Progress) -> None:
        self.recipes, self.cache, self.progress = recipes, cache, progress
        self._go: Go | None = None

    def go(self, report: Report) -> Go:
        """Go, found or installed at the first call."""
        if not self._go:
            sources = [source for recipe in self.recipes for source in recipe.sources]
            self._go = find_go(needed_version(sources), self.cache, report)
        return self._go

    @cached_property
    def mirrors(self) -> Mirrors:
        """The release hosts; they are asked at the first use."""
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
        self, recipe: Recipe, store: Store, supplies: Supplies, progress: Progress
    ) -> None:
        self.recipe, self.store, self.supplies, self.progress = recipe, store, supplies, progress
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
        with suppress(OSError):
            (self.store.directory / "log").rmdir()

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

    def _build(self, program: Program, path: Path, report: Report) -> None:
        log = self.store.directory / "log" / f"{program.name}.log"
        try:
            with self.store.making() as scratch:
                go = self.supplies.go(report).with_scratch(scratch)
                build(program, path, go, log=log, report=report, scratch=scratch)
        except CaasError as error:
            raise CaasError.of((*error.problems, *self._broken)) from error
        log.unlink(missing_ok=True)

    def _make_manifests(self, sets: list[ManifestSet]) -> None:
        report = Report(self.progress.step("manifests"), "no binaries left")
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
