"""The steps of a bootstrap, what it targets, and what the commands refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.commands import bootstrap as bootstrap_command
from cli.commands import management as management_command
from cli.commands.management import ManagementAction
from engine.program import run_program
from errors import CaasError
from errors.management import (
    BACKUP_UNSETTLED,
    BOOTSTRAP_NEEDS_PULUMI,
    BOOTSTRAP_OF_OTHER_MODE,
    BOOTSTRAP_TIMED_OUT,
    NO_SNAPSHOT,
)
from operations.management import archive, backup
from operations.management.archive import Header
from operations.management.bootstrap import (
    MOVE,
    ON_ITSELF,
    PLANE,
    STEPS,
    TAKE_DOWN,
    Bootstrap,
    BootstrapRecord,
    Folder,
    before_handover,
    of_components,
    target,
)
from operations.management.graph import Graph, Node, ObjectKind
from plane.progress import Progress, Silent

STACKS = Path(__file__).resolve().parents[2] / "stacks"


class Rehearsal(Bootstrap):
    """A bootstrap whose steps do nothing but say their names, and stop when told to."""

    def _start_plane(self, progress: Progress) -> None:
        progress.step(PLANE)

    def _make_machines(self, progress: Progress) -> None:
        progress.step(STEPS[1])

    def _await_control_plane(self, progress: Progress) -> None:
        progress.step(STEPS[2])

    def _install(self, progress: Progress) -> None:
        progress.step(STEPS[3])

    def _hand_over(self, progress: Progress) -> None:
        progress.step(STEPS[4])

    def _check(self, progress: Progress) -> None:
        progress.step(STEPS[5])

    def _take_down(self, progress: Progress) -> None:
        progress.step(TAKE_DOWN)


class Interrupted(Silent):
    """Ctrl-C when a step begins."""

    def __init__(self, at: str = "") -> None:
        self.at = at
        self.begun: list[str] = []

    def step(self, name: str) -> Silent:
        self.begun.append(name)
        if name == self.at:
            raise KeyboardInterrupt
        return self


def rehearsal(folder: Path, timeout: float = 0) -> Rehearsal:
    nothing: Any = None
    kept = Folder(folder)
    return Rehearsal(
        "prod", "own", "clusters", *[nothing] * 1, kept, *[nothing] * 4, timeout=timeout
    )


@pytest.mark.parametrize("at", STEPS)
def test_an_interrupted_bootstrap_goes_on_where_it_was(tmp_path: Path, at: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        rehearsal(tmp_path).run(Interrupted(at))
    again = Interrupted()
    rehearsal(tmp_path).run(again)
    place = STEPS.index(at)
    # The plane is made sure of as long as it holds the clusters, and never started afterwards.
    first = [PLANE] if 0 < place <= STEPS.index(MOVE) else []
    assert again.begun == [*first, *STEPS[place:]]
    third = Interrupted()
    rehearsal(tmp_path).run(third)
    assert third.begun == []


def test_a_damaged_record_is_an_empty_one(tmp_path: Path) -> None:
    record = BootstrapRecord(tmp_path / "bootstrap.json")
    for content in ("", "{", "[]", '{"done": 3}'):
        (tmp_path / "bootstrap.json").write_text(content)
        assert record.done() == {}
    record.add(PLANE)
    assert list(record.done()) == [PLANE]


def test_a_wait_ends_and_says_what_was_missing(tmp_path: Path) -> None:
    with pytest.raises(CaasError) as error:
        rehearsal(tmp_path)._until(lambda: "no quota", Silent(), "the control plane is not there")
    assert error.value.problems[0].code is BOOTSTRAP_TIMED_OUT
    assert "no quota" in str(error.value)


@pytest.mark.slow
def test_the_plane_makes_the_foundation_and_the_management_cluster_only() -> None:
    recording = run_program("prod-aws", STACKS / "Pulumi.prod-aws.yaml")
    before = {(each.type, each.name) for each in before_handover(recording, "management")}
    after = {(each.type, each.name) for each in of_components(recording, ON_ITSELF)}
    names = {name for kind, name in before if kind == "caas:index:WorkloadCluster"}
    assert names == {"management"}
    kinds = {kind for kind, _ in before}
    assert "aws:ec2/vpc:Vpc" in kinds
    assert "kubernetes:cluster.x-k8s.io/v1beta2:ClusterClass" in kinds
    # The plane runs no pods and has no add-on provider.
    assert not [kind for kind in kinds if "HelmChartProxy" in kind or "Deployment" in kind]
    assert not before & after
    assert ("kubernetes:helm.sh/v3:Release", "management-cert-manager") in after
    urns = {each.urn for each in recording.resources}
    chosen = {each.urn for each in before_handover(recording, "management")}
    for resource in before_handover(recording, "management"):
        assert set(resource.dependencies) & urns <= chosen, "pulumi refuses untargeted needs"
        assert target("prod", resource).endswith(f"{resource.type}::{resource.name}")


@pytest.mark.slow
def test_only_self_managed_stacks_are_bootstrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CaasError) as error:
        bootstrap_command.command("local")
    assert error.value.problems[0].code is BOOTSTRAP_OF_OTHER_MODE
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CaasError) as error:
        bootstrap_command.command("prod-aws")
    assert error.value.problems[0].code is BOOTSTRAP_NEEDS_PULUMI


def test_a_backup_without_etcd_has_no_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAAS_STATE", str(tmp_path / "state"))
    header = Header(1, "0.1.0", "local", "clusters", "2026-11-22", "id", (), 0, {})
    archive.write(tmp_path / "x", header, {})
    with pytest.raises(CaasError) as error:
        management_command.command(
            ManagementAction.RESTORE, "local", source=tmp_path / "x", etcd=True
        )
    assert error.value.problems[0].code is NO_SNAPSHOT


def test_machines_that_come_and_go_all_the_time_are_no_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = iter(range(100))

    def discover(*_: Any) -> Graph:
        uid = str(next(readings))
        manifest = {"kind": "Machine", "apiVersion": "v1", "metadata": {"uid": uid}, "spec": {}}
        return Graph(
            {uid: Node(manifest, ObjectKind("v1", "Machine", "machines", True), moves=True)}
        )

    monkeypatch.setattr(backup, "discover", discover)
    nothing: Any = None
    with pytest.raises(CaasError) as error:
        backup.back_up(nothing, "local", "clusters", tmp_path, Silent(), caas="0.1.0")
    assert error.value.problems[0].code is BACKUP_UNSETTLED
    assert [*tmp_path.iterdir()] == []
