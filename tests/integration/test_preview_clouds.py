"""Every stack of this repository previewed without credentials; a management cluster of others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.runtime import rpc
from stand import QUICK

from cli.commands import destroy
from components.manifest import membership
from engine.api import Api
from engine.plan.clusters import ClusterAction
from engine.session import Session
from errors import CaasError
from errors.program import MANAGEMENT_CLUSTER_STAYS
from plane.plane import Plane
from plane.progress import Silent
from stacks.paths import CHECKOUT, project_name
from stacks.private import write_private
from stacks.settings.source import stack_name
from tests.stack_files import stack_files

STACKS = stack_files()
HERE = ("local", "laptop")
"""Stacks whose machines are on this one: nothing of a cloud, and no price."""
ON_CLOUDS = [name for name in map(stack_name, STACKS) if name not in HERE]
CREDENTIALS = ("AWS_", "OS_", "PULUMI_", "KUBECONFIG", "AZURE_", "GOOGLE_")


def preview(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command for a user without credentials of any kind and without a pulumi CLI."""
    kept = {name: each for name, each in os.environ.items() if not name.startswith(CREDENTIALS)}
    own = {"HOME": str(home), "CAAS_STATE": str(home / "state"), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [sys.executable, "-m", "cli", "preview", *arguments],
        cwd=CHECKOUT,
        env=kept | own,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("stack", [*ON_CLOUDS, "laptop"])
def test_without_credentials(stack: str, tmp_path: Path) -> None:
    told = preview(tmp_path, stack, "--output", "json")
    assert told.returncode == 2, told.stderr
    found = json.loads(told.stdout)
    assert found["offline"]
    assert {each["action"] for each in found["clusters"]} == {"create"}
    assert rpc.UNKNOWN not in told.stdout
    assert rpc._special_sig_key not in told.stdout
    assert not (tmp_path / "state").exists(), "nothing is left behind"
    assert bool(found["resources"]) == (stack in ON_CLOUDS)
    if stack in HERE:
        return
    lines = {each["kind"] for each in found["estimate"]["lines"]}
    assert {"machine", "gib"} <= lines
    assert "<known after creation>" in told.stdout


def test_for_people(tmp_path: Path) -> None:
    told = preview(tmp_path, "prod-aws")
    assert told.returncode == 2, told.stderr
    assert len(told.stdout.splitlines()) < 200
    for text in (
        "./caas bootstrap prod-aws",
        "6 aws Subnet: ",
        "+ Cluster clusters/shop",
        "known after creation",
        "cluster `shop`: new",
        "NAT gateway",
        "together",
        "Prices of ",
    ):
        assert text in told.stdout


def test_the_same_without_the_clouds_own_software(tmp_path: Path) -> None:
    """A stack that uses one cloud imports nothing of the other, and the local one of neither."""
    code = (
        "import sys; from pathlib import Path; from engine.program import run_program\n"
        "run_program(sys.argv[1], Path(sys.argv[2]))\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules if name.startswith('pulumi_')}))"
    )
    for stack, wanted in {"local": set(), "dev": {"pulumi_openstack"}}.items():
        file = CHECKOUT / "stacks" / f"Pulumi.{stack}.yaml"
        told = subprocess.run(
            [sys.executable, "-c", code, stack, str(file)],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
        assert set(told.stdout.split()) & {"pulumi_aws", "pulumi_openstack"} == wanted


def foreign(namespace: str) -> dict[str, Any]:
    """A cluster in the same namespace that does not belong to the stack."""
    return {
        "apiVersion": "cluster.x-k8s.io/v1beta2",
        "kind": "Cluster",
        "metadata": {"name": "theirs", "namespace": namespace},
        "spec": {
            "paused": True,
            "controlPlaneEndpoint": {"host": "10.0.0.1", "port": 6443},
            "infrastructureRef": {
                "apiGroup": "infrastructure.cluster.x-k8s.io",
                "kind": "DevCluster",
                "name": "theirs",
            },
        },
    }


@pytest.mark.plane
@pytest.mark.timeout(600)
def test_a_management_cluster_of_others(
    plane: Plane, tmp_path: Path, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what is this stack's is looked at, waited for and removed."""
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    monkeypatch.setenv("CAAS_STATE", str(tmp_path / "state"))
    context = yaml.safe_load(plane.kubeconfig.read_text())["current-context"]
    reached = {"mode": "existing", "kubeconfig": str(plane.kubeconfig), "context": context}
    config = {
        "caas:management": {"namespace": namespace} | reached,
        "caas:infrastructure": QUICK,
        "caas:clusters": [{"name": "ours", "version": "1.36.1", "controlPlane": {"replicas": 1}}],
    }
    (tmp_path / f"Pulumi.{namespace}.yaml").write_text(yaml.safe_dump({"config": config}))

    def session() -> Session:
        return Session(namespace, Silent())

    first = session()
    assert not first.open()
    assert not first.offline
    plan = first.plan()
    first.apply(plan, lambda change: None)
    api = Api(plane.kubeconfig)
    api.apply(foreign(namespace))
    for _ in first.watch(300, first.settled(plan)):
        pass
    assert [each.name for each in first.fleet().states()] == ["ours"]
    secret = f"/api/v1/namespaces/{namespace}/secrets/ours-encryption"
    key = (api.get(secret) or {})["data"]

    again = session().plan()
    assert again.is_empty, [change.diff() for change in again.objects.changes]
    assert [change.action for change in again.clusters] == [ClusterAction.UNCHANGED]
    estimated = session().estimate(again)
    assert estimated.lines[0].before == estimated.lines[0].after
    assert (api.get(secret) or {})["data"] == key, "what is made once is left alone"

    last = session()
    last.delete_clusters()
    for _ in last.watch(300, lambda fleet: not fleet.clusters):
        pass
    last.remove_objects()
    labelled = {"labelSelector": f"caas.dev/stack={namespace}"}
    left = api.list(f"/api/v1/namespaces/{namespace}/secrets", **labelled)
    assert [each["metadata"]["name"] for each in left] == ["ours-encryption"], "its key stays"
    record = membership(project_name(), namespace, namespace)
    assert api.get(f"/apis/caas.dev/v1alpha1/stacks/{record}") is None
    assert "deletionTimestamp" not in (api.get(f"/api/v1/namespaces/{namespace}") or {})["metadata"]
    theirs = f"/apis/cluster.x-k8s.io/v1beta2/namespaces/{namespace}/clusters/theirs"
    assert "deletionTimestamp" not in (api.get(theirs) or {})["metadata"]
    api.delete(foreign(namespace))


@pytest.mark.plane
def test_a_management_cluster_does_not_delete_itself(
    plane: Plane, tmp_path: Path, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    monkeypatch.setenv("CAAS_STATE", str(tmp_path / "state"))
    text = (CHECKOUT / "stacks" / "Pulumi.prod-aws.yaml").read_text()
    (tmp_path / f"Pulumi.{namespace}.yaml").write_text(text)
    own = tmp_path / "state" / namespace / "kubeconfig"
    own.parent.mkdir(parents=True)
    write_private(own, plane.kubeconfig.read_text())
    with pytest.raises(CaasError) as caught:
        destroy.command(namespace, yes=True)
    assert caught.value.problems[0].code is MANAGEMENT_CLUSTER_STAYS
    assert own.exists()
