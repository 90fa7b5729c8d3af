"""The templates of both kinds of machines contain the registry settings of the stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubectl import Kubectl, eventually

from engine.program import run_program
from plane.binaries import Binaries
from plane.plane import Plane

pytestmark = pytest.mark.plane

PATH = "/etc/containerd/certs.d/docker.io/hosts.toml"
HUB = {"name": "docker.io", "mirrors": [{"url": "https://harbor.example.com/v2/hub"}]}
MADE_SECONDS = 120


@pytest.fixture
def kubectl(
    plane: Plane,
    binaries: Binaries,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Kubectl]:
    """A cluster with a mirror, applied as `./caas up` does."""
    monkeypatch.setenv("CAAS_STATE", str(tmp_path / "state"))
    cluster = {
        "name": "shop",
        "version": "1.36.3",
        "controlPlane": {"replicas": 1},
        "workerPools": [{"name": "work", "replicas": 1}],
    }
    config = {
        "caas:management": {"namespace": namespace},
        "caas:registries": {"hosts": [HUB]},
        "caas:clusters": [cluster],
    }
    file = tmp_path / f"Pulumi.{namespace}.yaml"
    file.write_text(yaml.safe_dump({"config": config}))
    found = Kubectl(binaries.kubectl, plane.kubeconfig)
    for wave in run_program(namespace, file).waves(secrets=True):
        text = "\n---\n".join(json.dumps(each) for each in wave)
        found("apply", "--server-side", "-f", "-", text=text)
    yield found
    found.run("delete", "clusters", "--all", "-n", namespace, "--wait=false")
    found.run("delete", "namespace", namespace, "--wait=false")


def test_both_kinds_of_machines_get_the_mirror(kubectl: Kubectl, namespace: str) -> None:
    def files(kind: str, *path: str) -> list[str]:
        items: Any = kubectl.get(kind, "-n", namespace, "-l", "cluster.x-k8s.io/cluster-name=shop")
        specs = [each["spec"] for each in items["items"]]
        for key in path:
            specs = [each[key] for each in specs]
        return [file["content"] for spec in specs for file in spec["files"] if file["path"] == PATH]

    eventually(
        lambda: (
            bool(files("kubeadmcontrolplane", "kubeadmConfigSpec"))
            and bool(files("kubeadmconfigtemplate", "template", "spec"))
        ),
        MADE_SECONDS,
    )
    wanted = "override_path = true"
    assert wanted in files("kubeadmcontrolplane", "kubeadmConfigSpec")[0]
    assert wanted in files("kubeadmconfigtemplate", "template", "spec")[0]
