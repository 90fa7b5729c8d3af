"""One cluster of real nodes, made by `caas up`, and what tests do with it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from catalog import catalog
from components.cluster.kubelet import KERNEL
from plane.binaries.host import this_host
from plane.node_image.archive import ArchiveImage, layer, write
from tests.nodes.charts import ChartRepository
from tests.nodes.docker_daemon import Daemon, ran
from tests.unit.command_line import ROOT, environment

STACK = "lab"
CLUSTER = "lab"
VERSION = catalog().modules["kubernetes"]
PROGRAM = "caas.invalid/lab:1"
REGISTRY = "registry.caas.invalid"
"""The mirror of the stack; nothing answers there, as all images are on the nodes."""
PIDS = 200
"""The most processes of a pod; the kubelet itself needs none of them."""
LIMIT = 900.0


def program(folder: Path) -> tuple[Path, Path]:
    """The program of the lab, and an archive with an image of it."""
    binary, packed, archive = folder / "lab", folder / "lab.tar", folder / "image.tar"
    command = ["go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w"]
    done = subprocess.run(
        [*command, "-o", str(binary), "."],
        cwd=ROOT / "tests/nodes/program",
        env=environment({"CGO_ENABLED": "0", "GOFLAGS": None, "GOPROXY": "off"}),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with layer(packed) as files:
        files.add("/lab", binary, 0o755)
    image = ArchiveImage(PROGRAM, (packed,), {"Entrypoint": ["/lab"], "User": "65532:65532"})
    write([image], archive, this_host().architecture, compress=False)
    return binary, archive


def stack(pids: Mapping[str, int], images: Sequence[str], charts: str) -> dict[str, Any]:
    """The settings of the stack.

    Args:
        pids: the limit of processes of pods, by the name of the pool.
        images: what is brought onto the nodes.
        charts: the address of the repository of charts.
    """
    return {
        "caas:infrastructure": {
            "provider": "docker",
            "customImage": f"kindest/node:v{VERSION}",
            "preLoadImages": [PROGRAM, *images],
        },
        "caas:mirror": {"registry": REGISTRY, "charts": charts},
        "caas:addons": {"calico": None, "flannel": {}},
        "caas:clusters": [
            {
                "name": CLUSTER,
                "version": VERSION,
                "controlPlane": {"replicas": 1},
                "workerPools": [
                    {"name": name, "replicas": 1, "kubelet": {"podPidsLimit": limit}}
                    for name, limit in pids.items()
                ],
            }
        ],
    }


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a command."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Lab:
    """The cluster.

    Attributes:
        docker: where its nodes run.
        home: the folder with the stack file and all state.
        kubectl_program: kubectl.
        binary: the program of the lab, for this computer.
        images: what is brought onto the nodes.
        charts: the repository of charts.
    """

    docker: Daemon
    home: Path
    kubectl_program: Path
    binary: Path
    images: Sequence[str]
    charts: ChartRepository

    @property
    def kubeconfig(self) -> Path:
        """The way into the cluster."""
        return self.home / "kubeconfig"

    def write(self, pids: Mapping[str, int]) -> None:
        """Writes the stack file."""
        folder = self.home / "stacks"
        folder.mkdir(exist_ok=True)
        config = stack(pids, self.images, self.charts.url)
        text = yaml.safe_dump({"config": config}, sort_keys=False)
        (folder / f"Pulumi.{STACK}.yaml").write_text(text)

    def start(self) -> None:
        """Makes the cluster, and gets the way in, as a user does."""
        for command in (
            ("up", STACK, "--engine", "in-process"),
            ("kubeconfig", CLUSTER, "--stack", STACK, "--out", str(self.kubeconfig)),
        ):
            done = self.caas(*command)
            containers = self.docker.docker("ps", "--all")
            assert done.status == 0, f"{done.out}{done.err}{containers}"

    def caas(self, *arguments: str, limit: float = LIMIT) -> Done:
        """A command of caas, where the containers' addresses are known."""
        own = {"CAAS_STATE": str(self.home / "state"), "CAAS_STACKS": str(self.home / "stacks")}
        own |= {"DOCKER_HOST": self.docker.host, "SSL_CERT_FILE": str(self.charts.authority)}
        done = subprocess.run(
            self.docker.inside(sys.executable, "-m", "cli", *arguments),
            cwd=ROOT,
            env=environment(own),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def kubectl(self, *arguments: str, text: str | None = None, limit: float = 60.0) -> str:
        """The output of kubectl in the cluster."""
        command = [str(self.kubectl_program), "--kubeconfig", str(self.kubeconfig), *arguments]
        return ran(self.docker.inside(*command), text=text, limit=limit)

    def get(self, *arguments: str) -> Any:
        """Objects of the cluster."""
        return json.loads(self.kubectl("get", *arguments, "--output=json"))

    def nodes(self) -> list[dict[str, Any]]:
        """The Node objects."""
        found: list[dict[str, Any]] = self.get("nodes")["items"]
        return found

    def in_pod(self, pod: str, *arguments: str) -> str:
        """The output of the lab's program in a pod."""
        return self.kubectl("exec", pod, "--", "/lab", *arguments)

    def on_node(self, node: str, *command: str) -> str:
        """The output of a command on a node."""
        return self.docker.docker("exec", node, *command)

    def fetched(self, address: str) -> str:
        """The answer of an address, asked from outside the cluster."""
        return ran(self.docker.inside(str(self.binary), "get", address))

    def address(self, node: str) -> str:
        """The address of a node."""
        found = self.get("node", node)["status"]["addresses"]
        return str({each["type"]: each["address"] for each in found}["InternalIP"])

    def control_plane(self) -> str:
        """The name of the node with the control plane."""
        (found,) = self.get("nodes", "--selector=node-role.kubernetes.io/control-plane")["items"]
        return str(found["metadata"]["name"])

    @contextmanager
    def probed(self, address: str) -> Iterator[Callable[[], dict[str, Any]]]:
        """Asks an address twenty times a second; the value ends that, and gives what was met."""
        process = subprocess.Popen(
            self.docker.inside(str(self.binary), "probe", address),
            stdout=subprocess.PIPE,
            text=True,
        )

        def result() -> dict[str, Any]:
            process.terminate()
            out, _ = process.communicate(timeout=30)
            found: dict[str, Any] = json.loads(out)
            return found

        try:
            yield result
        finally:
            process.kill()
            process.wait(30)


def read_kernel() -> dict[str, str]:
    """The settings of this computer's kernel that a kubelet wants to be others."""
    paths = {name: Path("/proc/sys", *name.split(".")) for name in KERNEL}
    return {name: path.read_text() for name, path in paths.items() if path.exists()}


def eventually(condition: Callable[[], bool], limit: float, what: str) -> None:
    """Waits until a condition holds, at most `limit` seconds."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"waited {limit} s for {what}"
        time.sleep(1)
