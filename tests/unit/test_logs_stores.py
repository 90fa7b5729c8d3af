"""A real Loki accepts its configuration."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.chart import CLUSTER_NAME, rendered
from tests.unit.test_logs import CASES, addon, values

PARTS = {
    "commonConfig": "common",
    "schemaConfig": "schema_config",
    "limits_config": "limits_config",
    "compactor": "compactor",
    "analytics": "analytics",
    "auth_enabled": "auth_enabled",
}
"""The settings that the chart passes on: their keys there, and in the configuration."""


@pytest.mark.parametrize("name", ["least", "everything", "distributed"])
def test_loki_accepts_its_configuration(tmp_path: Path, name: str) -> None:
    loki = shutil.which("loki")
    if not loki:
        pytest.skip("loki is not on the PATH")
    told = rendered(values(addon("logs", CASES[name]), "loki")["loki"], {CLUSTER_NAME: "shop"})
    file = tmp_path / "loki.yaml"
    file.write_text(yaml.safe_dump(_config(told)))
    command = [loki, "-verify-config", f"-config.file={file}"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 0, answer.stderr
    assert "config is valid" in answer.stderr
    file.write_text(yaml.safe_dump(_config(told | {"limits_config": {"ingestion_rate": 1}})))
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode != 0


def _config(told: dict[str, Any]) -> dict[str, Any]:
    """The configuration as the chart puts it together from them, storage included."""
    config: dict[str, Any] = {theirs: told[ours] for ours, theirs in PARTS.items()}
    if told["storage"]["type"] == "s3":
        s3 = {"bucketnames": told["storage"]["bucketNames"]["chunks"]} | {
            key.lower() if key == "s3ForcePathStyle" else key: value
            for key, value in told["storage"]["s3"].items()
        }
        storage: dict[str, Any] = {"s3": s3}
    else:
        folders = {"chunks_directory": "/var/loki/chunks", "rules_directory": "/var/loki/rules"}
        storage = {"filesystem": folders}
    config["common"] = config["common"] | {"storage": storage}
    return config
