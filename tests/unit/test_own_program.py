"""The example of a program of one's own registers what its guide says."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from engine.program import Recording, record
from stacks.settings import as_pulumi_config

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "own-program"
PROJECT = yaml.safe_load((EXAMPLE / "Pulumi.yaml").read_text())["name"]


@pytest.fixture(scope="module")
def recording() -> Recording:
    config = as_pulumi_config(EXAMPLE / "Pulumi.dev.yaml")
    config[f"{PROJECT}:kubeconfig"] = "apiVersion: v1"
    return record(EXAMPLE / "__main__.py", "dev", config, project=PROJECT)


def test_it_is_short() -> None:
    assert len((EXAMPLE / "__main__.py").read_text().splitlines()) < 30


def test_its_add_ons_select_its_cluster(recording: Recording) -> None:
    objects = recording.objects()
    proxies = {
        each["spec"]["chartName"]: each["spec"]
        for each in objects
        if "chartName" in each.get("spec", {})
    }
    assert {"tigera-operator", "metallb", "harbor", "longhorn"} <= set(proxies)
    (cluster,) = [each for each in objects if each["kind"] == "Cluster"]
    labels = cluster["metadata"]["labels"]
    for chart in ("tigera-operator", "metallb", "harbor"):
        (chosen,) = proxies[chart]["clusterSelector"]["matchExpressions"]
        assert labels[chosen["key"]] in chosen["values"]
    values = yaml.safe_load(proxies["harbor"]["valuesTemplate"])
    assert values["externalURL"] == "https://registry.example.com"
    texts = [text for each in objects for text in each.get("data", {}).values()]
    assert any("kind: IPAddressPool" in text and "10.6.1.0/24" in text for text in texts)


def test_its_cluster_outlives_no_network(recording: Recording) -> None:
    """The Cluster comes after its add-ons, and goes before them."""
    resources = {each.name: each for each in recording.resources}
    after = resources["shop-cluster"].dependencies
    assert resources["cni-tigera-operator"].urn in after
    assert resources["vsphere-class"].urn in after


def test_its_outputs(recording: Recording) -> None:
    assert recording.outputs == {
        "kubeconfig": "[secret]",
        "registry": "https://registry.example.com",
    }


@pytest.mark.slow
def test_no_sdk_of_a_cloud_is_loaded() -> None:
    """A program without AWS does not install 270 MB."""
    code = (
        "import sys; from components.cluster import WorkloadCluster; "
        "from components.network import Calico; from components.registry import Harbor; "
        "sys.exit(any(name in sys.modules for name in ('pulumi_aws', 'pulumi_openstack')))"
    )
    assert (
        subprocess.run([ROOT / ".venv/bin/python", "-c", code], cwd=ROOT, check=False).returncode
        == 0
    )


@pytest.mark.pulumi
def test_the_pulumi_cli_previews_it(tmp_path: Path) -> None:
    pulumi = shutil.which("pulumi")
    if not pulumi:
        pytest.skip("there is no pulumi on the PATH")
    folder = tmp_path / "own"
    shutil.copytree(EXAMPLE, folder)
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text())
    project["runtime"]["options"] = {"virtualenv": str((ROOT / ".venv").resolve())}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PULUMI_BACKEND_URL": f"file://{tmp_path}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
    }

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [pulumi, *arguments, "--cwd", str(folder), "--non-interactive"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("stack", "init", "dev")
    run("config", "set", "--secret", "kubeconfig", "apiVersion: v1", "--stack", "dev")
    shown = run("preview", "--stack", "dev")
    assert "caas:index:Calico" in shown
