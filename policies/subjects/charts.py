"""Helm charts, however they are delivered, and what their values say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from components.cluster_object import DeclaredCluster
from components.mappings import Props, is_list, section
from policies.subjects.resource import Item, Kind
from policies.subjects.subject import RegisteredStack, StackSubject, Subject, either, objects

HELM = "helm.sh"
ADDONS = "addons.cluster.x-k8s.io"


@dataclass(frozen=True, slots=True)
class InstalledChart:
    """A chart that is installed.

    Attributes:
        item: the resource that installs it.
        name: of the chart, without its repository.
        repository: `https://` or `oci://`; empty where none is named.
        version: empty where none is named.
        values: what is set; None where it is not known, because it is a template as a whole.
    """

    item: Item
    name: str
    repository: str
    version: str
    values: Props | None

    @property
    def is_local(self) -> bool:
        """True if it is a folder or a file that the program itself contains."""
        return self.name.startswith((".", "/")) or self.name.endswith(".tgz")

    @property
    def is_fleet(self) -> bool:
        """True if it is installed in every selected cluster."""
        return self.item.kind.name == "HelmChartProxy"

    def selects(self, cluster: DeclaredCluster) -> bool:
        """True if it is installed in a cluster; expressions are not evaluated."""
        selector = section(self.item.spec, "clusterSelector")
        wanted = section(selector, "matchLabels")
        if selector.get("matchExpressions"):
            return False
        return all(cluster.labels.get(key) == wanted[key] for key in wanted)


_is_proxy = objects("HelmChartProxy", group=ADDONS, patches=False)


def _is_release(kind: Kind) -> bool:
    return kind.is_kubernetes and kind.group == HELM and kind.name in ("Release", "Chart")


def chart_of(item: Item) -> InstalledChart:
    """The chart that a resource installs."""
    if _is_proxy(item.kind):
        spec = item.spec
        name, repository = str(spec.get("chartName") or ""), str(spec.get("repoURL") or "")
        values = _parsed(str(spec.get("valuesTemplate") or ""))
        return InstalledChart(item, name, repository, str(spec.get("version") or ""), values)
    props = item.props
    name = str(props.get("chart") or "")
    options = section(props, "repositoryOpts") or section(props, "fetchOpts")
    repository = str(options.get("repo") or "")
    if name.startswith("oci://"):
        repository, _, name = name.rpartition("/")
    version = str(props.get("version") or "")
    return InstalledChart(item, name, repository, version, section(props, "values"))


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Props | None:
    """The values in a text; None where it is no YAML before its templates are filled in."""
    try:
        values = yaml.load(text, yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError):  # ValueError: the thirtieth of February
        return None
    return values if isinstance(values, Mapping) else None if values else {}


def settings(values: Any, path: str = "") -> Iterator[tuple[str, str, Any, Props]]:
    """Every single value: its path, its key, itself, and the mapping that it is in."""
    if isinstance(values, Mapping):
        for key in values:
            value = values[key]
            here = f"{path}.{key}" if path else str(key)
            if isinstance(value, Mapping) or is_list(value):
                yield from settings(value, here)
            else:
                yield here, str(key), value, values
    elif is_list(values):
        for index, value in enumerate(values):
            yield from settings(value, f"{path}[{index}]")


def mappings(values: Any, path: str = "") -> Iterator[tuple[str, Props]]:
    """Every mapping in values, with its path."""
    if isinstance(values, Mapping):
        yield path, values
        for key in values:
            yield from mappings(values[key], f"{path}.{key}" if path else str(key))
    elif is_list(values):
        for index, value in enumerate(values):
            yield from mappings(value, f"{path}[{index}]")


def _charts(item: Item) -> Iterator[InstalledChart]:
    yield chart_of(item)


def _fleet(stack: RegisteredStack) -> Iterator[tuple[Item, tuple[InstalledChart, DeclaredCluster]]]:
    clusters = [DeclaredCluster(item.props) for item in stack.clusters]
    for item in stack.of("HelmChartProxy"):
        chart = chart_of(item)
        for cluster in clusters:
            if chart.selects(cluster):
                yield item, (chart, cluster)


@dataclass(frozen=True, slots=True)
class Backups:
    """A schedule of backups that several clusters have, with one folder for all of them.

    Attributes:
        schedule: its name.
        place: the bucket, with the folder in it.
        clusters: their names.
    """

    schedule: str
    place: str
    clusters: tuple[str, ...]


def _backups(stack: RegisteredStack) -> Iterator[tuple[Item, Backups]]:
    found: dict[tuple[str, ...], tuple[Item, list[str]]] = {}
    for item, (chart, cluster) in _fleet(stack):
        for place in _places(chart) if chart.name == "velero" else ():
            found.setdefault(place, (item, []))[1].append(cluster.name)
    for (_, bucket, folder, schedule), (item, clusters) in found.items():
        yield item, Backups(schedule, f"{bucket}/{folder}", tuple(clusters))


def _places(chart: InstalledChart) -> Iterator[tuple[str, ...]]:
    """The destination of each schedule of a Velero: the store, the bucket, the folder, its name."""
    values = chart.values or {}
    stores = {
        str(store.get("name")): store
        for store in section(values, "configuration").get("backupStorageLocation") or ()
    }
    usual = [name for name, store in stores.items() if store.get("default")]
    for name, schedule in section(values, "schedules").items():
        wanted = section(schedule, "template").get("storageLocation") or (*usual, "")[0]
        store = stores.get(str(wanted), {})
        folder = str(store.get("prefix") or "")
        if store and "{{" not in folder:
            address = str(section(store, "config").get("s3Url") or store.get("provider"))
            yield address, str(store.get("bucket")), folder, name


CHARTS = Subject("Helm charts", either(_is_release, _is_proxy), _charts)
BACKUPS = StackSubject("schedules of Velero, and the clusters that have them", _backups)
DELIVERIES = StackSubject("charts, and the clusters of the stack that they go to", _fleet)
