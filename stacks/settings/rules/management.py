"""Rules about the management cluster: which settings belong to which mode."""

from __future__ import annotations

from collections.abc import Iterator

from components.finding import Finding
from components.infrastructure.interface import Infrastructure
from errors import infrastructure as codes
from stacks.settings.stack import Management, ManagementMode

OF_MODE = {
    "kubeconfig": ManagementMode.EXISTING,
    "context": ManagementMode.EXISTING,
    "facts": ManagementMode.EXISTING,
    "cluster": ManagementMode.SELF_MANAGED,
}


def check(management: Management, infrastructure: Infrastructure) -> Iterator[Finding]:
    """OTHER_MODE, CONTAINERS_NEED_PLANE, NO_MANAGEMENT_CLUSTER and NOT_SELF_MANAGED."""
    for field, mode in OF_MODE.items():
        if getattr(management, field) is not None and management.mode is not mode:
            yield Finding(
                codes.OTHER_MODE,
                ("management", field),
                f"`{field}` belongs to the mode `{mode}`, and this one is `{management.mode}`",
                fix=f"Remove it, or write `mode: {mode}`.",
                key=True,
            )
    if infrastructure.IN_CONTAINERS and management.mode is not ManagementMode.EMBEDDED:
        yield Finding(
            codes.CONTAINERS_NEED_PLANE,
            ("management", "mode"),
            f"`{management.mode}` does not go with machines in containers",
        )
        return
    if management.mode is not ManagementMode.SELF_MANAGED:
        return
    if management.cluster is None:
        yield Finding(
            codes.NO_MANAGEMENT_CLUSTER,
            ("management", "mode"),
            "a self-managed stack has no management cluster",
        )
    if infrastructure.PROVIDER is None:
        yield Finding(
            codes.NOT_SELF_MANAGED,
            ("management", "mode"),
            f"`{infrastructure.name}` cannot carry its own management cluster",
            why="its machines run no pods",
        )
