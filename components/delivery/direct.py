"""Add-ons of one cluster that Pulumi reaches itself: Helm releases, then objects."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.helm.v3 import Release

from components.addon import NETWORK, Addon
from components.addon_settings import resolved
from components.base import Component, root_urn
from components.chart import CLUSTER_NAME, Chart
from components.delivery.component import Share, component_of
from components.delivery.fleet import AddonArea, area_of
from components.delivery.mirror import Mirror
from components.delivery.parts import direct_parts, register, release_arguments
from components.delivery.plan import kebab
from components.facts import ClusterFacts


class DirectAddons(Component):
    """Installs the add-ons of one cluster, in groups and in the order of their needs.

    The network comes first, then the infrastructure's own charts: without a cloud controller
    manager no node takes other pods.

    Args:
        name: of the component.
        target: the cluster with its add-ons.
        integrations: the infrastructure's charts, where it has no other way to get them.
        mirror: the source of charts and images that replaces the internet.
        opts: `providers` has the Kubernetes provider of that cluster.

    Outputs:
        addons: their keys in the stack file.
    """

    def __init__(
        self,
        name: str,
        target: ClusterFacts,
        *,
        integrations: Sequence[Chart] = (),
        mirror: Mirror | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        known = {CLUSTER_NAME: target.name}
        if integrations:
            known |= target.infrastructure.filled_in(
                pulumi.get_stack(), target.name, target.version, target.network.pods
            )
        self.resources: list[pulumi.Resource] = []
        self._areas: dict[str, AddonArea] = {}
        addons = resolved(target)
        network = [addon for addon in addons if NETWORK in addon.provides]
        for addon in network:
            self._install(addon, target, known, mirror)
        parts = direct_parts(name, Addon("integrations", tuple(integrations)), known, mirror)
        self.resources += register(self, parts, list(self.resources))
        for addon in addons:
            if addon not in network:
                self._install(addon, target, known, mirror)
        self.register_outputs({"addons": [addon.name for addon in addons]})

    def _install(
        self, addon: Addon, target: ClusterFacts, known: dict[str, str], mirror: Mirror | None
    ) -> None:
        settings = target.addons.get(addon.name)
        kind = component_of(settings)
        area = area_of(kind)
        if area not in self._areas:
            self._areas[area] = AddonArea(area, self.child())
        share = Share(
            groups=[direct_parts(self.name, addon, known, mirror)],
            settings={target.name: settings} if settings else {},
            before=list(self.resources),
            old_parent=root_urn("DirectAddons", self.name),
        )
        made = kind(kebab(addon.name), cluster=share, opts=self._areas[area].child())
        self.resources += made.resources


def release(
    name: str, chart: Chart, opts: pulumi.ResourceOptions, mirror: Mirror | None = None
) -> Release:
    """Registers a Helm release of a chart; it waits until its resources are ready."""
    return Release(name, opts=opts, **release_arguments(chart, mirror))
