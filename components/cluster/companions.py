"""What belongs to an infrastructure inside every cluster on it: cloud controllers and CSI."""

from __future__ import annotations

from typing import Any

import pulumi
import yaml

from catalog import catalog
from components.base import Component
from components.chart import Chart
from components.cluster.kinds import INFRASTRUCTURE_LABEL
from components.infrastructure.interface import Infrastructure
from components.manifest import custom_resource

ADDONS_API = "addons.cluster.x-k8s.io/v1alpha1"


class Companions(Component):
    """Makes one HelmChartProxy for each chart of an infrastructure.

    The add-on provider installs the chart in every cluster of the namespace that is labelled with
    the infrastructure, and fills in the Go templates of its values from the Cluster.

    Args:
        infrastructure: whose charts.
        namespace: where the clusters are.

    Outputs:
        charts: their names.
    """

    def __init__(
        self,
        infrastructure: Infrastructure,
        *,
        namespace: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(f"{infrastructure.name}-companions", opts)
        charts = infrastructure.charts()
        self.resources = [self._proxy(infrastructure.name, chart, namespace) for chart in charts]
        self.register_outputs({"charts": [chart.name for chart in charts]})

    def _proxy(self, infrastructure: str, chart: Chart, namespace: str) -> pulumi.Resource:
        own = chart.name.startswith(infrastructure)
        name = chart.name if own else f"{infrastructure}-{chart.name}"
        return custom_resource(
            f"{name}-chart",
            {
                "apiVersion": ADDONS_API,
                "kind": "HelmChartProxy",
                "metadata": {"name": name, "namespace": namespace},
                "spec": proxy(infrastructure, chart),
            },
            self.child(),
        )


def proxy(infrastructure: str, chart: Chart) -> dict[str, Any]:
    """The `spec` of the HelmChartProxy of a chart; its values may be an output."""
    release = catalog().charts[chart.name]
    spec: dict[str, Any] = {
        "clusterSelector": {"matchLabels": {INFRASTRUCTURE_LABEL: infrastructure}},
        "repoURL": release.repository,
        "chartName": release.name,
        "version": release.version,
        # The release that a direct installation makes has this name too, and is taken over.
        "releaseName": chart.name,
        "namespace": chart.namespace,
        "reconcileStrategy": "Continuous",
        "options": {
            "timeout": "10m0s",
            "install": {"createNamespace": True},
            "upgrade": {"maxHistory": 5},
        },
    }
    if chart.values:
        spec["valuesTemplate"] = pulumi.Output.from_input(dict(chart.values)).apply(_written)
    return spec


def _written(values: dict[str, Any]) -> str:
    """YAML whose lines are never broken, since a Go template may be on one."""
    text: str = yaml.safe_dump(values, width=2**20, allow_unicode=True, sort_keys=True)
    return text
