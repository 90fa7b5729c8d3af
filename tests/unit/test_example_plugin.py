"""A third party's infrastructure is found without a change of this repository."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.unit.command_line import LIMIT, ROOT, environment

pytestmark = pytest.mark.slow  # runs commands with another distribution

PLUGIN = ROOT / "tests/example_plugin"
LAB = {"provider": "lab", "bench": "north"}
CLUSTER = {
    "name": "try",
    "version": "1.36.3",
    "controlPlane": {"replicas": 1},
    "workerPools": [{"name": "slow", "machine": {"type": "xlarge"}}],
}


def caas(
    folder: Path, *arguments: str, path: str | None = str(PLUGIN)
) -> subprocess.CompletedProcess[str]:
    """Runs caas with the distribution on the path, as if it were installed."""
    more = {"CAAS_STACKS": str(folder), "CAAS_STATE": str(folder / "state"), "COLUMNS": "200"}
    packages = ":".join([str(ROOT), path] if path else [str(ROOT)])
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        env=environment({**more, "PYTHONPATH": packages}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


def write(folder: Path, infrastructure: dict[str, object], **machine: object) -> None:
    cluster = {
        **CLUSTER,
        "workerPools": [{"name": "slow", "machine": {"type": "xlarge"} | machine}],
    }
    config = {"caas:infrastructure": infrastructure, "caas:clusters": [cluster]}
    (folder / "Pulumi.lab.yaml").write_text(yaml.safe_dump({"config": config}))


def test_synth_uses_it(tmp_path: Path) -> None:
    write(tmp_path, LAB)
    done = caas(tmp_path, "synth", "lab")
    assert done.returncode == 0, done.stderr
    objects = {each["kind"]: each for each in yaml.safe_load_all(done.stdout)}
    assert objects["ClusterClass"]["metadata"]["name"] == "lab"
    assert "machineType" in [each["name"] for each in objects["ClusterClass"]["spec"]["patches"]]
    pool = objects["Cluster"]["spec"]["topology"]["workers"]["machineDeployments"][0]
    assert {"name": "machineType", "value": "starts-in-8s"} in pool["variables"]["overrides"]


@pytest.mark.parametrize(
    ("settings", "machine", "code", "place"),
    [
        ({"provider": "lab"}, {}, "CAAS-1021", "infrastructure.bench"),
        ({**LAB, "bank": 1}, {}, "CAAS-1020", "infrastructure.bank"),
        (LAB, {"spot": True}, "CAAS-1163", "clusters[0].workerPools[0].machine.spot"),
        (LAB, {"type": "huge"}, "CAAS-1163", "clusters[0].workerPools[0].machine.type"),
    ],
)
def test_its_settings_are_checked_like_every_other(
    tmp_path: Path, settings: dict[str, object], machine: dict[str, object], code: str, place: str
) -> None:
    """REFUSED_BY_INFRASTRUCTURE is for plug-ins that define no codes."""
    write(tmp_path, settings, **machine)
    done = caas(tmp_path, "synth", "lab")
    assert done.returncode == 1
    assert code in done.stderr
    assert place in done.stderr


def test_without_the_distribution_there_is_no_such_infrastructure(tmp_path: Path) -> None:
    write(tmp_path, LAB)
    done = caas(tmp_path, "synth", "lab", path=None)
    assert done.returncode == 1
    assert "`lab`" in done.stderr
    assert "openstack" in done.stderr
