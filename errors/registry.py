"""All codes together."""

from __future__ import annotations

from types import ModuleType

from errors import (
    addons,
    aws,
    bundle,
    clouds,
    command_line,
    control_plane,
    infrastructure,
    ingress,
    logs,
    machine,
    management,
    network,
    observability,
    openstack,
    policy,
    pools,
    program,
    runtime,
    stack_file,
    stack_rules,
)
from errors.model import Code

ROOMS: tuple[ModuleType, ...] = (
    stack_file,
    stack_rules,
    infrastructure,
    aws,
    control_plane,
    openstack,
    clouds,
    pools,
    addons,
    network,
    ingress,
    logs,
    observability,
    machine,
    bundle,
    command_line,
    program,
    management,
    policy,
    runtime,
)


def all_codes() -> list[Code]:
    """Every code of the registry, by number."""
    codes = [value for room in ROOMS for value in vars(room).values() if isinstance(value, Code)]
    return sorted(codes, key=lambda code: code.number)


def find(text: str) -> Code | None:
    """The code that `text` means: `CAAS-1003`, `1003` or its reason; None when there is none."""
    wanted = text.strip().removeprefix("CAAS-").removeprefix("caas-").lower()
    for code in all_codes():
        if wanted in (f"{code.number:04d}", code.reason.lower()):
            return code
    return None
