"""The real API server accepts the configuration of a control plane, and acts as it says."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from control_planes import everything
from kubectl import eventually
from lone_server import LoneServer, lone_server

from components.cluster import encryption
from components.cluster.settings import ControlPlane
from plane.binaries import Binaries, tools
from plane.progress import Silent
from plane.servers import ETCD

pytestmark = pytest.mark.plane

SECRETS = "/api/v1/namespaces/default/secrets"
CLUSTER_INFO = "/api/v1/namespaces/kube-public/configmaps/cluster-info"
KEY = encryption.new_configuration()


@pytest.fixture(scope="module")
def server(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoneServer]:
    with lone_server(binaries, tmp_path_factory.mktemp("server"), ControlPlane(), KEY) as found:
        eventually(lambda: found.get("/api/v1/namespaces/default")[0] == 200, 60)
        eventually(lambda: found.get("/api/v1/namespaces/kube-public")[0] == 200, 60)
        # No controller is there to make it.
        account = {"metadata": {"name": "default"}}
        found.post("/api/v1/namespaces/default/serviceaccounts", account)
        yield found


def secret(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "stringData": {"password": "correct horse"}}


def pod(name: str, **security: Any) -> dict[str, Any]:
    container = {"name": "main", "image": "pause", "securityContext": security}
    return {"metadata": {"name": name}, "spec": {"containers": [container]}}


def test_a_secret_is_stored_encrypted(server: LoneServer) -> None:
    status, _ = server.post(SECRETS, secret("stored"))
    assert status == 201
    stored = server.stored("/registry/secrets/default/stored")
    assert stored.startswith(b"k8s:enc:secretbox:v1:key1:")
    assert b"correct horse" not in stored
    status, found = server.get(f"{SECRETS}/stored")
    assert status == 200
    assert found["data"]["password"]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
def test_anybody_may_ask_for_health(server: LoneServer, path: str) -> None:
    assert server.anonymous(path) == 200


@pytest.mark.parametrize("path", ["/api", "/version", "/metrics", "/livez/ping", SECRETS])
def test_nobody_may_ask_for_more_without_a_name(server: LoneServer, path: str) -> None:
    assert server.anonymous(path) == 401


def test_a_joining_machine_may_read_where_it_joins(server: LoneServer) -> None:
    """`kubeadm join` can read the ConfigMap of `kubeadm init` before it is authenticated."""
    rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/kube-public"
    configmaps = CLUSTER_INFO.rpartition("/")[0]
    server.post(configmaps, {"metadata": {"name": "cluster-info"}, "data": {"kubeconfig": "x"}})
    rule = {
        "apiGroups": [""],
        "resources": ["configmaps"],
        "resourceNames": ["cluster-info"],
        "verbs": ["get"],
    }
    server.post(f"{rbac}/roles", {"metadata": {"name": "cluster-info"}, "rules": [rule]})
    group = "rbac.authorization.k8s.io"
    binding = {
        "metadata": {"name": "cluster-info"},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "cluster-info"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": "system:anonymous"}],
    }
    server.post(f"{rbac}/rolebindings", binding)
    eventually(lambda: server.anonymous(CLUSTER_INFO) == 200, 10)
    assert server.anonymous(configmaps) == 401


def test_a_privileged_pod_is_refused(server: LoneServer) -> None:
    pods = "/api/v1/namespaces/default/pods"
    status, found = server.post(pods, pod("privileged", privileged=True))
    assert status == 403
    assert "violates PodSecurity" in found["message"]
    status, _ = server.post(pods, pod("plain"))
    assert status == 201


def test_a_privileged_pod_is_admitted_in_kube_system(server: LoneServer) -> None:
    namespace = "/api/v1/namespaces/kube-system"
    server.post(f"{namespace}/serviceaccounts", {"metadata": {"name": "default"}})
    status, found = server.post(f"{namespace}/pods", pod("privileged", privileged=True))
    assert status == 201, found


def test_external_addresses_of_services_are_refused(server: LoneServer) -> None:
    spec = {"ports": [{"port": 80}], "externalIPs": ["192.0.2.1"]}
    service = {"metadata": {"name": "hijack"}, "spec": spec}
    status, _ = server.post("/api/v1/namespaces/default/services", service)
    assert status == 403


def events(server: LoneServer) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.audit_log.read_text().splitlines()]


def test_the_audit_log_tells_who_made_a_secret_and_not_its_content(server: LoneServer) -> None:
    server.post(SECRETS, secret("told"))

    def of_it() -> list[dict[str, Any]]:
        return [
            each
            for each in events(server)
            if each.get("objectRef", {}).get("name") == "told" and each["verb"] == "create"
        ]

    eventually(lambda: bool(of_it()), 10)
    (event,) = of_it()
    assert event["level"] == "Metadata"
    assert event["user"]["username"] == "caas:admin"
    assert "requestObject" not in event
    assert "correct horse" not in server.audit_log.read_text()


def test_the_audit_log_leaves_out_health_checks_and_leases(server: LoneServer) -> None:
    server.anonymous("/livez")
    noisy = ("/livez", "/readyz", "/apis/coordination.k8s.io")
    assert not [each for each in events(server) if each["requestURI"].startswith(noisy)]


def test_the_machine_shows_no_profile(server: LoneServer) -> None:
    assert server.get("/debug/pprof/")[0] == 404


def test_the_server_takes_every_option_that_there_is(binaries: Binaries, tmp_path: Path) -> None:
    with lone_server(binaries, tmp_path, everything(), KEY) as found:
        assert found.anonymous("/livez") == 200
        assert found.anonymous("/openid/v1/jwks") == 403  # it needs no name, but a right


def test_a_snapshot_is_restored_with_the_same_key(
    server: LoneServer, binaries: Binaries, tmp_path: Path
) -> None:
    """The steps of docs/control-plane.md, by etcd's own tool, down to a Secret that is readable."""
    server.post(SECRETS, secret("saved"))
    snapshot = tmp_path / "etcd.db"
    server.snapshot(snapshot)
    etcdutl = tools.etcdutl(Silent())
    run(etcdutl, "snapshot", "status", str(snapshot))

    folder = tmp_path / "restored"
    folder.mkdir()
    peer = next(flag for flag in ETCD.always if flag.startswith("--initial-cluster="))
    assert "plane=" in peer
    run(
        etcdutl,
        "snapshot",
        "restore",
        str(snapshot),
        "--name=plane",
        "--initial-cluster=plane=https://127.0.0.1:2380",
        "--initial-advertise-peer-urls=https://127.0.0.1:2380",
        "--bump-revision=1000000000",
        "--mark-compacted",
        f"--data-dir={folder / 'etcd'}",
    )
    shutil.copytree(server.site.pki, folder / "pki")
    with lone_server(binaries, folder, ControlPlane(), KEY) as restored:
        status, found = restored.get(f"{SECRETS}/saved")
        assert status == 200
        assert found["data"]["password"]


def run(program: Path, *arguments: str) -> None:
    result = subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
