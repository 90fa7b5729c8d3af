"""Machines in containers: their class, what is refused, and the way to Docker."""

from __future__ import annotations

import hashlib
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from catalog import catalog
from cli import container_checks as doctor
from cli.checks import CheckLevel
from components.addresses import Cidr
from components.cluster import kubeadm, kubelet
from components.cluster.settings import Cluster
from components.infrastructure.docker import NODE_IMAGES, Docker, kernel
from errors import CaasError, clouds, containers, infrastructure
from plane import containers as daemon
from plane.binaries import Binaries
from plane.servers import COMPONENTS, MACHINES, PlaneSite, preferred_ports, programs
from stacks.settings import from_config

Answers = dict[str, Any]


def found(plugin: Docker, **cluster: Any) -> list[tuple[str, str]]:
    content = {"name": "one", "version": "1.36.3", **cluster}
    checked = plugin.check([(("clusters", 0), Cluster.model_validate(content))])
    return [(each.code.id, ".".join(map(str, each.path[2:]))) for each in checked]


def test_all_that_containers_lack_is_refused() -> None:
    own = Docker(provider="docker", custom_image="node:mine")
    lacking = infrastructure.CONTAINERS_HAVE_NONE.id
    plain = {"workerPools": [{"name": "a"}]}
    assert found(own, **plain) == []
    machine = {
        "type": "large",
        "disk": {"sizeGiB": 80},
        "dataDisks": [{"name": "more"}],
        "placement": "spread",
        "spot": True,
        "spotMaxPrice": "1",
        "gpu": True,
    }
    pool = {"name": "a", "machine": machine, "failureDomain": "here"}
    refused = found(own, workerPools=[pool], controlPlane={"endpoint": {"host": "a.example"}})
    below = [f"workerPools.0.machine.{key}" for key in machine]
    assert sorted(refused) == sorted(
        (lacking, place)
        for place in ("controlPlane.endpoint.host", "workerPools.0.failureDomain", *below)
    )


def test_a_release_needs_an_image() -> None:
    without = next(each.version for each in catalog().releases if not each.node_image)
    plugin = Docker(provider="docker")
    code = infrastructure.NODE_IMAGE_UNKNOWN.id
    assert found(plugin, version=str(without)) == [(code, "version")]
    own = {"machine": {"image": "node:mine"}}
    assert found(plugin, version=str(without), controlPlane=own) == []
    pools = [{"name": "a"}]
    assert found(plugin, version=str(without), controlPlane=own, workerPools=pools) == [
        (code, "version")
    ]


def test_only_the_embedded_plane_makes_containers() -> None:
    config = {
        "caas:management": {"mode": "existing"},
        "caas:infrastructure": {"provider": "docker", "customImage": "node:mine"},
    }
    with pytest.raises(CaasError) as caught:
        from_config(config)
    codes = [each.code for each in caught.value.problems]
    assert codes == [infrastructure.CONTAINERS_NEED_PLANE]


def test_published_images_are_pinned_by_digest() -> None:
    published = {each.version: each.node_image for each in catalog().releases if each.node_image}
    assert all("@sha256:" in image for image in published.values())
    names = [each["name"] for each in Docker(provider="docker").class_parts().patches]
    assert NODE_IMAGES in names
    own = Docker(provider="docker", custom_image="node:mine").class_parts()
    assert NODE_IMAGES not in [each["name"] for each in own.patches]
    patches = json.dumps(Docker(provider="docker").class_parts().patches)
    for version, image in published.items():
        assert Docker(provider="docker").image(version) == image
        assert image in patches


def test_ranges_of_a_cluster_are_not_those_of_containers() -> None:
    plugin = Docker(provider="docker", custom_image="node:mine")
    taken = clouds.MACHINES_RANGE_TAKEN.id
    network = {"pods": ["172.18.0.0/16"], "services": ["172.16.0.0/12"]}
    assert found(plugin, network=network) == [
        (taken, "network.pods.0"),
        (taken, "network.services.0"),
    ]
    other = plugin.model_copy(update={"subnet": Cidr("172.30.0.0/16")})
    assert found(other, network={"pods": ["172.18.0.0/16"]}) == []


def test_no_setting_of_the_kernel_is_written() -> None:
    parts = Docker(provider="docker").class_parts()
    for spec in (
        kubeadm.worker_spec(parts),
        kubeadm.control_plane_spec(parts)["kubeadmConfigSpec"],
    ):
        assert spec["preKubeadmCommands"] == ["systemctl daemon-reload"]
        files = {each["path"]: each["content"] for each in spec["files"] if "content" in each}
        assert kubelet.SYSCTLS not in files
        patch = next(text for path, text in files.items() if path.endswith("+merge.yaml"))
        settings = yaml.safe_load(patch)
        assert settings["protectKernelDefaults"] is False
        assert settings["failCgroupV1"] is False
        assert settings["seccompDefault"] is True


def test_a_kubelet_finds_copies_of_the_settings_it_writes(tmp_path: Path) -> None:
    """The wrapper is run for real, in a separate user namespace."""
    script = tmp_path / "wrapper"
    text = next(each["content"] for each in kernel.FILES if each["path"].endswith("kubelet"))
    script.write_text(text.replace("/run/caas-kernel", str(tmp_path / "copies")))
    script.chmod(0o755)
    setting = Path("/proc/sys/vm/overcommit_memory")
    before = setting.read_text()
    wrapped = ["unshare", "--user", "--map-root-user", "--mount", "--propagation", "unchanged"]
    shown = f"cat {setting} /proc/sys/kernel/panic; echo 7 > {setting}; cat {setting}"
    result = subprocess.run(
        [*wrapped, script, "sh", "-c", shown],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if result.returncode and "unshare" in result.stderr:
        pytest.skip(f"no user namespaces here: {result.stderr.strip()}")
    assert result.stdout.split() == ["1", "10", "7"], result.stderr
    assert setting.read_text() == before


# ---- Docker ------------------------------------------------------------------------------------


@contextmanager
def docker(answers: Answers) -> Iterator[str]:
    """A server that answers some requests of the Engine API, as an address for DOCKER_HOST."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            body = next((text for end, text in answers.items() if path.endswith(end)), None)
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(403)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps({"message": "Pool overlaps with other one"}).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"tcp://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def code_of(monkeypatch: pytest.MonkeyPatch, host: str) -> str:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(CaasError) as caught, daemon.connected():
        pass
    return caught.value.problems[0].code.id


def test_docker_that_is_not_there_is_a_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert code_of(monkeypatch, f"unix://{tmp_path}/none") == containers.DOCKER_UNREACHABLE.id


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"/version": {"ApiVersion": "1.39"}}, containers.DOCKER_TOO_OLD),
        (
            {"/version": {"ApiVersion": "1.47"}, "/info": {"OperatingSystem": "Docker Desktop"}},
            containers.DOCKER_ON_ANOTHER_HOST,
        ),
    ],
)
def test_docker_that_does_not_do_is_a_code(
    monkeypatch: pytest.MonkeyPatch, answers: Answers, code: Any
) -> None:
    with docker(answers) as host:
        assert code_of(monkeypatch, host) == code.id


USABLE: Answers = {"/version": {"ApiVersion": "1.47"}, "/info": {"OperatingSystem": "Debian"}}


@pytest.mark.parametrize(
    ("networks", "code"),
    [
        (
            [{"Name": "kind", "Id": "a", "IPAM": {"Config": [{"Subnet": "172.20.0.0/16"}]}}],
            containers.CONTAINER_RANGE_DIFFERS,
        ),
        ([], containers.CONTAINER_RANGE_TAKEN),
    ],
)
def test_a_range_of_addresses_that_is_not_free_is_a_code(
    monkeypatch: pytest.MonkeyPatch, networks: list[Answers], code: Any
) -> None:
    with docker(USABLE | {"/networks": networks}) as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        with pytest.raises(CaasError) as caught:
            daemon.prepare("172.18.0.0/16")
    assert caught.value.problems[0].code is code


def test_a_network_that_is_there_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"Name": "kind", "Id": "a", "IPAM": {"Config": [{"Subnet": "172.18.0.0/16"}]}}
    with docker(USABLE | {"/networks": [there]}) as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        assert daemon.prepare("172.18.0.0/16") is False


def test_doctor_says_what_this_computer_lacks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nodes = [Cluster.model_validate({"name": "one", "version": "1.36.1"})]
    status, limit = tmp_path / "status", tmp_path / "limit"
    monkeypatch.setattr(doctor, "STATUS", status)
    monkeypatch.setattr(doctor, "INOTIFY", limit)
    status.write_text("CapBnd:\t000001fffeffffff\n")
    limit.write_text("128\n")
    info = {"ServerVersion": "20.10", "CgroupVersion": "1", "DockerRootDir": str(tmp_path)}
    monkeypatch.setattr(doctor.psutil, "virtual_memory", lambda: SimpleNamespace(available=2**30))
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: SimpleNamespace(free=2**30))
    with docker({"/version": {"ApiVersion": "1.41"}, "/info": info}) as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        found = doctor.container_checks(nodes)
    assert {name: each.code for name, each in found.items()} == {
        "docker": None,
        "cgroups": containers.CGROUPS_OLD,
        "privileges": containers.PRIVILEGES_MISSING,
        "inotify": containers.FEW_INOTIFY_INSTANCES,
        "node memory": containers.LITTLE_MEMORY_FOR_NODES,
        "node disk": containers.LITTLE_DISK_FOR_NODES,
    }
    assert doctor.privileges({"DefaultRuntime": "runc"}).level is CheckLevel.FAIL
    assert doctor.privileges({"DefaultRuntime": "other"}).level is CheckLevel.WARN
    status.write_text("CapBnd:\t000001ffffffffff\n")
    limit.write_text("8192\n")
    free = SimpleNamespace(available=2**36, free=2**36)
    monkeypatch.setattr(doctor.psutil, "virtual_memory", lambda: free)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: free)
    with docker(
        {"/version": {"ApiVersion": "1.47"}, "/info": info | {"CgroupVersion": "2"}}
    ) as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        assert {each.code for each in doctor.container_checks(nodes).values()} == {None}


def test_doctor_without_docker_says_only_that(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    found = doctor.container_checks([])
    assert {name: each.code for name, each in found.items()} == {
        "docker": containers.DOCKER_UNREACHABLE
    }


def test_containers_are_here_or_elsewhere() -> None:
    assert daemon.elsewhere("", "Debian GNU/Linux 12", "Linux") == ""
    assert daemon.elsewhere("unix:///run/user/1000/docker.sock", "Fedora", "Linux") == ""
    assert daemon.elsewhere("tcp://127.0.0.1:2375", "Fedora", "Linux") == ""
    assert "build.example" in daemon.elsewhere("ssh://me@build.example", "Fedora", "Linux")
    assert "virtual machine" in daemon.elsewhere("", "Alpine Linux", "Darwin")


def test_the_manager_of_machines_finds_the_users_docker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "program").write_text("")
    binaries = Binaries(*[tmp_path / "program"] * 9, manifests=tmp_path)
    ports = preferred_ports(COMPONENTS)
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/other.sock")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    for is_docker in (False, True):
        site = PlaneSite(tmp_path, "127.0.0.1", ports, containers=is_docker)
        for name, program in programs(site, binaries).items():
            wanted = is_docker and name == MACHINES
            assert (program.environment.get("DOCKER_HOST") == "unix:///run/other.sock") is wanted
            assert (program.environment.get("DOCKER_TLS_VERIFY") == "1") is wanted


def test_the_current_context_of_docker_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    digest = hashlib.sha256(b"rootless").hexdigest()
    folder = tmp_path / "contexts/meta" / digest
    folder.mkdir(parents=True)
    host = "unix:///run/user/1000/docker.sock"
    meta = {"Name": "rootless", "Metadata": {}, "Endpoints": {"docker": {"Host": host}}}
    (folder / "meta.json").write_text(json.dumps(meta))
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "rootless"}))
    assert daemon.environment()["DOCKER_HOST"] == host
    monkeypatch.setenv("DOCKER_CONTEXT", "default")
    assert "DOCKER_HOST" not in daemon.environment()
