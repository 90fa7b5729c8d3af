"""The autoscaler: for which clusters there is one, what it may do, and how its pod runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.version import Version

from catalog import catalog
from components.cluster.autoscaler import image, rules
from components.infrastructure.in_memory import InMemory
from components.mappings import Manifest
from engine.program import Recording, run_program
from tests.unit.planned import cluster, pool

EXISTING = {"mode": "existing", "kubeconfig": "/nowhere"}
SCALED = {"name": "scaled", "autoscaling": {"min": 1, "max": 3}}


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Recording]:
    """Records a stack with this configuration."""

    def run(**config: Any) -> Recording:
        file = tmp_path / "Pulumi.unit.yaml"
        settings = {f"caas:{key}": value for key, value in config.items()}
        file.write_text(yaml.safe_dump({"config": settings}))
        return run_program("unit", file)

    return run


def of_kind(recording: Recording, kind: str) -> list[Manifest]:
    return [each for each in recording.objects() if each["kind"] == kind]


def deployment(recording: Recording) -> Manifest:
    (found,) = of_kind(recording, "Deployment")
    return found


def test_each_cluster_with_such_a_pool_has_one(record: Callable[..., Recording]) -> None:
    clusters = [
        cluster("one", workerPools=[pool(), SCALED]),
        cluster("two"),
        cluster("three", workerPools=[SCALED, SCALED | {"name": "more"}]),
    ]
    recording = record(management=EXISTING, clusters=clusters)
    names = [each["metadata"]["name"] for each in of_kind(recording, "Deployment")]
    assert names == ["one-autoscaler", "three-autoscaler"]
    for kind in ("ServiceAccount", "Role", "RoleBinding"):
        assert len(of_kind(recording, kind)) == 1
    last = [{each["kind"] for each in wave} for wave in recording.waves()]
    assert last[-2:] == [{"Cluster"}, {"Deployment"}]


@pytest.mark.parametrize(
    ("management", "pools"), [(EXISTING, [pool()]), ({"mode": "embedded"}, [SCALED])]
)
def test_otherwise_there_is_none(
    record: Callable[..., Recording], management: dict[str, str], pools: list[dict[str, Any]]
) -> None:
    recording = record(management=management, clusters=[cluster(workerPools=pools)])
    kinds = {each["kind"] for each in recording.objects()}
    assert not kinds & {"Deployment", "ServiceAccount", "Role", "RoleBinding"}


def test_it_looks_at_one_cluster_with_its_options(record: Callable[..., Recording]) -> None:
    options = {
        "expander": "most-pods",
        "scaleDownUnneededTime": "90s",
        "scaleDownUtilizationPercent": 65,
        "scaleDownDelayAfterAdd": "5m",
        "maxNodeProvisionTime": "20m",
    }
    shop = cluster(workerPools=[SCALED], autoscaler=options)
    management = EXISTING | {"namespace": "blue"}
    spec = deployment(record(management=management, clusters=[shop]))["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert {
        "--cloud-provider=clusterapi",
        "--node-group-auto-discovery=clusterapi:namespace=blue,clusterName=shop",
        "--kubeconfig=/etc/kubernetes/workload/kubeconfig",
        "--clusterapi-cloud-config-authoritative",
        "--balance-similar-node-groups",
        "--enforce-node-group-min-size",
        "--expander=most-pods",
        "--scale-down-unneeded-time=1m30s",
        "--scale-down-utilization-threshold=0.65",
        "--scale-down-delay-after-add=5m",
        "--max-node-provision-time=20m",
    } <= set(container["args"])
    (volume,) = spec["volumes"]
    assert volume["secret"]["secretName"] == "shop-kubeconfig"


def test_its_pod_is_hardened(record: Callable[..., Recording]) -> None:
    """The `restricted` Pod Security Standard, and a read-only root file system."""
    shop = cluster(workerPools=[SCALED])
    recording = record(management=EXISTING, clusters=[shop])
    spec = deployment(recording)["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert container["resources"]["limits"].keys() == {"memory"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/health-check", "port": 8085}


def test_it_may_do_no_more_than_it_does() -> None:
    allowed = {
        (rule["apiGroups"][0], resource): set(rule["verbs"])
        for rule in rules(InMemory())
        for resource in rule["resources"]
    }
    group, read = "cluster.x-k8s.io", {"get", "list", "watch"}
    assert allowed == {
        (group, "machinedeployments"): read,
        (group, "machinesets"): read,
        (group, "machinepools"): read,
        (group, "machinedeployments/scale"): {"get", "patch", "update"},
        (group, "machines"): read | {"update", "patch"},
        ("infrastructure.cluster.x-k8s.io", "devmachinetemplates"): read,
    }


@pytest.mark.parametrize("version", catalog().kubernetes_versions, ids=str)
def test_its_minor_is_that_of_the_cluster_or_the_newest_before(version: Version) -> None:
    tag = Version(image(version).rpartition(":")[2])
    newest = max(
        Version(name.rpartition("-")[2])
        for name in catalog().images
        if name.startswith("cluster-autoscaler-")
    )
    assert (tag.major, tag.minor) == min((version.major, version.minor), newest.release[:2])
