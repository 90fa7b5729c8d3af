"""The objects of a management cluster that bring add-ons to workload clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalog import catalog
from components.chart import CLUSTER_NAME
from components.delivery.mirror import Mirror, repository
from components.delivery.plan import ENABLED, NO_VALUES, VALUES_ANNOTATION, FleetRelease, ObjectSet
from components.mappings import Manifest

PROXY_API = "addons.cluster.x-k8s.io/v1alpha1"
RESOURCE_SET_API = "addons.cluster.x-k8s.io/v1beta2"
KEPT_RELEASES = 5
OTHERS, END = "{{- else }}\n", "{{- end }}\n"
BRACES = "{{ `{{` }}"
"""A template that gives two braces."""


def helm_chart_proxy(
    name: str,
    chart: str,
    *,
    namespace: str,
    install_in: str,
    selector: Mapping[str, Any],
    mirror: Mirror | None = None,
) -> Manifest:
    """The HelmChartProxy of a chart, without values.

    Args:
        name: of the object.
        chart: its key in the catalog.
        namespace: where the Clusters are.
        install_in: the namespace of the release.
        selector: the label selector of the clusters that get it.
        mirror: where the chart comes from.
    """
    release = catalog().charts[chart]
    spec: dict[str, Any] = {
        "clusterSelector": dict(selector),
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


def release_proxy(release: FleetRelease, namespace: str, mirror: Mirror | None = None) -> Manifest:
    """The HelmChartProxy of an add-on's chart, with its values."""
    proxy = helm_chart_proxy(
        release.chart,
        release.chart,
        namespace=namespace,
        install_in=release.namespace,
        selector={"matchLabels": {release.label: ENABLED}},
        mirror=mirror,
    )
    text = values_template(release)
    if text:
        proxy["spec"]["valuesTemplate"] = text
    return proxy


def values_template(release: FleetRelease) -> str:
    """The values template of the add-on provider: a cluster's own values, or the shared ones.

    A Go template; braces of the values are text in it, but for the name of the cluster.
    """
    shared = escaped(release.values)
    if not release.own:
        return shared
    key = f"{VALUES_ANNOTATION}{release.chart}"
    own = f'index (.Cluster.metadata.annotations | default dict) "{key}"'
    return f"{{{{- with {own} }}}}{{{{ . }}}}{OTHERS}{shared}{END}"


def shared_values(template: str, cluster: str) -> str:
    """The values of a cluster without its own values; the inverse of the above."""
    _, others, rest = template.partition(OTHERS)
    shared = rest.removesuffix(END) if others else template
    return shared.replace(CLUSTER_NAME, cluster).replace(BRACES, "{{") or NO_VALUES


def escaped(text: str) -> str:
    """The text as a Go template that gives it again, with `CLUSTER_NAME` filled in."""
    parts = (part.replace("{{", BRACES) for part in text.split(CLUSTER_NAME))
    return CLUSTER_NAME.join(parts)


def object_set(found: ObjectSet, namespace: str) -> tuple[list[Manifest], Manifest]:
    """The ConfigMaps with an add-on's objects, and the ClusterResourceSet that delivers them."""
    selector = {"matchLabels": {found.label: found.digest}}
    contents, made = resource_set(found.name, found.texts, found.secrets, selector, namespace)
    if found.annotations:
        made["metadata"]["annotations"] = dict(found.annotations)
    return contents, made


def resource_set(
    name: str,
    texts: Sequence[str],
    secrets: Sequence[str],
    selector: Mapping[str, Any],
    namespace: str,
) -> tuple[list[Manifest], Manifest]:
    """ConfigMaps with objects, and the ClusterResourceSet that delivers them.

    Args:
        name: of the ClusterResourceSet.
        texts: the objects as YAML, in pieces that fit into a ConfigMap.
        secrets: names of Secrets that are delivered too.
        selector: the label selector of the clusters that get them.
        namespace: of the Clusters.
    """
    contents: list[Manifest] = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"{name}-{index}", "namespace": namespace},
            "data": {"objects.yaml": text},
        }
        for index, text in enumerate(texts)
    ]
    resources = [{"kind": "ConfigMap", "name": each["metadata"]["name"]} for each in contents]
    resources += [{"kind": "Secret", "name": secret} for secret in secrets]
    return contents, {
        "apiVersion": RESOURCE_SET_API,
        "kind": "ClusterResourceSet",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "strategy": "Reconcile",
            "clusterSelector": dict(selector),
            "resources": resources,
        },
    }
