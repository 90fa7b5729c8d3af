"""Projects of tenants in the Harbor of a stack, and the namespaces that pull from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.registry.contents import Contents, Project, Robot
from components.registry.harbor import HarborSettings
from components.tenancy.names import PREFIX
from stacks.settings.stack import Stack
from stacks.settings.tenants import StackTenant
from stacks.settings.whole_clusters import clusters_for

PULL, PUSH = "pull", "push"
"""The robots of a project: of clusters, and of pipelines."""
PULL_SECRET = f"{PREFIX}registry"
"""The Secret in the namespaces of a tenant."""


@dataclass(frozen=True, slots=True)
class PullPlace:
    """A namespace that pulls from the project of its tenant.

    Attributes:
        tenant: its tenant.
        namespace: its name.
    """

    tenant: str
    namespace: str


def harbors(stack: Stack) -> Mapping[str, HarborSettings]:
    """The settings of each Harbor of a stack, by the name of its cluster."""
    found: dict[str, HarborSettings] = {}
    for cluster in stack.all_clusters:
        settings = stack.target(cluster).addons.get("harbor")
        if isinstance(settings, HarborSettings):
            found[cluster.name] = settings
    return found


def with_projects(contents: Contents, tenants: Sequence[StackTenant]) -> Contents:
    """The contents of a Harbor with the projects of tenants.

    Args:
        contents: of the stack file.
        tenants: those with a project in this Harbor.
    """
    projects = (_project(each) for each in tenants)
    return contents.model_copy(update={"projects": (*contents.projects, *projects)})


def tenants_of(stack: Stack, harbor: str) -> list[StackTenant]:
    """The tenants with a project in the Harbor of a cluster; it is the only one, or they name
    it."""
    return [
        each for each in stack.tenants if each.registry and each.registry.cluster in (None, harbor)
    ]


def pull_places(stack: Stack, tenants: Sequence[StackTenant]) -> dict[str, list[PullPlace]]:
    """The namespaces that pull, by cluster; those that leave do not."""
    found: dict[str, list[PullPlace]] = {}
    for tenant in tenants:
        clusters = clusters_for(tenant, stack.clusters, stack.tenants)
        for space in tenant.namespaces:
            if not (space.leaving or tenant.leaving):
                for name in space.clusters(clusters):
                    found.setdefault(name, []).append(PullPlace(tenant.name, space.name))
    return found


def _project(tenant: StackTenant) -> Project:
    """The project of a tenant. Pods would lose their images with a robot that expires."""
    quota = tenant.registry.quota if tenant.registry else None
    robots = (Robot(name=PULL, days=None), Robot(name=PUSH, push=True))
    return Project(name=tenant.name, quota=quota, robots=robots)
