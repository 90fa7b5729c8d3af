"""The base of every add-on's settings: what a stack file may say below `addons`.

`stacks.settings.addons.Addons` lists the add-ons; `components.delivery` brings them to clusters.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Annotated, Any, ClassVar

from pydantic import Field

from catalog import chart_resources
from components import service_domain
from components.addon import Addon, OwnStore
from components.chart import Chart
from components.facts import ClusterFacts, InstalledAddon, TenantFacts
from components.fields import Flag, LabelKey, LabelValue, Settings
from components.finding import Finding


class AddonSettings(Settings):
    """The base of every add-on's settings."""

    TITLE: ClassVar[str]
    """The display name: `MetalLB`."""
    SUMMARY: ClassVar[str]
    """The purpose of the add-on, one sentence."""
    EXAMPLE: ClassVar[Mapping[str, Any]] = {}
    """The least that a stack file has to say about it."""

    selector: Annotated[dict[LabelKey, LabelValue], Field(max_length=20)] = Field(
        default_factory=dict
    )
    """Of an add-on of the stack: only clusters that carry these labels get it; empty for all."""
    values: dict[str, Any] = Field(default_factory=dict)
    """Values of the add-on's main chart that no field covers; they win over everything else."""
    allow_unsupported: Flag = False
    """Installs it also on a Kubernetes version that its project does not list."""

    @abstractmethod
    def addon(self, target: ClusterFacts) -> Addon:
        """The add-on in a cluster. The settings have passed `check`."""

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """The problems of the settings in a cluster; paths begin at the add-on's settings."""
        yield from ()

    def stores(self) -> Iterator[OwnStore]:
        """The places outside of the cluster that no second installation may use."""
        yield from ()

    def gateway_class(self) -> str:
        """The GatewayClass that it serves, one of `components.ingress.classes`; empty for none."""
        return ""

    def tenant_facts(self) -> TenantFacts | None:
        """The tenant whose namespaces it brings; None for an add-on of the platform."""
        return None


def merged(values: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a chart with a user's own over them, as Helm does it: mappings key by key."""
    result = dict(values)
    for key, value in own.items():
        old = result.get(key)
        inner = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[key] = merged(old or {}, value) if inner else value
    return result


def resolved(target: ClusterFacts) -> list[Addon]:
    """Each add-on of a cluster, in the order of their needs: what provides a role comes first.

    Add-ons that need each other keep the order of the facts.
    """
    waiting = [described(settings, target) for settings in target.addons.values()]
    ordered: list[Addon] = []
    while waiting:
        missing = {role for addon in waiting for role in addon.provides}
        ready = [addon for addon in waiting if not missing & set(addon.needs)] or waiting[:1]
        ordered += ready
        waiting = [addon for addon in waiting if addon not in ready]
    return ordered


def _with_resources(addon: Addon) -> Addon:
    return replace(addon, charts=tuple(_asking(chart) for chart in addon.charts))


def _asking(chart: Chart) -> Chart:
    """The chart with the resources of the catalog; its own values take precedence."""
    resources = _resources_of(chart.name)
    return replace(chart, values=merged(merged(chart.values, resources), chart.values))


@cache
def _resources_of(chart: str) -> dict[str, Any]:
    """The resources of the catalog for a chart, as its values; the same for every cluster."""
    found: dict[str, Any] = {}
    for path, resources in chart_resources().get(chart, {}).items():
        nested: dict[str, Any] = resources
        for key in reversed(path.split(".")):
            nested = {key: nested}
        found = merged(found, nested)
    return found


def described(settings: InstalledAddon, target: ClusterFacts) -> Addon:
    """The add-on in a cluster, with the cluster's domain in its charts.

    Values of the add-on that name the domain have precedence.
    """
    addon = _with_resources(settings.addon(target))
    # An existing cluster may not tell its domain, and most charts do not ask for it.
    asked = {each.name for each in addon.charts} & service_domain.AT.keys()
    if not asked:
        return addon
    domain = target.network.service_domain
    charts = (
        replace(chart, values=merged(service_domain.values(chart.name, domain), chart.values))
        for chart in addon.charts
    )
    return replace(addon, charts=tuple(charts))
