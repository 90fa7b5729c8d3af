"""Add-ons of workload clusters, through the management cluster.

Cluster API's add-on provider installs charts (HelmChartProxy), and Cluster API itself brings
objects (ClusterResourceSet). A cluster that can't be reached holds nobody up, and a thousand of
them cost no more than one.
"""

from __future__ import annotations

from typing import Any

import pulumi

from catalog import catalog
from components.base import Component
from components.chart import CLUSTER_NAME
from components.delivery import plan as planning
from components.delivery.mirror import Mirror, repository
from components.delivery.plan import (
    ENABLED,
    NO_VALUES,
    VALUES_ANNOTATION,
    ObjectSet,
    Release,
)
from components.manifest import Manifest, core_object, custom_resource

PROXY_API = "addons.cluster.x-k8s.io/v1alpha1"
RESOURCE_SET_API = "addons.cluster.x-k8s.io/v1beta2"
KEPT_RELEASES = 5
OTHERS, END = "{{- else }}\n", "{{- end }}\n"
BRACES = "{{ `{{` }}"
"""A template that gives two braces."""


class FleetAddons(Component):
    """Makes what brings add-ons to clusters.

    Args:
        name: the stack's name.
        fleet: what has to be made; `components.delivery.plan.plan` works it out.
        namespace: where the Clusters are.
        mirror: where charts come from, where it is not the internet.

    Outputs:
        charts: the names of the HelmChartProxies.

    `resources` are those: clusters that wait for their network come after them, and go before
    them. There may be as many sets of objects as clusters, and nothing waits for one.
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
        self.resources: list[pulumi.Resource] = [
            custom_resource(
                f"{release.chart}-release",
                release_proxy(release, namespace, mirror),
                self.child(),
            )
            for release in fleet.releases
        ]
        for found in fleet.sets:
            self._object_set(found, namespace)
        self.register_outputs({"charts": [release.chart for release in fleet.releases]})

    def _object_set(self, found: ObjectSet, namespace: str) -> None:
        texts, resource_set = object_set(found, namespace)
        contents: list[pulumi.Resource] = [
            core_object(f"{text['metadata']['name']}-objects", text, self.child()) for text in texts
        ]
        custom_resource(f"{found.name}-set", resource_set, self.child(depends_on=contents))


def helm_chart_proxy(
    name: str,
    chart: str,
    *,
    namespace: str,
    install_in: str,
    labels: dict[str, str],
    mirror: Mirror | None = None,
) -> Manifest:
    """The HelmChartProxy of a chart, without values.

    Args:
        name: of the object.
        chart: its key in the catalog.
        namespace: where the Clusters are.
        install_in: the namespace of the release.
        labels: of the clusters that get it.
        mirror: where the chart comes from.
    """
    release = catalog().charts[chart]
    spec: dict[str, Any] = {
        "clusterSelector": {"matchLabels": labels},
        "repoURL": repository(release, mirror),
        "chartName": release.name,
        "version": release.version,
        # The release that a direct installation makes has this name too, and is taken over.
        "releaseName": chart,
        "namespace": install_in,
        "reconcileStrategy": "Continuous",
        "options": {
            "timeout": "10m0s",
            "install": {"createNamespace": True},
            "upgrade": {"maxHistory": KEPT_RELEASES},
        },
    }
    if mirror and mirror.credentials:
        secret = {"name": mirror.credentials, "namespace": namespace}
        spec["credentials"] = {"secret": secret, "key": "config.json"}
    return {
        "apiVersion": PROXY_API,
        "kind": "HelmChartProxy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def release_proxy(release: Release, namespace: str, mirror: Mirror | None = None) -> Manifest:
    """The HelmChartProxy of an add-on's chart, with its values."""
    proxy = helm_chart_proxy(
        release.chart,
        release.chart,
        namespace=namespace,
        install_in=release.namespace,
        labels={release.label: ENABLED},
        mirror=mirror,
    )
    text = values_template(release)
    if text:
        proxy["spec"]["valuesTemplate"] = text
    return proxy


def values_template(release: Release) -> str:
    """What the add-on provider fills in for each cluster: its own values, or those of the others.

    A Go template; braces of the values are text in it, but for the name of the cluster.
    """
    shared = escaped(release.values)
    if not release.own:
        return shared
    key = f"{VALUES_ANNOTATION}{release.chart}"
    own = f'index (.Cluster.metadata.annotations | default dict) "{key}"'
    return f"{{{{- with {own} }}}}{{{{ . }}}}{OTHERS}{shared}{END}"


def shared_values(template: str, cluster: str) -> str:
    """The values of a cluster that carries none of its own; the inverse of the above."""
    _, others, rest = template.partition(OTHERS)
    shared = rest.removesuffix(END) if others else template
    return shared.replace(CLUSTER_NAME, cluster).replace(BRACES, "{{") or NO_VALUES


def escaped(text: str) -> str:
    """The text as a Go template that gives it again, with `CLUSTER_NAME` filled in."""
    parts = (part.replace("{{", BRACES) for part in text.split(CLUSTER_NAME))
    return CLUSTER_NAME.join(parts)


def object_set(found: ObjectSet, namespace: str) -> tuple[list[Manifest], Manifest]:
    """The ConfigMaps with an add-on's objects, and the ClusterResourceSet that delivers them."""
    texts: list[Manifest] = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"{found.name}-{index}", "namespace": namespace},
            "data": {"objects.yaml": text},
        }
        for index, text in enumerate(found.texts)
    ]
    resources = [{"kind": "ConfigMap", "name": text["metadata"]["name"]} for text in texts]
    resources += [{"kind": "Secret", "name": name} for name in found.secrets]
    return texts, {
        "apiVersion": RESOURCE_SET_API,
        "kind": "ClusterResourceSet",
        "metadata": {"name": found.name, "namespace": namespace},
        "spec": {
            "strategy": "Reconcile",
            "clusterSelector": {"matchLabels": {found.label: found.digest}},
            "resources": resources,
        },
    }
