"""Stack files with many clusters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

GROUPS = 10
"""Groups of clusters with the same tenants."""
EXISTING = {
    "caas:management": {"mode": "existing"},
    "caas:infrastructure": {
        "provider": "openstack",
        "cloud": "one",
        "region": "RegionOne",
        "authUrl": "https://keystone.example.com:5000/v3",
        "externalNetwork": {"name": "internet"},
        "network": {"cidr": "10.0.0.0/16"},
    },
}


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


def write_tenants(folder: Path, clusters: int, tenants: int, *, port: int) -> Path:
    """Writes a stack file with tenants, each in a third of the groups of clusters.

    Args:
        folder: of the file.
        clusters: their number.
        tenants: their number.
        port: of all connections.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "Pulumi.local.yaml"
    pools = [{"name": "general", "replicas": 3}]
    fleet = [
        {
            "name": f"bench-{number:04d}",
            "version": "1.36.3",
            "labels": {"group": f"g{number % GROUPS}"},
            "workerPools": pools,
        }
        for number in range(clusters)
    ]
    every = [_tenant(number, tenants, port) for number in range(tenants)]
    share = {"quota": {"cpu": 1, "memory": "2Gi"}}
    config = {
        **EXISTING,
        "caas:clusters": fleet,
        "caas:tenants": every,
        "caas:tenantDefaults": share,
    }
    file.write_text(yaml.safe_dump({"config": config}))
    return file


def _tenant(number: int, tenants: int, port: int) -> dict[str, Any]:
    """A tenant with a namespace in all clusters and two in some, connected with the next one."""
    name, later, before = (f"t{each % tenants}" for each in (number, number + 1, number - 1))
    places = [{"labels": {"group": f"g{(number * step) % GROUPS}"}} for step in (1, 3)]
    return {
        "name": name,
        "people": {"members": [f"{name}-devs"]},
        "namespaces": [
            {"name": f"{name}-web", "quota": {"cpu": 4, "memory": "8Gi"}},
            *({"name": f"{name}-{at}", "in": each} for at, each in enumerate(places)),
        ],
        "connections": [
            {"from": f"{name}-web", "to": f"{name}-0", "ports": [port]},
            {"from": f"{name}-web", "to": f"{later}/{later}-web", "ports": [port]},
            {"from": f"{name}-web", "to": "internet", "ports": [port]},
        ],
        "accepts": [{"from": f"{before}/{before}-web", "to": f"{name}-web", "ports": [port]}],
    }
