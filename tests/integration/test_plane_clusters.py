"""Workload clusters outlive the processes that simulate them; two planes side by side."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from kubectl import Kubectl, eventually

from embedded.binaries import Binaries
from embedded.plane import Plane
from embedded.progress import Silent
from embedded.state import State

pytestmark = pytest.mark.plane

CLUSTER = Path(__file__).parent / "small_cluster.yaml"
CREATED_SECONDS = 180
HEALED_SECONDS = 180


@pytest.fixture(scope="module")
def own(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    plane = Plane(tmp_path_factory.mktemp("clusters") / "plane")
    try:
        plane.start(binaries, Silent())
        yield plane
    finally:
        plane.destroy()


def create(kubectl: Kubectl, namespace: str) -> None:
    kubectl("create", "namespace", namespace)
    kubectl("apply", "--server-side", "-n", namespace, "-f", str(CLUSTER))


def is_healthy(kubectl: Kubectl, namespace: str) -> bool:
    """Whether the cluster is Available, and that was found out by looking at it now."""
    status = kubectl.get("cluster", "small", "-n", namespace).get("status", {})
    conditions = {each["type"]: each["status"] for each in status.get("conditions", [])}
    return conditions.get("Available") == conditions.get("RemoteConnectionProbe") == "True"


def workload(kubectl: Kubectl, namespace: str, folder: Path) -> Kubectl:
    secret = kubectl.get("secret", "small-kubeconfig", "-n", namespace)
    path = folder / "workload.kubeconfig"
    path.write_bytes(base64.b64decode(secret["data"]["value"]))
    path.chmod(0o600)
    return Kubectl(kubectl.program, path)


def ready_nodes(kubectl: Kubectl, namespace: str, folder: Path) -> int:
    result = workload(kubectl, namespace, folder).run("get", "nodes", "-o", "name")
    return len(result.stdout.splitlines())


def test_a_cluster_comes_back_by_itself_after_every_process_was_killed(
    own: Plane, binaries: Binaries, namespace: str, tmp_path: Path
) -> None:
    kubectl = Kubectl(binaries.kubectl, own.kubeconfig)
    create(kubectl, namespace)
    eventually(lambda: is_healthy(kubectl, namespace), CREATED_SECONDS)
    assert ready_nodes(kubectl, namespace, tmp_path) == 2
    machines = kubectl("get", "machines", "-n", namespace, "-o", "name")

    for each in own.processes():
        assert each.pid
        os.kill(each.pid, signal.SIGKILL)
    assert own.start(binaries, Silent()) is True

    eventually(lambda: ready_nodes(kubectl, namespace, tmp_path) == 2, HEALED_SECONDS)
    eventually(lambda: is_healthy(kubectl, namespace), HEALED_SECONDS)
    assert kubectl("get", "machines", "-n", namespace, "-o", "name") == machines


def test_two_planes_have_their_own_clusters(
    plane: Plane, own: Plane, binaries: Binaries, namespace: str, tmp_path: Path
) -> None:
    addresses = []
    for each in (plane, own):
        each.start(binaries, Silent())
        create(Kubectl(binaries.kubectl, each.kubeconfig), namespace)
        addresses.append(State.read(each.directory / "plane.json").address)
    assert addresses[0] != addresses[1]
    for each, address in zip((plane, own), addresses, strict=True):
        kubectl = Kubectl(binaries.kubectl, each.kubeconfig)
        eventually(partial(is_healthy, kubectl, namespace), CREATED_SECONDS)
        server = workload(kubectl, namespace, tmp_path)("config", "view", "--minify")
        assert f"https://{address}:2" in server
        assert ready_nodes(kubectl, namespace, tmp_path) == 2
        kubectl("delete", "cluster", "small", "-n", namespace, "--wait", "--timeout=50s")
