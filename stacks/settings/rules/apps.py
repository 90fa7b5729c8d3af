"""Rules about applications of tenants, before anything is installed."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from components.finding import Finding
from components.store.amounts import quantity
from components.store.install import ChosenApp, check_cluster, check_settings, chosen
from components.store.shelf import nearest
from errors import CaasError, Problem
from errors.store import (
    APP_ABOVE_QUOTA,
    APP_PLACE_UNKNOWN,
    APP_SETTING_REFUSED,
    APP_TWICE,
    APP_UNKNOWN,
    APPS_WITHOUT_FLUX,
    FLUX_MISPLACED,
    SHELF_MISSING,
)
from errors.tenants import NAMESPACE_PROTECTED
from stacks.settings.shelves import Shelves
from stacks.settings.stack import Stack
from stacks.settings.tenants import StackTenant

HERE = "tenants"


def check(stack: Stack, problems: list[Problem]) -> Iterator[Finding]:
    """Codes 1440 to 1449, 1451 and 1452, and NAMESPACE_PROTECTED of Flux's accounts.

    Args:
        stack: valid apart from its applications.
        problems: gets those of the store's entries, which are in other files.
    """
    shelves = stack.shelves
    for index, shelf in enumerate(shelves.shelves[1:]):
        if not shelf.folder.is_dir():
            path = ("store", "internal", index, "folder")
            yield Finding(SHELF_MISSING, path, f"there is no folder {shelf.folder}")
            return
    yield from _flux(stack)
    yield from _accounts(stack)
    whole = True
    for index, tenant in enumerate(stack.tenants):
        for finding in _of_tenant(tenant, stack, shelves, problems):
            whole = False
            yield finding.below(HERE, index)
    if whole and not stack.has_flux:
        for index, tenant in enumerate(stack.tenants):
            if tenant.apps:
                what = "nothing on the management cluster installs applications"
                yield Finding(APPS_WITHOUT_FLUX, (HERE, index, "apps"), what, key=True)
                return


def _flux(stack: Stack) -> Iterator[Finding]:
    """FLUX_MISPLACED."""
    what = "workload clusters have no use for Flux"
    if stack.addons.flux:
        yield Finding(FLUX_MISPLACED, ("addons", "flux"), what, key=True)
    for index, cluster in enumerate(stack.clusters):
        if cluster.addons.flux:
            yield Finding(FLUX_MISPLACED, ("clusters", index, "addons", "flux"), what, key=True)


def _accounts(stack: Stack) -> Iterator[Finding]:
    """NAMESPACE_PROTECTED: in a namespace of the accounts, a pod could become that of others."""
    reserved = stack.management.namespace
    for index, tenant in enumerate(stack.tenants if stack.has_flux else ()):
        for number, each in enumerate(tenant.namespaces):
            if each.name == reserved:
                what = f"`{reserved}` is the namespace of the accounts that install applications"
                yield Finding(NAMESPACE_PROTECTED, (HERE, index, "namespaces", number), what)


def _of_tenant(
    tenant: StackTenant, stack: Stack, shelves: Shelves, problems: list[Problem]
) -> Iterator[Finding]:
    spaces = {each.name for each in tenant.namespaces}
    seen: set[str] = set()
    good: list[tuple[int, ChosenApp]] = []
    for number, install in enumerate(tenant.apps):
        found = []
        if install.name in seen:
            found.append(Finding(APP_TWICE, ("name",), f"`{install.name}` is there twice"))
        seen.add(install.name)
        if install.namespace not in spaces:
            what = f"`{install.namespace}` is no namespace of `{tenant.name}`"
            yield Finding(APP_PLACE_UNKNOWN, ("in",), what).below("apps", number)
            continue
        try:
            entry = shelves.find(install.app)
        except CaasError as error:
            problems += [each for each in error.problems if each not in problems]
            continue
        app = chosen(tenant.name, install, entry) if entry else None
        if isinstance(app, ChosenApp):
            found += check_settings(app, tenant.domains)
            if not found:
                found += _in_clusters(app, stack)
                good.append((number, app))
        elif app:
            found.append(app)
        else:
            what, fix = f"the store has no `{install.app}`", nearest(install.app, shelves.known())
            found.append(Finding(APP_UNKNOWN, ("app",), what, fix=fix))
        yield from (each.below("apps", number) for each in found)
    yield from _shares(tenant, stack, good)


def _in_clusters(app: ChosenApp, stack: Stack) -> Iterator[Finding]:
    """APP_NEEDS_ROLE and APP_KUBERNETES_RANGE, each once, for the first cluster."""
    names, told = set(stack.clusters_of(app)), set()
    for cluster in stack.clusters:
        if cluster.name in names:
            for finding in check_cluster(app, stack.target(cluster)):
                if finding.code not in told:
                    told.add(finding.code)
                    yield finding


def _shares(
    tenant: StackTenant, stack: Stack, apps: list[tuple[int, ChosenApp]]
) -> Iterator[Finding]:
    """APP_ABOVE_QUOTA: the application with which a namespace is beyond its share."""
    for space in tenant.namespaces:
        limits = tenant.share(space, stack.tenant_defaults).amounts()
        taken: dict[str, Fraction] = {}
        for number, app in apps:
            if app.install.namespace != space.name:
                continue
            try:
                amounts = app.entry.amounts(app.install.settings)
            except ValueError as error:
                what = f"the resources of `{app.install.name}` can't be computed: {error}"
                yield Finding(APP_SETTING_REFUSED, ("apps", number, "set"), what)
                continue
            for key, amount in amounts.items():
                before = taken.get(key, Fraction(0))
                taken[key] = before + amount
                limit = limits.get(key)
                if limit is not None and before <= limit < taken[key]:
                    what = (
                        f"applications of `{space.name}` take {quantity(key, taken[key])} "
                        f"of {quantity(key, Fraction(limit))} {key}"
                    )
                    yield Finding(APP_ABOVE_QUOTA, ("apps", number), what)
