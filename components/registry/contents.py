"""The content of Harbor: projects, other registries, replication. Its chart knows none of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.fields import Count, Flag, ObjectName, Settings, WebAddress
from components.finding import Finding
from errors.registries import DUPLICATE_CONTENT, RETENTION_EMPTY, UNKNOWN_REGISTRY

Name = Annotated[str, Field(pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*$", max_length=255)]
Pattern = Annotated[str, Field(min_length=1, max_length=255)]
"""A pattern of names: `**` for all, `v*`, `{latest,stable}`."""
Cron = Annotated[str, Field(pattern=r"^0 (\*\S+|[^*\s]\S*)( \S+){4}$", max_length=64)]
"""Harbor's cron, with seconds first, which have to be 0, and not every minute: `0 0 3 * * *`."""


class RegistryKind(StrEnum):
    """The API of another registry."""

    DOCKER_HUB = "docker-hub"
    DOCKER_REGISTRY = "docker-registry"
    HARBOR = "harbor"
    QUAY = "quay"
    GITHUB = "github-ghcr"
    GITLAB = "gitlab"
    AWS = "aws-ecr"
    AZURE = "azure-acr"
    GOOGLE = "google-gcr"
    ARTIFACTORY = "jfrog-artifactory"


class OtherRegistry(Settings):
    """A registry that Harbor caches, or copies from or to."""

    name: Name
    kind: RegistryKind = RegistryKind.DOCKER_REGISTRY
    """The kind of registry."""
    url: WebAddress
    """`https://hub.docker.com` of Docker Hub."""
    secret: ObjectName | None = None
    """A Secret in Harbor's namespace, its keys `username` and `password`."""
    insecure: Flag = False
    """Disables the verification of its certificate."""


class VulnerabilitySeverity(StrEnum):
    """The severity of a vulnerability."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class ImageRetention(Settings):
    """The images that are kept; others are deleted every night."""

    newest: Annotated[Count, Field(ge=1, le=10000)] | None = None
    """The number of images per repository, most recently pushed first."""
    days: Annotated[Count, Field(ge=1, le=3650)] | None = None
    """Those that were pushed or pulled in so many days."""
    tags: Pattern = "**"
    """Tags that the rules are about."""
    schedule: Cron = "0 0 2 * * *"
    """The schedule of the deletion."""


class Robot(Settings):
    """An account of a program; the command writes its password into a Secret, and nowhere else."""

    name: Name
    """Harbor calls it `robot$<project>+<name>`."""
    push: Flag = False
    """Allows pushes; pulls are always allowed."""
    days: Annotated[Count, Field(ge=1, le=3650)] | None = 365
    """The lifetime; `null` for no limit."""
    secret: ObjectName | None = None
    """The Secret in Harbor's namespace that gets its pull secret; without it
    `robot-<project>-<name>`."""

    def pull_secret(self, project: str) -> str:
        """The name of its Secret."""
        return self.secret or f"robot-{project}-{self.name}".replace("_", "-")


class Project(Settings):
    """A project: a tenant's, or a cache of another registry."""

    name: Name
    public: Flag = False
    """Allows anonymous pulls."""
    cache_of: Name | None = None
    """A registry of `registries` that it caches; cannot be changed."""
    quota: Annotated[str, Field(pattern=r"^[1-9][0-9]*(Mi|Gi|Ti)$")] | None = None
    """The most that its images may take; without it no limit."""
    scan: Flag = True
    """Scans each image when it is pushed."""
    refuse: VulnerabilitySeverity | None = None
    """Does not hand out images with known faults of this severity or a worse one."""
    retention: ImageRetention | None = None
    """The images that are kept; all without it."""
    robots: Annotated[tuple[Robot, ...], Field(max_length=100)] = ()
    """Accounts of programs."""


class ReplicationDirection(StrEnum):
    """The registry that has the original."""

    PULL = "pull"
    PUSH = "push"


class Replication(Settings):
    """Copies images from or to another registry."""

    name: Name
    registry: Name
    """One of `registries`."""
    direction: ReplicationDirection = ReplicationDirection.PULL
    """`pull` from it, `push` to it."""
    images: Pattern = "**"
    """Names of repositories, `library/**`."""
    tags: Pattern = "**"
    into: Annotated[str, Field(max_length=255)] | None = None
    """The project or namespace there; without it the same name."""
    schedule: Cron | None = None
    """The schedule; without it manual, and a push replication at every push."""
    override: Flag = True
    """Overwrites existing tags."""
    deletions: Flag = False
    """Replicates deletions."""


class Contents(Settings):
    """The content that `./caas registry sync` applies to Harbor. It deletes no project and no
    image."""

    registries: Annotated[tuple[OtherRegistry, ...], Field(max_length=100)] = ()
    """Other registries."""
    projects: Annotated[tuple[Project, ...], Field(max_length=1000)] = ()
    """Projects: one per tenant, caches."""
    replications: Annotated[tuple[Replication, ...], Field(max_length=200)] = ()
    """The replications from and to other registries."""


def check(contents: Contents) -> Iterator[Finding]:
    """DUPLICATE_CONTENT, UNKNOWN_REGISTRY, RETENTION_EMPTY."""
    known = {each.name for each in contents.registries}
    yield from _twice("registries", [each.name for each in contents.registries])
    yield from _twice("projects", [each.name for each in contents.projects])
    yield from _twice("replications", [each.name for each in contents.replications])
    for index, project in enumerate(contents.projects):
        place = ("projects", index)
        if project.cache_of and project.cache_of not in known:
            yield _unknown((*place, "cacheOf"), project.cache_of)
        if project.retention and not (project.retention.newest or project.retention.days):
            what = f"the retention of `{project.name}` would keep nothing"
            yield Finding(RETENTION_EMPTY, (*place, "retention"), what)
        for finding in _twice("robots", [each.name for each in project.robots]):
            yield finding.below(*place)
    yield from _shared_secrets(contents)
    for index, replication in enumerate(contents.replications):
        if replication.registry not in known:
            yield _unknown(("replications", index, "registry"), replication.registry)


def _shared_secrets(contents: Contents) -> Iterator[Finding]:
    """Robots whose password would take the place of another one."""
    taken = {each.secret: f"the registry `{each.name}`" for each in contents.registries}
    for index, project in enumerate(contents.projects):
        for number, robot in enumerate(project.robots):
            secret = robot.pull_secret(project.name)
            ours = f"the robot `{robot.name}` of `{project.name}`"
            other = taken.setdefault(secret, ours)
            if other != ours:  # robots of one name are already reported
                what = f"{other} and {ours} have the Secret `{secret}`"
                place = ("projects", index, "robots", number)
                fix = "Name another one in `secret` of the robot."
                yield Finding(DUPLICATE_CONTENT, place, what, fix=fix)


def _unknown(place: tuple[str | int, ...], name: str) -> Finding:
    return Finding(UNKNOWN_REGISTRY, place, f"there is no registry `{name}` in `registries`")


def _twice(key: str, names: Sequence[str]) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield Finding(DUPLICATE_CONTENT, (key, index, "name"), f"`{name}` is there twice")
        seen.add(name)
