"""An install of an application by a tenant, and its checks before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from components.addon import VOLUMES
from components.addon_settings import resolved
from components.facts import ClusterFacts
from components.fields import LABEL, Flag, Namespace, Settings, shown
from components.finding import Finding
from components.store.entry import AppEntry, AppState, AppVersion, ChartVersion, EntryName, Sender
from components.store.form import FieldType, FormField
from components.tenancy.settings import AppOpening
from errors.store import (
    APP_KUBERNETES_RANGE,
    APP_NEEDS_ROLE,
    APP_NOT_LISTED,
    APP_SETTING_REFUSED,
    APP_SETTING_UNKNOWN,
    APP_VERSION_UNKNOWN,
)

AppName = Annotated[str, Field(pattern=f"^({LABEL}/)?{LABEL}$", max_length=81)]
"""The name of an entry, with its shelf before it unless it is the recommended one."""


class DataFate(StrEnum):
    """The fate of the data of an application that is removed."""

    KEEP = "keep"
    DELETE = "delete"


class AppInstall(Settings):
    """An application that a tenant installs."""

    app: AppName
    """The entry: `valkey`, or `internal/prices` of another shelf."""
    name: EntryName
    """The name of the install, unique in the tenant; the release of Helm has it."""
    namespace: Annotated[Namespace, Field(alias="in")]
    """The namespace of the tenant; it is installed in each of its clusters."""
    version: ChartVersion | None = None
    """The version; without it the newest listed one."""
    settings: Annotated[dict[str, Any], Field(alias="set", max_length=50)] = Field(
        default_factory=dict
    )
    """The values of its form."""
    data: DataFate = DataFate.KEEP
    """`delete`: what would stay is deleted when the application is removed. It has to be applied
    before."""
    suspend: Flag = False
    """Lets it run as it is: nothing is upgraded or put right, and a removal leaves it in the
    cluster."""


@dataclass(frozen=True, slots=True)
class ChosenApp:
    """An install with its entry.

    Attributes:
        tenant: the name of the tenant.
        install: what the tenant lists.
        entry: with what differs in the version.
        version: the version.
    """

    tenant: str
    install: AppInstall
    entry: AppEntry
    version: AppVersion

    @property
    def values(self) -> dict[str, Any]:
        """The values of the chart."""
        going = self.install.data is DataFate.DELETE
        return self.entry.values(self.install.settings, delete_data=going)

    @property
    def openings(self) -> tuple[AppOpening, ...]:
        """The ports of its pods that other pods of the namespace reach."""
        return tuple(
            AppOpening(
                name=self.install.name,
                namespace=self.install.namespace,
                ports=(each.port,),
                protocol=each.protocol,
                itself=each.source is Sender.ITSELF,
            )
            for each in self.entry.ports
        )


def chosen(tenant: str, install: AppInstall, entry: AppEntry) -> ChosenApp | Finding:
    """An install with the version of its entry, or APP_VERSION_UNKNOWN or APP_NOT_LISTED."""
    if install.version is None:
        version = entry.newest
        if version is None:
            what = f"`{install.app}` has no listed version"
            return Finding(APP_NOT_LISTED, ("app",), what, why=_why(entry.versions[-1]))
    else:
        version = entry.version(install.version)
        if version is None:
            known = ", ".join(each.version for each in entry.versions)
            what = f"`{install.app}` has no version {shown(install.version)}"
            return Finding(APP_VERSION_UNKNOWN, ("version",), what, fix=f"It has {known}.")
        if version.state is AppState.DRAFT:
            what = f"{version.version} of `{install.app}` is a draft"
            return Finding(APP_NOT_LISTED, ("version",), what, why=_why(version))
    return ChosenApp(tenant, install, entry.of(version), version)


def _why(version: AppVersion) -> str:
    return version.reason or f"{version.version} is {version.state.value}"


def check_settings(app: ChosenApp, domains: Sequence[str]) -> Iterator[Finding]:
    """APP_SETTING_UNKNOWN and APP_SETTING_REFUSED; paths begin at the install.

    Args:
        app: the install.
        domains: of the tenant.
    """
    given, form = app.install.settings, app.entry.form
    known = ", ".join(form) or "none"
    for name, value in given.items():
        if name not in form:
            what = f"the form of `{app.install.app}` has no {shown(name)}"
            fix = f"Its settings: {known}."
            yield Finding(APP_SETTING_UNKNOWN, ("set", name), what, fix=fix, key=True)
        elif why := _fault(form[name], value, domains):
            what = f"`{name}` of `{app.install.name}`: {why}"
            yield Finding(APP_SETTING_REFUSED, ("set", name), what)
    for name, field in form.items():
        if field.default is None and name not in given:
            what = f"`{app.install.name}` needs the setting `{name}`: {field.title}"
            yield Finding(APP_SETTING_UNKNOWN, ("set",), what, key=True)


def _fault(field: FormField, value: object, domains: Sequence[str]) -> str:
    if why := field.fault(value):
        return why
    if field.type is not FieldType.HOST:
        return ""
    host = str(value)
    if any(host == each or host.endswith(f".{each}") for each in domains):
        return ""
    return f"{shown(host)} is below none of the tenant's domains: {', '.join(domains) or 'none'}"


def check_cluster(app: ChosenApp, target: ClusterFacts) -> Iterator[Finding]:
    """APP_NEEDS_ROLE and APP_KUBERNETES_RANGE in a cluster; paths begin at the install."""
    if not app.entry.supports(target.version):
        what = (
            f"`{app.install.app}` supports Kubernetes {app.entry.kubernetes}, "
            f"and `{target.name}` has {target.version}"
        )
        yield Finding(APP_KUBERNETES_RANGE, ("app",), what)
    there = roles_of(target) if app.entry.needs else set()
    for role in app.entry.needs:
        if role.value not in there:
            what = f"`{app.install.app}` needs {role.value}, which `{target.name}` does not have"
            yield Finding(APP_NEEDS_ROLE, ("app",), what)


def roles_of(target: ClusterFacts) -> set[str]:
    """The roles that something in a cluster has."""
    found = {role for addon in resolved(target) for role in addon.provides}
    volumes = {VOLUMES} if target.infrastructure.cluster_volumes().classes else set()
    return found | set(target.provides) | volumes
