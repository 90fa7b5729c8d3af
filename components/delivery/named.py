"""Add-ons of named clusters of a fleet: one HelmChartProxy for each chart, and sets of objects.

The clusters are selected by the label with their name, which every Cluster object of this project
has. A chart whose values differ between clusters is still one HelmChartProxy, with a branch for
each kind of values in its template, so that a change of values is an upgrade and never a removal.
A ClusterResourceSet can't be given another selector, so its name has a digest of the clusters.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.addon import Addon
from components.chart import CLUSTER_NAME
from components.cluster.kinds import NAME_LABEL
from components.delivery.clusters import FleetPlace
from components.delivery.fleet_objects import (
    END,
    OTHERS,
    escaped,
    helm_chart_proxy,
    resource_set,
)
from components.delivery.mirror import mirrored
from components.delivery.parts import Part
from components.delivery.plan import as_yaml, marked, namespaces, packed
from components.digests import content_name
from components.mappings import Manifest


def named_parts(name: str, addons: Mapping[str, Addon], place: FleetPlace) -> list[Part]:
    """The HelmChartProxies, ConfigMaps and ClusterResourceSets of an add-on.

    Args:
        name: the first part of the names of objects and resources.
        addons: the add-on in each cluster, by the cluster's name; `CLUSTER_NAME` stands for it.
        place: the namespace of the management cluster.
    """
    prefix = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    parts = [*_proxies(prefix, addons, place)]
    shared, own = _objects(addons)
    secrets = tuple(sorted({secret for each in addons.values() for secret in each.secrets}))
    if shared or secrets:
        parts += _set(prefix, shared, list(addons), place, secrets)
    for cluster, objects in own.items():
        parts += _set(f"{prefix}-{cluster}", objects, [cluster], place)
    return parts


def _proxies(prefix: str, addons: Mapping[str, Addon], place: FleetPlace) -> Iterator[Part]:
    charts = {chart.name: chart for addon in addons.values() for chart in addon.charts}
    for chart in charts.values():
        values = {
            cluster: escaped(as_yaml(mirrored(each, place.mirror).values))
            for cluster, addon in addons.items()
            for each in addon.charts
            if each.name == chart.name
        }
        name = f"{prefix}-{chart.name}"
        proxy = helm_chart_proxy(
            name,
            chart.name,
            namespace=place.namespace,
            install_in=chart.namespace,
            selector=selector(values),
            mirror=place.mirror,
        )
        if text := _template(values):
            proxy["spec"]["valuesTemplate"] = text
        yield Part(name, proxy)


def selector(clusters: Mapping[str, Any] | Sequence[str]) -> dict[str, Any]:
    """A label selector of clusters by their names."""
    chosen = {"key": NAME_LABEL, "operator": "In", "values": sorted(clusters)}
    return {"matchExpressions": [chosen]}


def _template(values: Mapping[str, str]) -> str:
    """The values of most clusters, with a branch for those that have others."""
    common = Counter(values.values()).most_common(1)[0][0]
    branches: dict[str, list[str]] = {}
    for cluster, text in values.items():
        if text != common:
            branches.setdefault(text, []).append(cluster)
    found = ""
    # The add-on provider's templates have Sprig's functions.
    for index, (text, clusters) in enumerate(branches.items()):
        names = " ".join(json.dumps(each) for each in sorted(clusters))
        word = "else if" if index else "if"
        found += f"{{{{- {word} has .Cluster.metadata.name (list {names}) }}}}\n{text}"
    return f"{found}{OTHERS}{common}{END}" if found else common


def _objects(addons: Mapping[str, Addon]) -> tuple[list[Manifest], dict[str, list[Manifest]]]:
    """The objects that all clusters have, and those that are only one's."""
    filled: dict[str, list[str]] = {}
    for cluster, addon in addons.items():
        texts = map(json.dumps, (*namespaces(addon), *addon.objects))
        filled[cluster] = [text.replace(CLUSTER_NAME, cluster) for text in texts]
    common = set.intersection(*map(set, filled.values()))
    first = next(iter(filled.values()))
    own = {
        cluster: [json.loads(text) for text in texts if text not in common]
        for cluster, texts in filled.items()
    }
    shared = [json.loads(text) for text in first if text in common]
    return shared, {cluster: objects for cluster, objects in own.items() if objects}


def _set(
    name: str,
    objects: Sequence[Manifest],
    clusters: Sequence[str],
    place: FleetPlace,
    secrets: tuple[str, ...] = (),
) -> Iterator[Part]:
    named = content_name(name, {"clusters": sorted(clusters)})
    texts, found = resource_set(
        named, packed(name, marked(name, objects)), secrets, selector(clusters), place.namespace
    )
    for text in texts:
        yield Part(text["metadata"]["name"], text)
    yield Part(f"{named}-set", found, stage=1)
