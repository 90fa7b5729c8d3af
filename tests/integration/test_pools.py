"""Worker pools on real Cluster API: an autoscaler's hand is kept, bounds change in place."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from kubectl import Kubectl, eventually
from stand import Settings, Stand, stand_on

from catalog import catalog
from components.chart import Chart
from components.cluster_object import MAX_SIZE, MIN_SIZE
from components.infrastructure.in_memory import InMemory
from components.mappings import Manifest
from engine.api import Api
from engine.fleet import POOL_NAME
from engine.plan.objects import same_where_set
from engine.program import run_program
from errors import CaasError
from plane.binaries import Binaries
from plane.plane import Plane

pytestmark = [pytest.mark.plane, pytest.mark.timeout(600)]

UPSTREAM = Path(__file__).resolve().parents[3] / "shared" / "upstream"
ADDON_CRDS = UPSTREAM / "crds" / "cluster-api-addon-provider-helm"
SCALED_SECONDS = 120.0
EVERYTHING = {
    "type": "large",
    "image": "ubuntu-24.04",
    "disk": {"sizeGiB": 80, "type": "fast"},
    "dataDisks": [{"name": "data", "sizeGiB": 100, "type": "slow"}, {"name": "logs"}],
    "placement": "strict-spread",
    "spot": True,
    "spotMaxPrice": "0.05",
    "gpu": True,
}


def cluster(*pools: Settings) -> Settings:
    return {
        "name": "shop",
        "version": "1.36.3",
        "controlPlane": {"replicas": 1},
        "workerPools": list(pools),
    }


def scaled(least: int, most: int) -> Settings:
    return {"name": "scaled", "autoscaling": {"min": least, "max": most}}


@pytest.fixture
def stand(plane: Plane, tmp_path: Path) -> Iterator[Stand]:
    with stand_on(plane, tmp_path, f"test-{uuid.uuid4().hex[:8]}") as found:
        yield found


def deployment(stand: Stand, pool: str) -> Manifest:
    """The MachineDeployment of a pool."""
    found = stand.session().fleet().pools["shop"]
    return next(each for each in found if each["metadata"]["labels"][POOL_NAME] == pool)


def names(stand: Stand, pool: str) -> set[str]:
    return {each["metadata"]["name"] for each in stand.machines("shop", pool)}


def on_an_existing_cluster(stand: Stand, *clusters: Settings) -> list[Manifest]:
    """The objects of the same file, under another stack's name, where Cluster API runs in pods."""
    file = stand.folder / "Pulumi.elsewhere.yaml"
    management = {"mode": "existing", "kubeconfig": "/nowhere", "namespace": stand.name}
    config = {"caas:management": management, "caas:clusters": list(clusters)}
    file.write_text(yaml.safe_dump({"config": config}))
    return run_program("elsewhere", file).objects()


class AsAutoscaler:
    """Acts on the management cluster with the account of the stack's autoscalers."""

    def __init__(self, stand: Stand, binaries: Binaries) -> None:
        for each in on_an_existing_cluster(stand, cluster(scaled(1, 2))):
            if each["kind"] in ("ServiceAccount", "Role", "RoleBinding"):
                stand.api.apply(each)
        self._kubectl = Kubectl(binaries.kubectl, stand.plane.kubeconfig)
        account = f"system:serviceaccount:{stand.name}:cluster-autoscaler"
        self._as = (f"--as={account}", f"--namespace={stand.name}")

    def scale(self, name: str, replicas: int) -> None:
        """Sets the number as the autoscaler does: a merge patch of the scale subresource."""
        patch = json.dumps({"spec": {"replicas": replicas}})
        options = ("--subresource=scale", "--type=merge", f"--patch={patch}")
        self._kubectl("patch", "machinedeployments.cluster.x-k8s.io", name, *options, *self._as)

    def may(self, *question: str) -> bool:
        """True if the API server would allow the request."""
        return self._kubectl.run("auth", "can-i", *question, *self._as).stdout.strip() == "yes"


def test_an_autoscaler_and_the_file_do_not_fight(stand: Stand, binaries: Binaries) -> None:
    fixed = {"name": "fixed", "replicas": 1}
    stand.write(clusters=[cluster(scaled(2, 4), fixed)])
    stand.up()
    first = names(stand, "scaled")
    assert len(first) == 2, "a new pool begins with the fewest machines"

    autoscaler = AsAutoscaler(stand, binaries)
    autoscaler.scale(deployment(stand, "scaled")["metadata"]["name"], 3)
    eventually(lambda: len(names(stand, "scaled")) == 3, SCALED_SECONDS)
    grown = names(stand, "scaled")
    assert stand.plan().is_empty, "what the autoscaler chose is no drift"

    # Other bounds, a pool that is from now on scaled, and one that is new: one apply.
    adopted = {"name": "fixed", "autoscaling": {"min": 0, "max": 2}}
    alone = names(stand, "fixed")
    new = {"name": "new", "replicas": 1, "machine": EVERYTHING}
    stand.write(clusters=[cluster(scaled(4, 6), adopted, new)])
    stand.up()
    assert names(stand, "scaled") == grown, "a higher `min` is left to the autoscaler"
    assert names(stand, "fixed") == alone
    annotations = deployment(stand, "scaled")["metadata"]["annotations"]
    assert (annotations[MIN_SIZE], annotations[MAX_SIZE]) == ("4", "6")
    marks = deployment(stand, "new")["metadata"]["labels"]
    assert marks["caas.dev/spot"] == marks["caas.dev/gpu"] == "true"
    assert taints(stand, "new") == {
        ("caas.dev/spot", "PreferNoSchedule"),
        ("nvidia.com/gpu", "NoSchedule"),
    }

    # To zero, a pool gone, and back to a number of the file.
    autoscaler.scale(deployment(stand, "fixed")["metadata"]["name"], 0)
    eventually(lambda: not names(stand, "fixed"), SCALED_SECONDS)
    back = {"name": "scaled", "replicas": 2}
    stand.write(clusters=[cluster(back, adopted)])
    stand.up()
    assert len(names(stand, "scaled") & grown) == len(names(stand, "scaled")) == 2
    assert not names(stand, "new")
    assert not names(stand, "fixed")
    assert stand.plan().is_empty


def taints(stand: Stand, pool: str) -> set[tuple[str, str]]:
    """The taints with which the pool's machines register."""
    path = "/apis/bootstrap.cluster.x-k8s.io/v1beta2"
    found = stand.api.list(f"{path}/namespaces/{stand.name}/kubeadmconfigs")
    of_pool = [each for each in found if each["metadata"]["labels"].get(POOL_NAME) == pool]
    return {
        (taint["key"], taint["effect"])
        for each in of_pool
        for taint in each["spec"]["joinConfiguration"]["nodeRegistration"].get("taints", ())
    }


def test_a_number_and_bounds_are_refused_by_cluster_api_itself(stand: Stand) -> None:
    """The reason why `replicas` is left out, and why the file must not have both."""
    stand.write(clusters=[cluster(scaled(1, 2))])
    wanted = stand.plan()
    manifest = next(each for key, each in wanted.objects.desired.items() if key.kind == "Cluster")
    ensure_namespace(stand)
    pool = manifest["spec"]["topology"]["workers"]["machineDeployments"][0]
    pool["replicas"] = 1
    with pytest.raises(CaasError, match="replicas"):
        stand.api.apply(manifest, dry_run=True)
    del pool["replicas"]
    stand.api.apply(manifest, dry_run=True)


def ensure_namespace(stand: Stand) -> None:
    stand.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": stand.name}})


def test_an_autoscaler_may_do_its_work_and_no_more(stand: Stand, binaries: Binaries) -> None:
    ensure_namespace(stand)
    may = AsAutoscaler(stand, binaries).may
    group = "cluster.x-k8s.io"
    for verb in ("get", "list", "watch"):
        for resource in ("machinedeployments", "machinesets", "machinepools", "machines"):
            assert may(verb, f"{resource}.{group}")
        assert may(verb, "devmachinetemplates.infrastructure.cluster.x-k8s.io")
    assert may("patch", f"machinedeployments.{group}", "--subresource=scale")
    assert may("update", f"machines.{group}")
    for verb, resource in (
        ("get", "secrets"),
        ("delete", f"machines.{group}"),
        ("create", f"machines.{group}"),
        ("patch", f"machinedeployments.{group}"),
        ("get", f"clusters.{group}"),
        ("create", "pods"),
    ):
        assert not may(verb, resource), f"{verb} {resource}"


def test_the_api_server_accepts_autoscalers(stand: Stand) -> None:
    ensure_namespace(stand)
    options = {"expander": "random", "scaleDownUtilizationPercent": 30}
    settings = cluster(scaled(1, 2)) | {"autoscaler": options}
    kinds = {"ServiceAccount", "Role", "RoleBinding", "Deployment"}
    found = [each for each in on_an_existing_cluster(stand, settings) if each["kind"] in kinds]
    assert {each["kind"] for each in found} == kinds
    for each in found:
        stand.api.apply(each, dry_run=True)


def addon_kinds(api: Api) -> None:
    """Makes the add-on provider's kinds known, and waits until they are served."""
    for file in sorted(ADDON_CRDS.glob("*.yaml")):
        api.apply(yaml.safe_load(file.read_text()))
    end = time.monotonic() + SCALED_SECONDS
    while not _served(api):
        assert time.monotonic() < end
        time.sleep(0.2)


def _served(api: Api) -> bool:
    try:
        found = api.request("GET", "/apis/addons.cluster.x-k8s.io/v1alpha1")
    except CaasError:
        return False
    return "helmchartproxies" in {each["name"] for each in found.get("resources", ())}


@pytest.mark.skipif(not ADDON_CRDS.is_dir(), reason="the add-on provider's CRDs are not here")
def test_the_api_server_accepts_companions(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"name": "{{ .Cluster.metadata.name }}"}
    charts = tuple(Chart(name, "kube-system", values) for name in catalog().charts)
    monkeypatch.setattr(InMemory, "charts", lambda self: charts)
    ensure_namespace(stand)
    addon_kinds(stand.api)
    objects = on_an_existing_cluster(stand, cluster())
    proxies = [each for each in objects if each["kind"] == "HelmChartProxy"]
    assert len(proxies) == len(charts)
    for wanted in proxies:
        made = stand.api.apply(wanted, dry_run=True)
        assert same_where_set(wanted["spec"], made["spec"]), "nothing was pruned"
