"""Finding infrastructures: those of this project, and whatever else is installed.

Another distribution adds one by an entry point of the group `caas.infrastructure`, whose name is
what a stack file says below `infrastructure.provider` and whose value is the `Infrastructure`
class. Modules are imported when a stack file names them, and not before.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from components.infrastructure.interface import Infrastructure, Provider

GROUP = "caas.infrastructure"
DEFAULT = "in-memory"
BUILT_IN = {
    "in-memory": "components.infrastructure.in_memory:InMemory",
    "docker": "components.infrastructure.docker:Docker",
    "aws": "components.infrastructure.aws:Aws",
    "openstack": "components.infrastructure.openstack:OpenStack",
    "vsphere": "components.infrastructure.vsphere:VSphere",
    "azure": "components.infrastructure.azure:Azure",
    "gcp": "components.infrastructure.gcp:Gcp",
}


@lru_cache
def infrastructures() -> dict[str, EntryPoint]:
    """Every infrastructure by name; an installed one may not take the name of a built-in."""
    built_in = {name: EntryPoint(name, value, GROUP) for name, value in BUILT_IN.items()}
    installed = {point.name: point for point in entry_points(group=GROUP)}
    return installed | built_in


def infrastructure(name: str) -> type[Infrastructure]:
    """The class of an infrastructure. Raises KeyError for a name that is not there."""
    return cast(type[Infrastructure], infrastructures()[name].load())


def embedded() -> list[Provider]:
    """The Cluster API providers of all infrastructures that the embedded plane can run."""
    found = [infrastructure(name).PROVIDER for name in infrastructures()]
    return [each for each in found if each and each.controller]
