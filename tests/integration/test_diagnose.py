"""Every code of running clusters, as the real controllers bring it about."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from broken_clusters import (
    HOOK,
    NEW,
    broken_clusters,
    classes,
    crash_loop,
    dead_webhook,
    resource_sets,
)
from kubectl import Kubectl, eventually
from trouble import (
    CREATED_SECONDS,
    EXPIRY_ANNOTATION,
    POLL,
    SEEN_SECONDS,
    Site,
    break_shop,
    new_site,
)

from errors import Code, addon_failures, cluster_failures, runtime
from operations.diagnosis import DiagnosedProblem, Diagnosis, diagnose, read_inventory
from plane.binaries import Binaries
from plane.plane import Plane
from plane.progress import Silent

pytestmark = pytest.mark.plane

ROOT = Path(__file__).resolve().parents[2]
UNREACHABLE_SECONDS = 120
LONG = timedelta(days=1)
REFUSED = ("bare", "even", "unanswered")


@pytest.fixture(scope="module")
def site(plane: Plane, binaries: Binaries) -> Iterator[Site]:
    """The broken clusters, all created at once; each test waits for its own."""
    namespace = f"diagnose-{os.getpid()}"
    webhook = dead_webhook(namespace, "unanswered", namespace)
    Kubectl(binaries.kubectl, plane.kubeconfig).apply(webhook)
    clusters = broken_clusters()
    names = [each["metadata"]["name"] for each in clusters]
    objects = (*classes(), *clusters, *resource_sets("sick"))
    made = new_site(plane, binaries, namespace, *objects)
    yield made
    made.record("clusters", *(each for each in names if each not in REFUSED))
    made.record("refused", *REFUSED)
    made.kubectl("delete", "validatingwebhookconfiguration", namespace)


@pytest.fixture(scope="module")
def shop(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site after all that happens to the machines of the cluster `shop`."""
    break_shop(site, tmp_path_factory.mktemp("shop"))
    return site


def chain(finding: DiagnosedProblem) -> list[str]:
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
        ("even", cluster_failures.WEBHOOK_REFUSED, ["Cluster"], "when etcd is stacked"),
        ("unanswered", cluster_failures.WEBHOOK_UNREACHABLE, ["Cluster"], "dead.example.com"),
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
    foreign = cluster_failures.FOREIGN_FINALIZER
    finding = site.await_problem("leaving", foreign, "DevMachine", says)
    assert chain(finding) == [*CONTROL_PLANE, "Machine", "DevMachine"]
    assert [each.object.kind for each in site.diagnosis("leaving").problems] == ["DevMachine"]


def test_template_that_was_deleted(site: Site) -> None:
    eventually(lambda: bool(site.names("MachineSet", "bare", "general")), CREATED_SECONDS, POLL)
    (machine_set,) = site.found("MachineSet", "bare", "general")
    template = machine_set["spec"]["template"]["spec"]["infrastructureRef"]["name"]
    site.run("delete", "devmachinetemplate", template, "--wait=false")
    site.run("scale", "machineset", machine_set["metadata"]["name"], "--replicas=3")
    deleted = cluster_failures.TEMPLATE_DELETED
    finding = site.await_problem("bare", deleted, "MachineSet", "DevMachineTemplate does not exist")
    assert chain(finding) == WORKER[:3]


@pytest.fixture(scope="module")
def sick(site: Site, tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, Kubectl]:
    """The cluster `sick`, as far as it comes up, and what talks to it."""
    eventually(lambda: site.has_nodes("sick", "hooked", "undrained", ""), CREATED_SECONDS, POLL)
    return site, site.workload("sick", tmp_path_factory.mktemp("sick"))


def test_control_plane_whose_scheduler_crashes_then_with_old_certificates(
    sick: tuple[Site, Kubectl],
) -> None:
    site, workload = sick
    (machine,) = site.names("Machine", "sick")
    crashing = json.dumps({"status": crash_loop("kube-scheduler")})
    scheduler = ("pod", f"kube-scheduler-{machine}", "-n", "kube-system")
    workload("patch", *scheduler, "--type=merge", "-p", crashing)
    site.look_at_control_plane("sick")
    failed = cluster_failures.CONTROL_PLANE_POD_FAILED
    finding = site.await_problem("sick", failed, "Machine", "(Failed): CrashLoopBackOff")
    assert chain(finding) == [*CONTROL_PLANE, "Machine"]

    past = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    site.run("annotate", "machine", machine, f"{EXPIRY_ANNOTATION}={past}")
    site.await_problem("sick", cluster_failures.CERTIFICATES_EXPIRED, "Machine", past)


def test_certificate_authority_that_was_deleted(sick: tuple[Site, Kubectl]) -> None:
    site, _ = sick
    site.run("delete", "secret", "sick-sa")
    site.look_at_control_plane("sick")
    missing = cluster_failures.CLUSTER_CERTIFICATES_MISSING
    finding = site.await_problem("sick", missing, "KubeadmControlPlane", "certificate for sa")
    assert chain(finding) == CONTROL_PLANE


def test_hook_and_pod_that_keep_machines(sick: tuple[Site, Kubectl]) -> None:
    site, workload = sick
    (node,) = site.names("Machine", "sick", "undrained")
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "finalizers": ["example.com/keep"]},
        "spec": {"nodeName": node, "containers": [{"name": "web", "image": "example.com/web"}]},
    }
    workload("create", "--validate=false", "-n", "default", "-f", "-", text=json.dumps(pod))
    workload.run("delete", "pod", "web", "-n", "default", "--wait=false")  # its answer is empty
    for pool in ("hooked", "undrained"):
        site.run("delete", "machine", *site.names("Machine", "sick", pool), "--wait=false")
    held = cluster_failures.DELETION_HOOK_HELD
    assert chain(site.await_problem("sick", held, "Machine", HOOK)) == WORKER
    stuck = cluster_failures.DRAIN_STUCK
    assert chain(site.await_problem("sick", stuck, "Machine", "default/web")) == WORKER


def test_resources_that_can_t_be_read_or_applied(sick: tuple[Site, Kubectl]) -> None:
    site, _ = sick

    def seen() -> bool:
        found = diagnose(read_inventory(site.api, site.namespace), patience=timedelta()).problems
        told = {(each.code, str(each.object)): each.why for each in found}
        unread = told.get((addon_failures.RESOURCE_SET_UNREADABLE, "ClusterResourceSet wrong-type"))
        unapplied = addon_failures.RESOURCE_SET_NOT_APPLIED
        missing = told.get((unapplied, "ClusterResourceSetBinding sick"), "")
        return bool(unread) and "ConfigMap unknown-kind" in missing

    eventually(seen, SEEN_SECONDS, POLL)


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
