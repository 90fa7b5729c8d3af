"""Stack files with many equal clusters."""

from __future__ import annotations

from pathlib import Path

import yaml


def write_stack(
    folder: Path, clusters: int, *, control_plane: int, workers: int, prefix: str = "bench"
) -> Path:
    """Writes a stack file and returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "Pulumi.local.yaml"
    entries = [
        {
            "name": f"{prefix}-{number:04d}",
            "version": "1.36.3",
            "controlPlane": {"replicas": control_plane},
            "workerPools": [{"name": "general", "replicas": workers}],
        }
        for number in range(clusters)
    ]
    file.write_text(yaml.safe_dump({"config": {"caas:clusters": entries}}))
    return file
