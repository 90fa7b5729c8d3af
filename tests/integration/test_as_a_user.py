"""The commands as a user runs them, in a pipe, on a separate stack."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from plane.binaries import ensure_binaries
from plane.lock import hold
from plane.progress import Silent
from tests.unit.command_line import ROOT, Outcome, environment

pytestmark = pytest.mark.plane

LIMIT = 240.0
STACK = {
    "caas:infrastructure": {
        "provider": "in-memory",
        "machineStartup": "1s",
        "nodeStartup": "1s",
    },
    "caas:clusters": [
        {
            "name": "one",
            "version": "1.36.1",
            "controlPlane": {"replicas": 1},
            "workerPools": [{"name": "general", "replicas": 1}],
        }
    ],
}

Caas = Callable[..., Outcome]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a stack file, and with the state of whatever the tests start."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "stacks").mkdir()
    write(folder, STACK)
    yield folder
    run(folder, "destroy", "--yes")


@pytest.fixture
def caas(home: Path) -> Caas:
    return lambda *arguments: run(home, *arguments)


@pytest.fixture(scope="module")
def up(home: Path) -> Outcome:
    """The first `up`."""
    return run(home, "up", "--engine", "in-process")


def write(home: Path, config: object) -> None:
    (home / "stacks" / "Pulumi.local.yaml").write_text(yaml.safe_dump({"config": config}))


def own(home: Path) -> dict[str, str]:
    return environment({"CAAS_STATE": str(home / "state"), "CAAS_STACKS": str(home / "stacks")})


def run(home: Path, *arguments: str) -> Outcome:
    done = subprocess.run(
        [str(ROOT / "caas"), *arguments],
        env=own(home),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def processes(home: Path) -> list[psutil.Process]:
    """The processes of this stack's plane."""
    mark = str(home / "state" / "local")
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("CAAS_PLANE", "").startswith(mark):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_up_makes_the_clusters_and_says_what_it_did(up: Outcome) -> None:
    assert up.status == 0, up.err
    assert "cluster `one`: new, Kubernetes 1.36.1; control plane: 1 machine" in up.err
    assert "CLUSTER" in up.out and "1/1" in up.out
    assert "./caas kubeconfig one" in up.out
    assert "\x1b" not in up.out + up.err


def test_up_again_changes_nothing(up: Outcome, caas: Caas) -> None:
    again = caas("up", "--engine", "in-process")
    assert again.status == 0, again.err
    assert "Nothing to change" in again.out
    assert "apply" not in again.err


def test_preview_of_an_unchanged_stack_says_so(up: Outcome, caas: Caas) -> None:
    preview = caas("preview", "--output", "json")
    assert preview.status == 0, preview.err
    assert json.loads(preview.out)["changes"] is False


def test_preview_of_a_change_has_its_own_exit_status(up: Outcome, home: Path, caas: Caas) -> None:
    bigger = json.loads(json.dumps(STACK))
    bigger["caas:clusters"][0]["workerPools"][0]["replicas"] = 3
    try:
        write(home, bigger)
        preview = caas("preview")
        assert preview.status == 2
        assert "cluster `one`: control plane: unchanged; pool `general`: 2 machines added" in (
            preview.out
        )
    finally:
        write(home, STACK)


def test_what_a_policy_refuses_is_not_applied(up: Outcome, home: Path, caas: Caas) -> None:
    alone = json.loads(json.dumps(STACK))
    alone["caas:clusters"][0]["labels"] = {"tier": "production"}
    try:
        write(home, alone)
        for command in ("preview", "up"):
            refused = caas(command)
            assert refused.status == 1
            assert "CAAS-4001" in refused.err
    finally:
        write(home, STACK)
    assert caas("preview").status == 0


def test_status_has_the_documented_shape(up: Outcome, caas: Caas) -> None:
    status = caas("status", "--output", "json")
    (cluster,) = json.loads(status.out)["clusters"]
    assert cluster["name"] == "one"
    assert cluster["version"] == "1.36.1"
    assert cluster["available"] is True
    assert cluster["phase"] == "Provisioned"
    assert cluster["controlPlane"]["desired"] == cluster["controlPlane"]["available"] == 1
    assert cluster["workers"]["desired"] == cluster["workers"]["available"] == 1


def test_kubeconfig_opens_the_workload_cluster(up: Outcome, home: Path, caas: Caas) -> None:
    file = home / "one.kubeconfig"
    written = caas("kubeconfig", "one", "--out", str(file))
    assert written.status == 0, written.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "PRIVATE" not in written.out + written.err
    nodes = subprocess.run(
        [kubectl(), f"--kubeconfig={file}", "get", "nodes", "-o", "name"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert len(nodes.stdout.splitlines()) == 2


def kubectl() -> str:
    return str(ensure_binaries(Silent()).kubectl)


def test_kubeconfig_of_no_cluster_names_those_that_exist(up: Outcome, caas: Caas) -> None:
    refused = caas("kubeconfig", "two")
    assert refused.status == 1
    assert "CAAS-3013" in refused.err and "One of: one" in refused.err


def test_a_broken_stack_file_keeps_nobody_from_looking(up: Outcome, home: Path, caas: Caas) -> None:
    try:
        (home / "stacks" / "Pulumi.local.yaml").write_text("config: [")
        status = caas("status", "--output", "json")
        assert [each["name"] for each in json.loads(status.out)["clusters"]] == ["one"]
        assert caas("preview").status == 1
    finally:
        write(home, STACK)


def test_a_second_run_says_who_holds_the_lock(up: Outcome, home: Path, caas: Caas) -> None:
    with hold(home / "state" / "local" / "run.lock", "caas up local"):
        refused = caas("up")
    assert refused.status == 1
    assert "CAAS-2100" in refused.err and str(os.getpid()) in refused.err


def test_up_heals_a_plane_that_was_killed(up: Outcome, home: Path, caas: Caas) -> None:
    for process in processes(home):
        process.kill()
    assert caas("status").status == 1
    healed = caas("up", "--engine", "in-process")
    assert healed.status == 0, healed.err
    (cluster,) = json.loads(caas("status", "--output", "json").out)["clusters"]
    assert cluster["available"] is True


def test_an_interrupted_up_is_continued_by_the_next(up: Outcome, home: Path, caas: Caas) -> None:
    assert caas("down").status == 0
    assert not processes(home)
    begun = subprocess.Popen(
        [str(ROOT / "caas"), "up", "--engine", "in-process"],
        env=own(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not processes(home) and time.monotonic() < deadline:
        time.sleep(0.1)
    begun.send_signal(signal.SIGINT)
    _, errors = begun.communicate(timeout=60)
    assert begun.returncode == 130
    assert "Interrupted." in errors and "Traceback" not in errors
    assert caas("up", "--engine", "in-process").status == 0


def test_a_cluster_that_is_not_there_yet_has_no_kubeconfig(
    up: Outcome, home: Path, caas: Caas
) -> None:
    more = json.loads(json.dumps(STACK))
    more["caas:clusters"].append(
        {"name": "paused", "version": "1.36.1", "paused": True, "controlPlane": {"replicas": 1}}
    )
    try:
        write(home, more)
        assert caas("up", "--engine", "in-process").status == 0
        refused = caas("kubeconfig", "paused")
        assert refused.status == 1 and "CAAS-3014" in refused.err
    finally:
        write(home, STACK)
        assert caas("up", "--engine", "in-process").status == 0


def test_a_failure_of_the_pulumi_cli_is_a_code(up: Outcome, home: Path) -> None:
    folder = home / "failing"
    folder.mkdir(exist_ok=True)
    (folder / "pulumi").write_text("#!/bin/sh\nexit 3\n")
    (folder / "pulumi").chmod(0o755)
    failing = {**own(home), "PATH": f"{folder}:/usr/bin:/bin"}
    refused = subprocess.run(
        [str(ROOT / "caas"), "up", "--engine", "pulumi"],
        env=failing,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert refused.returncode == 1
    assert "CAAS-3020" in refused.stderr and "status 3" in refused.stderr


def test_pulumi_that_is_asked_for_and_not_there_is_a_code(up: Outcome, home: Path) -> None:
    without = {**own(home), "PATH": "/usr/bin:/bin"}
    refused = subprocess.run(
        [str(ROOT / "caas"), "up", "--engine", "pulumi"],
        env=without,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert refused.returncode == 1
    assert "CAAS-3021" in refused.stderr


def test_destroy_leaves_no_process_and_no_file(home: Path, caas: Caas, up: Outcome) -> None:
    gone = caas("destroy", "--yes")
    assert gone.status == 0, gone.err
    assert not processes(home)
    assert not (home / "state").exists()
