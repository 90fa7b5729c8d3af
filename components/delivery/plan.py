"""The objects that deliver the add-ons of many clusters.

Every chart is one release description, however many clusters get it. Where the values of a cluster
differ, they travel with its Cluster object, so that a change of them is an upgrade of the release
and never its removal. Objects are shared by all clusters whose objects are the same.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import yaml

from components.addon import Addon
from components.addon_settings import resolved
from components.chart import CLUSTER_NAME
from components.delivery.mirror import Mirror, mirrored
from components.digests import content_name
from components.facts import ClusterFacts, InstalledAddon
from components.mappings import Manifest
from errors import CaasError, Where
from errors.addons import ADDON_TOO_LARGE

ADDON_LABEL = "addon.caas.dev/"
"""Begins the labels of a Cluster that name its add-ons."""
CHART_LABEL = "chart.caas.dev/"
"""Begins the labels that choose the charts: an add-on may have more of them in one cluster than in
another, and two add-ons the same."""
ENABLED = "enabled"
OBJECTS_LABEL = "objects.caas.dev/"
"""Begins the labels that choose the objects of an add-on; the value is a digest of them."""
ADDON_OF = "caas.dev/addon"
"""The label of each object in a workload cluster that a ClusterResourceSet of this project brings;
the value is the first part of the name of the set. By it the object is found when it leaves."""
VALUES_ANNOTATION = "values.caas.dev/"
"""Begins the annotations with a cluster's own values of a chart."""
NO_VALUES = "{}\n"
LARGEST_OBJECT = 900_000
"""Bytes of YAML that one ConfigMap is given; the API server takes 1 MiB."""
LARGEST_ANNOTATIONS = 200_000
"""Bytes of values that one Cluster carries; the API server takes 256 KiB of annotations."""


@dataclass(slots=True)
class Delivered:
    """The labels and annotations of a Cluster object that select its add-ons."""

    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)


NOTHING = Delivered()


@dataclass(frozen=True, slots=True)
class FleetRelease:
    """A chart in every cluster that gets it.

    Attributes:
        chart: its key in the catalog.
        namespace: where it is installed.
        label: of the clusters that get it.
        values: YAML of what most of them set; `CLUSTER_NAME` is the one template in it.
        own: whether some clusters carry separate values.
        addon: the key of the first add-on that brings it.
    """

    chart: str
    namespace: str
    label: str
    values: str
    own: bool
    addon: str = ""


@dataclass(frozen=True, slots=True)
class ObjectSet:
    """Objects and Secrets of an add-on, for all clusters that get just these.

    Attributes:
        name: of the add-on with the digest of the content.
        label: of the clusters, with `digest` as its value.
        texts: the objects as YAML, in pieces that fit into a ConfigMap.
        secrets: names of Secrets of the management cluster.
        addon: the key of the add-on.
        annotations: of the set; no part of the digest.
    """

    name: str
    label: str
    digest: str
    texts: tuple[str, ...]
    secrets: tuple[str, ...]
    addon: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fleet:
    """Everything that brings add-ons to clusters.

    Attributes:
        releases: of charts, by their keys in the catalog.
        sets: of objects.
        clusters: what each Cluster carries, by name.
        settings: the settings of each add-on, by its key and the name of the cluster.
    """

    releases: tuple[FleetRelease, ...] = ()
    sets: tuple[ObjectSet, ...] = ()
    clusters: Mapping[str, Delivered] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, InstalledAddon]] = field(default_factory=dict)


def kebab(key: str) -> str:
    """A key of a stack file as names of objects have it: `certManager` is `cert-manager`."""
    return "".join(f"-{char.lower()}" if char.isupper() else char for char in key)


def set_name(addon: str, digest: str) -> str:
    """The name of the ClusterResourceSet with these objects of an add-on."""
    return f"{addon}-{digest}"


def namespaces(addon: Addon) -> Iterator[Manifest]:
    """The namespaces of an add-on, with the Pod Security level that they enforce."""
    for name, level in addon.namespaces.items():
        labels = {f"pod-security.kubernetes.io/{mode}": level.value for mode in ("enforce", "warn")}
        yield {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": labels},
        }


def plan(targets: Iterable[ClusterFacts], mirror: Mirror | None = None) -> Fleet:
    """The delivery of add-ons to clusters.

    Args:
        targets: the clusters with their add-ons.
        mirror: where charts and images come from, where it is not the internet.

    Raises:
        CaasError: CAAS-1205 where an add-on's objects or values are too large.
    """
    builder = _Builder(mirror)
    for target, names in alike(targets):
        for addon in resolved(target):
            builder.add(addon, names, target.addons.get(addon.name))
    return builder.fleet()


def alike(targets: Iterable[ClusterFacts]) -> Iterator[tuple[ClusterFacts, list[str]]]:
    """Clusters that differ in nothing but their names, as one target with a template as its name.

    Most fleets have a few kinds of clusters, and describing an add-on takes a while.
    """
    groups: dict[object, tuple[ClusterFacts, list[str]]] = {}
    for target in targets:
        plain = (target.version, target.labels, target.network, target.control_plane, target.pools)
        shared = (target.infrastructure, *target.addons.values())
        key = repr((*plain, target.management)), tuple(map(id, shared))
        _, names = groups.setdefault(key, (replace(target, name=CLUSTER_NAME), []))
        names.append(target.name)
    yield from groups.values()


class _Builder:
    """Collects what every kind of cluster needs."""

    def __init__(self, mirror: Mirror | None) -> None:
        self._mirror = mirror
        self._charts: dict[str, tuple[str, str, str]] = {}
        self._values: dict[str, dict[str, str]] = {}
        self._sets: dict[str, ObjectSet] = {}
        self._clusters: dict[str, Delivered] = {}
        self._settings: dict[str, dict[str, InstalledAddon]] = {}

    def add(self, addon: Addon, names: list[str], settings: InstalledAddon | None) -> None:
        of_addon = self._settings.setdefault(addon.name, {})
        if settings:
            of_addon.update(dict.fromkeys(names, settings))
        name = kebab(addon.name)
        labels = [f"{ADDON_LABEL}{name}", *(f"{CHART_LABEL}{each.name}" for each in addon.charts)]
        for cluster in names:
            carried = self._clusters.setdefault(cluster, Delivered())
            carried.labels |= dict.fromkeys(labels, ENABLED)
        for chart in addon.charts:
            label = f"{CHART_LABEL}{chart.name}"
            self._charts.setdefault(chart.name, (chart.namespace, label, addon.name))
            text = as_yaml(mirrored(chart, self._mirror).values)
            self._values.setdefault(chart.name, {}).update(dict.fromkeys(names, text))
        objects = (*namespaces(addon), *addon.objects)
        if objects or addon.secrets:
            for cluster, found in self._sets_of(name, addon, objects, names):
                self._sets.setdefault(
                    found.name, replace(found, addon=addon.name, annotations=addon.annotations)
                )
                self._clusters[cluster].labels[found.label] = found.digest

    def _sets_of(
        self, name: str, addon: Addon, objects: tuple[Manifest, ...], names: list[str]
    ) -> Iterator[tuple[str, ObjectSet]]:
        """Objects are not rendered, so those with the cluster's name are separate."""
        own = [manifest for manifest in objects if CLUSTER_NAME in json.dumps(manifest)]
        shared = [manifest for manifest in objects if manifest not in own]
        if shared or addon.secrets:
            found = _object_set(name, shared, addon.secrets)
            yield from ((cluster, found) for cluster in names)
        if own:
            text = json.dumps(own)
            for cluster in names:
                filled = json.loads(text.replace(CLUSTER_NAME, cluster))
                yield cluster, _object_set(f"{name}-own", filled, ())

    def fleet(self) -> Fleet:
        releases = []
        for chart, (namespace, label, addon) in self._charts.items():
            by_cluster = self._values[chart]
            shared = Counter(by_cluster.values()).most_common(1)[0][0]
            differing = {name: text for name, text in by_cluster.items() if text != shared}
            for cluster, text in differing.items():
                own = text.replace(CLUSTER_NAME, cluster) or NO_VALUES
                self._clusters[cluster].annotations[f"{VALUES_ANNOTATION}{chart}"] = own
            releases.append(FleetRelease(chart, namespace, label, shared, bool(differing), addon))
        for cluster, carried in self._clusters.items():
            _refuse_large(cluster, carried)
        return Fleet(tuple(releases), tuple(self._sets.values()), self._clusters, self._settings)


def _refuse_large(cluster: str, carried: Delivered) -> None:
    sizes = {key: len(text.encode()) for key, text in carried.annotations.items()}
    if sum(sizes.values()) > LARGEST_ANNOTATIONS:
        largest = max(sizes, key=lambda key: sizes[key])
        raise CaasError(
            ADDON_TOO_LARGE,
            f"The values of the cluster's own charts have {sum(sizes.values())} bytes",
            where=Where(cluster=cluster),
            why=f"at most {LARGEST_ANNOTATIONS} fit; the largest are those of "
            f"`{largest.removeprefix(VALUES_ANNOTATION)}`",
        )


def _object_set(name: str, objects: Sequence[Manifest], secrets: tuple[str, ...]) -> ObjectSet:
    # Without the mark: sets of an earlier version, which had none, keep their names.
    digest = content_name("d", {"texts": packed(name, objects), "secrets": secrets})
    pieces = packed(name, marked(name, objects))
    return ObjectSet(set_name(name, digest), f"{OBJECTS_LABEL}{name}", digest, pieces, secrets)


def marked(name: str, objects: Iterable[Manifest]) -> Iterator[Manifest]:
    """Objects with the label by which they are found in clusters.

    Args:
        name: the value of the label.
        objects: as they are delivered.
    """
    for manifest in objects:
        metadata = manifest["metadata"]
        labels = {ADDON_OF: name} | metadata.get("labels", {})
        yield manifest | {"metadata": metadata | {"labels": labels}}


def packed(name: str, objects: Iterable[Manifest]) -> tuple[str, ...]:
    """Objects as YAML, in pieces that fit into a ConfigMap.

    Args:
        name: of the add-on, for messages.
        objects: in their order.

    Raises:
        CaasError: ADDON_TOO_LARGE for an object that fits into none.
    """
    texts: list[list[str]] = [[]]
    size = 0
    for manifest in objects:
        text = as_yaml(manifest)
        length = len(text.encode())
        if length > LARGEST_OBJECT:
            raise CaasError(
                ADDON_TOO_LARGE,
                f"{manifest['kind']} {manifest['metadata']['name']} of `{name}` has {length} bytes",
                why=f"at most {LARGEST_OBJECT} fit",
            )
        if size + length > LARGEST_OBJECT:
            texts.append([])
            size = 0
        texts[-1].append(text)
        size += length
    return tuple("---\n".join(each) for each in texts if each)


def as_yaml(content: Mapping[str, Any]) -> str:
    """YAML whose lines are never broken, since a template may be on one; nothing for nothing."""
    return _written(json.dumps(content)) if content else ""


@lru_cache(maxsize=1024)
def _written(content: str) -> str:
    """Writing YAML is slow, and most clusters are alike."""
    return yaml.dump(
        json.loads(content),
        Dumper=yaml.CSafeDumper,
        width=2**20,
        allow_unicode=True,
        sort_keys=False,
    )
