"""The cloud controller manager and the CSI driver of an infrastructure, in every cluster on it."""

from __future__ import annotations

import pulumi

from components.base import Component, root_urn
from components.chart import Chart
from components.cluster.existing import ManagementCluster
from components.cluster_object import INFRASTRUCTURE_LABEL
from components.delivery.clusters import FleetPlace
from components.delivery.fleet_objects import helm_chart_proxy
from components.delivery.mirror import Mirror, mirrored
from components.delivery.plan import as_yaml
from components.infrastructure.interface import Infrastructure
from components.manifest import custom_resource


class CloudIntegrations(Component):
    """Makes one HelmChartProxy for each chart of an infrastructure.

    The add-on provider installs the chart in every cluster of the namespace that is labelled with
    the infrastructure, and fills in the Go templates of its values from the Cluster.

    Args:
        infrastructure: the infrastructure with the charts.
        management: the management cluster. A stack gives `namespace` and providers in its place.
        namespace: the namespace of the clusters.
        mirror: the source of charts and images that replaces the internet.

    Outputs:
        charts: their names.
    """

    def __init__(
        self,
        infrastructure: Infrastructure,
        *,
        management: ManagementCluster | None = None,
        namespace: str = "",
        mirror: Mirror | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        place = management.place if management else FleetPlace(namespace, mirror=mirror)
        name = f"{infrastructure.name}-companions"
        former = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_="caas:index:Companions")])
        super().__init__(name, pulumi.ResourceOptions.merge(place.options_of(opts), former))
        self._former = pulumi.Alias(parent=root_urn("Companions", name))
        charts = infrastructure.charts()
        self.resources = [self._proxy(infrastructure.name, chart, place) for chart in charts]
        if management:
            management.shared.extend(self.resources)
        self.register_outputs({"charts": [chart.name for chart in charts]})

    def _proxy(self, infrastructure: str, chart: Chart, place: FleetPlace) -> pulumi.Resource:
        own = chart.name.startswith(infrastructure)
        name = chart.name if own else f"{infrastructure}-{chart.name}"
        proxy = helm_chart_proxy(
            name,
            chart.name,
            namespace=place.namespace,
            install_in=chart.namespace,
            selector={"matchLabels": {INFRASTRUCTURE_LABEL: infrastructure}},
            mirror=place.mirror,
        )
        values = mirrored(chart, place.mirror).values
        if values:
            text = pulumi.Output.from_input(dict(values)).apply(as_yaml)
            proxy["spec"]["valuesTemplate"] = text
        return custom_resource(f"{name}-chart", proxy, self.child(aliases=[self._former]))
