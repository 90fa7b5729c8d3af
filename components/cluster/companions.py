"""What belongs to an infrastructure inside every cluster on it: cloud controllers and CSI."""

from __future__ import annotations

import pulumi

from components.base import Component
from components.chart import Chart
from components.cluster.kinds import INFRASTRUCTURE_LABEL
from components.delivery.fleet import helm_chart_proxy
from components.delivery.mirror import Mirror, mirrored
from components.delivery.plan import as_yaml
from components.infrastructure.interface import Infrastructure
from components.manifest import custom_resource


class Companions(Component):
    """Makes one HelmChartProxy for each chart of an infrastructure.

    The add-on provider installs the chart in every cluster of the namespace that is labelled with
    the infrastructure, and fills in the Go templates of its values from the Cluster.

    Args:
        infrastructure: whose charts.
        namespace: where the clusters are.
        mirror: where charts and images come from, where it is not the internet.

    Outputs:
        charts: their names.
    """

    def __init__(
        self,
        infrastructure: Infrastructure,
        *,
        namespace: str,
        mirror: Mirror | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(f"{infrastructure.name}-companions", opts)
        charts = infrastructure.charts()
        self.resources = [
            self._proxy(infrastructure.name, chart, namespace, mirror) for chart in charts
        ]
        self.register_outputs({"charts": [chart.name for chart in charts]})

    def _proxy(
        self, infrastructure: str, chart: Chart, namespace: str, mirror: Mirror | None
    ) -> pulumi.Resource:
        own = chart.name.startswith(infrastructure)
        name = chart.name if own else f"{infrastructure}-{chart.name}"
        proxy = helm_chart_proxy(
            name,
            chart.name,
            namespace=namespace,
            install_in=chart.namespace,
            labels={INFRASTRUCTURE_LABEL: infrastructure},
            mirror=mirror,
        )
        values = mirrored(chart, mirror).values
        if values:
            text = pulumi.Output.from_input(dict(values)).apply(as_yaml)
            proxy["spec"]["valuesTemplate"] = text
        return custom_resource(f"{name}-chart", proxy, self.child())
