"""Every code of running clusters, as the real controllers bring it about."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from broken_clusters import HOOK, NEW, broken_clusters, classes, slim
from kubectl import Kubectl, eventually

from embedded.api import Api
from embedded.binaries import Binaries
from embedded.diagnosis import Diagnosis, Finding, diagnose, read_inventory
from embedded.fleet import CONTROL_PLANE_ROLE
from embedded.fleet import POOL_NAME as POOL
from embedded.plane import Plane
from embedded.progress import Silent
from errors import Code, runtime

pytestmark = pytest.mark.plane

ROOT = Path(__file__).resolve().parents[2]
CREATED_SECONDS = 180
SEEN_SECONDS = 90
UNREACHABLE_SECONDS = 120
POLL = 2.0
LONG = timedelta(days=1)
EXPIRY_ANNOTATION = "machine.cluster.x-k8s.io/certificates-expiry"


@dataclass(frozen=True)
class Site:
    """A namespace of a plane with clusters that are in trouble."""

    plane: Plane
    kubectl: Kubectl
    api: Api
    namespace: str

    def run(self, *arguments: str, text: str | None = None) -> str:
        return self.kubectl(*arguments, "-n", self.namespace, text=text)

    def get(self, *arguments: str) -> Any:
        return self.kubectl.get(*arguments, "-n", self.namespace)

    def diagnosis(self, cluster: str, patience: timedelta = timedelta()) -> Diagnosis:
        inventory = read_inventory(self.api, self.namespace)
        return diagnose(inventory.of_cluster(cluster), patience=patience)

    def problems(self, cluster: str) -> dict[tuple[str, str], Finding]:
        """What is found by the code's reason and the kind of the object that it is found on."""
        found = self.diagnosis(cluster).problems
        return {(each.code.reason, each.object.kind): each for each in found}

    def await_problem(self, cluster: str, code: Code, kind: str, says: str = "") -> Finding:
        found: list[Finding] = []

        def seen() -> bool:
            finding = self.problems(cluster).get((code.reason, kind))
            if finding is not None and says in finding.why:
                found.append(finding)
            return bool(found)

        eventually(seen, SEEN_SECONDS, POLL)
        return found[0]

    def record(self, name: str, *clusters: str) -> None:
        """Keeps the objects for the unit tests, where CAAS_RECORD names a folder."""
        if folder := os.environ.get("CAAS_RECORD"):
            inventory = read_inventory(self.api, self.namespace)
            kept = [
                each for one in clusters or inventory.clusters for each in inventory.of_cluster(one)
            ]
            lines = ",\n".join(json.dumps(slim(each), ensure_ascii=False) for each in kept)
            Path(folder, f"{name}.json").write_text(f"[\n{lines}\n]\n")

    def found(self, kind: str, cluster: str, pool: str = "") -> list[dict[str, Any]]:
        """The objects of a pool, or of the control plane."""
        labels = {POOL: pool} if pool else {CONTROL_PLANE_ROLE: ""}
        inventory = read_inventory(self.api, self.namespace).of_cluster(cluster, kind)
        return [each for each in inventory if labels.items() <= each["metadata"]["labels"].items()]

    def names(self, kind: str, cluster: str, pool: str = "") -> list[str]:
        return [each["metadata"]["name"] for each in self.found(kind, cluster, pool)]

    def has_nodes(self, cluster: str, *pools: str) -> bool:
        found = [self.found("Machine", cluster, pool) for pool in pools]
        return all(
            machines and all("nodeRef" in each.get("status", {}) for each in machines)
            for machines in found
        )

    def make_sick(self, cluster: str, pool: str, folder: Path) -> None:
        """Says that the nodes of a pool are not ready, as a kubelet that has stopped would."""
        secret = self.get("secret", f"{cluster}-kubeconfig")
        path = folder / f"{cluster}.kubeconfig"
        path.write_bytes(base64.b64decode(secret["data"]["value"]))
        path.chmod(0o600)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ready = {"type": "Ready", "status": "False", "reason": "Stopped", "lastTransitionTime": now}
        patch = json.dumps({"status": {"conditions": [ready]}})
        for node in self.names("Machine", cluster, pool):
            workload = Kubectl(self.kubectl.program, path)
            workload("patch", "node", node, "--type=merge", "-p", patch)


def new_site(plane: Plane, binaries: Binaries, namespace: str, *objects: dict[str, Any]) -> Site:
    kubectl = Kubectl(binaries.kubectl, plane.kubeconfig)
    kubectl("create", "namespace", namespace)
    made = Site(plane, kubectl, Api(plane.kubeconfig), namespace)
    text = "\n---\n".join(json.dumps(each) for each in objects)
    made.run("apply", "--server-side", "-f", "-", text=text)
    return made


@pytest.fixture(scope="module")
def site(plane: Plane, binaries: Binaries) -> Iterator[Site]:
    """The broken clusters, all created at once; each test waits for its own."""
    namespace = f"diagnose-{os.getpid()}"
    made = new_site(plane, binaries, namespace, *classes(), *broken_clusters())
    yield made
    made.record("clusters")


@pytest.fixture(scope="module")
def shop(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site after all that happens to the machines of the cluster `shop`."""
    break_shop(site, tmp_path_factory.mktemp("shop"))
    return site


def break_shop(site: Site, folder: Path) -> None:
    pools = ("blocked", "hooked", "robbed")
    eventually(lambda: site.has_nodes("shop", *pools), CREATED_SECONDS, POLL)
    for pool in ("blocked", "hooked"):
        site.make_sick("shop", pool, folder)
    site.run("delete", "devmachine", *site.names("Machine", "shop", "robbed"), "--wait=false")
    soon = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    (pool,) = site.names("MachineDeployment", "shop", "no-secret")
    site.run("annotate", "machinedeployment", pool, "cluster.x-k8s.io/paused=")
    (machine,) = site.names("Machine", "shop")
    site.run("annotate", "machine", machine, f"{EXPIRY_ANNOTATION}={soon}")


def chain(finding: Finding) -> list[str]:
    return [name.kind for name in finding.chain]


WORKER = ["Cluster", "MachineDeployment", "MachineSet", "Machine"]
CONTROL_PLANE = ["Cluster", "KubeadmControlPlane"]


@pytest.mark.parametrize(
    ("cluster", "code", "wanted", "says"),
    [
        ("no-class", runtime.CLUSTER_CLASS_MISSING, ["Cluster"], '"absent" not found'),
        ("no-template", runtime.CLUSTER_CLASS_NOT_RECONCILED, ["Cluster"], "not successfully"),
        ("bad-patch", runtime.TOPOLOGY_FAILED, ["Cluster"], "kubeadmConfigSpec/absent/deeper"),
        ("paused", runtime.PAUSED, ["Cluster"], "spec.paused is set to true"),
        (
            "slow-vm",
            runtime.MACHINE_WAITS_FOR_INFRASTRUCTURE,
            [*CONTROL_PLANE, "Machine", "DevMachine"],
            "VMProvisioned: WaitingForStartupTimeout",
        ),
        ("slow-api", runtime.CONTROL_PLANE_NOT_INITIALIZED, CONTROL_PLANE, "NotInitialized"),
        ("gate", runtime.CLUSTER_NOT_AVAILABLE, ["Cluster"], "SmokeTest: Condition not yet"),
    ],
)
def test_one_cause_and_none_of_its_consequences(
    site: Site, cluster: str, code: Code, wanted: list[str], says: str
) -> None:
    def alone() -> bool:
        found = site.diagnosis(cluster).problems
        seen = [(each.code, chain(each), says in each.why) for each in found]
        return seen == [(code, wanted, True)]

    eventually(alone, CREATED_SECONDS, POLL)
    (finding,) = site.diagnosis(cluster).problems
    assert finding.problem().where.cluster == cluster


def test_a_cluster_in_order_has_no_problems(site: Site) -> None:
    eventually(lambda: site.diagnosis("fine") == Diagnosis((), ()), CREATED_SECONDS, POLL)


def test_what_began_a_moment_ago_is_progress(site: Site) -> None:
    site.await_problem("slow-vm", runtime.MACHINE_WAITS_FOR_INFRASTRUCTURE, "Machine")
    found = site.diagnosis("slow-vm", LONG)
    assert [each.code for each in found.progress] == [runtime.MACHINE_WAITS_FOR_INFRASTRUCTURE]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("code", "wanted", "says"),
    [
        (runtime.MACHINE_WAITS_FOR_BOOTSTRAP, [*WORKER, "KubeadmConfig"], 'secrets "absent"'),
        (runtime.NODE_NEVER_JOINED, [*WORKER, "DevMachine"], "failed to report startup in 30s"),
        (runtime.REMEDIATION_DEFERRED, WORKER, "maxInFlight is 0"),
        (runtime.NODE_NOT_HEALTHY, [*WORKER, "Node"], "Condition Ready on Node"),
        (runtime.REMEDIATION_BLOCKED, ["Cluster", "MachineHealthCheck"], "maxUnhealthy: 0"),
        (runtime.REMEDIATION_UNDER_WAY, WORKER, HOOK),
        (runtime.INFRASTRUCTURE_DELETED, [*WORKER, "DevMachine"], "DevMachine"),
        (runtime.PAUSED, WORKER[:2], "cluster.x-k8s.io/paused annotation"),
        (runtime.CERTIFICATES_EXPIRE, [*CONTROL_PLANE, "Machine"], "certificatesExpiryDate"),
    ],
)
def test_machines(shop: Site, code: Code, wanted: list[str], says: str) -> None:
    kind = "Machine" if "Machine" in wanted else wanted[-1]
    finding = shop.await_problem("shop", code, kind, says)
    assert chain(finding) == wanted
    assert finding.problem().remedy


def test_upgrade_that_is_held_and_what_it_blocks(site: Site) -> None:
    eventually(lambda: site.has_nodes("upgrade", "held", "by-hand"), CREATED_SECONDS, POLL)
    change = json.dumps({"spec": {"topology": {"version": NEW}}})
    site.run("patch", "cluster", "upgrade", "--type=merge", "-p", change)
    held = site.await_problem("upgrade", runtime.UPGRADE_HELD, "Cluster")
    assert "defer-upgrade" in held.why

    site.await_problem("upgrade", runtime.CHANGE_UNFINISHED, "Cluster", "MachineDeployment")
    site.record("upgrade", "upgrade")
    (pool,) = site.names("MachineDeployment", "upgrade", "held")
    site.run("scale", "machinedeployment", pool, "--replicas=2")
    skew = "KubeadmVersionSkew"
    blocked = site.await_problem("upgrade", runtime.SCALING_BLOCKED, "MachineSet", skew)
    assert chain(blocked) == WORKER[:3]


def test_deletion_that_a_finalizer_keeps_from_ending(site: Site) -> None:
    eventually(lambda: bool(site.names("DevMachine", "leaving")), CREATED_SECONDS, POLL)
    (machine,) = site.names("DevMachine", "leaving")
    keep = json.dumps(
        [{"op": "add", "path": "/metadata/finalizers/-", "value": "example.com/keep"}]
    )
    site.run("patch", "devmachine", machine, "--type=json", "-p", keep)
    site.run("delete", "cluster", "leaving", "--wait=false")
    says = "finalizers: example.com/keep"
    finding = site.await_problem("leaving", runtime.DELETION_STUCK, "DevMachine", says)
    assert chain(finding) == [*CONTROL_PLANE, "Machine", "DevMachine"]
    assert [each.object.kind for each in site.diagnosis("leaving").problems] == ["DevMachine"]


def run_diagnose(plane: Plane, namespace: str, folder: Path, *arguments: str) -> Any:
    """`./caas diagnose` on a stack whose plane is `plane`."""
    stack = plane.directory.name
    management = f"{{ mode: embedded, namespace: {namespace} }}"
    (folder / f"Pulumi.{stack}.yaml").write_text(
        f"config:\n  caas:management: {management}\n"
        "  caas:infrastructure: { provider: in-memory }\n  caas:clusters: []\n"
    )
    return subprocess.run(
        [sys.executable, "-m", "cli", "diagnose", "--stack", stack, *arguments],
        env=os.environ | {"CAAS_STATE": str(plane.directory.parent), "CAAS_STACKS": str(folder)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_command(site: Site, tmp_path: Path) -> None:
    site.await_problem("bad-patch", runtime.TOPOLOGY_FAILED, "Cluster")
    eventually(lambda: site.diagnosis("fine") == Diagnosis((), ()), CREATED_SECONDS, POLL)
    run: Callable[..., Any] = partial(run_diagnose, site.plane, site.namespace, tmp_path)

    failed = run("bad-patch")
    assert failed.returncode == 1
    assert f"Cluster bad-patch: {runtime.TOPOLOGY_FAILED.id} " in failed.stderr
    assert len(failed.stderr.splitlines()) == 1

    answer = json.loads(run("bad-patch", "--output", "json").stdout)
    assert answer["problems"][0]["where"] == {"cluster": "bad-patch", "object": "Cluster bad-patch"}
    assert answer["progress"] == []

    fine = run("fine")
    assert (fine.returncode, fine.stdout, fine.stderr) == (0, "No problems in fine.\n", "")

    waiting = run("slow-vm", "--patience", "5h")
    assert waiting.returncode == 0
    assert waiting.stdout.startswith("In progress: Machine slow-vm-")

    unknown = run("nothing")
    assert unknown.returncode == 1
    assert "CAAS-3013" in unknown.stderr


@pytest.fixture
def own(binaries: Binaries, tmp_path: Path) -> Iterator[Plane]:
    """A plane whose processes may be ended."""
    plane = Plane(tmp_path / "own")
    try:
        plane.start(binaries, Silent())
        yield plane
    finally:
        plane.destroy()


def test_unreachable_cluster_then_dead_process_then_stopped_plane(
    own: Plane, binaries: Binaries, namespace: str, tmp_path: Path
) -> None:
    fine = next(each for each in broken_clusters() if each["metadata"]["name"] == "fine")
    site = new_site(own, binaries, namespace, *classes(), fine)
    eventually(lambda: _answers(site), CREATED_SECONDS, POLL)
    pid = next(each.pid for each in own.processes() if each.name == "in-memory-manager")
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        key = (runtime.WORKLOAD_UNREACHABLE.reason, "Cluster")
        eventually(lambda: list(site.problems("fine")) == [key], UNREACHABLE_SECONDS, POLL)
        site.record("unreachable")
        assert "probe failed" in site.problems("fine")[key].why
    finally:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: any(not each.running for each in own.processes()), 10)

    dead = run_diagnose(own, namespace, tmp_path)
    assert dead.returncode == 1
    (line,) = dead.stderr.splitlines()
    assert f"{runtime.PROCESS_NOT_RUNNING.id} `in-memory-manager`" in line
    assert "./caas setup own" in line

    own.stop()
    stopped = run_diagnose(own, namespace, tmp_path)
    assert stopped.returncode == 1
    assert "CAAS-3011" in stopped.stderr


def _answers(site: Site) -> bool:
    status = site.get("cluster", "fine").get("status", {})
    found = {each["type"]: each["status"] for each in status.get("conditions", [])}
    return found.get("Available") == found.get("RemoteConnectionProbe") == "True"
