"""Add-ons of workload clusters, through the management cluster.

Cluster API's add-on provider installs charts (HelmChartProxy), and Cluster API itself delivers
objects (ClusterResourceSet). A cluster that can't be reached delays no other, and a thousand of
them need no more releases than one.
"""

from __future__ import annotations

from collections.abc import Iterator

import pulumi

from components.base import Component, root_urn
from components.delivery import plan as planning
from components.delivery.component import AddonComponent, Share, component_of
from components.delivery.fleet_objects import object_set, release_proxy
from components.delivery.mirror import Mirror
from components.delivery.parts import Part
from components.delivery.plan import kebab


class AddonArea(Component):
    """A group of add-ons in the Pulumi tree: `network`, `storage`, `ingress`.

    Args:
        name: of the group.
    """

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.register_outputs({})


def area_of(kind: type[AddonComponent]) -> str:
    """The group of an add-on: the folder of its component."""
    return kind.__module__.split(".")[-2]


class FleetAddons(Component):
    """Registers the add-ons of all workload clusters of a stack, in groups.

    Args:
        name: the stack's name.
        fleet: the plan of the delivery, by `components.delivery.plan.plan`.
        namespace: the namespace of the Clusters.
        mirror: the source of charts that replaces the internet.

    Outputs:
        charts: the names of the HelmChartProxies.

    Attributes:
        resources: the HelmChartProxies. Clusters that wait for their network are made after them,
            and deleted before them. Sets of objects, of which there may be as many as clusters,
            are not among them.
        addons: the component of each add-on, by its key.
    """

    def __init__(
        self,
        name: str,
        fleet: planning.Fleet,
        *,
        namespace: str,
        mirror: Mirror | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(f"{name}-addons", opts)
        self.resources: list[pulumi.Resource] = []
        self.addons: dict[str, AddonComponent] = {}
        areas: dict[str, AddonArea] = {}
        for key, settings in fleet.settings.items():
            kind = component_of(next(iter(settings.values()), None))
            area = area_of(kind)
            if area not in areas:
                areas[area] = AddonArea(area, self.child())
            share = Share(
                groups=list(_groups(fleet, key, namespace, mirror)),
                settings=settings,
                old_parent=root_urn("FleetAddons", f"{name}-addons"),
            )
            made = kind(kebab(key), cluster=share, opts=areas[area].child())
            self.addons[key] = made
            charts = sum(release.addon == key for release in fleet.releases)
            self.resources += made.resources[:charts]
        self.register_outputs({"charts": [release.chart for release in fleet.releases]})


def _groups(
    fleet: planning.Fleet, key: str, namespace: str, mirror: Mirror | None
) -> Iterator[list[Part]]:
    """The parts of an add-on: its charts, then each set of objects."""
    yield [
        Part(f"{release.chart}-release", release_proxy(release, namespace, mirror))
        for release in fleet.releases
        if release.addon == key
    ]
    for found in fleet.sets:
        if found.addon == key:
            texts, resource_set = object_set(found, namespace)
            contents = [Part(f"{text['metadata']['name']}-objects", text) for text in texts]
            yield [*contents, Part(f"{found.name}-set", resource_set, stage=1)]
