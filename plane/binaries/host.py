"""This machine in the terms of Go and of release files."""

from __future__ import annotations

import platform
from dataclasses import dataclass

from errors import CaasError
from errors.machine import PLATFORM_NOT_SUPPORTED

SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True)
class Host:
    """Operating system and processor: `linux` and `amd64`."""

    system: str
    architecture: str


def this_host() -> Host:
    """The machine in front of you; CAAS-2005 where the plane can't run on it."""
    system, machine = platform.system(), platform.machine()
    if system not in SYSTEMS or machine.lower() not in ARCHITECTURES:
        raise CaasError(
            PLATFORM_NOT_SUPPORTED, f"The embedded plane does not run on {system} {machine}"
        )
    return Host(SYSTEMS[system], ARCHITECTURES[machine.lower()])
