"""Requirements of an existing management cluster, asked of a real API server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.cluster.settings import Cluster
from components.cluster.workload_cluster import cluster_manifest
from components.infrastructure.in_memory import InMemory
from components.mappings import Manifest
from engine.api import Api
from engine.requirements import CONTROL_PLANE, CORE, PROVIDER, check
from engine.session import Session
from errors import CaasError, Where
from errors.management import DEFINITION_MISSING, LABELS_STAY_OFF_NODES, TOPOLOGY_GATE_OFF
from plane.plane import Plane
from plane.progress import Silent

pytestmark = [pytest.mark.plane, pytest.mark.timeout(600)]
HERE = Where(file="Pulumi.prod.yaml")
GATE = "--feature-gates=MachinePool=true,ClusterTopology=true"
STACK = """\
config:
  caas:management: {{ mode: existing, namespace: {namespace}, kubeconfig: {kubeconfig} }}
  caas:infrastructure:
    provider: openstack
    cloud: lab
    region: RegionOne
    authUrl: https://keystone.example.com/v3
    externalNetwork: {{ name: public }}
  caas:clusters:
    - {{ name: apps, version: 1.36.3, workerPools: [{{ name: general, replicas: 1 }}] }}
"""


@pytest.fixture
def api(plane: Plane) -> Api:
    return Api(plane.kubeconfig)


def shop(**labels: str) -> Manifest:
    pools = [{"name": "general", "labels": labels}]
    settings = {"name": "shop", "version": "1.36.3", "workerPools": pools}
    return cluster_manifest(Cluster.model_validate(settings), InMemory(), "clusters")


def refused(api: Api, *objects: Manifest) -> list[tuple[Any, str]]:
    try:
        check(api, objects, HERE)
    except CaasError as error:
        return [(each.code, each.what) for each in error.problems]
    return []


@pytest.fixture
def managers(api: Api, namespace: str) -> Iterator[Any]:
    """Deployments of Cluster API's managers, as `clusterctl init` makes them; no pod runs."""
    api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    made: list[Manifest] = []

    def make(provider: str, *arguments: str) -> None:
        labels = {PROVIDER: provider}
        container = {"name": "manager", "image": "example.com/manager:v1", "args": [*arguments]}
        manifest: Manifest = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": provider, "namespace": namespace, "labels": labels},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
        }
        api.apply(manifest)
        made.append(manifest)

    yield make
    for manifest in made:
        api.delete(manifest)


def test_kinds_that_nothing_serves_are_named(api: Api) -> None:
    proxy = {"apiVersion": "addons.cluster.x-k8s.io/v1alpha1", "kind": "HelmChartProxy"}
    # No provider has this kind: other tests define the kinds of real ones on the shared plane.
    template = {
        "apiVersion": "infrastructure.cluster.x-k8s.io/v1beta1",
        "kind": "UnservedClusterTemplate",
    }
    issuer = {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer"}  # a chart brings it
    found = refused(api, shop(), proxy, template, issuer)
    assert [code for code, _ in found] == [DEFINITION_MISSING, DEFINITION_MISSING]
    assert "HelmChartProxy" in found[0][1]
    assert "UnservedClusterTemplate" in found[1][1]


def test_what_is_served_and_switched_on_is_enough(api: Api, managers: Any) -> None:
    assert not refused(api, shop(team="a")), "without Deployments the flags are not known"
    managers(CORE, GATE, "--additional-sync-machine-labels=.*")
    managers(CONTROL_PLANE, GATE)
    assert not refused(api, shop(team="a"))


@pytest.mark.parametrize("gates", [(), ("--feature-gates=ClusterTopology=false",)])
@pytest.mark.parametrize("provider", [CORE, CONTROL_PLANE])
def test_the_gate_of_cluster_classes(
    api: Api, managers: Any, provider: str, gates: tuple[str, ...]
) -> None:
    for each in (CORE, CONTROL_PLANE):
        managers(each, *(gates if each == provider else (GATE,)))
    ((code, what),) = refused(api, shop())
    assert code is TOPOLOGY_GATE_OFF
    assert provider in what


@pytest.mark.parametrize(
    ("label", "flag", "lost"),
    [
        ("workload", "", True),
        ("node.longhorn.io/create-default-disk", "", True),
        ("node.longhorn.io/create-default-disk", "longhorn.io/.*", False),
        ("workload", "longhorn.io/.*", True),
        ("workload", "a,work.*", False),
        ("node-role.kubernetes.io/worker", "", False),
        ("one.node-restriction.kubernetes.io/zone", "", False),
        ("node.cluster.x-k8s.io/pool", "", False),
    ],
)
def test_labels_that_do_not_reach_nodes(
    api: Api, managers: Any, label: str, flag: str, lost: bool
) -> None:
    managers(CORE, GATE, *([f"--additional-sync-machine-labels={flag}"] if flag else []))
    found = refused(api, shop(**{label: "x"}))
    assert [code for code, _ in found] == [LABELS_STAY_OFF_NODES] * lost


def test_a_preview_tells_before_anything_is_applied(
    plane: Plane, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = STACK.format(namespace=namespace, kubeconfig=plane.kubeconfig)
    (tmp_path / "Pulumi.prod.yaml").write_text(text)
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    session = Session("prod", Silent())
    assert not session.offline
    session.open()
    with pytest.raises(CaasError) as error:
        session.plan()
    found = {each.what.split(" serve ")[1].split(" ")[0] for each in error.value.problems}
    assert "HelmChartProxy" in found
