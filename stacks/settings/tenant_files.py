"""Files of tenants beside a stack file, `stacks/tenants/<stack>/<tenant>.yaml`.

Owners of a tenant merge changes of its file themselves. What it says is added to the tenant in the
stack file; what others depend on stays there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from components import problems
from components.addon import SecurityLevel
from components.fields import Settings, shown
from components.problems import Steps
from components.store.install import AppInstall
from components.tenancy.settings import (
    AcceptedConnection,
    Connection,
    Person,
    ResourceShare,
    TenantAlerts,
)
from errors import CaasError, Problem, stack_file
from errors.tenants import PLATFORM_DECIDES, TENANT_FILE_UNKNOWN
from stacks.settings.source import FilePlaces, Inserted, Source, read, stack_name
from stacks.settings.tenants import PlacedNamespace, StackTenant

FOLDER = "tenants"


class PeopleOfFile(Settings):
    """People whom the owners of a tenant choose."""

    members: Annotated[tuple[Person, ...], Field(max_length=50)] = ()
    """People who deploy."""
    viewers: Annotated[tuple[Person, ...], Field(max_length=50)] = ()
    """People who read everything but Secrets."""


class TenantFile(Settings):
    """The file of a tenant: what its owners decide. It is added to the stack file."""

    people: PeopleOfFile = PeopleOfFile()
    """People with access to the namespaces of the tenant."""
    namespaces: Annotated[tuple[PlacedNamespace, ...], Field(max_length=200)] = ()
    """Its namespaces, within its quota."""
    connections: Annotated[tuple[Connection, ...], Field(max_length=500)] = ()
    """Connections that its pods may open."""
    accepts: Annotated[tuple[AcceptedConnection, ...], Field(max_length=500)] = ()
    """Connections from other tenants that its pods accept."""
    apps: Annotated[tuple[AppInstall, ...], Field(max_length=200)] = ()
    """Applications of the store in its namespaces."""
    alerts: TenantAlerts = TenantAlerts()
    """Receivers of alerts about its namespaces."""


LISTS: tuple[Steps, ...] = (
    ("people", "members"),
    ("people", "viewers"),
    ("namespaces",),
    ("connections",),
    ("accepts",),
    ("apps",),
    ("alerts", "receivers"),
)
"""The lists that a file adds to."""


def tenant_files(stack: Path) -> list[Path]:
    """The files of the tenants of a stack file; the name of each is that of the tenant."""
    return sorted((stack.parent / FOLDER / stack_name(stack)).glob("*.yaml"))


def merged(values: Mapping[str, object], source: Source) -> dict[str, object]:
    """The values of a stack file with those of the files of its tenants.

    Args:
        values: by the keys of a stack.
        source: the stack file; it gets the problems and the places of what is added.
    """
    given = values.get("tenants")
    tenants = list(given) if isinstance(given, list) else []
    for path in tenant_files(Path(source.file)) if source.file else ():
        index = next((i for i, each in enumerate(tenants) if _is(each, path.stem)), None)
        try:
            own = read(path)
            if index is None:
                what = f"the stack file has no tenant `{path.stem}`"
                raise CaasError(TENANT_FILE_UNKNOWN, what, where=own.top)
            content = _content(own, tenants[index])
        except CaasError as error:
            source.problems += error.problems
            continue
        tenants[index] = _added(tenants[index], content)
        for steps in LISTS:
            at = ("tenants", index, *steps)
            before = len(_list(given[index] if isinstance(given, list) else {}, steps))
            source.inserted.append(Inserted(at, before, own, steps))
    return {**values, "tenants": tenants} if tenants else dict(values)


def _is(tenant: object, name: str) -> bool:
    return isinstance(tenant, dict) and tenant.get("name") == name


def _content(own: Source, tenant: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a file. Raises every problem of it."""
    places = FilePlaces(own)
    content = own.plain(own.root) if own.root else {}
    if not isinstance(content, dict):
        raise CaasError(stack_file.NOT_A_MAPPING, f"the file holds {shown(content)}", where=own.top)
    found = [*own.problems]
    for steps in _of_platform(content):
        what = f"the platform decides about `{steps[-1]}`, in the stack file"
        found.append(Problem(PLATFORM_DECIDES, what, places.where(steps, key=True)))
    kept = {key: each for key, each in content.items() if key not in _platform_keys()}
    if isinstance(people := kept.get("people"), dict):
        kept["people"] = {key: each for key, each in people.items() if key != "owners"}
    try:
        file = TenantFile.model_validate(kept)
        found += [
            Problem(PLATFORM_DECIDES, what, places.where(steps))
            for steps, what in _beyond(file, tenant.get("quota"))
        ]
    except ValidationError as error:
        found += problems.of(error, TenantFile, places)
    if found:
        raise CaasError.of(found)
    return kept


def _platform_keys() -> set[str]:
    return StackTenant.model_fields_by_alias().keys() - TenantFile.model_fields_by_alias().keys()


def _of_platform(content: Mapping[str, Any]) -> Iterator[Steps]:
    yield from ((key,) for key in content if key in _platform_keys())
    people = content.get("people")
    if isinstance(people, dict) and "owners" in people:
        yield ("people", "owners")


def _beyond(file: TenantFile, quota: object) -> Iterator[tuple[Steps, str]]:
    """Settings of namespaces beyond the tenant's quota, or beyond `restricted`."""
    limited = quota if isinstance(quota, dict) else {}
    keys = {name: field.alias or name for name, field in ResourceShare.model_fields.items()}
    for index, each in enumerate(file.namespaces):
        if each.pod_security not in (None, SecurityLevel.RESTRICTED):
            what = f"`{each.name}` is not `restricted`"
            yield ("namespaces", index, "podSecurity"), what
        if each.pool:
            yield ("namespaces", index, "pool"), f"`{each.name}` is on a worker pool"
        given = each.quota.model_dump(exclude_unset=True, exclude_none=True) if each.quota else {}
        for name in given:
            if keys[name] not in limited:
                what = (
                    f"`{each.name}` has a share of {keys[name]}, of which its tenant has no quota"
                )
                yield ("namespaces", index, "quota", keys[name]), what


def _list(tenant: object, steps: Steps) -> Sequence[object]:
    """The list at some steps of a tenant; empty where there is none."""
    for step in steps:
        tenant = tenant.get(step) if isinstance(tenant, dict) else None
    return tenant if isinstance(tenant, list) else []


def _added(tenant: dict[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """A tenant of the stack file with the lists of its file after those that it has."""
    whole = {**tenant}
    for steps in LISTS:
        if more := _list(content, steps):
            inside = whole
            for step in steps[:-1]:
                inside[str(step)] = dict(inside.get(str(step)) or {})
                inside = inside[str(step)]
            inside[str(steps[-1])] = [*_list(tenant, steps), *more]
    return whole
