"""A third party's infrastructure: a laboratory of simulated machines that differ in how they start.

It is a separate distribution, found by the entry point in `caas_lab-1.0.dist-info`. The machines
are those of the in-memory provider, which the embedded plane runs, so its clusters really come up.
docs/infrastructure.md explains it line by line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Literal

from components.cluster.machine import WorkerMachine
from components.cluster.settings import ApiEndpoint
from components.cluster_object import MACHINE_TYPE
from components.fields import Duration
from components.finding import Finding
from components.infrastructure.groups import groups
from components.infrastructure.interface import ClassParts, Infrastructure, Placed, Template
from components.infrastructure.machine_types import MachineType
from components.infrastructure.patches import Kinds, add_template, patch_of
from errors.infrastructure import REFUSED_BY_INFRASTRUCTURE

API_VERSION = "infrastructure.cluster.x-k8s.io/v1beta2"
START = "/backend/inMemory/vm/provisioning/startupDuration"
_KINDS = Kinds(API_VERSION, "DevClusterTemplate", "DevMachineTemplate")


class Lab(Infrastructure):
    """Simulated machines, of types that are called after how long they take to start."""

    SIZES: ClassVar = {
        "small": "starts-in-1s",
        "medium": "starts-in-2s",
        "large": "starts-in-4s",
        "xlarge": "starts-in-8s",
    }

    provider: Literal["lab"]
    bench: str
    """The bench in the laboratory; every one of them has the same machines."""
    boot: Duration = Duration(1)
    """The time that a node takes to join once its machine has started."""

    def class_parts(self) -> ClassParts:
        """DevCluster and DevMachine templates; the machine type says how long a start takes."""
        first = {"provisioning": {"startupDuration": "2s"}}
        node = {"provisioning": {"startupDuration": f"{self.boot.seconds}s"}}
        parts = {"vm": first, "node": node, "apiServer": node, "etcd": node}
        machine = Template(API_VERSION, "DevMachineTemplate", {"backend": {"inMemory": parts}})
        seconds = f'{{{{ trimPrefix "starts-in-" .{MACHINE_TYPE} }}}}'
        return ClassParts(
            cluster=Template(API_VERSION, "DevClusterTemplate", {"backend": {"inMemory": {}}}),
            control_plane_machine=machine,
            worker_machine=machine,
            cert_sans=("localhost", "127.0.0.1"),
            patches=(patch_of(MACHINE_TYPE, *_KINDS.on_machines(add_template(START, seconds))),),
        )

    def known_machine_types(self) -> Mapping[str, MachineType]:
        """Simulated machines are as large as one likes."""
        sizes = zip(self.SIZES.values(), (2, 4, 8, 16), strict=True)
        return {name: MachineType(name, cpu, cpu * 4) for name, cpu in sizes}

    def check(self, clusters: Sequence[Placed]) -> Iterator[Finding]:
        """REFUSED_BY_INFRASTRUCTURE for all that simulated machines don't have."""
        for place, cluster in clusters:
            endpoint = cluster.control_plane.endpoint
            for name, field in ApiEndpoint.model_fields.items():
                if getattr(endpoint, name) != field.default:
                    below = (*place, "controlPlane", "endpoint", name)
                    yield _refused(below, "the API is reached at this computer alone")
        for group in groups(clusters):
            machine = group.machine
            default = type(machine)()
            for key in ("image", "disk", "data_disks", "placement", "spot"):
                name = WorkerMachine.model_fields[key].alias or key
                if getattr(machine, key, None) != getattr(default, key, None):
                    yield _refused(group.at(name), f"simulated machines have no `{name}`")
            if self.machine_type(machine.type) not in self.known_machine_types():
                yield _refused(group.at("type"), f"there is no machine type `{machine.type}`")


def _refused(path: tuple[str | int, ...], what: str) -> Finding:
    return Finding(REFUSED_BY_INFRASTRUCTURE, path, what)
