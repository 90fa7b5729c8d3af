"""Applying: again, interrupted, refused; and pruning what is gone and nothing else."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubectl import Kubectl, eventually
from stand import Settings, Stand, stand_on

from components.manifest import STACK_LABEL, membership, wait_for
from components.mappings import Manifest
from engine import apply
from engine.api import Api
from engine.apply import apply_plan
from engine.fleet import conditions_of
from engine.objects import Key, Objects, StackObjects, is_retained
from engine.plan.clusters import ClusterAction
from engine.plan.objects import Operation, plan_objects
from engine.plan.words import sentences
from errors import CaasError, Code, Problem
from errors.program import API_SERVER_REFUSED, API_SERVER_UNREACHABLE, WAIT_TIMED_OUT
from errors.stack_rules import DOWNGRADE, NETWORK_CHANGED, SKIPPED_MINOR
from plane.binaries import Binaries
from plane.plane import Plane
from stacks.paths import CHECKOUT, project_name

pytestmark = [pytest.mark.plane, pytest.mark.timeout(600)]


def cluster(name: str = "shop", **settings: Any) -> Settings:
    """A paused cluster: Cluster API makes no machine of it."""
    plane = {"replicas": 1}
    return {"name": name, "version": "1.36.1", "controlPlane": plane, "paused": True} | settings


def new_name() -> str:
    return f"test-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def stand(plane: Plane, tmp_path: Path) -> Iterator[Stand]:
    with stand_on(plane, tmp_path, new_name()) as found:
        yield found


@pytest.fixture
def kubectl(plane: Plane, binaries: Binaries) -> Kubectl:
    return Kubectl(binaries.kubectl, plane.kubeconfig)


def members(stand: Stand) -> StackObjects:
    return stand.session().members


def unretained(stand: Stand, wanted: Objects) -> set[Key]:
    """The stack's objects without the keys of clusters that are gone, which stay."""
    live = members(stand).live()
    return {key for key, each in live.items() if key in wanted or not is_retained(each)}


def the_problem(code: Code, action: Callable[[], object]) -> Problem:
    with pytest.raises(CaasError) as caught:
        action()
    (problem,) = caught.value.problems
    assert problem.code is code
    return problem


def test_an_apply_again_changes_nothing(stand: Stand) -> None:
    pools = [{"name": "general", "replicas": 1, "labels": {"team": "blue"}}]
    stand.write(clusters=[cluster(paused=False, labels={"tier": "gold"}, workerPools=pools)])
    plan = stand.up()
    assert {change.operation for change in plan.objects.changes} == {Operation.CREATE}

    again = stand.plan()
    assert again.is_empty
    assert [change.action for change in again.clusters] == [ClusterAction.UNCHANGED]
    # Cluster API's clones carry the labels of what they were made from, and are not the stack's.
    mine = members(stand).live()
    assert mine.keys() == plan.objects.desired.keys()
    path = "/apis/infrastructure.cluster.x-k8s.io/v1beta2/devmachinetemplates"
    labelled = stand.api.list(path, labelSelector=f"{STACK_LABEL}={stand.name}")
    assert len(labelled) > sum(key.kind == "DevMachineTemplate" for key in mine)

    versions = {key: _version(manifest) for key, manifest in mine.items()}
    stand.session().apply(again, lambda change: pytest.fail(str(change.key)))
    made_once = again.recording.made_once()  # their content is another one at every run
    for key, manifest in again.objects.desired.items():
        if key not in made_once:
            stand.api.apply(manifest)
    assert {key: _version(each) for key, each in members(stand).live().items()} == versions


def _version(manifest: Manifest) -> Any:
    """A value that each write changes; of a kind with a status, each write but those to it."""
    metadata = manifest["metadata"]
    return metadata.get("generation", metadata["resourceVersion"])


APPLY = """
import os
import sys
import time
from pathlib import Path
from plane.plane import Plane
from plane.progress import Silent
from engine.session import Session

session = Session(sys.argv[1], Silent())
session.plane = Plane(Path(sys.argv[2]))



def report(change):
    if change.key.kind == sys.argv[3]:
        os.write(1, b"now\\n")  # whole, though objects are applied side by side
        time.sleep(60)


session.apply(session.plan(), report)
"""


def apply_and_kill(stand: Stand, kind: str) -> None:
    """Applies in a separate process, which is killed when it has applied an object of `kind`."""
    process = subprocess.Popen(
        [sys.executable, "-c", APPLY, stand.name, str(stand.plane.directory), kind],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == "now\n", f"it never applied a {kind}"
    finally:
        process.kill()
        process.communicate(timeout=10)


def test_an_apply_that_is_killed_is_continued_by_the_next(stand: Stand) -> None:
    stand.write(clusters=[cluster("one"), cluster("two"), cluster("three")])
    for kind in ("Namespace", "DevClusterTemplate", "ClusterClass", "Cluster"):
        apply_and_kill(stand, kind)
    plan = stand.apply()
    assert [change.diff() for change in plan.objects.changes if change.before] == []
    assert members(stand).live().keys() == plan.objects.desired.keys()
    assert stand.plan().is_empty


def test_a_change_that_is_killed_is_continued_by_the_next(stand: Stand) -> None:
    stand.write(clusters=[cluster("one"), cluster("two")])
    before = stand.apply().objects.desired
    slower = stand.settings["infrastructure"] | {"machineStartup": "1s"}
    stand.write(infrastructure=slower, clusters=[cluster("two", labels={"tier": "gold"})])
    desired = stand.plan().objects.desired
    for kind in ("DevMachineTemplate", "ClusterClass"):
        apply_and_kill(stand, kind)
        others = {key for key in before if key.kind != "Cluster"}  # clusters that go, go first
        assert members(stand).live().keys() >= others, "nothing else is deleted yet"
    stand.apply()
    eventually(lambda: unretained(stand, desired) == desired.keys(), 60)
    assert stand.plan().is_empty


def test_pruning_removes_what_is_gone_and_nothing_else(
    stand: Stand, plane: Plane, kubectl: Kubectl
) -> None:
    neighbour = Stand(plane, stand.folder, new_name())
    neighbour.write(clusters=[cluster()])
    neighbour.apply()
    stand.write(clusters=[cluster("stays"), cluster("goes")])
    first = stand.apply()

    template = {
        "apiVersion": "infrastructure.cluster.x-k8s.io/v1beta2",
        "kind": "DevMachineTemplate",
        "spec": {"template": {"spec": {"backend": {"inMemory": {}}}}},
    }
    by_hand = {"name": "by-hand", "namespace": stand.name}
    labelled = {"name": "labelled", "namespace": stand.name, "labels": {STACK_LABEL: stand.name}}
    kubectl.apply({**template, "metadata": by_hand}, {**template, "metadata": labelled})
    kubectl("create", "configmap", "by-hand", "-n", stand.name)
    theirs = members(neighbour).live()

    slower = stand.settings["infrastructure"] | {"machineStartup": "1s"}
    stand.write(infrastructure=slower, clusters=[cluster("stays")])
    second = stand.apply()
    gone = first.objects.desired.keys() - second.objects.desired.keys()
    assert sorted(key.kind for key in gone) == ["Cluster", *["DevMachineTemplate"] * 2, "Secret"]
    wanted = second.objects.desired
    eventually(lambda: unretained(stand, wanted) == wanted.keys(), 60)
    kubectl("get", "devmachinetemplates", "by-hand", "labelled", "-n", stand.name)
    kubectl("get", "configmap", "by-hand", "-n", stand.name)
    assert members(neighbour).live().keys() == theirs.keys()
    assert neighbour.plan().is_empty
    neighbour.session().delete_clusters()


def test_a_stack_moves_to_another_namespace(stand: Stand) -> None:
    stand.write(clusters=[cluster(paused=False)])
    stand.apply()
    elsewhere = new_name()
    stand.write(management={"namespace": elsewhere}, clusters=[cluster()])
    plan = stand.up(120)
    assert sentences(plan.clusters)[0].startswith("cluster `shop`: ")
    assert {(change.namespace, change.action) for change in plan.clusters} == {
        (elsewhere, ClusterAction.CREATE),
        (stand.name, ClusterAction.DELETE),
    }
    eventually(lambda: members(stand).live().keys() == plan.objects.desired.keys(), 60)
    assert stand.plan().is_empty


def test_a_paused_cluster_is_removed_all_the_same(stand: Stand) -> None:
    stand.write(clusters=[cluster(paused=False)])
    stand.apply()
    stand.write(clusters=[cluster()])
    stand.up(30)
    stand.write(clusters=[])
    stand.up(120)
    assert not stand.session().fleet().clusters


REFUSALS: tuple[tuple[Code, Settings, Settings, str], ...] = (
    (DOWNGRADE, {"version": "1.36.3"}, {"version": "1.36.1"}, "version"),
    (SKIPPED_MINOR, {"version": "1.35.4"}, {"version": "1.37.2"}, "version"),
    (NETWORK_CHANGED, {}, {"network": {"pods": ["10.0.0.0/16"]}}, "network"),
)


@pytest.mark.parametrize(
    ("code", "before", "after", "field"), REFUSALS, ids=[each[0].reason for each in REFUSALS]
)
def test_what_cannot_be_done_is_refused_before_anything_is_applied(
    stand: Stand, code: Code, before: Settings, after: Settings, field: str
) -> None:
    stand.write(clusters=[cluster(**before)])
    stand.apply()
    live = members(stand).live()
    stand.write(
        clusters=[cluster(**after), cluster("other", version="1.37.2")],
        kubernetesVersions=["1.37.2"] if code is SKIPPED_MINOR else ["1.36.1", "1.36.3", "1.37.2"],
    )
    problem = the_problem(code, stand.apply)
    line = stand.file.read_text().splitlines()[(problem.where.line or 0) - 1]
    assert problem.where.file == str(stand.file)
    assert field in line or line.strip().startswith("pods")
    assert members(stand).live().keys() == live.keys()


def refused(stand: Stand) -> Manifest:
    """A cluster that no stack file can ask for: its class has no such variable."""
    session = stand.session()
    manifest = next(each for each in session.record().objects() if each["kind"] == "Cluster")
    topology = {**manifest["spec"]["topology"], "variables": [{"name": "none", "value": "x"}]}
    return {**manifest, "spec": {**manifest["spec"], "topology": topology}}


def class_is_ready(stand: Stand) -> bool:
    """The last object of an apply is not waited for, and a class checks clusters when it is."""
    live = members(stand).live().values()
    (found,) = (each for each in live if each["kind"] == "ClusterClass")
    condition = conditions_of(found).get("VariablesReady", {})
    current = condition.get("observedGeneration") == found["metadata"]["generation"]
    return current and condition["status"] == "True"


def config_map(stand: Stand, name: str, **metadata: Any) -> Manifest:
    labels = {STACK_LABEL: stand.name}
    metadata = {"name": name, "namespace": stand.name, "labels": labels} | metadata
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def exists(stand: Stand, manifest: Manifest) -> bool:
    return stand.api.get(stand.api.path(manifest)) is not None


def test_an_object_that_a_webhook_refuses_is_found_by_the_plan(stand: Stand) -> None:
    stand.apply()
    eventually(lambda: class_is_ready(stand), 240)
    stand.write(clusters=[cluster()])
    bad = refused(stand)
    objects = [*stand.session().record().objects()[:-1], bad]
    problem = the_problem(
        API_SERVER_REFUSED, partial(plan_objects, stand.api, objects, members(stand))
    )
    assert problem.where.object == f"Cluster {stand.name}/shop"
    assert "variable is not defined" in problem.why
    assert not exists(stand, bad)


def test_after_a_refused_object_nothing_is_applied_and_nothing_deleted(stand: Stand) -> None:
    old = config_map(stand, "old")
    waves = [*stand.session().record().waves(), [old]]
    apply_waves(stand, waves)
    assert exists(stand, old)
    stand.write(
        clusters=[cluster()],
        infrastructure=stand.settings["infrastructure"] | {"machineStartup": "1s"},
    )
    after = config_map(stand, "after")
    waves = [*stand.session().record().waves()[:-1], [refused(stand)], [after]]
    the_problem(API_SERVER_REFUSED, lambda: apply_waves(stand, waves))
    assert not exists(stand, after)
    assert exists(stand, old)
    # The class was changed before it: the next run goes on from there.
    stand.apply()
    assert stand.plan().is_empty
    assert not exists(stand, old)


def apply_waves(stand: Stand, waves: list[list[Manifest]]) -> None:
    objects = [manifest for wave in waves for manifest in wave]
    plan = plan_objects(stand.api, objects, members(stand))
    apply_plan(stand.api, plan, waves, members(stand))


def test_what_never_becomes_ready_is_told_and_nothing_after_it_applied(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.apply()
    monkeypatch.setattr(apply, "READY_LIMIT", 1.0)
    never = config_map(stand, "never", annotations=wait_for("Ready", "Synced=False"))
    after = config_map(stand, "after")
    waves = [*stand.session().record().waves(), [never], [after]]
    problem = the_problem(WAIT_TIMED_OUT, lambda: apply_waves(stand, waves))
    assert problem.where.object == f"ConfigMap {stand.name}/never"
    assert "Ready, Synced" in problem.what
    assert exists(stand, never)
    assert not exists(stand, after)


def test_a_wait_has_an_end(stand: Stand) -> None:
    stand.write(clusters=[cluster(paused=False)])
    plan = stand.apply()
    session = stand.session()
    problem = the_problem(WAIT_TIMED_OUT, lambda: list(session.watch(0.5, session.settled(plan))))
    assert problem.where.cluster == "shop"


def test_a_server_that_does_not_answer(stand: Stand, tmp_path: Path) -> None:
    session = stand.session()
    session.plane = Plane(tmp_path / "never-started")
    the_problem(API_SERVER_UNREACHABLE, session.plan)

    config = yaml.safe_load(stand.plane.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    dead = tmp_path / "dead.kubeconfig"
    dead.touch(mode=0o600)
    dead.write_text(yaml.safe_dump(config))
    the_problem(API_SERVER_UNREACHABLE, lambda: Api(dead).get("/api"))


class Stale(StackObjects):
    """The objects as they were a moment ago."""

    def __init__(self, stand: Stand) -> None:
        member = membership(project_name(), stand.name, stand.name)
        super().__init__(stand.api, stand.name, member)
        self._then = super().live()

    def live(self, wanted: Iterable[Key] = ()) -> Objects:
        return dict(self._then)


def test_what_controllers_write_meanwhile_is_no_change_of_ours(
    stand: Stand, kubectl: Kubectl
) -> None:
    stand.write(clusters=[cluster()])
    stand.apply()
    stale = Stale(stand)
    kubectl("annotate", "cluster/shop", "-n", stand.name, "example.com/written=meanwhile")
    recording = stand.session().record()
    made_once = recording.made_once()
    plan = plan_objects(stand.api, recording.objects(), stale, made_once=made_once)
    assert [change.diff() for change in plan.changes] == []
    (found,) = (manifest for key, manifest in plan.live.items() if key.kind == "Cluster")
    assert found["metadata"]["annotations"]["example.com/written"] == "meanwhile"
