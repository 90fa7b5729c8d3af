"""Bringing a Harbor to what the stack file says: first what would change, then doing it.

Nothing is deleted but a retention that the file no longer has. What Harbor has and the file does
not is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from components.registry.contents import Contents, OtherRegistry, Project, Robot
from errors import CaasError, Where
from errors.registries import HARBOR_UNCHANGEABLE
from operations.registry import wanted as words
from operations.registry.client import HarborClient

Found = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Login:
    """A user of a registry."""

    username: str
    password: str = field(repr=False)


class Vault(Protocol):
    """The store of passwords: Secrets in Harbor's namespace."""

    def login(self, secret: str) -> Login:
        """The `username` and `password` of a Secret."""

    def has_pull_secret(self, secret: str) -> bool:
        """True if a robot's Secret exists."""

    def keep_pull_secret(self, secret: str, login: Login) -> None:
        """Writes a robot's Secret, with which pods pull."""


@dataclass(frozen=True, slots=True)
class ContentDifference:
    """Something that is not as the file says.

    Attributes:
        what: in words, `create project shop`.
        act: does it.
    """

    what: str
    act: Callable[[], object]


class Sync:
    """One Harbor and what shall be in it.

    Args:
        harbor: the client of an administrator.
        contents: what shall be.
        vault: where passwords come from and go to.
        credentials: also write the passwords of other registries; Harbor's API does
            not return them, so a changed password is not detected.
    """

    def __init__(
        self, harbor: HarborClient, contents: Contents, vault: Vault, *, credentials: bool = False
    ) -> None:
        self.harbor = harbor
        self.contents = contents
        self.vault = vault
        self.credentials = credentials

    def changes(self) -> Iterator[ContentDifference]:
        """The pending changes in order, computed one by one, because a change may create what the
        next one needs. Where nothing is done, the rest is in words only.

        Raises:
            CaasError: HARBOR_UNREACHABLE, HARBOR_LOGIN, HARBOR_REFUSED, HARBOR_UNCHANGEABLE.
        """
        registries = self._by_name("/registries")
        for registry in self.contents.registries:
            yield from self._registry(registry, registries.get(registry.name))
        registries = self._by_name("/registries")  # with those that were just made
        projects = self._by_name("/projects")
        for project in self.contents.projects:
            there = projects.get(project.name)
            yield from self._project(project, there, registries)
            yield from self._belongings(project, there or self._made(project.name))
        policies = self._by_name("/replication/policies")
        for each in self.contents.replications:
            body = words.replication(each, registries.get(each.registry, {}).get("id", 0))
            yield from self._written(
                "replication", each.name, "/replication/policies", body, policies.get(each.name)
            )

    def apply(self, tell: Callable[[str], None]) -> list[str]:
        """Does all of it; what was done, in words."""
        done: list[str] = []
        for change in self.changes():
            tell(change.what)
            change.act()
            done.append(change.what)
        return done

    # ---- registries ----------------------------------------------------------------------------

    def _registry(
        self, registry: OtherRegistry, there: Found | None
    ) -> Iterator[ContentDifference]:
        body = words.registry(registry)
        if there is None:
            credential = self._credential(registry)
            new = body | ({"credential": credential} if credential else {})
            yield ContentDifference(
                f"create registry {registry.name}",
                partial(self.harbor.create, "/registries", new),
            )
            return
        if there["type"] != body["type"]:
            what = f"the registry `{registry.name}` is of the kind `{there['type']}`"
            raise CaasError(HARBOR_UNCHANGEABLE, what, where=Where(object=self.harbor.url))
        login = self._credential(registry)
        other = (there.get("credential") or {}).get("access_key", "")
        renewed = bool(login) and (self.credentials or other != login["access_key"])
        if renewed or _differs(body, there):
            update = {key: body[key] for key in ("name", "url", "insecure")}
            if login:
                update |= {
                    "credential_type": login["type"],
                    "access_key": login["access_key"],
                    "access_secret": login["access_secret"],
                }
            path = f"/registries/{there['id']}"
            yield ContentDifference(
                f"update registry {registry.name}", partial(self.harbor.replace, path, update)
            )

    def _credential(self, registry: OtherRegistry) -> dict[str, str]:
        if not registry.secret:
            return {}
        login = self.vault.login(registry.secret)
        return {
            "type": "basic",
            "access_key": login.username,
            "access_secret": login.password,
        }

    # ---- projects ------------------------------------------------------------------------------

    def _project(
        self, project: Project, there: Found | None, registries: Mapping[str, Found]
    ) -> Iterator[ContentDifference]:
        # 0 as well for a registry that is not made yet, where changes are only looked for.
        source = registries.get(project.cache_of or "", {}).get("id", 0)
        switches = words.metadata(project)
        if there is None:
            body: Found = {
                "project_name": project.name,
                "metadata": switches,
                "storage_limit": words.quota(project),
            }
            if project.cache_of:
                body["registry_id"] = source
            yield ContentDifference(
                f"create project {project.name}",
                partial(self.harbor.create, "/projects", body),
            )
            return
        cached = there.get("registry_id") or 0
        if cached != source or bool(cached) != bool(project.cache_of):
            kind = "caches another registry" if cached else "is no cache"
            what = f"the project `{project.name}` {kind}"
            raise CaasError(HARBOR_UNCHANGEABLE, what, where=Where(object=self.harbor.url))
        if _differs(switches, there.get("metadata") or {}):
            path = f"/projects/{there['project_id']}"
            yield ContentDifference(
                f"update project {project.name}",
                partial(self.harbor.replace, path, {"metadata": switches}),
            )

    def _belongings(self, project: Project, there: Found | None) -> Iterator[ContentDifference]:
        """Quota, retention and robots; of a new project in words only, until it has an id."""
        if there is None:
            if project.retention:
                yield ContentDifference(f"set retention of {project.name}", _later)
            for robot in project.robots:
                yield ContentDifference(
                    f"create robot {words.robot_name(robot, project.name)}", _later
                )
            return
        number = there["project_id"]
        yield from self._quota(project, number)
        yield from self._retention(project, number, there.get("metadata") or {})
        query = f"Level=project,ProjectID={number}"
        robots = {each["name"]: each for each in self.harbor.list("/robots", q=query)}
        for robot in project.robots:
            yield from self._robot(robot, project.name, robots)

    def _quota(self, project: Project, number: int) -> Iterator[ContentDifference]:
        for quota in self.harbor.list("/quotas", reference="project", reference_id=number):
            if quota["hard"].get("storage") != words.quota(project):
                path = f"/quotas/{quota['id']}"
                body = {"hard": {"storage": words.quota(project)}}
                yield ContentDifference(
                    f"set quota of {project.name} to {project.quota or 'none'}",
                    partial(self.harbor.replace, path, body),
                )

    def _retention(
        self, project: Project, number: int, switches: Found
    ) -> Iterator[ContentDifference]:
        known = switches.get("retention_id")
        if project.retention is None:
            if known:
                path = f"/retentions/{known}"
                yield ContentDifference(
                    f"remove retention of {project.name}", partial(self.harbor.delete, path)
                )
            return
        body = words.retention(project.retention, number)
        if not known:
            yield ContentDifference(
                f"set retention of {project.name}",
                partial(self.harbor.create, "/retentions", body),
            )
        elif _differs(body, self.harbor.get(f"/retentions/{known}") or {}):
            path = f"/retentions/{known}"
            new = body | {"id": int(known)}
            yield ContentDifference(
                f"set retention of {project.name}", partial(self.harbor.replace, path, new)
            )

    # ---- robots --------------------------------------------------------------------------------

    def _robot(
        self, robot: Robot, project: str, robots: Mapping[str, Found]
    ) -> Iterator[ContentDifference]:
        name = words.robot_name(robot, project)
        secret = robot.pull_secret(project)
        body = words.robot(robot, project)
        there = robots.get(name)
        if there is None:
            yield ContentDifference(
                f"create robot {name}", partial(self._make_robot, name, secret, body)
            )
            return
        path = f"/robots/{there['id']}"
        if not self.vault.has_pull_secret(secret):
            yield ContentDifference(
                f"renew password of robot {name}",
                partial(self._renew_robot, name, secret, path),
            )
        own = {key: body[key] for key in ("level", "duration", "disable", "permissions")}
        if _differs(_sorted(own), _sorted(there)):
            new = there | own
            yield ContentDifference(f"update robot {name}", partial(self.harbor.replace, path, new))

    def _make_robot(self, name: str, secret: str, body: Found) -> None:
        made = self.harbor.create("/robots", body)
        self.vault.keep_pull_secret(secret, Login(name, made["secret"]))

    def _renew_robot(self, name: str, secret: str, path: str) -> None:
        password = self.harbor.change(path, {"secret": ""})["secret"]
        self.vault.keep_pull_secret(secret, Login(name, password))

    # ---- all -----------------------------------------------------------------------------------

    def _written(
        self, kind: str, name: str, path: str, body: Found, there: Found | None
    ) -> Iterator[ContentDifference]:
        if there is None:
            yield ContentDifference(
                f"create {kind} {name}", partial(self.harbor.create, path, body)
            )
        elif _differs(body, there):
            place = f"{path}/{there['id']}"
            yield ContentDifference(
                f"update {kind} {name}", partial(self.harbor.replace, place, there | body)
            )

    def _by_name(self, path: str) -> dict[str, Found]:
        return {each["name"]: each for each in self.harbor.list(path)}

    def _made(self, project: str) -> Found | None:
        """A project that was just made; None where it was not."""
        return next(iter(self.harbor.list("/projects", q=f"name={project}")), None)


def _later() -> None:
    """Nothing: without the project there is nothing that it could belong to."""


def _sorted(robot: Found) -> Found:
    """A robot whose permissions are in one order; Harbor has them in another one."""
    permissions = [
        {
            "kind": each["kind"],
            "namespace": each["namespace"],
            "access": sorted((one["resource"], one["action"]) for one in each["access"]),
        }
        for each in robot.get("permissions") or ()
    ]
    return robot | {"permissions": permissions}


def _differs(wanted: Any, there: Any) -> bool:
    """True if a field of `wanted` differs; other fields do not count."""
    if isinstance(wanted, Mapping):
        if not isinstance(there, Mapping):
            return True
        return any(_differs(value, there.get(key)) for key, value in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(there, list) or len(wanted) != len(there):
            return True
        return any(_differs(one, other) for one, other in zip(wanted, there, strict=True))
    # Harbor leaves out what is empty, false or 0.
    return bool(wanted != there) and bool(wanted or there is not None)
