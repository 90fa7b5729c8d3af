"""The effect of an apply on applications of tenants: installs, upgrades, removals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from components.mappings import Manifest
from components.store.amounts import quantity
from components.store.form import Changes, fault_of_change
from components.store.objects import APP_LABEL, CLUSTER_LABEL, TERMS_ANNOTATION
from components.tenancy.names import TENANT_LABEL
from engine.objects import Objects
from engine.plan.fleet_change import FleetChange
from errors import CaasError, Where
from errors.store import APP_SETTING_FIXED

KIND = "HelmRelease"


@dataclass(frozen=True, slots=True)
class AppView:
    """An install in a cluster, read from its release.

    Attributes:
        tenant: the tenant.
        name: the name of the install.
        cluster: the cluster.
        namespace: in the cluster.
        terms: as `components.store.objects.terms` made them.
        suspended: whether Flux leaves it alone.
        values: of the chart.
    """

    tenant: str
    name: str
    cluster: str
    namespace: str
    terms: Mapping[str, Any]
    suspended: bool
    values: Mapping[str, Any]

    @classmethod
    def of(cls, release: Manifest) -> AppView | None:
        """The install of a release; None of a release that is no application."""
        metadata, spec = release["metadata"], release["spec"]
        labels = metadata.get("labels", {})
        terms = metadata.get("annotations", {}).get(TERMS_ANNOTATION)
        if terms is None or APP_LABEL not in labels:
            return None
        return cls(
            labels.get(TENANT_LABEL, ""),
            labels[APP_LABEL],
            labels.get(CLUSTER_LABEL, ""),
            spec.get("targetNamespace", ""),
            json.loads(terms),
            spec.get("suspend", False),
            spec.get("values", {}),
        )

    @property
    def title(self) -> str:
        """The install as the preview names it."""
        return f"app `{self.name}` ({self.tenant}/{self.namespace})"

    @property
    def chart(self) -> str:
        """The entry and its version."""
        return f"{self.terms['app']} {self.terms['version']}"


class AppChange(FleetChange):
    """A change of an application in some clusters."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{self.what}, in {self.place}"


def plan_apps(live: Objects, after: Objects) -> list[AppChange]:
    """The changes of applications, in words; each once, with the clusters that it concerns."""
    before, later = _views(live), _views(after)
    groups: dict[str, list[str]] = {}
    for name, view in sorted((before | later).items()):
        if name not in before:
            what = f"{view.title}: {view.chart} is installed; takes {_amounts(view)}"
        elif name not in later:
            what = f"{view.title}: {view.chart} is removed; {_left(view)}"
        elif before[name] != view:
            what = f"{view.title}: {_changed(before[name], view)}"
        else:
            continue
        groups.setdefault(what, []).append(view.cluster)
    return [AppChange(what, tuple(clusters)) for what, clusters in groups.items()]


def changed_apps(live: Objects, after: Objects) -> set[tuple[str, str]]:
    """The tenant and the name of each install that changes in some cluster."""
    before, later = _views(live), _views(after)
    pairs = ((before.get(name), later.get(name)) for name in {*before, *later})
    return {
        (each.tenant, each.name) for old, new in pairs if old != new for each in (old, new) if each
    }


def _views(objects: Objects) -> dict[str, AppView]:
    found = {key.name: AppView.of(each) for key, each in objects.items() if key.kind == KIND}
    return {name: view for name, view in found.items() if view}


def _left(old: AppView) -> str:
    if old.suspended:
        return "it is suspended, so all of it stays in the cluster"
    stays = old.terms.get("stays")
    return f"{stays} stay in the namespace" if stays else "nothing of it stays"


def _changed(old: AppView, new: AppView) -> str:
    parts = [new.chart if old.chart == new.chart else f"{old.chart} → {new.terms['version']}"]
    was, becomes = old.terms.get("settings", {}), new.terms.get("settings", {})
    parts += [
        f"{key} {was.get(key, 'unset')} → {becomes.get(key, 'unset')}"
        for key in sorted({*was, *becomes})
        if was.get(key) != becomes.get(key)
    ]
    if _amounts(old) != _amounts(new):
        parts.append(f"takes {_amounts(new)}, now {_amounts(old)}")
    if old.suspended != new.suspended:
        parts.append("is suspended" if new.suspended else "is suspended no more")
    if old.terms.get("stays") != new.terms.get("stays"):
        kept = new.terms.get("stays")
        parts.append(f"{kept} stay when it is removed" if kept else "its data goes with it")
    if len(parts) == 1 and old.values == new.values:
        parts.append("settings of its delivery change")
    elif len(parts) == 1:
        parts.append("fixed values of its entry change")
    return "; ".join(parts)


def _amounts(view: AppView) -> str:
    """The resources of an install: `2 CPU, 6Gi memory, 120Gi storage`."""
    takes = {key: Fraction(value) for key, value in view.terms.get("takes", {}).items()}
    words = [f"{quantity('cpu', takes.get('cpu', Fraction(0)))} CPU"]
    words += [
        f"{quantity(key, takes[key])} {key}" for key in ("memory", "storage") if takes.get(key)
    ]
    return ", ".join(words)


def judge_apps(live: Objects, wanted: Objects) -> None:
    """Refuses changes of settings that an entry does not allow after the install.

    Args:
        live: the objects that are there.
        wanted: the objects that shall be.

    Raises:
        CaasError: CAAS-1455.
    """
    before, later = _views(live), _views(wanted)
    for name, new in later.items():
        old = before.get(name)
        if old is None or old.terms["app"] != new.terms["app"]:
            continue
        was, becomes = old.terms.get("settings", {}), new.terms.get("settings", {})
        for key, changes in new.terms.get("changes", {}).items():
            if key not in was or key not in becomes:
                continue
            if why := fault_of_change(Changes(changes), was[key], becomes[key]):
                what = f"`{key}` of `{new.name}` in `{new.cluster}`: {why}"
                raise CaasError(APP_SETTING_FIXED, what, where=Where(cluster=new.cluster))
