"""The machine types of an infrastructure: `machines.yaml` of a plug-in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml


@dataclass(frozen=True, slots=True)
class MachineType:
    """A machine type.

    Attributes:
        name: the infrastructure's name of it.
        cpu: virtual CPUs.
        memory_gib: memory in GiB.
        architecture: `amd64` or `arm64`.
        gpus: how many GPUs it has.
    """

    name: str
    cpu: int
    memory_gib: float
    architecture: str = "amd64"
    gpus: int = 0


@lru_cache
def load_machine_types(folder: Path) -> Mapping[str, MachineType]:
    """Reads `machines.yaml` once: `machines: {m7i.large: {cpu: 2, memoryGiB: 8}}`."""
    data = yaml.load((folder / "machines.yaml").read_text(), yaml.CSafeLoader)
    return {
        name: MachineType(
            name,
            entry["cpu"],
            entry["memoryGiB"],
            entry.get("architecture", "amd64"),
            entry.get("gpus", 0),
        )
        for name, entry in data["machines"].items()
    }
