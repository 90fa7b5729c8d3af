"""Every object that clusters are made of, and how they belong together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from components.cluster.kinds import BOOTSTRAP_API, CLUSTER_API, CONTROL_PLANE_API
from components.mappings import Manifest
from engine.api import NOT_FOUND, Api, RefusedError, collection_path
from engine.fleet import CLUSTER_NAME
from operations.diagnosis.events import Event, read_events

KINDS = (
    (CLUSTER_API, "clusters"),
    (CLUSTER_API, "machinedeployments"),
    (CLUSTER_API, "machinesets"),
    (CLUSTER_API, "machines"),
    (CLUSTER_API, "machinehealthchecks"),
    (CONTROL_PLANE_API, "kubeadmcontrolplanes"),
    (BOOTSTRAP_API, "kubeadmconfigs"),
)
"""The kinds that are always read; infrastructure kinds are those that clusters and machines refer
to."""

ADDONS = (
    ("addons.cluster.x-k8s.io/v1beta2", "clusterresourcesets"),
    ("addons.cluster.x-k8s.io/v1beta2", "clusterresourcesetbindings"),
    ("addons.cluster.x-k8s.io/v1alpha1", "helmchartproxies"),
    ("addons.cluster.x-k8s.io/v1alpha1", "helmreleaseproxies"),
)
"""The kinds that are read if they are installed."""


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """An object in a namespace; it prints as `Machine shop-x`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @classmethod
    def of(cls, manifest: Manifest) -> Name:
        """The name of an object."""
        return cls(manifest["kind"], manifest["metadata"]["name"])

    @classmethod
    def at(cls, manifest: Manifest, path: str) -> Name | None:
        """The object that a reference at `path` names, `spec.bootstrap.configRef`."""
        reference = manifest
        for key in path.split("."):
            reference = reference.get(key) or {}
        # A nodeRef names no kind.
        return cls(reference.get("kind", "Node"), reference["name"]) if reference else None


class Inventory:
    """The objects of one namespace.

    Args:
        objects: in any order.
        events: the warnings about them, by what they are about, the newest first.
    """

    def __init__(
        self, objects: Iterable[Manifest], events: Mapping[Name, list[Event]] | None = None
    ) -> None:
        self.objects = sorted(objects, key=Name.of)
        self._events = events or {}

    def __iter__(self) -> Iterator[Manifest]:
        return iter(self.objects)

    @cached_property
    def _by_name(self) -> dict[Name, Manifest]:
        return {Name.of(manifest): manifest for manifest in self.objects}

    @cached_property
    def _by_cluster(self) -> dict[str, list[Manifest]]:
        """The objects that belong to each cluster or select it, indexed for thousands of
        clusters."""
        found: dict[str, list[Manifest]] = {}
        for each in self.objects:
            for cluster in {self._cluster_name(each), *_matching(each)}:
                found.setdefault(cluster, []).append(each)
        return found

    @cached_property
    def infrastructure(self) -> frozenset[str]:
        """The kinds that clusters and machines name as their infrastructure."""
        return frozenset(kind for _, kind in _infrastructure(self.objects))

    def events(self, name: Name) -> list[Event]:
        """The warnings about an object, the newest first."""
        return self._events.get(name, [])

    @property
    def clusters(self) -> list[str]:
        """The names of all clusters."""
        return [name.name for name in self._by_name if name.kind == "Cluster"]

    def cluster(self, manifest: Manifest) -> Manifest | None:
        """The Cluster that an object belongs to, itself if it is one."""
        if manifest["kind"] == "Cluster":
            return manifest
        name = manifest["metadata"].get("labels", {}).get(CLUSTER_NAME, "")
        if manifest["kind"] == "ClusterResourceSetBinding":
            name = manifest["spec"].get("clusterName", "")
        return self._by_name.get(Name("Cluster", name))

    def of_cluster(self, cluster: str, kind: str = "") -> Inventory:
        """Only what belongs to one cluster or matches it, of one kind where it is given."""
        found = self._by_cluster.get(cluster, ())
        return Inventory((each for each in found if kind in ("", each["kind"])), self._events)

    def chain(self, manifest: Manifest) -> list[Name]:
        """The owners of an object from its Cluster down to itself."""
        names, cluster = [Name.of(manifest)], self.cluster(manifest)
        while owner := self._owner(manifest):
            names.append(Name.of(owner))
            manifest = owner
        if cluster is not None and names[-1] != Name.of(cluster):  # add-ons are not owned by it
            names.append(Name.of(cluster))
        return names[::-1]

    def _owner(self, manifest: Manifest) -> Manifest | None:
        references = manifest["metadata"].get("ownerReferences", [])
        for reference in sorted(references, key=lambda each: not each.get("controller")):
            owner = self._by_name.get(Name(reference["kind"], reference["name"]))
            if owner is not None:
                return owner
        return None

    def _cluster_name(self, manifest: Manifest) -> str:
        found = self.cluster(manifest)
        return str(found["metadata"]["name"]) if found else ""


def read_inventory(api: Api, namespace: str) -> Inventory:
    """Reads everything that clusters are made of, with one list call for each kind.

    Of events those that warn, as many as `events.LIMIT`.
    """
    found = [each for version, plural in KINDS for each in _list(api, version, plural, namespace)]
    for version, plural in ADDONS:
        found += _list_optional(api, version, plural, namespace)
    for group, kind in sorted(_infrastructure(found)):
        version = api.request("GET", f"/apis/{group}")["preferredVersion"]["groupVersion"]
        plural = api.collection(version, kind).rpartition("/")[2]
        found += _list(api, version, plural, namespace)
    events: dict[Name, list[Event]] = {}
    for event in read_events(api, namespace):
        events.setdefault(Name(event.kind, event.name), []).append(event)
    return Inventory(found, events)


def _list(api: Api, version: str, plural: str, namespace: str) -> list[Manifest]:
    return api.list(collection_path(version, plural, namespace))


def _list_optional(api: Api, version: str, plural: str, namespace: str) -> list[Manifest]:
    """Nothing where the kind is not served."""
    try:
        return _list(api, version, plural, namespace)
    except RefusedError as error:
        if error.status != NOT_FOUND:
            raise
        return []


def _matching(manifest: Manifest) -> list[str]:
    """The clusters that an add-on is delivered to, as far as it says so."""
    if manifest["kind"] != "HelmChartProxy":
        return []
    found = manifest.get("status", {}).get("matchingClusters") or ()
    return [str(each["name"]) for each in found]


def _infrastructure(found: Iterable[Manifest]) -> set[tuple[str, str]]:
    """The groups and kinds that clusters and machines refer to."""
    references = (
        manifest["spec"].get("infrastructureRef")
        for manifest in found
        if manifest["kind"] in ("Cluster", "Machine")
    )
    return {(each["apiGroup"], each["kind"]) for each in references if each}
