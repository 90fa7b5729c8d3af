"""The cache of the plane's binaries: key, fast path, repair, interruption, faults."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog import catalog
from errors import CaasError
from errors.machine import (
    BINARY_DAMAGED,
    CACHE_DISK_FULL,
    CACHE_NOT_WRITABLE,
    LOCK_HELD,
    PLATFORM_NOT_SUPPORTED,
)
from plane.binaries import PROGRAMS, Binaries, ensure_binaries, verify
from plane.binaries import host as host_module
from plane.binaries.faults import writing
from plane.binaries.host import Host, this_host
from plane.binaries.recipe import MODULES, ModuleSource, Recipe, plane
from plane.binaries.store import TEMPORARY, CacheStore
from plane.binaries.waiting import turn
from plane.binaries.workshop import ensure
from plane.lock import hold
from plane.paths import cache_directory
from plane.progress import Silent
from stacks.paths import CHECKOUT, state_directory

LINUX = Host("linux", "amd64")


def put(store: CacheStore, name: str, content: str = "") -> None:
    with store.making() as path:
        path.write_text(content or f"the program {name}")
        store.install(path, name, "a test")


def put_manifests(store: CacheStore, name: str) -> None:
    with store.making() as path:
        (path / "crds").mkdir(parents=True)
        (path / "crds" / "things.yaml").write_text("kind: CustomResourceDefinition")
        (path / "webhooks.yaml").write_text("kind: ValidatingWebhookConfiguration")
        store.install_folder(path, f"manifests/{name}", "a test")


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Binaries:
    """A complete cache of the real recipe with small contents; no network, no Go."""
    monkeypatch.setenv("CAAS_CACHE", str(tmp_path))
    recipe = plane(this_host())
    store = CacheStore(tmp_path / "plane" / recipe.key)
    for program in recipe.programs:
        put(store, program.name)
    for item in recipe.manifests:
        put_manifests(store, item.name)
    return ensure_binaries(Silent())


class Notes(Silent):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


# --- where things are


def test_cache_directory_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CAAS_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_directory() == tmp_path / ".cache" / "caas"
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/xdg")
    assert cache_directory() == Path("/var/xdg/caas")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_directory() == tmp_path / ".cache" / "caas"
    monkeypatch.setenv("CAAS_CACHE", "~/mine")
    assert cache_directory() == tmp_path / "mine"


def test_state_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CAAS_STATE", raising=False)
    assert state_directory("local") == CHECKOUT / ".caas" / "local"
    assert (CHECKOUT / "stacks" / "paths.py").exists()
    monkeypatch.setenv("CAAS_STATE", str(tmp_path))
    assert state_directory("dev") == tmp_path / "dev"


def test_unknown_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_module.platform, "system", lambda: "Windows")
    with pytest.raises(CaasError) as caught:
        this_host()
    assert caught.value.problems[0].code is PLATFORM_NOT_SUPPORTED


# --- the key


def test_key_names_versions_and_machine() -> None:
    key = plane(LINUX).key
    for name, version in catalog().modules.items():
        if name in ("kubernetes", "etcd", "cluster-api"):
            assert f"{name}-{version}" in key
    assert "linux-amd64" in key
    assert plane(Host("darwin", "arm64")).key != key


@pytest.mark.parametrize("changed", ["go.mod", "go.sum", "link"])
def test_key_follows_what_goes_into_a_build(tmp_path: Path, changed: str) -> None:
    def key(link: str = "-s") -> str:
        program = dataclasses.replace(plane(LINUX).programs[0], source=ModuleSource(tmp_path, link))
        return Recipe("x", (program,), ()).key

    (tmp_path / "go.mod").write_text("module a")
    (tmp_path / "go.sum").write_text("")
    before = key()
    assert key() == before
    if changed == "link":
        assert key("-s -w") != before
    else:
        (tmp_path / changed).write_text("changed")
        assert key() != before


def test_pinned_modules_are_those_of_the_catalog() -> None:
    pins = {
        "kubernetes": ("k8s.io/kubernetes",),
        "etcd": ("go.etcd.io/etcd/server/v3",),
        "cluster-api": ("sigs.k8s.io/cluster-api", "sigs.k8s.io/cluster-api/test"),
    }
    for name, modules in pins.items():
        text = (MODULES / name / "go.mod").read_text()
        sums = (MODULES / name / "go.sum").read_text()
        for module in modules:
            pinned = f"{module} v{catalog().modules[name]}"
            assert f"\t{pinned} // indirect\n" in text
            assert f"{pinned} h1:" in sums


def test_staging_modules_follow_kubernetes() -> None:
    text = (MODULES / "kubernetes" / "go.mod").read_text()
    replaced = [line.split()[-1] for line in text.splitlines() if "=>" in line]
    wanted = "v0" + catalog().modules["kubernetes"].removeprefix("1")
    assert len(replaced) > 30
    assert set(replaced) == {wanted}


def test_every_program_is_a_pinned_tool() -> None:
    for program in plane(LINUX).programs:
        assert program.package in (program.source.folder / "go.mod").read_text()


# --- the fast path


def test_complete_cache_costs_milliseconds(
    filled: Binaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")  # nothing may be started
    ensure_binaries(Silent())
    started = time.perf_counter()
    assert ensure_binaries(Silent()) == filled
    assert time.perf_counter() - started < 0.1
    assert all((filled.manifests.parent / name).exists() for name in (*PROGRAMS, "manifests"))
    assert (filled.manifests / "in-memory" / "webhooks.yaml").exists()
    verify(filled)


@pytest.mark.parametrize("damage", ["remove", "cut", "forget"])
def test_what_is_not_there_is_missing(filled: Binaries, damage: str) -> None:
    store = CacheStore(filled.manifests.parent)
    if damage == "remove":
        filled.kubectl.unlink()
    elif damage == "cut":
        os.truncate(filled.kubectl, 3)
    else:
        (store.directory / "record.json").write_text("{ not json")
    missing = store.missing(["etcd", "kubectl"], ["core"])
    assert missing == (["etcd", "kubectl", "manifests/core"] if damage == "forget" else ["kubectl"])


def test_manifest_set_with_a_lost_file_is_missing(filled: Binaries) -> None:
    (filled.manifests / "core" / "crds" / "things.yaml").unlink()
    store = CacheStore(filled.manifests.parent)
    assert store.missing([], ["core", "bootstrap"]) == ["manifests/core"]


# --- verification


def test_verify_names_the_file_and_the_fix(filled: Binaries) -> None:
    content = filled.etcd.read_text()
    filled.etcd.write_text(content[::-1])  # as long as before
    filled.clusterctl.unlink()
    with pytest.raises(CaasError) as caught:
        verify(filled)
    problems = {problem.where.file: problem for problem in caught.value.problems}
    assert set(problems) == {str(filled.etcd), str(filled.clusterctl)}
    assert {problem.code for problem in problems.values()} == {BINARY_DAMAGED}
    assert f"rm -f {filled.etcd}" in problems[str(filled.etcd)].fix


def test_verify_wants_every_program_recorded(filled: Binaries) -> None:
    (filled.manifests.parent / "record.json").unlink()
    with pytest.raises(CaasError, match=BINARY_DAMAGED.id):
        verify(filled)


# --- interruption


def test_a_kill_leaves_finished_files_and_the_next_run_removes_the_rest(tmp_path: Path) -> None:
    store = CacheStore(tmp_path / "key")
    put(store, "etcd")
    half = store.directory / f"{TEMPORARY}0123"
    half.write_text("half a program")
    (store.directory / f"{TEMPORARY}4567").mkdir()
    (store.directory / "kubectl").write_text("moved, but killed before it was recorded")
    assert store.missing(["etcd", "kubectl"], []) == ["kubectl"]
    store.clean()
    assert not half.exists()
    put(store, "kubectl")
    assert store.missing(["etcd", "kubectl"], []) == []
    assert sorted(path.name for path in store.directory.iterdir()) == [
        "etcd",
        "kubectl",
        "record.json",
    ]


def test_an_interrupt_leaves_nothing_half_made(tmp_path: Path) -> None:
    store = CacheStore(tmp_path)
    with pytest.raises(KeyboardInterrupt), store.making() as path:
        path.write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


# --- faults of the file system


@pytest.mark.parametrize("place", ["file/below", "/proc/caas"])
def test_cache_that_cannot_be_written(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(CaasError) as caught:
        ensure(plane(LINUX), tmp_path / place, Silent())
    assert caught.value.problems[0].code is CACHE_NOT_WRITABLE
    assert "CAAS_CACHE" in caught.value.problems[0].remedy


def test_cache_that_becomes_read_only(tmp_path: Path) -> None:
    with pytest.raises(CaasError, match=CACHE_NOT_WRITABLE.id), writing(tmp_path):
        Path("/proc/version").write_text("x")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with 64 KiB."""
    place, mount = tmp_path / "small", shutil.which("mount")
    place.mkdir()
    command = [mount or "", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if not mount or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system is not permitted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_full_disk(small_disk: Path) -> None:
    store = CacheStore(small_disk / "key")
    put(store, "etcd")
    with pytest.raises(CaasError) as caught, store.making() as path, writing(path):
        path.write_bytes(b"x" * 100_000)
    assert caught.value.problems[0].code is CACHE_DISK_FULL
    assert store.missing(["etcd", "kubectl"], []) == ["kubectl"]
    put(store, "kubectl")
    assert store.missing(["etcd", "kubectl"], []) == []


def _write_too_much(folder: str) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    store = CacheStore(Path(folder))
    try:
        with store.making() as path, writing(path):
            path.write_bytes(b"x" * 100_000)
    except CaasError as error:
        left = list(Path(folder).iterdir())
        sys.exit(0 if error.problems[0].code == CACHE_DISK_FULL and not left else 1)
    sys.exit(2)


def test_file_size_limit(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=_write_too_much, args=(str(tmp_path),)
    )
    process.start()
    process.join(30)
    assert process.exitcode == 0


# --- two at once


def test_second_run_waits_and_says_for_whom(tmp_path: Path) -> None:
    notes = Notes()
    lock = tmp_path / "lock"
    with hold(lock, "the first"), pytest.raises(CaasError, match=LOCK_HELD.id):
        turn(lock, notes, 0.3).__enter__()
    assert "the first" in notes.notes[0]
    assert "waiting" in notes.notes[0]
    with turn(lock, notes, 0.3):
        assert len(notes.notes) == 1
