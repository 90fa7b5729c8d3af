"""Objects inside a workload cluster: what leaves the file leaves it, what is changed is put right.

Real: the plane with Cluster API's controller for ClusterResourceSets, and the API server of the
cluster. Played by the test: the controller of namespaces, which needs kube-controller-manager.
"""

from __future__ import annotations

import base64
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from kubectl import Kubectl, eventually
from lone_server import LoneServer, lone_server
from stand import Stand, stand_on

from components.cluster import encryption
from components.cluster.settings import ControlPlane
from components.delivery import plan as planning
from components.delivery.plan import ADDON_OF
from components.infrastructure.in_memory import InMemory
from components.tenancy.base import TENANCY
from engine.api import Api
from engine.inside import step
from engine.inside.step import ClusterWork, InsideClusters, asked
from engine.inside.usage import read_use
from engine.plan.plan import Plan
from errors import CaasError
from errors.drift import CHANGED_BY_HAND, CLUSTER_NOT_READ, OBJECT_DELETED
from errors.tenants import NAMESPACE_NOT_LEAVING
from operations.drift.inside import InsideDrift, find_inside
from operations.registry.pull_secrets import PullSecrets
from operations.registry.sync import Login
from operations.registry.vault import Secrets
from plane import pki
from plane.binaries import Binaries
from plane.plane import Plane
from stacks.environment import Environment
from stacks.settings import Stack
from stacks.settings.addons import Addons, ClusterSettings, addons_of
from stacks.settings.tenant_registries import PULL_SECRET, PullPlace
from stacks.settings.tenants import StackTenant

pytestmark = [pytest.mark.plane, pytest.mark.slow, pytest.mark.timeout(600)]

ARRIVAL = 180.0
"""Seconds that Cluster API may take to bring objects, on two cores that are shared."""
CLUSTER = {"name": "shop", "version": "1.36.3", "controlPlane": {"replicas": 1}}
SHOP: dict[str, Any] = {
    "name": "shop",
    "people": {"members": ["devs"], "viewers": ["support"]},
    "namespaces": ["web", "data"],
    "connections": [{"from": "web", "to": "data", "ports": [5432]}],
}
PAYMENTS = {"name": "payments", "people": {"members": ["pay"]}, "namespaces": ["pay-api"]}


@dataclass
class Home:
    """A stack with one cluster whose API server is a real one.

    Attributes:
        stand: the stack.
        kubectl: of the cluster.
        server: its API server.
        tenants: of the stack, as a stack file has them.
    """

    stand: Stand
    kubectl: Kubectl
    server: LoneServer
    tenants: list[dict[str, Any]] = field(default_factory=list)

    def deliveries(self, *_: object) -> planning.Fleet:
        """The delivery of the tenants alone: the charts of a network would need their provider."""
        cluster = ClusterSettings.model_validate(CLUSTER | {"addons": {"calico": {}}})
        tenants = [StackTenant.model_validate(each) for each in self.tenants]
        target = addons_of(Addons(), cluster, InMemory(), tenants=tenants)
        kept = {
            key: each
            for key, each in target.addons.items()
            if key == TENANCY or key.startswith("tenant-")
        }
        return planning.plan([replace(target, addons=kept)])

    def up(
        self, *tenants: dict[str, Any], delete_data: bool = False, agree: bool = True
    ) -> tuple[Plan, list[ClusterWork], list[str]]:
        """An `up`: the plan, the work in the cluster, and the reasons of what is left."""
        self.tenants = list(tenants)
        session = self.stand.session()
        session.delete_data = delete_data
        plan = session.plan()
        inside = InsideClusters(session, plan)
        inside.remember()
        session.apply(plan, lambda change: None)
        works = inside.act(inside.look(tick), lambda fate: agree, tick)
        return plan, works, [f"{each}" for each in inside.pending(works)]

    def drift(self) -> InsideDrift:
        session = self.stand.session()
        return find_inside(session, session.plan(lenient=True))

    def has(self, kind: str, name: str, namespace: str = "") -> bool:
        where = [f"--namespace={namespace}"] if namespace else []
        return self.kubectl.run("get", kind, name, *where).returncode == 0

    def people(self, role: str, namespace: str) -> list[str]:
        binding = self.kubectl.get("rolebinding", f"caas-tenant-{role}", f"--namespace={namespace}")
        return [each["name"] for each in binding.get("subjects", ())]

    def finalize(self, namespace: str) -> None:
        """Ends the deletion of a namespace, as its controller does when it is empty."""
        found = self.kubectl.get("namespace", namespace)
        assert found["metadata"]["deletionTimestamp"]
        self.kubectl("delete", "resourcequota,limitrange,rolebinding,networkpolicy", "--all",
                     f"--namespace={namespace}")  # fmt: skip
        found["spec"]["finalizers"] = []
        api = Api(self.kubectl.kubeconfig)
        api.request("PUT", f"/api/v1/namespaces/{namespace}/finalize", found)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The API server of the cluster does not answer meanwhile."""
        data = str(self.server.site.pki)
        (process,) = (
            each
            for each in psutil.process_iter(["name", "cmdline"])
            if each.info["name"] == "kube-apiserver"
            and data in " ".join(each.info["cmdline"] or ())
        )
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)


def tick(done: int, total: int, name: str) -> None:
    assert done <= total


def removed(works: list[ClusterWork]) -> list[str]:
    return [each.title for work in works for each in work.removed]


@pytest.fixture
def home(
    plane: Plane,
    binaries: Binaries,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Home]:
    key = encryption.new_configuration()
    folder = tmp_path / "workload"
    folder.mkdir()
    with (
        lone_server(binaries, folder, ControlPlane(), key) as server,
        stand_on(plane, tmp_path, namespace) as stand,
    ):
        kubeconfig = folder / "kubeconfig"
        pki.write_kubeconfig(kubeconfig, server.site.pki, "admin", server.site.server)
        found = Home(stand, Kubectl(binaries.kubectl, kubeconfig), server)
        monkeypatch.setattr("stacks.environment.plan", found.deliveries)
        monkeypatch.setattr("stacks.local.compose", compose)
        stand.write(clusters=[CLUSTER])
        give_way_in(stand, kubeconfig)
        yield found


def compose(stack: str, settings: Stack) -> None:
    """The composition of stacks on a plane, with the objects of add-ons."""
    here = Environment(stack, settings)
    shared = [*here.credentials(None), *here.cluster_class()]
    here.addons()
    here.clusters(None, after=shared)


def give_way_in(stand: Stand, kubeconfig: Path) -> None:
    """Makes the kubeconfig of the cluster before its control plane would."""
    name = stand.name
    stand.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    stand.api.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "cluster.x-k8s.io/secret",
            "metadata": {
                "name": "shop-kubeconfig",
                "namespace": name,
                "labels": {"cluster.x-k8s.io/cluster-name": "shop"},
            },
            "data": {"value": base64.b64encode(kubeconfig.read_bytes()).decode()},
        }
    )


def test_what_leaves_the_file_leaves_the_cluster(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "GONE_LIMIT", 1.0)
    assert home.up(SHOP, PAYMENTS)[1:] == ([], [])  # nothing was there before
    eventually(lambda: home.has("networkpolicy", "caas-connections", "pay-api"), ARRIVAL)
    eventually(lambda: home.people("viewer", "web") == ["support"], ARRIVAL)
    labels = home.kubectl.get("namespace", "web")["metadata"]["labels"]
    assert labels[ADDON_OF] == "tenant-shop"
    _the_use_of_quotas(home)
    _changes_by_hand_are_told_and_put_right(home)
    _people_and_connections(home)
    _a_leftover_with_the_label(home)
    _a_namespace_with_a_volume(home)
    _a_tenant_while_the_cluster_does_not_answer(home)


def _changes_by_hand_are_told_and_put_right(home: Home) -> None:
    eve = {"kind": "User", "name": "eve", "apiGroup": "rbac.authorization.k8s.io"}
    edit = ("patch", "rolebinding", "caas-tenant-viewer", "--namespace=web", "--type=merge")
    home.kubectl(*edit, f"--patch={{'subjects': [{eve}]}}".replace("'", '"'))
    home.kubectl("delete", "networkpolicy", "caas-default-deny", "--namespace=web")
    found = {each.code: each for each in home.drift().findings}
    assert found.keys() == {CHANGED_BY_HAND, OBJECT_DELETED}
    changed = found[CHANGED_BY_HAND]
    assert (changed.cluster, changed.key.name) == ("shop", "caas-tenant-viewer")
    assert changed.path.startswith("subjects")
    assert changed.by
    assert changed.by.manager == "kubectl-patch"
    _, (work,), left = home.up(SHOP, PAYMENTS)
    assert {key.name for key in work.restored} == {"caas-tenant-viewer", "caas-default-deny"}
    assert not left
    assert home.people("viewer", "web") == ["support"]
    assert not home.drift().findings


def _the_use_of_quotas(home: Home) -> None:
    """The controller that counts is kube-controller-manager's; here the test writes its numbers."""
    quota = ("resourcequota", "caas-tenant", "--namespace=web")
    counted = '{"status": {"used": {"pods": "3", "requests.cpu": "500m"}}}'
    home.kubectl("patch", *quota, "--subresource=status", "--type=merge", f"--patch={counted}")
    use = read_use(home.stand.session(), ["shop", "lab"])
    assert use.most("web", "requests.cpu", ["shop", "lab"]) == "500m"
    assert use.most("data", "requests.cpu", ["shop"]) == ""
    assert use.unread == {"lab": "The cluster `lab` has no kubeconfig yet"}


def _people_and_connections(home: Home) -> None:
    later = SHOP | {"people": {"members": ["devs"]}, "connections": []}
    plan, works, left = home.up(later, PAYMENTS)
    assert not any("removed from" in str(each) for each in plan.addons)
    assert not removed(works)
    assert not left
    eventually(lambda: home.people("viewer", "web") == [], ARRIVAL)
    policy = ("networkpolicy", "caas-connections", "--namespace=web")
    eventually(lambda: not home.kubectl.get(*policy)["spec"].get("egress"), ARRIVAL)


def _a_leftover_with_the_label(home: Home) -> None:
    """An object that an `up` without a record left, such as one by the pulumi CLI alone."""
    home.kubectl("create", "rolebinding", "old", "--role=x", "--user=eve", "--namespace=web")
    home.kubectl("label", "rolebinding", "old", f"{ADDON_OF}=tenant-shop", "--namespace=web")
    later = SHOP | {"people": {"members": ["devs"]}, "connections": []}
    _, works, left = home.up(later, PAYMENTS)
    assert (removed(works), left) == (["RoleBinding web/old"], [])


def _a_namespace_with_a_volume(home: Home) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "disk", "namespace": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    home.kubectl.apply(claim)
    with pytest.raises(CaasError) as caught:
        home.up(SHOP | {"namespaces": ["web"], "connections": []}, PAYMENTS)
    assert caught.value.problems[0].code is NAMESPACE_NOT_LEAVING
    closing = [{"name": "data", "leaving": True}, "web"]
    home.up(SHOP | {"namespaces": closing, "connections": []}, PAYMENTS)
    eventually(lambda: home.people("member", "data") == [], ARRIVAL)
    last = SHOP | {"namespaces": ["web"], "connections": []}
    plan, works, left = home.up(last, PAYMENTS, agree=False)
    assert any("Namespace data" in str(each) for each in plan.addons)
    assert not removed(works)
    assert ["was not confirmed" in each for each in left] == [True]
    assert home.has("networkpolicy", "caas-default-deny", "data")  # it stays closed
    plan, works, left = home.up(last, PAYMENTS)
    assert ["Namespace data" in str(each) for each in plan.pending] == [True]
    assert ["is not gone after" in each for each in left] == [True]
    _, works, left = home.up(last, PAYMENTS)
    assert ["it is being deleted" in each for each in left] == [True]
    home.finalize("data")
    _, works, left = home.up(last, PAYMENTS)
    assert not left
    assert not home.stand.session().removals.read().removals
    assert asked(works) == []


def _a_tenant_while_the_cluster_does_not_answer(home: Home) -> None:
    last = SHOP | {"namespaces": ["web"], "connections": []}
    with home.stopped():
        _, works, left = home.up(last, delete_data=True)
        assert [each.cluster for each in works if each.error] == ["shop"]
        assert ["does not answer" in each for each in left] == [True]
        assert [each.code for each in home.drift().unread] == [CLUSTER_NOT_READ]
    plan, works, left = home.up(last)
    assert ["Namespace pay-api" in str(each) for each in plan.pending] == [True]
    assert ["is not gone after" in each for each in left] == [True]
    home.finalize("pay-api")
    home.up(last)
    assert not home.has("namespace", "pay-api")
    assert not home.stand.session().removals.read().removals


def test_pull_secrets_of_a_tenant_are_in_its_namespaces(home: Home) -> None:
    """Those that are not there, or were changed, and nothing else; a silent cluster is named."""
    home.up(SHOP)
    eventually(lambda: all(home.has("namespace", name) for name in ("web", "data")), ARRIVAL)
    api = Api(home.kubectl.kubeconfig)
    api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "harbor"}})
    vault = Secrets(api, "registry.example.com")
    session = home.stand.session()
    places = {
        "shop": [PullPlace("shop", name) for name in ("web", "data", "not-there-yet")],
        "gone": [PullPlace("shop", "web")],
    }
    copies = PullSecrets(session, vault, places)
    words = [f"copy pull secret of shop to {name} in shop" for name in ("web", "data")]
    assert copies.look().words == words, "before the robot is made"
    vault.keep_pull_secret("robot-shop-pull", Login("robot$shop+pull", "se cret"))
    done = copies.copy()
    assert done.words == words
    assert done.unread.keys() == {"gone"}
    source = api.get("/api/v1/namespaces/harbor/secrets/robot-shop-pull")
    for name in ("web", "data"):
        made = api.get(f"/api/v1/namespaces/{name}/secrets/{PULL_SECRET}")
        assert source and made and made["data"] == source["data"]
        account = api.get(f"/api/v1/namespaces/{name}/serviceaccounts/default")
        assert account and account["imagePullSecrets"] == [{"name": PULL_SECRET}]
    assert copies.look().words == []
    home.kubectl.run("delete", "secret", PULL_SECRET, "--namespace=web")
    assert copies.copy().words == words[:1]
    assert copies.look().words == []
