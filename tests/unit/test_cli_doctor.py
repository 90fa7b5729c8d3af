"""`caas doctor`: each check, on this machine and on machines that lack something."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from cli import checks
from cli.checks import GIB, CheckLevel
from errors import Code, command_line, machine
from plane.process import IDENTITY
from tests.unit.command_line import ROOT, piped


def doctor(*program: str, **env: str) -> dict[str, dict[str, Any]]:
    done = piped("doctor", "--output", "json", program=[*program, str(ROOT / "caas")], env=env)
    answer = json.loads(done.out)
    found = {check["check"]: check for check in answer["checks"]}
    assert answer["ok"] is (done.status == 0)
    assert answer["ok"] is not any(check["state"] == "fail" for check in found.values())
    return found


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("CAAS_CACHE", str(folder))
    return folder


@pytest.mark.slow
def test_every_check_is_there() -> None:
    found = doctor()
    assert list(found) == list(checks.CHECKS)
    for check in found.values():
        assert check["what"]
        assert (check["state"] == "ok") == (check["code"] is None) == (check["fix"] is None)


@pytest.mark.slow
def test_a_new_machine(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    found = doctor(CAAS_CACHE=str(cache))
    assert found["binaries"]["code"] == command_line.BINARIES_MISSING.id
    assert found["cache"]["state"] == "ok"
    assert not cache.exists(), "doctor changes nothing"


@pytest.mark.slow
def test_as_a_table() -> None:
    done = piped("doctor")
    heading, *lines = done.out.splitlines()
    assert heading.split() == ["STATE", "CHECK", "FOUND", "CODE", "WHAT", "TO", "DO"]
    assert len(lines) == len(checks.CHECKS)
    assert all(line.split()[0] in set(CheckLevel) for line in lines)


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    found = doctor(CAAS_CACHE=str(file / "cache"))
    assert found["cache"]["state"] == "fail"
    assert found["cache"]["code"] == machine.CACHE_NOT_WRITABLE.id


@pytest.mark.slow
def test_few_open_files() -> None:
    found = doctor("/bin/sh", "-c", 'ulimit -n 512; exec "$0" "$@"')
    assert found["open files"]["code"] == command_line.FEW_OPEN_FILES.id


@pytest.mark.slow
def test_neither_pulumi_nor_kubectl(tmp_path: Path) -> None:
    for tool in ("readlink", "cmp"):
        found = shutil.which(tool)
        assert found
        (tmp_path / tool).symlink_to(found)
    found_checks = doctor(PATH=str(tmp_path))
    assert found_checks["pulumi"]["code"] == command_line.PULUMI_MISSING.id
    assert found_checks["kubectl"]["code"] == command_line.KUBECTL_MISSING.id


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process to some cores")
def test_one_core() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        finding = checks.cores()
    finally:
        os.sched_setaffinity(0, before)
    assert finding.code is command_line.FEW_CORES


@pytest.mark.parametrize(("free", "level"), [(1, "fail"), (3, "warn"), (16, "ok")])
def test_memory(monkeypatch: pytest.MonkeyPatch, free: int, level: str) -> None:
    monkeypatch.setattr(checks, "_text", lambda path: "max")
    answer = SimpleNamespace(available=free * GIB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: answer)
    finding = checks.memory()
    assert (finding.level, finding.code) == coded(level, command_line.LITTLE_MEMORY)


def test_memory_limit_of_a_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_text", lambda path: str(GIB))
    assert checks.memory().level is CheckLevel.FAIL


@pytest.mark.parametrize(("free", "level"), [(0.5, "fail"), (3, "warn"), (100, "ok")])
def test_disk(monkeypatch: pytest.MonkeyPatch, cache: Path, free: float, level: str) -> None:
    answer = SimpleNamespace(free=int(free * GIB))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: answer)
    finding = checks.disk()
    assert (finding.level, finding.code) == coded(level, command_line.LITTLE_DISK)


def coded(level: str, code: Code) -> tuple[CheckLevel, Code | None]:
    return CheckLevel(level), None if level == "ok" else code


def test_python_that_is_newer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "NEWEST_TRIED", (3, 10))
    assert checks.python().code is command_line.PYTHON_UNTRIED


def test_loopback_with_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "PLANE_LOOPBACK", "192.0.2.1")  # for documentation, never assigned
    finding = checks.loopback()
    assert (finding.level, finding.code) == (CheckLevel.WARN, command_line.LOOPBACK_UNUSABLE)


def test_no_go_and_no_wheel(monkeypatch: pytest.MonkeyPatch, cache: Path, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    finding = checks.go()
    assert finding.code is machine.GO_NOT_FOUND
    assert "there is no Go on the PATH" in finding.what


def test_a_plane_that_lost_a_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CAAS_STATE", str(tmp_path))
    assert checks.planes().what == "none runs"
    with subprocess.Popen(["sleep", "60"], env={**os.environ, IDENTITY: "mine"}) as process:
        try:
            record = {"pid": process.pid, "identity": "mine", "fingerprint": ""}
            state = {
                "address": "127.0.0.1",
                "ports": {},
                "processes": {"etcd": record},
                "complete": "",
            }
            (tmp_path / "local").mkdir()
            (tmp_path / "local" / "plane.json").write_text(json.dumps(state))
            finding = checks.planes()
        finally:
            process.kill()
    assert finding.code is command_line.STALE_PLANE
    assert "kube-apiserver" in finding.what
    assert checks.planes().what == "none runs"
