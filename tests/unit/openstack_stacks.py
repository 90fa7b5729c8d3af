"""Stack files on OpenStack, for the tests of the plug-in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.unit.planned import cluster

MADE = {
    "provider": "openstack",
    "region": "RegionOne",
    "authUrl": "https://keystone.example.com:5000/v3",
    "externalNetwork": {"name": "public"},
}
EXISTING = {
    "provider": "openstack",
    "region": "RegionOne",
    "credentials": {"secret": "clouds", "cloudConfig": "cloud-config-of-clusters"},
    "network": {"existing": {"network": {"name": "machines"}, "subnets": [{"name": "v4"}]}},
}
HIGHLY_AVAILABLE = cluster(
    controlPlane={"replicas": 3, "machine": {"placement": "strict-spread"}},
    workerPools=[
        {"name": "general", "replicas": 2, "machine": {"placement": "spread"}},
        {"name": "near", "replicas": 2, "machine": {"placement": "pack"}},
        {"name": "batch", "replicas": 2},
    ],
)


def stack_file(folder: Path, infrastructure: dict[str, Any], *clusters: dict[str, Any]) -> Path:
    """A stack file named `cloud`."""
    config = {"caas:infrastructure": infrastructure, "caas:clusters": list(clusters)}
    file = folder / "Pulumi.cloud.yaml"
    file.write_text(yaml.safe_dump({"config": config}))
    return file
