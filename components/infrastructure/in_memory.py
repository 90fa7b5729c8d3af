"""Simulated machines: Cluster API's own in-memory provider.

Source of the shapes: `infrastructure/docker/templates/clusterclass-in-memory.yaml` of
sigs.k8s.io/cluster-api/test.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from components.fields import Duration
from components.infrastructure.interface import (
    INFRASTRUCTURE_GROUP,
    ClassParts,
    Infrastructure,
    Template,
)

API_VERSION = f"{INFRASTRUCTURE_GROUP}/v1beta2"


class InMemory(Infrastructure):
    """Simulated machines on this computer: real Cluster API, no cloud."""

    SIZES: ClassVar = {size: size for size in ("small", "medium", "large", "xlarge")}

    provider: Literal["in-memory"] = "in-memory"
    machine_startup: Duration = Duration(2)
    """The start time of a simulated machine."""
    node_startup: Duration = Duration(1)
    """The time for its node to join."""

    def class_parts(self) -> ClassParts:
        """Templates of the DevCluster and DevMachine kinds with the in-memory backend."""
        machine = Template(API_VERSION, "DevMachineTemplate", {"backend": self._machine_backend()})
        return ClassParts(
            cluster=Template(API_VERSION, "DevClusterTemplate", {"backend": {"inMemory": {}}}),
            control_plane_machine=machine,
            worker_machine=machine,
            cert_sans=("localhost", "127.0.0.1"),
        )

    def _machine_backend(self) -> dict[str, Any]:
        starts_after = {
            "vm": self.machine_startup,
            "node": self.node_startup,
            "apiServer": self.node_startup,
            "etcd": self.node_startup,
        }
        return {
            "inMemory": {
                part: {"provisioning": {"startupDuration": f"{delay.seconds}s"}}
                for part, delay in starts_after.items()
            }
        }
