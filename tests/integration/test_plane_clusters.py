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

from plane.binaries import Binaries
from plane.plane import Plane
from plane.progress import Silent
from plane.state import State

pytestmark = pytest.mark.plane

CLUSTER = Path(__file__).parent / "small_cluster.yaml"
NAMESPACE = "small"
"""Of the cluster on the plane that only this module uses."""
CREATED_SECONDS = 180
HEALED_SECONDS = 180


def create(kubectl: Kubectl, namespace: str) -> None:
    kubectl("create", "namespace", namespace)
    kubectl("apply", "--server-side", "-n", namespace, "-f", str(CLUSTER))


def is_healthy(kubectl: Kubectl, namespace: str) -> bool:
    """True if the cluster is Available according to a probe of its API server just now."""
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


@pytest.fixture(scope="module")
def own(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """A plane that only this module uses, with a cluster that is being made in `NAMESPACE`."""
    plane = Plane(tmp_path_factory.mktemp("clusters") / "plane")
    try:
        plane.start(binaries, Silent())
        create(Kubectl(binaries.kubectl, plane.kubeconfig), NAMESPACE)
        yield plane
    finally:
        plane.destroy()


def test_two_planes_have_their_own_clusters(
    plane: Plane, own: Plane, binaries: Binaries, namespace: str, tmp_path: Path
) -> None:
    create(Kubectl(binaries.kubectl, plane.kubeconfig), namespace)
    addresses = [State.read(each.directory / "plane.json").address for each in (plane, own)]
    assert addresses[0] != addresses[1]
    for each, place, address in zip((plane, own), (namespace, NAMESPACE), addresses, strict=True):
        kubectl = Kubectl(binaries.kubectl, each.kubeconfig)
        eventually(partial(is_healthy, kubectl, place), CREATED_SECONDS)
        server = workload(kubectl, place, tmp_path)("config", "view", "--minify")
        assert f"https://{address}:2" in server
        assert ready_nodes(kubectl, place, tmp_path) == 2
    # Without waiting: tests at its side keep this plane busy, and how a cluster ends is theirs.
    Kubectl(binaries.kubectl, plane.kubeconfig)(
        "delete", "cluster", "small", "-n", namespace, "--wait=false"
    )


def test_a_cluster_comes_back_by_itself_after_every_process_was_killed(
    own: Plane, binaries: Binaries, tmp_path: Path
) -> None:
    kubectl = Kubectl(binaries.kubectl, own.kubeconfig)
    eventually(lambda: is_healthy(kubectl, NAMESPACE), CREATED_SECONDS)
    assert ready_nodes(kubectl, NAMESPACE, tmp_path) == 2
    machines = kubectl("get", "machines", "-n", NAMESPACE, "-o", "name")

    for each in own.processes():
        assert each.pid
        os.kill(each.pid, signal.SIGKILL)
    assert own.start(binaries, Silent()) is True

    eventually(lambda: ready_nodes(kubectl, NAMESPACE, tmp_path) == 2, HEALED_SECONDS)
    eventually(lambda: is_healthy(kubectl, NAMESPACE), HEALED_SECONDS)
    assert kubectl("get", "machines", "-n", NAMESPACE, "-o", "name") == machines
