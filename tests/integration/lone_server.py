"""A real API server on a real etcd, alone, run with what kubeadm would be told to run it with."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
import yaml

from components.cluster import audit, encryption, kubeadm
from components.cluster.host_files import DIRECTORY
from components.cluster.settings import ControlPlane
from components.cluster_object import API_SERVER, CONTROL_PLANE_FILES
from components.infrastructure.in_memory import InMemory
from plane import pki, ports
from plane.binaries import Binaries
from plane.servers import ETCD, KUBE_APISERVER, PlaneSite, Server

READY_SECONDS = 120.0
# What kubeadm or the rendered configuration says instead of the plane.
NOT_OURS = ("--anonymous-auth", "--authorization-mode", "--profiling")
KUBEADM = ("--authorization-mode=Node,RBAC", "--enable-bootstrap-token-auth=true")


@dataclass
class LoneServer:
    """A running server.

    Attributes:
        folder: everything of it: certificates, data, logs, files of the machine.
        site: where it listens.
    """

    folder: Path
    site: PlaneSite

    def __post_init__(self) -> None:
        ca = str(self.site.pki / "ca.crt")
        self._anyone = urllib3.PoolManager(ca_certs=ca, retries=False, timeout=10.0)
        self._admin = self._client("admin", ca)
        self._etcd = self._client("etcd-client", ca)

    def _client(self, name: str, ca: str) -> urllib3.PoolManager:
        return urllib3.PoolManager(
            cert_file=str(self.site.pki / f"{name}.crt"),
            key_file=str(self.site.pki / f"{name}.key"),
            ca_certs=ca,
            retries=False,
            timeout=30.0,
        )

    @property
    def audit_log(self) -> Path:
        return self.folder / "audit" / "audit.log"

    def anonymous(self, path: str) -> int:
        """The status of a GET without a name."""
        return int(self._anyone.request("GET", f"{self.site.server}{path}").status)

    def get(self, path: str) -> tuple[int, Any]:
        """Status and content of a GET by the administrator; the content where it is JSON."""
        response = self._admin.request("GET", f"{self.site.server}{path}")
        is_json = response.headers.get("Content-Type") == "application/json"
        return response.status, json.loads(response.data) if is_json else None

    def post(self, path: str, content: Mapping[str, Any]) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"}
        body = json.dumps(content)
        url = f"{self.site.server}{path}"
        response = self._admin.request("POST", url, body=body, headers=headers)
        return response.status, json.loads(response.data)

    def tried(self, path: str, content: Mapping[str, Any]) -> tuple[int, str, list[str]]:
        """The answer to a POST that stores nothing: status, message, warnings."""
        headers = {"Content-Type": "application/json"}
        url = f"{self.site.server}{path}?dryRun=All"
        response = self._admin.request("POST", url, body=json.dumps(content), headers=headers)
        warnings = response.headers.getlist("Warning")
        return response.status, json.loads(response.data).get("message", ""), warnings

    def patch(self, path: str, content: Mapping[str, Any]) -> tuple[int, Any]:
        """Merges content into an object."""
        headers = {"Content-Type": "application/merge-patch+json"}
        url = f"{self.site.server}{path}"
        response = self._admin.request("PATCH", url, body=json.dumps(content), headers=headers)
        return response.status, json.loads(response.data)

    def delete(self, path: str) -> int:
        """The status of a DELETE."""
        return int(self._admin.request("DELETE", f"{self.site.server}{path}").status)

    def stored(self, key: str) -> bytes:
        """The bytes that etcd has below a key, by etcd's own API."""
        wanted = {"key": base64.b64encode(key.encode()).decode()}
        response = self._etcd.request(
            "POST", f"{self.site.database}/v3/kv/range", body=json.dumps(wanted)
        )
        assert response.status == 200, response.data
        return base64.b64decode(json.loads(response.data)["kvs"][0]["value"])

    def snapshot(self, path: Path) -> None:
        """Saves etcd as `etcdctl snapshot save` does: the stream, its digest at the end."""
        url = f"{self.site.database}/v3/maintenance/snapshot"
        response = self._etcd.request("POST", url, body="{}", preload_content=False)
        assert response.status == 200
        with path.open("wb") as file:
            for line in response.read().splitlines():
                file.write(base64.b64decode(json.loads(line)["result"].get("blob", "")))
        response.release_conn()


def rendered(settings: ControlPlane) -> tuple[dict[str, str], dict[str, str]]:
    """The API server's arguments, and its files by name; as a machine of the class has them."""
    values = kubeadm.values(settings, InMemory().class_parts())
    arguments = {each["name"]: each["value"] for each in values[API_SERVER]}
    inside = [each for each in values[CONTROL_PLANE_FILES] if each["path"].startswith(DIRECTORY)]
    return arguments, {Path(each["path"]).name: each["content"] for each in inside}


@contextmanager
def lone_server(
    binaries: Binaries, folder: Path, settings: ControlPlane, key: str
) -> Iterator[LoneServer]:
    """A server with these settings.

    Args:
        binaries: etcd and kube-apiserver are among them.
        folder: for everything; an etcd data folder that is there already is used.
        settings: of the control plane.
        key: the content of the encryption's Secret.
    """
    address = ports.choose_address(folder)
    preferred = {**ETCD.ports, **KUBE_APISERVER.ports}
    site = PlaneSite(folder, address, ports.choose_ports(address, preferred))
    pki.ensure(site.pki, address)
    arguments, files = rendered(settings)
    here = folder / "caas"
    here.mkdir(exist_ok=True)
    (folder / "audit").mkdir(exist_ok=True)
    for name, content in (files | {encryption.FILE: key}).items():
        assert yaml.safe_load(content)
        (here / name).write_text(content)
    flags = [
        f"--{name}={value}".replace(DIRECTORY, str(here)).replace(
            audit.LOG_DIRECTORY, str(folder / "audit")
        )
        for name, value in arguments.items()
    ]
    kept = [flag for flag in _flags(KUBE_APISERVER, site) if flag.partition("=")[0] not in NOT_OURS]
    commands = {
        "etcd": [str(binaries.etcd), *_flags(ETCD, site)],
        "kube-apiserver": [str(binaries.kube_apiserver), *kept, *KUBEADM, *flags],
    }
    running = [_start(folder, name, command) for name, command in commands.items()]
    try:
        server = LoneServer(folder, site)
        _await(server, running[-1], folder / "kube-apiserver.log")
        yield server
    finally:
        for process in reversed(running):
            process.kill()
            process.wait(timeout=30)


def _flags(component: Server, site: PlaneSite) -> list[str]:
    words = {
        "address": site.address,
        "ports": site.ports,
        "pki": site.pki,
        "data": site.directory / "etcd",
    }
    return [flag.format_map(words) for flag in (*component.always, *component.disposable)]


def _start(folder: Path, name: str, command: list[str]) -> subprocess.Popen[bytes]:
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)


def _await(server: LoneServer, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while True:
        assert process.poll() is None, log.read_text()[-3000:]
        try:
            if server.anonymous("/readyz") == 200:
                return
        except urllib3.exceptions.HTTPError:
            pass
        assert time.monotonic() < end, log.read_text()[-3000:]
        time.sleep(0.3)
