"""The diagnosis of clusters, on conditions that the real controllers wrote.

The objects below `diagnosis/` were recorded by tests/integration/test_diagnose.py; to do it again:
`CAAS_RECORD=tests/unit/diagnosis ./caas test tests/integration/test_diagnose.py`.
"""

from __future__ import annotations

import copy
import json
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from errors import CaasError, Code, cluster_failures, runtime
from errors.registry import find
from operations.diagnosis import Diagnosis, Inventory, dead_processes, diagnose
from operations.diagnosis.signs import in_one_line
from operations.diagnosis.table import every_sign, table_of
from plane.plane import Plane
from tests.unit.reported import reports

RECORDED = Path(__file__).parent / "diagnosis"
AT_ONCE, LATER = timedelta(), timedelta(days=1)


@cache
def recorded(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((RECORDED / f"{name}.json").read_text())
    return found


TABLE = table_of(every_sign())


def last_time(objects: list[dict[str, Any]]) -> datetime:
    """The approximate time of the recording."""
    times = [each["metadata"]["creationTimestamp"] for each in objects]
    for each in objects:
        times += [one["lastTransitionTime"] for one in each["status"]["conditions"]]
    return datetime.fromisoformat(max(times)) + timedelta(seconds=1)


def judged(
    cluster: str, patience: timedelta = AT_ONCE, name: str = "clusters", wait: timedelta = AT_ONCE
) -> Diagnosis:
    objects = recorded(name)
    inventory = Inventory(copy.deepcopy(objects)).of_cluster(cluster)
    return diagnose(inventory, patience=patience, now=last_time(objects) + wait)


@pytest.mark.parametrize(
    ("cluster", "wanted"),
    [
        ("fine", []),
        ("no-class", [(runtime.CLUSTER_CLASS_MISSING, "Cluster")]),
        ("no-template", [(runtime.CLUSTER_CLASS_NOT_RECONCILED, "Cluster")]),
        ("bad-patch", [(runtime.TOPOLOGY_FAILED, "Cluster")]),
        ("paused", [(runtime.PAUSED, "Cluster")]),
        ("slow-vm", [(runtime.MACHINE_WAITS_FOR_INFRASTRUCTURE, "Machine")]),
        ("slow-api", [(runtime.CONTROL_PLANE_NOT_INITIALIZED, "KubeadmControlPlane")]),
        ("gate", [(runtime.CLUSTER_NOT_AVAILABLE, "Cluster")]),
        ("leaving", [(cluster_failures.FOREIGN_FINALIZER, "DevMachine")]),
        (
            "upgrade",
            [
                (runtime.UPGRADE_HELD, "Cluster"),
                (runtime.SCALING_BLOCKED, "MachineSet"),
            ],
        ),
        (
            "shop",
            [
                (runtime.PAUSED, "MachineDeployment"),
                (runtime.MACHINE_WAITS_FOR_BOOTSTRAP, "Machine"),
                (runtime.INFRASTRUCTURE_DELETED, "Machine"),
                (runtime.NODE_NEVER_JOINED, "Machine"),
                (runtime.NODE_NOT_HEALTHY, "Machine"),
                (runtime.REMEDIATION_BLOCKED, "MachineHealthCheck"),
                (runtime.REMEDIATION_DEFERRED, "Machine"),
                (runtime.REMEDIATION_UNDER_WAY, "Machine"),
                (runtime.CERTIFICATES_EXPIRE, "Machine"),
            ],
        ),
    ],
)
def test_causes_without_their_consequences(cluster: str, wanted: list[tuple[Code, str]]) -> None:
    found = judged(cluster)
    assert [(each.code, each.object.kind) for each in found.problems] == wanted
    assert found.progress == ()


def test_unreachable() -> None:
    (found,) = judged("fine", name="unreachable").problems
    assert found.code is runtime.WORKLOAD_UNREACHABLE
    assert "probe last succeeded at" in found.why


def test_a_rollout_that_waits_for_a_hand() -> None:
    held, change = judged("upgrade", name="upgrade").problems
    assert held.code is runtime.UPGRADE_HELD
    assert change.code is runtime.CHANGE_UNFINISHED
    assert "Rolling out 1 not up-to-date replicas" in change.why


@pytest.mark.parametrize(
    ("cluster", "code", "says"),
    [
        ("even", cluster_failures.WEBHOOK_REFUSED, "cannot be an even number when etcd is stacked"),
        ("unanswered", cluster_failures.WEBHOOK_UNREACHABLE, 'webhook "dead.example.com"'),
        ("bare", cluster_failures.TEMPLATE_DELETED, "DevMachineTemplate does not exist"),
    ],
)
def test_what_is_refused(cluster: str, code: Code, says: str) -> None:
    found = {each.code: each.why for each in judged(cluster, name="refused").problems}
    assert says in found[code]


def test_every_code_of_the_table_was_seen() -> None:
    names = ("clusters", "upgrade", "unreachable")
    objects = {name: recorded(name) for name in names}
    seen = {
        each.code
        for found in objects.values()
        for each in diagnose(Inventory(found), patience=AT_ONCE, now=last_time(found)).problems
    }
    seen |= {find(report.code) for report in reports()}
    assert seen == {row.code for row in TABLE}


def test_at_least_forty_codes() -> None:
    assert len({row.code for row in TABLE}) >= 40


def test_every_code_says_who_acts() -> None:
    assert all(row.code.actor for row in TABLE)


@pytest.mark.parametrize("cluster", ["slow-vm", "slow-api", "gate", "leaving", "no-template"])
def test_progress_becomes_a_problem_when_it_takes_too_long(cluster: str) -> None:
    soon = judged(cluster, LATER)
    assert soon.problems == ()
    assert len(soon.progress) == 1
    late = judged(cluster, LATER, wait=LATER)
    assert [each.code for each in late.problems] == [each.code for each in soon.progress]
    assert "for 24 h" in late.problems[0].what


@pytest.mark.parametrize("cluster", ["no-class", "bad-patch", "paused"])
def test_what_no_time_heals_is_a_problem_at_once(cluster: str) -> None:
    assert judged(cluster, LATER).problems


def test_problem_says_where_and_how_it_is_reached() -> None:
    (found,) = judged("slow-vm").problems
    problem = found.problem()
    machine = found.object.name
    assert str(problem.where) == f"cluster slow-vm Machine {machine}"
    assert problem.why == (
        f"Cluster slow-vm → KubeadmControlPlane {machine.rpartition('-')[0]} → Machine {machine} "
        f"→ DevMachine {machine}: InfrastructureReady is False (NotReady): VMProvisioned: "
        "WaitingForStartupTimeout; NodeProvisioned: WaitingForVMProvisioned; "
        "EtcdProvisioned: WaitingForVMProvisioned; APIServerProvisioned: WaitingForVMProvisioned"
    )
    assert problem.remedy == runtime.MACHINE_WAITS_FOR_INFRASTRUCTURE.fix


def test_a_symptom_that_is_old_is_not_explained_by_what_began_just_now() -> None:
    objects = copy.deepcopy(recorded("clusters"))
    now = last_time(objects) + LATER
    for each in objects:
        if each["kind"] == "Machine":
            for condition in each["status"]["conditions"]:
                condition["lastTransitionTime"] = now.isoformat()
    found = diagnose(Inventory(objects).of_cluster("slow-vm"), now=now)
    assert [each.code for each in found.problems] == [runtime.CONTROL_PLANE_NOT_INITIALIZED]
    assert [each.code for each in found.progress] == [runtime.MACHINE_WAITS_FOR_INFRASTRUCTURE]


def test_no_objects() -> None:
    assert diagnose(Inventory([])) == Diagnosis((), ())


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("", ""),
        ("plain", "plain"),
        ("* A:\n  * B: one\n  * C: two", "A: B: one; C: two"),
        ("Health check failed:\n  * Node gone", "Health check failed: Node gone"),
    ],
)
def test_message_in_one_line(message: str, line: str) -> None:
    assert in_one_line(message) == line


def test_a_plane_that_is_stopped_is_no_failure_of_its_processes(tmp_path: Path) -> None:
    with pytest.raises(CaasError) as raised:
        dead_processes(Plane(tmp_path / "plane"), "staging")
    assert raised.value.problems[0].code.id == "CAAS-3011"
    assert "staging" in str(raised.value)
