"""Add-ons of one cluster that Pulumi reaches itself: Helm releases, then objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pulumi
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs

from catalog import catalog
from components.addon import NETWORK, Addon, Target
from components.addons import resolved
from components.base import Component
from components.chart import Chart, rendered
from components.delivery.mirror import Mirror, mirrored, repository
from components.delivery.plan import kebab, namespaces
from components.manifest import Manifest, core_object

RELEASE_SECONDS = 900


class DirectAddons(Component):
    """Installs the add-ons of one cluster, in the order of their needs.

    The network comes first, then the infrastructure's own charts: without a cloud controller
    manager no node takes other pods.

    Args:
        name: of the component.
        target: the cluster with its add-ons.
        companions: the infrastructure's charts, where it has no other way to get them.
        mirror: where charts and images come from, where it is not the internet.
        opts: `providers` has the Kubernetes provider of that cluster.

    Outputs:
        addons: their keys in the stack file.
    """

    def __init__(
        self,
        name: str,
        target: Target,
        *,
        companions: Sequence[Chart] = (),
        mirror: Mirror | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        self._known = target.infrastructure.filled_in(pulumi.get_stack(), target.cluster)
        self._mirror = mirror
        self.resources: list[pulumi.Resource] = []
        addons = resolved(target)
        network = [addon for addon in addons if NETWORK in addon.provides]
        cloud = Addon("companions", tuple(companions))
        for addon in (*network, cloud, *(each for each in addons if each not in network)):
            self.resources += self._install(addon, list(self.resources))
        self.register_outputs({"addons": [addon.name for addon in addons]})

    def _install(self, addon: Addon, before: list[pulumi.Resource]) -> Iterator[pulumi.Resource]:
        made: list[pulumi.Resource] = [*self._objects(addon, tuple(namespaces(addon)), before)]
        if addon.objects_first:
            made += self._objects(addon, addon.objects, [*before, *made])
        for chart in addon.charts:
            options = self.child(depends_on=[*before, *made])
            name = f"{self.name}-{chart.name}"
            made.append(release(name, self._filled(chart), options, self._mirror))
        if not addon.objects_first:
            made += self._objects(addon, addon.objects, [*before, *made])
        yield from made

    def _filled(self, chart: Chart) -> Chart:
        found = mirrored(chart, self._mirror)
        return Chart(found.name, found.namespace, rendered(found.values, self._known))

    def _objects(
        self, addon: Addon, manifests: Sequence[Manifest], before: list[pulumi.Resource]
    ) -> Iterator[pulumi.Resource]:
        for manifest in manifests:
            own = rendered(manifest, self._known)
            kind, metadata = own["kind"].lower(), own["metadata"]
            place = f"{metadata['namespace']}-" if "namespace" in metadata else ""
            resource = f"{self.name}-{kebab(addon.name)}-{kind}-{place}{metadata['name']}"
            # A namespace may have been there before, and others may have put things into it.
            options = self.child(depends_on=list(before), retain_on_delete=kind == "namespace")
            yield core_object(resource, own, options)


def release(
    name: str, chart: Chart, opts: pulumi.ResourceOptions, mirror: Mirror | None = None
) -> Release:
    """Registers a Helm release of a chart; it waits until what it made is ready."""
    known = catalog().charts[chart.name]
    source = repository(known, mirror)
    oci = source.startswith("oci://")
    return Release(
        name,
        name=chart.name,
        chart=f"{source}/{known.name}" if oci else known.name,
        version=known.version,
        repository_opts=None if oci else RepositoryOptsArgs(repo=source),
        namespace=chart.namespace,
        values=dict(chart.values),
        timeout=RELEASE_SECONDS,
        opts=opts,
    )
