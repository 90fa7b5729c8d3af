"""All codes together."""

from __future__ import annotations

from types import ModuleType

from errors import (
    addon_failures,
    addons,
    aws,
    bundle,
    check,
    cloud_failures,
    clouds,
    cluster_failures,
    command_line,
    control_plane,
    documentation,
    drift,
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
    registries,
    runtime,
    stack_file,
    stack_rules,
    storage,
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
    storage,
    registries,
    machine,
    bundle,
    command_line,
    documentation,
    program,
    management,
    check,
    policy,
    runtime,
    drift,
    cloud_failures,
    cluster_failures,
    addon_failures,
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
