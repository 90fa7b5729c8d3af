"""`caas apps`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from typer import Argument, Option

from cli import console
from cli.options import Format, Output
from components.store.entry import AppState, ordered
from components.store.install import ChosenApp
from engine.apps import InstalledApp, read_apps
from engine.session import Session
from errors import CaasError
from errors.tenants import TENANT_NOT_FOUND
from plane.progress import Silent
from stacks.settings import Stack

EXAMPLES = {
    "./caas apps --stack prod-aws": "all applications of tenants, and their state",
    "./caas apps shop --stack prod-aws": "those of one tenant",
    "./caas apps --stack prod-aws --output json": "for programs",
}


@dataclass(frozen=True, slots=True)
class AppRow:
    """An application in a cluster.

    Attributes:
        tenant: the tenant.
        name: the name of the install.
        place: namespace and cluster.
        app: the entry.
        version: the version that the stack file chooses; empty where it is in the file no more.
        state: of Flux; None where nothing was applied yet.
        note: an update, or what the store says about the version.
    """

    tenant: str
    name: str
    place: tuple[str, str]
    app: str
    version: str
    state: InstalledApp | None
    note: str

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        running = self.state.running if self.state else ""
        namespace, cluster = self.place
        state = self.state.state if self.state else "not applied"
        shown = running or "-"
        if self.version != running:
            shown = f"{shown} → {self.version or 'removed'}"
        return self.tenant, self.name, namespace, cluster, self.app, shown, state, self.note

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        namespace, cluster = self.place
        own = {"tenant": self.tenant, "name": self.name, "namespace": namespace, "cluster": cluster}
        live = self.state.as_dict() if self.state else {"state": "not applied", "problem": None}
        return live | own | {"app": self.app, "wanted": self.version or None, "note": self.note}


def command(
    tenant: Annotated[
        str | None, Argument(metavar="TENANT", help="One tenant; without it all of them.")
    ] = None,
    stack: Annotated[str, Option("--stack", help="The stack it belongs to.")] = "local",
    output: Output = Format.TABLE,
) -> None:
    """Show the applications of tenants: versions, state, updates, and what is wrong.

    Reads the stack file, and the objects of Flux on the management cluster. Every
    install that is not as listed follows with a code, the reason and the fix. The command changes
    nothing.
    """
    session = Session(stack, Silent())
    settings = session.settings
    names = [each.name for each in settings.tenants]
    if tenant and tenant not in names:
        why = f"it has {', '.join(f'`{name}`' for name in names)}" if names else "it has none"
        raise CaasError(TENANT_NOT_FOUND, f"`{stack}` has no tenant `{tenant}`", why=why)
    states = read_apps(session.api, session.namespace) if settings.tenants else []
    rows = [each for each in _rows(settings, states) if tenant in (None, each.tenant)]
    if output is Format.JSON:
        console.document({"apps": [each.as_dict() for each in rows]})
        return
    if not rows:
        console.say(f"`{tenant or stack}` has no applications.")
        return
    heads = ("TENANT", "NAME", "NAMESPACE", "CLUSTER", "APP", "VERSION", "STATE", "NOTE")
    console.table(heads, [each.cells() for each in rows])
    problems = [each.state.problem for each in rows if each.state and each.state.problem]
    for problem in problems:
        console.say(str(problem), "yellow")


def _rows(settings: Stack, states: Iterable[InstalledApp]) -> Iterator[AppRow]:
    live = {(each.view.tenant, each.view.name, each.view.cluster): each for each in states}
    for app in settings.apps:
        note = _note(app, settings)
        for cluster in settings.clusters_of(app):
            state = live.pop((app.tenant, app.install.name, cluster), None)
            place = (app.install.namespace, cluster)
            version = app.version.version
            yield AppRow(app.tenant, app.install.name, place, app.install.app, version, state, note)
    for (tenant, name, cluster), state in sorted(live.items()):
        place = (state.view.namespace, cluster)
        yield AppRow(tenant, name, place, state.view.terms["app"], "", state, "left the file")


def _note(app: ChosenApp, settings: Stack) -> str:
    """An update of the store, or what it says about the version that runs."""
    if app.version.state is AppState.WITHDRAWN:
        return f"withdrawn: {app.version.reason}"
    if app.version.state is AppState.DEPRECATED:
        return f"deprecated: use {app.version.use_instead}"
    entry = settings.shelves.find(app.install.app)
    newest = entry.newest if entry else None
    if newest and ordered(newest.version) > ordered(app.version.version):
        return f"{newest.version} is there"
    return ""
