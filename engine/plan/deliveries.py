"""The objects that ClusterResourceSets bring to clusters, and those that leave them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import yaml

from components.delivery.plan import ADDON_OF, OBJECTS_LABEL, set_name
from components.mappings import Manifest, section
from engine.objects import Key, Objects

HELM = "meta.helm.sh/release-name"
"""The annotation of an object that belongs to a release of Helm."""
Identity = tuple[str, str, str, str]
"""Group, kind, namespace and name: an object is the same in each version of its group."""
Delivered = Mapping[tuple[str, str], Manifest]
Names = tuple[str, ...]
"""Of the sets of a cluster, in order: alike clusters have the same."""


@dataclass(frozen=True, slots=True, order=True)
class Removal:
    """An object that leaves a cluster.

    Attributes:
        addon: the first part of the name of the set that brought it.
        key: the object in the cluster.
    """

    addon: str
    key: Key

    @property
    def title(self) -> str:
        """The object as `Kind namespace/name`."""
        place = f"{self.key.namespace}/" if self.key.namespace else ""
        return f"{self.key.kind} {place}{self.key.name}"


def identity(key: Key) -> Identity:
    """The identity of an object, whatever the version."""
    group, _, _ = key.api_version.rpartition("/")
    return group, key.kind, key.namespace, key.name


class Deliveries:
    """The sets of objects of a management cluster.

    Args:
        objects: of the management cluster.
    """

    def __init__(self, objects: Objects) -> None:
        self._found = delivered(objects)
        self.names = cache(self._names)
        self.read = cache(self._read)
        self.contents = cache(self._contents)
        self.identities = cache(self._identities)

    def of(self, cluster: Manifest) -> Names:
        """The names of the sets that select a cluster."""
        labels = cluster["metadata"].get("labels", {})
        return self.names(frozenset(labels.items()))

    def texts(self, names: Names) -> list[str]:
        """The texts with the objects of sets."""
        return [text for name in names for text in texts_of(self._found, name)]

    def addon(self, name: str) -> str:
        """The add-on of a set."""
        wanted = section(self._set(name), "spec", "clusterSelector", "matchLabels")
        (label, _), *_ = [*wanted.items(), ("", "")]
        return label.removeprefix(OBJECTS_LABEL) or name.rpartition("-")[0]

    def _set(self, name: str) -> Manifest:
        return self._found.get(("ClusterResourceSet", name), {})

    @cached_property
    def _index(self) -> Mapping[tuple[str, str], set[str]]:
        """The sets by a label that each of their clusters has: no cluster is tried with each."""
        found: dict[tuple[str, str], set[str]] = {}
        for (kind, name), manifest in self._found.items():
            if kind == "ClusterResourceSet":
                for pair in _pairs(section(manifest, "spec", "clusterSelector")):
                    found.setdefault(pair, set()).add(name)
        return found

    def _names(self, labels: frozenset[tuple[str, str]]) -> Names:
        return tuple(sorted({name for pair in labels for name in self._index.get(pair, ())}))

    def _read(self, name: str) -> Mapping[Key, Manifest]:
        return {Key.of(each): each for each in contents(self._found, name)}

    def _contents(self, names: Names) -> Mapping[Key, Manifest]:
        """The objects in sets; each object once, as its last set has it."""
        return {key: each for name in names for key, each in self.read(name).items()}

    def _identities(self, names: Names) -> frozenset[Identity]:
        return frozenset(map(identity, self.contents(names)))


def leaving(live: Objects, after: Objects) -> Iterator[tuple[str, tuple[Removal, ...]]]:
    """The objects that each remaining cluster is brought now, and then no more.

    Args:
        live: the objects of the management cluster.
        after: the same as they will be.
    """
    now, then = Deliveries(live), Deliveries(after)

    @cache
    def gone(old: Names, new: Names) -> tuple[Removal, ...]:
        if old == new and now.texts(old) == then.texts(new):
            return ()
        kept = then.contents(new)
        found = {
            Removal(now.addon(name), key)
            for name in old
            for key in now.read(name)
            if key not in kept
        }
        return tuple(sorted(found))

    for key, cluster in live.items():
        if key.kind != "Cluster" or key not in after:
            continue
        if found := gone(now.of(cluster), then.of(after[key])):
            yield key.name, found


def sets_of(cluster: Manifest) -> dict[str, str]:
    """The name of the set of objects that a cluster gets of each add-on."""
    labels = cluster["metadata"].get("labels", {})
    return {
        label.removeprefix(OBJECTS_LABEL): set_name(label.removeprefix(OBJECTS_LABEL), digest)
        for label, digest in labels.items()
        if label.startswith(OBJECTS_LABEL)
    }


def delivered(objects: Objects) -> Delivered:
    """Sets of objects and what they bring, by kind and name."""
    kinds = ("ClusterResourceSet", "ConfigMap")
    return {(key.kind, key.name): each for key, each in objects.items() if key.kind in kinds}


def contents(delivered: Delivered, name: str) -> Iterator[Manifest]:
    """The objects in a set."""
    for text in texts_of(delivered, name):
        yield from objects_in(text)


def texts_of(delivered: Delivered, name: str) -> Iterator[str]:
    """The texts with the objects in a set."""
    found = delivered.get(("ClusterResourceSet", name), {})
    for each in found.get("spec", {}).get("resources", ()):
        config_map = delivered.get((each["kind"], each["name"]), {})
        yield from config_map.get("data", {}).values()


def objects_in(text: str) -> Iterator[Manifest]:
    """The objects in a text of a set."""
    yield from yaml.load_all(text, yaml.CSafeLoader)


def is_marked(manifest: Manifest) -> bool:
    """True if an object in a cluster has the label of those that sets bring, and is no copy."""
    return ADDON_OF in manifest["metadata"].get("labels", {}) and not is_owned(manifest)


def is_owned(manifest: Manifest) -> bool:
    """True if an object belongs to a release of Helm, or to another object: controllers copy
    labels to what they make."""
    metadata = manifest["metadata"]
    return HELM in metadata.get("annotations", {}) or bool(metadata.get("ownerReferences"))


def _pairs(selector: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Labels of the clusters that a selector of this project chooses: one of them is enough."""
    yield from selector.get("matchLabels", {}).items()
    for each in selector.get("matchExpressions", ()):
        if each["operator"] == "In":
            yield from ((each["key"], value) for value in each["values"])
