"""The interfaces of a running plane; uses the run's shared plane."""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request

import pytest
from kubectl import Kubectl

from plane import registration
from plane.binaries import Binaries
from plane.lock import hold
from plane.plane import Plane
from plane.progress import Silent
from plane.state import State

pytestmark = pytest.mark.plane


@pytest.fixture
def kubectl(plane: Plane, binaries: Binaries) -> Kubectl:
    return Kubectl(binaries.kubectl, plane.kubeconfig)


def test_every_process_runs(plane: Plane) -> None:
    assert [each.name for each in plane.processes()] == [
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "core-manager",
        "bootstrap-manager",
        "control-plane-manager",
        "in-memory-manager",
    ]
    assert all(each.running and each.pid and each.port for each in plane.processes())


def test_a_second_start_does_nothing_and_is_quick(plane: Plane, binaries: Binaries) -> None:
    before = plane.processes()
    times = []
    for _ in range(3):
        begun = time.monotonic()
        assert plane.start(binaries, Silent()) is False
        times.append(time.monotonic() - begun)
    assert min(times) < 0.5
    assert plane.processes() == before


def test_a_second_start_needs_no_lock(plane: Plane, binaries: Binaries) -> None:
    with hold(plane.directory / "plane.lock", "another run", wait=30):
        assert plane.start(binaries, Silent()) is False


def test_nobody_without_a_certificate_gets_in(plane: Plane) -> None:
    state = State.read(plane.directory / "plane.json")
    context = ssl.create_default_context(cafile=str(plane.directory / "pki" / "ca.crt"))
    for path in ("/readyz", "/api"):
        url = f"https://{state.address}:{state.ports['kube-apiserver']}{path}"
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(url, context=context, timeout=10)
        assert caught.value.code == 401
    etcd = f"https://{state.address}:{state.ports['etcd']}/health"
    with pytest.raises((urllib.error.URLError, ssl.SSLError, ConnectionError)):
        urllib.request.urlopen(etcd, context=context, timeout=10)


def test_a_webhook_refuses_what_is_wrong(kubectl: Kubectl) -> None:
    wrong = {
        "apiVersion": "cluster.x-k8s.io/v1beta2",
        "kind": "MachineHealthCheck",
        "metadata": {"name": "wrong", "namespace": "default"},
        "spec": {
            "clusterName": "none",
            "selector": {},
            "checks": {"nodeStartupTimeoutSeconds": 1},
        },
    }
    text = json.dumps(wrong)
    result = kubectl.run("apply", "--server-side", "--dry-run=server", "-f", "-", text=text)
    assert result.returncode != 0
    assert "selector must not be empty" in result.stderr


def test_the_older_version_of_a_kind_is_converted(kubectl: Kubectl, namespace: str) -> None:
    kubectl("create", "namespace", namespace)
    kubectl.apply(
        {
            "apiVersion": "infrastructure.cluster.x-k8s.io/v1beta2",
            "kind": "DevClusterTemplate",
            "metadata": {"name": "old", "namespace": namespace},
            "spec": {"template": {"spec": {"backend": {"inMemory": {}}}}},
        }
    )
    kind = "devclustertemplates.v1beta1.infrastructure.cluster.x-k8s.io"
    found = kubectl.get(kind, "old", "-n", namespace)
    assert found["apiVersion"] == "infrastructure.cluster.x-k8s.io/v1beta1"


def test_a_deleted_namespace_goes_with_its_content(kubectl: Kubectl, namespace: str) -> None:
    kubectl("create", "namespace", namespace)
    kubectl("create", "configmap", "some", "-n", namespace)
    kubectl("delete", "namespace", namespace, "--wait", "--timeout=200s")
    assert "NotFound" in kubectl.run("get", "namespace", namespace).stderr


def test_stacks_are_a_kind_of_the_whole_cluster(kubectl: Kubectl) -> None:
    definition = kubectl.get("crd", "stacks.caas.dev")
    assert definition["spec"]["scope"] == "Cluster"
    assert registration.REGISTERED in definition["metadata"]["annotations"]
