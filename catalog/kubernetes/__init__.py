"""Names that only some minors of Kubernetes know: flags, feature gates, admission plugins, APIs.

One file for each minor, read from the source of its newest release in the catalog. `python -m
catalog.kubernetes` writes them again; it needs Go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from packaging.version import Version

FOLDER = Path(__file__).parent
COMMON = frozenset({"help", "version"})
"""Flags of every program."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A feature gate.

    Attributes:
        on: its default.
        locked: whether the program refuses another value than the default.
    """

    on: bool
    locked: bool


@dataclass(frozen=True, slots=True)
class Names:
    """The names that one minor of Kubernetes supports.

    Attributes:
        minor: `1.36`.
        flags: of each program, `kube-apiserver`.
        gates: the feature gates by name; all four programs know the same.
        plugins: the admission plugins, and whether each is on without being named.
        apis: what `runtime-config` may name, `batch/v1`.
    """

    minor: str
    flags: Mapping[str, frozenset[str]]
    gates: Mapping[str, Gate]
    plugins: Mapping[str, bool]
    apis: frozenset[str]


def minor_of(version: Version) -> str:
    """Major and minor, `1.36`."""
    return f"{version.major}.{version.minor}"


@lru_cache
def names(minor: str) -> Names | None:
    """The names of a minor; None if the catalog has no file for it."""
    file = FOLDER / f"{minor}.yaml"
    if not file.exists():
        return None
    data: dict[str, Any] = yaml.load(file.read_text(), yaml.CSafeLoader)
    gates = data["featureGates"]
    return Names(
        minor=minor,
        flags={program: COMMON | set(flags) for program, flags in data["flags"].items()},
        gates={
            name: Gate(on, locked)
            for key, on, locked in (
                ("on", True, False),
                ("off", False, False),
                ("lockedOn", True, True),
                ("lockedOff", False, True),
            )
            for name in gates[key]
        },
        plugins={
            name: on
            for key, on in (("on", True), ("off", False))
            for name in data["admissionPlugins"][key]
        },
        apis=frozenset(data["apis"]),
    )
