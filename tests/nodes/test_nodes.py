"""Promises about clusters, seen where pods run: one cluster of real nodes in containers."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.cluster.audit import LOG_DIRECTORY
from tests.nodes.lab import PIDS, STACK, VERSION, Lab, eventually, read_kernel

pytestmark = [pytest.mark.plane, pytest.mark.slow]

PORT = 30080
CHANGES = 50
"""Limits that a pool can be given, so that each run of the test gives another one."""
WEB = yaml.safe_load((Path(__file__).parent / "web.yaml").read_text())


@pytest.fixture
def web(lab: Lab) -> list[str]:
    """A Deployment of two pods, and its Service; gives the names of the pods."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": _objects()})
    lab.kubectl("apply", "--filename=-", text=text)
    lab.kubectl("rollout", "status", "deployment/web", "--timeout=120s", limit=150)
    metadata = [pod["metadata"] for pod in lab.get("pods", "--selector=app=web")["items"]]
    return [each["name"] for each in metadata if "deletionTimestamp" not in each]


def _objects() -> list[dict[str, Any]]:
    objects: list[dict[str, Any]] = WEB["items"]
    return objects


def test_the_hardened_configuration_boots(lab: Lab) -> None:
    nodes = lab.nodes()
    assert len(nodes) == 3
    for node in nodes:
        conditions = {each["type"]: each["status"] for each in node["status"]["conditions"]}
        assert conditions["Ready"] == "True"
        assert node["status"]["nodeInfo"]["kubeletVersion"] == f"v{VERSION}"
        name = node["metadata"]["name"]
        found = json.loads(lab.kubectl("get", "--raw", f"/api/v1/nodes/{name}/proxy/configz"))
        kubelet = found["kubeletconfig"]
        assert kubelet["authentication"]["anonymous"]["enabled"] is False
        assert kubelet["authorization"]["mode"] == "Webhook"
        assert kubelet["seccompDefault"] is True
        assert kubelet["tlsMinVersion"] == "VersionTLS12"


def test_a_secret_is_encrypted_in_etcd_and_a_config_map_is_not(lab: Lab) -> None:
    secret, plain = f"secret-{uuid.uuid4().hex}", f"plain-{uuid.uuid4().hex}"
    lab.kubectl("create", "secret", "generic", "hidden", f"--from-literal=text={secret}")
    lab.kubectl("create", "configmap", "shown", f"--from-literal=text={plain}")
    count = "grep --recursive --count --text {} /var/lib/etcd/member || true"
    node = lab.control_plane()

    def found(text: str) -> int:
        lines = lab.on_node(node, "sh", "-c", count.format(text)).split()
        return sum(int(line.rpartition(":")[2]) for line in lines)

    assert found(plain) > 0
    assert found(secret) == 0
    assert "text" in lab.get("secret", "hidden")["data"]


def test_the_audit_log_has_who_did_what_and_no_secret(lab: Lab) -> None:
    name, secret = f"noted-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    lab.kubectl("create", "secret", "generic", name, f"--from-literal=text={secret}")
    node = lab.control_plane()

    def lines() -> list[str]:
        command = f"grep --no-filename {name} {LOG_DIRECTORY}/*.log || true"
        return lab.on_node(node, "sh", "-c", command).splitlines()

    eventually(lambda: bool(lines()), 30, "a line of the audit log")
    (created,) = [event for event in map(json.loads, lines()) if event["verb"] == "create"]
    assert created["objectRef"]["resource"] == "secrets"
    assert created["user"]["username"]
    assert secret not in "".join(lines())


def test_a_pod_has_the_default_seccomp_profile_and_a_limit_of_processes(
    lab: Lab, web: list[str]
) -> None:
    status = dict(
        line.split(":\t", 1) for line in lab.in_pod(web[0], "status").splitlines() if ":\t" in line
    )
    assert status["Seccomp"] == "2"
    assert status["NoNewPrivs"] == "1"
    assert int(status["CapEff"], 16) == 0
    count, reason = lab.in_pod(web[0], "fork").split(" ", 1)
    assert 0 < int(count) < PIDS + CHANGES
    assert "temporarily unavailable" in reason


def test_a_service_answers_by_its_name(lab: Lab, web: list[str]) -> None:
    for client in web:
        answers = {
            lab.in_pod(client, "get", "http://web.default.svc.cluster.local") for _ in range(12)
        }
        assert answers == set(web)


def test_a_node_port_answers_on_every_node(lab: Lab, web: list[str]) -> None:
    for node in lab.nodes():
        address = lab.address(node["metadata"]["name"])
        assert lab.fetched(f"http://{address}:{PORT}") in web


def test_charts_are_installed_by_the_add_on_provider(lab: Lab) -> None:
    daemons = lab.get("daemonset", "kube-flannel-ds", "--namespace=kube-flannel")["status"]
    assert daemons["numberReady"] == daemons["desiredNumberScheduled"] == 3
    (secret,) = lab.get("secrets", "--namespace=kube-flannel", "--selector=name=flannel")["items"]
    assert secret["metadata"]["labels"]["status"] == "deployed"


def test_settings_of_the_hosts_kernel_are_left_alone(lab: Lab, kernel: dict[str, str]) -> None:
    assert read_kernel() == kernel


def test_a_stopped_plane_comes_back_to_its_cluster(lab: Lab, web: list[str]) -> None:
    before = set(lab.docker.docker("ps", "--quiet", "--no-trunc").split())
    address = lab.address(lab.control_plane())
    with lab.probed(f"http://{address}:{PORT}") as result:
        down = lab.caas("down", STACK)
        assert lab.nodes()
        again = lab.caas("up", STACK, "--engine", "in-process")
        met = result()
    assert down.status == again.status == 0, f"{down.err}{again.err}"
    assert "Nothing to change" in again.out + again.err
    assert set(lab.docker.docker("ps", "--quiet", "--no-trunc").split()) == before
    assert met["failures"] == []


def test_a_pool_is_replaced_without_a_failed_request(lab: Lab, web: list[str]) -> None:
    before = {node["metadata"]["name"] for node in lab.nodes()}
    address = lab.address(lab.control_plane())
    lab.write({"a": PIDS + 1 + int(time.time()) % CHANGES, "b": PIDS})
    preview = lab.caas("preview", STACK)
    assert "pool `a`: 1 machine replaced, none unavailable" in preview.out + preview.err
    with lab.probed(f"http://{address}:{PORT}") as result:
        done = lab.caas("up", STACK, "--engine", "in-process")
        met = result()
    assert done.status == 0, done.err
    after = {node["metadata"]["name"] for node in lab.nodes()}
    assert len(before - after) == len(after - before) == 1
    assert met["asked"] > 100
    assert met["failures"] == []
    assert set(met["pods"]) & set(web)
