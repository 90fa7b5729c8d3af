"""A plane that is mistreated: one separate plane, left healthy after every test."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from cryptography import x509
from kubectl import Kubectl, eventually
from stand import Stand

from engine.api import Api
from engine.session import Session
from errors import CaasError, machine
from plane import pki, process, registration, startup
from plane.binaries import Binaries
from plane.health import Client
from plane.plane import Plane
from plane.progress import Silent
from plane.servers import COMPONENTS, PlaneSite
from plane.state import State

pytestmark = pytest.mark.plane

NAMES = [each.name for each in COMPONENTS]


@pytest.fixture(scope="module")
def mistreated(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    own = Plane(tmp_path_factory.mktemp("robust") / "plane")
    try:
        yield own
    finally:
        own.destroy()
    assert process.members(str(own.directory.resolve())) == []
    assert not own.directory.exists()


@pytest.fixture
def own(mistreated: Plane, binaries: Binaries) -> Iterator[Plane]:
    mistreated.start(binaries, Silent())
    yield mistreated
    assert len(process.members(str(mistreated.directory.resolve()))) <= len(NAMES)


@pytest.fixture
def kubectl(own: Plane, binaries: Binaries) -> Kubectl:
    return Kubectl(binaries.kubectl, own.kubeconfig)


def pids(own: Plane) -> dict[str, int]:
    found = {each.name: each.pid for each in own.processes() if each.pid}
    assert list(found) == NAMES
    return found


def state_of(own: Plane) -> State:
    return State.read(own.directory / "plane.json")


def kill(*victims: int) -> None:
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not any(_runs(pid) for pid in victims), 10, poll=0.02)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_process_is_started_again_and_no_other(
    own: Plane, binaries: Binaries, kubectl: Kubectl, namespace: str, name: str
) -> None:
    kubectl("create", "namespace", namespace)
    before = pids(own)
    kill(before[name])
    assert [each.name for each in own.processes() if not each.running] == [name]
    assert own.start(binaries, Silent()) is True
    after = pids(own)
    assert {each for each in NAMES if before[each] != after[each]} == {name}
    kubectl("get", "namespace", namespace)
    assert own.start(binaries, Silent()) is False


def test_nothing_acknowledged_is_lost_when_all_are_killed(
    own: Plane, binaries: Binaries, kubectl: Kubectl, namespace: str
) -> None:
    kubectl("create", "namespace", namespace)
    maps = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"map-{number}", "namespace": namespace},
        }
        for number in range(50)
    ]
    kubectl.apply(*maps)
    before = pids(own)
    kill(*before.values())
    assert not any(each.running for each in own.processes())
    assert own.start(binaries, Silent()) is True
    assert not set(before.values()) & set(pids(own).values())
    names = {each["metadata"]["name"] for each in kubectl.get("cm", "-n", namespace)["items"]}
    assert {each["metadata"]["name"] for each in maps} <= names


@pytest.mark.parametrize("name", ["etcd", "kube-apiserver"])
def test_a_stuck_process_is_started_again(
    own: Plane, binaries: Binaries, kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(startup, "STUCK_SECONDS", 2.0)
    before = pids(own)
    os.kill(before[name], signal.SIGSTOP)
    assert own.start(binaries, Silent()) is True
    assert pids(own)[name] != before[name]
    assert kubectl("get", "--raw=/readyz") == "ok"


class Notes(Silent):
    """The notes of a run."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def note(self, text: str) -> None:
        self.texts.append(text)


def test_a_wait_outlasts_a_server_that_is_too_busy_to_answer(
    own: Plane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    Stand(own, tmp_path, "busy")
    session = Session("busy", notes := Notes())
    session.plane = own
    session.api = Api(own.kubeconfig, timeout=0.5)
    server = pids(own)["kube-apiserver"]
    os.kill(server, signal.SIGSTOP)
    awake = threading.Timer(4, os.kill, (server, signal.SIGCONT))
    awake.start()
    try:
        assert list(session.watch(60, lambda fleet: True)) == [[]]
    finally:
        awake.join()
    assert any("has not answered" in text for text in notes.texts)


def test_stop_leaves_no_process_and_keeps_the_data(
    own: Plane, binaries: Binaries, kubectl: Kubectl, namespace: str
) -> None:
    kubectl("create", "namespace", namespace)
    begun = time.monotonic()
    own.stop()
    assert time.monotonic() - begun < 15
    assert process.members(str(own.directory.resolve())) == []
    assert not any(each.running or each.pid for each in own.processes())
    own.stop()
    assert own.start(binaries, Silent()) is True
    kubectl("get", "namespace", namespace)


def test_a_start_that_was_cut_off_is_finished_by_the_next(own: Plane, binaries: Binaries) -> None:
    own.stop()
    script = (
        "import sys; from pathlib import Path; from plane.plane import Plane;"
        "from plane.progress import Silent; from plane.binaries import Binaries;"
        "Plane(Path(sys.argv[1])).start(Binaries(*map(Path, sys.argv[2:])), Silent())"
    )
    files = [str(value) for value in vars(binaries).values()]
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", script, str(own.directory), *files]
    for seconds in (0.6, 1.5, 2.5):
        with subprocess.Popen(command, cwd=root) as starter:
            time.sleep(seconds)
            starter.kill()
    own.start(binaries, Silent())
    assert sorted(each.pid for each in process.members(str(own.directory.resolve()))) == sorted(
        pids(own).values()
    )


def test_a_lost_state_file_leaves_no_stray(own: Plane, binaries: Binaries) -> None:
    before = pids(own)
    (own.directory / "plane.json").unlink()
    assert own.start(binaries, Silent()) is True
    assert not set(before.values()) & set(pids(own).values())
    members = {each.pid for each in process.members(str(own.directory.resolve()))}
    assert members == set(pids(own).values())


def test_it_listens_only_on_its_loopback_address(own: Plane) -> None:
    listening = {
        connection.laddr.ip
        for pid in pids(own).values()
        for connection in psutil.Process(pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {state_of(own).address}


def test_files_are_private(own: Plane) -> None:
    for path in [own.directory, *own.directory.rglob("*")]:
        mode = path.stat().st_mode & 0o777
        assert not mode & 0o077, (path, oct(mode))
    for key in (own.directory / "pki").glob("*.key"):
        assert key.stat().st_mode & 0o777 == 0o600
    assert own.kubeconfig.stat().st_mode & 0o777 == 0o600


def test_no_secret_is_in_a_command_line_or_a_log(own: Plane) -> None:
    secrets = {base64.b64encode(key.read_bytes()) for key in (own.directory / "pki").glob("*.key")}
    secrets |= {key.read_bytes().splitlines()[1] for key in (own.directory / "pki").glob("*.key")}
    assert len(secrets) > 10
    lines = [" ".join(psutil.Process(pid).cmdline()).encode() for pid in pids(own).values()]
    logs = [log.read_bytes() for log in (own.directory / "logs").iterdir()]
    assert not [secret for secret in secrets for text in [*lines, *logs] if secret in text]
    assert not [line for line in lines if b"token-auth" in line or b"password" in line]


@pytest.mark.parametrize("days", [pki.LEAF_DAYS - 10, pki.LEAF_DAYS + 10, pki.AUTHORITY_DAYS + 10])
def test_certificates_are_renewed(
    own: Plane, binaries: Binaries, kubectl: Kubectl, days: int
) -> None:
    folder = own.directory / "pki"
    for certificate in folder.glob("*.crt"):
        certificate.unlink()
    address = state_of(own).address
    pki.ensure(folder, address, now=datetime.now(UTC) - timedelta(days=days))
    assert own.start(binaries, Silent()) is True
    for file in folder.glob("*.crt"):
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        left = certificate.not_valid_after_utc - datetime.now(UTC)
        assert left > timedelta(days=pki.RENEW_DAYS), file
    # The API server trusts the webhooks' new certificate, and they answer.
    selector: dict[str, Any] = {"clusterName": "none", "selector": {}}
    wrong = {
        "apiVersion": "cluster.x-k8s.io/v1beta2",
        "kind": "MachineHealthCheck",
        "metadata": {"name": "wrong", "namespace": "default"},
        "spec": selector,
    }
    result = kubectl.run("create", "--dry-run=server", "-f", "-", text=json.dumps(wrong))
    assert "selector must not be empty" in result.stderr


def test_a_port_that_somebody_took_is_given_up(own: Plane, binaries: Binaries) -> None:
    own.stop()
    before = state_of(own)
    with closing(socket.socket()) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((before.address, before.ports["kube-apiserver"]))
        server.listen(1)
        assert own.start(binaries, Silent()) is True
        after = state_of(own)
    assert {name for name in before.ports if before.ports[name] != after.ports[name]} == {
        "kube-apiserver"
    }
    assert Kubectl(binaries.kubectl, own.kubeconfig)("get", "--raw=/readyz") == "ok"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has more than one such address")
def test_an_address_whose_fixed_port_is_taken_is_given_up(own: Plane, binaries: Binaries) -> None:
    own.stop()
    before = state_of(own).address
    with closing(socket.socket()) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((before, 19000))
        server.listen(1)
        assert own.start(binaries, Silent()) is True
    assert state_of(own).address != before
    assert Kubectl(binaries.kubectl, own.kubeconfig)("get", "--raw=/readyz") == "ok"


def test_other_flags_are_taken_over(own: Plane, binaries: Binaries) -> None:
    durable = Plane(own.directory, disposable=False)
    before = pids(own)
    assert durable.start(binaries, Silent()) is True
    after = pids(own)
    assert {name for name in NAMES if before[name] != after[name]} == {"etcd"}
    assert "--unsafe-no-fsync" not in psutil.Process(after["etcd"]).cmdline()


def test_a_definition_that_is_refused_is_a_coded_error(
    own: Plane, binaries: Binaries, tmp_path: Path
) -> None:
    state = state_of(own)
    site = PlaneSite(own.directory, state.address, state.ports)
    for controller in ("core", "bootstrap", "control-plane", "in-memory"):
        (tmp_path / controller / "crds").mkdir(parents=True)
        (tmp_path / controller / "webhooks.yaml").write_text(
            (binaries.manifests / controller / "webhooks.yaml").read_text()
        )
    broken = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "broken.example.dev"},
        "spec": {"group": "example.dev", "versions": []},
    }
    (tmp_path / "core" / "crds" / "broken.yaml").write_text(json.dumps(broken))
    client = Client(site.pki)
    with pytest.raises(CaasError) as caught:
        other = dataclasses.replace(binaries, manifests=tmp_path)
        registration.register(client, site, other, Silent())
    client.close()
    (problem,) = caught.value.problems
    assert problem.code is machine.REGISTRATION_REFUSED
    assert problem.where.object == "CustomResourceDefinition/broken.example.dev"
