"""The effect of an apply on add-ons: installed, upgraded, changed, removed, and their objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

from catalog import catalog
from components.addon_settings import resolved
from components.chart import Chart
from components.delivery.fleet_objects import shared_values
from components.delivery.plan import (
    ADDON_LABEL,
    CHART_LABEL,
    VALUES_ANNOTATION,
)
from components.facts import ClusterFacts
from components.ingress.classes import DEFINITIONS, classes
from components.mappings import Manifest
from engine.objects import Objects
from engine.plan.clusters import Locate, running, walked
from engine.plan.deliveries import leaving
from engine.plan.objects import ObjectPlan
from errors import CaasError
from errors.addons import ADDON_STOPS_UPGRADE, GATEWAY_API_DROPPED, NETWORK_PLUGIN_CHANGED
from stacks.settings.addons import NETWORKS

Values = tuple[str, str]
"""Of a chart in a cluster: its own, and the template that is meant without them."""
Installed = Mapping[str, Mapping[str, tuple[str, Values]]]
"""By chart and cluster: the version, and the values."""
ABSENT = "", ("", "")


class ChartAction(StrEnum):
    """The change of a chart in clusters."""

    INSTALL = "install"
    UPGRADE = "upgrade"
    CHANGE = "change"
    REMOVE = "remove"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class AddonChange:
    """The change of a chart, or of an add-on's objects, in some clusters.

    Attributes:
        action: what happens.
        name: of the chart's release, or of the add-on whose objects leave.
        clusters: where.
        before: the version now; empty where there is none.
        after: the version then.
        objects: those that `up` removes from the clusters.
    """

    action: ChartAction
    name: str
    clusters: tuple[str, ...]
    before: str = ""
    after: str = ""
    objects: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        return {
            "action": self.action.value,
            "name": self.name,
            "clusters": list(self.clusters),
            "from": self.before or None,
            "to": self.after or None,
            "objects": list(self.objects),
        }

    def __str__(self) -> str:
        where = (
            f"`{self.clusters[0]}`" if len(self.clusters) == 1 else f"{len(self.clusters)} clusters"
        )
        return {
            ChartAction.INSTALL: f"chart `{self.name}` {self.after}: installed in {where}",
            ChartAction.UPGRADE: f"chart `{self.name}`: {self.before} → {self.after} in {where}",
            ChartAction.CHANGE: f"chart `{self.name}`: its values change in {where}",
            ChartAction.REMOVE: f"chart `{self.name}`: removed from {where}",
            ChartAction.LEAVE: f"`{self.name}`: {', '.join(self.objects)} removed from {where}",
        }[self.action]


def plan_addons(plan: ObjectPlan) -> list[AddonChange]:
    """The effect of object changes on add-ons."""
    live, after = plan.live, plan.after()
    return [*_chart_changes(_installed(live), _installed(after)), *_left(live, after)]


def _installed(objects: Objects) -> Installed:
    clusters = [manifest for key, manifest in objects.items() if key.kind == "Cluster"]
    found: dict[str, dict[str, tuple[str, Values]]] = {}
    for key, proxy in objects.items():
        if key.kind != "HelmChartProxy":
            continue
        spec = proxy["spec"]
        wanted = spec["clusterSelector"].get("matchLabels", {}).items()
        shared = str(spec.get("valuesTemplate", ""))
        for cluster in clusters:
            metadata = cluster["metadata"]
            if wanted <= metadata.get("labels", {}).items():
                own = metadata.get("annotations", {}).get(f"{VALUES_ANNOTATION}{key.name}", "")
                version = str(spec.get("version", ""))
                found.setdefault(key.name, {})[metadata["name"]] = version, (own, shared)
    return found


def _chart_changes(before: Installed, after: Installed) -> Iterator[AddonChange]:
    for chart in sorted({*before, *after}):
        groups: dict[tuple[ChartAction, str, str], list[str]] = {}
        old, new = before.get(chart, {}), after.get(chart, {})
        for cluster in sorted({*old, *new}):
            was, values = old.get(cluster, ABSENT)
            becomes, wanted = new.get(cluster, ABSENT)
            if not was or not becomes:
                action = ChartAction.REMOVE if was else ChartAction.INSTALL
            elif was != becomes:
                action = ChartAction.UPGRADE
            elif values != wanted and _filled(values, cluster) != _filled(wanted, cluster):
                action = ChartAction.CHANGE
            else:
                continue
            groups.setdefault((action, was, becomes), []).append(cluster)
        for (action, was, becomes), clusters in groups.items():
            yield AddonChange(action, chart, tuple(clusters), was, becomes)


def _filled(values: Values, cluster: str) -> str:
    own, shared = values
    return own or shared_values(shared, cluster)


def _left(live: Objects, after: Objects) -> Iterator[AddonChange]:
    """Objects that no set brings any more, and that `up` removes from clusters."""
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for cluster, removals in leaving(live, after):
        for addon, group in groupby(removals, key=lambda each: each.addon):
            titles = tuple(sorted(each.title for each in group))
            groups.setdefault((addon, titles), []).append(cluster)
    for (addon, titles), clusters in groups.items():
        yield AddonChange(ChartAction.LEAVE, addon, tuple(sorted(clusters)), objects=titles)


def judge_addons(
    live: Objects, wanted: Objects, target: Callable[[str], ClusterFacts], locate: Locate
) -> None:
    """Refuses what can't be done to the add-ons of a running cluster.

    Args:
        live: the objects that are there.
        wanted: the objects that shall be.
        target: gives a cluster of the stack file with its add-ons, by name.
        locate: gives places in the stack file.

    Raises:
        CaasError: CAAS-1206 another network plug-in, CAAS-1207 an upgrade through a version that an
            add-on does not support, CAAS-1209 other definitions of the Gateway API.
    """
    for name, old, new in running(live, wanted):
        _judge_network(name, old, new, locate)
        if _defines(old) and not _defines(new):
            _judge_gateways(target(name), locate)
        if steps := walked(old, new, wanted):
            _judge_steps(target(name), [str(step) for step in steps], locate)


def _judge_network(cluster: str, old: Manifest, new: Manifest, locate: Locate) -> None:
    was, becomes = _networks(old), _networks(new)
    if was and was != becomes:
        instead = f"`{', '.join(becomes)}`" if becomes else "none"
        raise CaasError(
            NETWORK_PLUGIN_CHANGED,
            f"the cluster `{cluster}` runs `{', '.join(was)}` and would get {instead}",
            where=locate(cluster, "addons"),
        )


def _networks(cluster: Manifest) -> list[str]:
    labels = cluster["metadata"].get("labels", {})
    return [network for network in NETWORKS if f"{ADDON_LABEL}{network}" in labels]


def _defines(cluster: Manifest) -> bool:
    """True if the cluster gets the chart whose removal deletes the CRDs of the Gateway API."""
    return f"{CHART_LABEL}{DEFINITIONS.name}" in cluster["metadata"].get("labels", {})


def _judge_gateways(target: ClusterFacts, locate: Locate) -> None:
    """A cluster that serves no Gateways any more may lose them, one that does may not."""
    if there := classes(target):
        name = target.name
        raise CaasError(
            GATEWAY_API_DROPPED,
            f"`{name}` would lose the chart `{DEFINITIONS.name}`, and with it Gateways and routes",
            where=locate(name, "addons"),
            why=f"another add-on would define them, for the class `{there[0]}`",
        )


def _judge_steps(target: ClusterFacts, steps: Sequence[str], locate: Locate) -> None:
    for chart, owner, fix in _charts(target):
        release = catalog().charts[chart.name]
        for step in steps:
            if step not in release.kubernetes:
                raise CaasError(
                    ADDON_STOPS_UPGRADE,
                    f"the upgrade of `{target.name}` walks through {step}, and {release.name} "
                    f"{release.version} of {owner} does not support it",
                    where=locate(target.name, "version"),
                    why=f"it supports {release.kubernetes}",
                    fix=fix,
                )


def _charts(target: ClusterFacts) -> Iterator[tuple[Chart, str, str]]:
    """The charts whose supported versions bind a cluster, each with its owner, and a fix where the
    code's does not apply."""
    for chart in target.infrastructure.charts():
        fix = "Upgrade to a nearer version first, or wait for a catalog with a newer release of "
        yield chart, target.infrastructure.name, f"{fix}the chart."
    for addon in resolved(target):
        if not target.addons[addon.name].allow_unsupported:
            yield from ((chart, f"`{addon.name}`", "") for chart in addon.charts)
