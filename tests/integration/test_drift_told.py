"""Drift on a real plane: each writer is reported by name, and no other."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from kubectl import Kubectl, eventually

from engine.session import Session
from errors import drift as codes
from errors.stack_rules import DOWNGRADE
from plane.binaries import Binaries
from plane.plane import Plane
from plane.progress import Silent
from tests.unit.command_line import ROOT, Outcome, environment

pytestmark = [pytest.mark.plane, pytest.mark.timeout(1200)]

SETTLED_SECONDS = 400.0
ROUNDS = 30
"""The number of times that every owned object is touched so that its controllers reconcile it."""
Settings = dict[str, Any]
Found = dict[str, Any]


def cluster(name: str, **labels: str) -> Settings:
    return {
        "name": name,
        "version": "1.36.1",
        "labels": {"team": "web"} | labels,
        "controlPlane": {"replicas": 1},
        "workerPools": [{"name": "general", "replicas": 1}],
    }


class Home:
    """A separate stack `local` with a separate plane."""

    def __init__(self, folder: Path, binaries: Binaries) -> None:
        self.folder = folder
        self.env = {"CAAS_STACKS": str(folder), "CAAS_STATE": str(folder / "state")}
        self.write(cluster("shop"), cluster("blog"))
        self.plane = Plane(folder / "state" / "local")
        self.kubectl = Kubectl(binaries.kubectl, self.plane.kubeconfig)
        self.names = ("--namespace", "clusters")

    def write(self, *clusters: Settings) -> None:
        config = {
            "caas:infrastructure": {
                "provider": "in-memory",
                "machineStartup": "0s",
                "nodeStartup": "0s",
            },
            "caas:clusters": list(clusters),
        }
        file = self.folder / "Pulumi.local.yaml"
        file.write_text(yaml.safe_dump({"config": config}))

    def caas(self, *arguments: str) -> Outcome:
        done = subprocess.run(
            [str(ROOT / "caas"), *arguments],
            env=environment(self.env),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=SETTLED_SECONDS + 60,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def up(self) -> None:
        done = self.caas("up", "--engine", "in-process", "--timeout", f"{SETTLED_SECONDS:.0f}s")
        assert done.status == 0, done.err

    def hand(self, *arguments: str, text: str | None = None) -> str:
        """Makes a change with kubectl, as a user would."""
        return self.kubectl(*self.names, *arguments, text=text)

    def get(self, *arguments: str) -> Any:
        return self.kubectl.get(*self.names, *arguments)

    def drift(self, status: int) -> list[Found]:
        done = self.caas("drift", "--output", "json")
        assert done.status == status, done.out + done.err
        answer = json.loads(done.out)
        assert answer["drift"] is (status == 3)
        found: list[Found] = answer["findings"]
        return found

    def settle(self) -> None:
        session = Session("local", Silent())
        session.open()
        for _ in session.watch(
            SETTLED_SECONDS, lambda fleet: all(state.settled for state in fleet.states())
        ):
            pass


@pytest.fixture(scope="module")
def made(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The stack, applied."""
    home = Home(tmp_path_factory.mktemp("drift"), binaries)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in home.env.items():
            patch.setenv(name, value)
        try:
            home.up()
            yield home
        finally:
            home.plane.destroy()


@pytest.fixture
def home(made: Home) -> Iterator[Home]:
    """The stack as it was applied; what a test did to it is put right when it is over."""
    yield made
    made.write(cluster("shop"), cluster("blog"))
    made.up()


def one(found: list[Found]) -> Found:
    assert len(found) == 1, found
    return found[0]


def test_nobody_is_accused_after_many_reconciles(home: Home) -> None:
    """In place of an hour: every controller starts anew, which looks at every object again, and
    then every owned object is touched many times, and a machine is deleted and healed."""
    assert home.drift(0) == []
    for process in home.plane.processes():
        if process.pid and process.name.endswith("manager"):
            psutil.Process(process.pid).kill()
    home.settle()
    owned = "clusterclass,cluster,kubeadmcontrolplane,machinedeployment,machineset,machine"
    for number in range(ROUNDS):
        home.hand("annotate", owned, "--all", "--overwrite", f"touched={number}")
    home.hand("annotate", owned, "--all", "touched-")
    deployed = "machinedeployment"
    (machine, *_) = home.get("machine", "--selector=topology.cluster.x-k8s.io/deployment-name")[
        "items"
    ]
    name = machine["metadata"]["name"]
    home.hand("delete", "machine", name, "--timeout=200s")
    (pool, *_) = home.get(deployed)["items"]
    home.hand("scale", deployed, pool["metadata"]["name"], "--replicas=2")
    eventually(lambda: home.get(deployed, pool["metadata"]["name"])["spec"]["replicas"] == 1, 120.0)
    home.settle()
    assert home.drift(0) == []


def patch(*changes: Settings) -> str:
    return json.dumps(list(changes))


def label(home: Home) -> None:
    home.hand("label", "cluster", "shop", "team=test", "--overwrite")


def removed_label(home: Home) -> None:
    home.hand("label", "cluster", "shop", "team-")


def scaled(home: Home) -> None:
    path = "/spec/topology/workers/machineDeployments/0/replicas"
    change = patch({"op": "replace", "path": path, "value": 2})
    home.hand("patch", "cluster", "shop", "--type=json", "--patch", change)


def paused(home: Home) -> None:
    change = patch({"op": "replace", "path": "/spec/paused", "value": True})
    home.hand("patch", "cluster", "shop", "--type=json", "--patch", change)


def applied(home: Home) -> None:
    manifest = {
        "apiVersion": "cluster.x-k8s.io/v1beta2",
        "kind": "Cluster",
        "metadata": {"name": "shop", "namespace": "clusters", "labels": {"team": "staging"}},
    }
    text = json.dumps(manifest)
    home.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", text=text)


@pytest.mark.parametrize(
    ("act", "path", "values", "by"),
    [
        (label, "metadata.labels.team", ("test", "web"), "kubectl-label"),
        (removed_label, "metadata.labels.team", (None, "web"), None),
        (
            scaled,
            "spec.topology.workers.machineDeployments[name=general].replicas",
            (2, 1),
            "kubectl-patch",
        ),
        (paused, "spec.paused", (True, False), "kubectl-patch"),
        (applied, "metadata.labels.team", ("staging", "web"), "kubectl"),
    ],
)
def test_changed_by_hand(
    home: Home,
    act: Callable[[Home], None],
    path: str,
    values: tuple[object, object],
    by: str | None,
) -> None:
    act(home)
    finding = one(home.drift(3))
    assert finding["code"] == codes.CHANGED_BY_HAND.id
    assert finding["where"]["object"] == "Cluster clusters/shop"
    assert finding["path"] == path
    assert (finding.get("found"), finding["wanted"]) == values
    assert finding["by"] == by
    assert finding["healedByUp"]
    home.up()
    assert home.drift(0) == []


def test_what_can_not_go_back_is_told(home: Home) -> None:
    """`up` refuses the downgrade; drift says what is all the same."""
    change = patch({"op": "replace", "path": "/spec/topology/version", "value": "v1.36.3"})
    home.hand("patch", "cluster", "blog", "--type=json", "--patch", change)
    try:
        finding = one(home.drift(3))
        assert finding["code"] == codes.CHANGED_BY_HAND.id
        assert (finding["path"], finding["found"]) == ("spec.topology.version", "v1.36.3")
        assert DOWNGRADE.id in home.caas("up", "--engine", "in-process").err
    finally:
        home.hand("delete", "cluster", "blog", "--timeout=200s")


def test_overridden_by_a_controller(home: Home) -> None:
    manifest = {
        "apiVersion": "cluster.x-k8s.io/v1beta2",
        "kind": "Cluster",
        "metadata": {"name": "shop", "namespace": "clusters", "labels": {"team": "gold"}},
    }
    options = ("--server-side", "--force-conflicts", "--field-manager=team-operator")
    home.kubectl("apply", *options, "-f", "-", text=json.dumps(manifest))
    finding = one(home.drift(3))
    assert finding["code"] == codes.OVERRIDDEN_BY_CONTROLLER.id
    assert (finding["found"], finding["by"]) == ("gold", "team-operator")


def test_what_controllers_add_is_expected(home: Home) -> None:
    manifest = {
        "apiVersion": "cluster.x-k8s.io/v1beta2",
        "kind": "Cluster",
        "metadata": {"name": "shop", "namespace": "clusters", "labels": {"rating": "gold"}},
    }
    options = ("--server-side", "--field-manager=team-operator")
    home.kubectl("apply", *options, "-f", "-", text=json.dumps(manifest))
    assert home.drift(0) == []


def test_added_to_an_object(home: Home) -> None:
    pool = {"class": "general", "name": "extra", "replicas": 1}
    old = home.get("cluster", "shop")["spec"]["topology"]["workers"]["machineDeployments"][0]
    pool["class"] = old["class"]
    path = "/spec/topology/workers/machineDeployments/-"
    change = patch({"op": "add", "path": path, "value": pool})
    home.hand("patch", "cluster", "shop", "--type=json", "--patch", change)
    home.hand("annotate", "cluster", "shop", "example.com/note=mine")
    note, extra = home.drift(3)
    assert {note["code"], extra["code"]} == {codes.ADDED_BY_HAND.id}
    assert (note["path"], note["found"]) == ('metadata.annotations["example.com/note"]', "mine")
    assert note["by"] == "kubectl-annotate"
    assert extra["path"] == "spec.topology.workers.machineDeployments[name=extra]"
    assert extra["found"]["replicas"] == 1
    assert not note["healedByUp"]
    home.up()
    assert len(home.drift(3)) == 2, "what somebody added is theirs"
    home.hand("annotate", "cluster", "shop", "example.com/note-")
    change = patch({"op": "remove", "path": path.replace("-", "1")})
    home.hand("patch", "cluster", "shop", "--type=json", "--patch", change)
    assert home.drift(0) == []


def test_deleted(home: Home) -> None:
    home.hand("delete", "cluster", "blog", "--timeout=200s")
    finding = one(home.drift(3))
    assert finding["code"] == codes.OBJECT_DELETED.id
    assert finding["where"]["object"] == "Cluster clusters/blog"
    assert "it is gone" in home.caas("drift").out
    home.up()
    assert home.drift(0) == []


def test_being_deleted(home: Home) -> None:
    hold = patch({"op": "add", "path": "/metadata/finalizers/-", "value": "example.com/hold"})
    home.hand("patch", "cluster", "blog", "--type=json", "--patch", hold)
    home.hand("delete", "cluster", "blog", "--wait=false")
    try:
        finding = one(home.drift(3))
        assert finding["code"] == codes.OBJECT_DELETED.id
        assert finding["what"] == "it is being deleted"
    finally:
        held = home.get("cluster", "blog")["metadata"]["finalizers"]
        path = f"/metadata/finalizers/{held.index('example.com/hold')}"
        test = {"op": "test", "path": path, "value": "example.com/hold"}
        free = patch(test, {"op": "remove", "path": path})
        home.hand("patch", "cluster", "blog", "--type=json", "--patch", free)
        home.hand("wait", "cluster", "blog", "--for=delete", "--timeout=200s")


def test_made_by_hand_with_the_stacks_label(home: Home) -> None:
    other = home.get("cluster", "shop")
    other["metadata"] = {
        "name": "copy",
        "namespace": "clusters",
        "labels": other["metadata"]["labels"],
    }
    other["spec"] = copy.deepcopy(other["spec"]) | {"paused": True}
    for made in ("controlPlaneEndpoint", "controlPlaneRef", "infrastructureRef"):
        other["spec"].pop(made, None)
    other.pop("status", None)
    home.hand("create", "-f", "-", text=json.dumps(other))
    try:
        finding = one(home.drift(3))
        assert finding["code"] == codes.OBJECT_ADDED_BY_HAND.id
        assert finding["where"]["object"] == "Cluster clusters/copy"
        assert finding["by"] == "kubectl-create"
    finally:
        change = json.dumps({"spec": {"paused": False}})
        home.hand("patch", "cluster", "copy", "--type=merge", "--patch", change)
        home.hand("delete", "cluster", "copy", "--timeout=200s")
    assert home.drift(0) == []


def test_what_is_not_applied_yet_is_no_drift(home: Home) -> None:
    shop = cluster("shop", team="gold", size="large")
    shop["workerPools"][0]["replicas"] = 2
    home.write(shop, cluster("news"))
    found = home.drift(0)
    assert {each["code"] for each in found} == {codes.NOT_APPLIED_YET.id}
    told = {(each["where"]["object"], each["path"] or each["what"]) for each in found}
    pool = "spec.topology.workers.machineDeployments[name=general].replicas"
    assert told >= {
        ("Cluster clusters/shop", "metadata.labels.team"),
        ("Cluster clusters/shop", "metadata.labels.size"),
        ("Cluster clusters/shop", pool),
        ("Cluster clusters/news", "it is not made yet"),
        ("Cluster clusters/blog", "it is no longer in the stack"),
    }
    names = {place.rpartition("/")[2].partition("-")[0] for place, _ in told}
    assert names == {"shop", "news", "blog"}
    text = home.caas("drift")
    assert text.status == 0
    assert "No drift" in text.out
    label(home)
    drifted = [each for each in home.drift(3) if each["drift"]]
    assert one(drifted)["path"] == "metadata.labels.team"
    assert one(drifted)["wanted"] == "gold"
