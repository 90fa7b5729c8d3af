"""Every object that clusters are made of, and how they belong together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from components.cluster.kinds import BOOTSTRAP_API, CLUSTER_API, CONTROL_PLANE_API
from components.manifest import Manifest
from embedded.api import Api, collection_path
from embedded.fleet import CLUSTER_NAME

KINDS = (
    (CLUSTER_API, "clusters"),
    (CLUSTER_API, "machinedeployments"),
    (CLUSTER_API, "machinesets"),
    (CLUSTER_API, "machines"),
    (CLUSTER_API, "machinehealthchecks"),
    (CONTROL_PLANE_API, "kubeadmcontrolplanes"),
    (BOOTSTRAP_API, "kubeadmconfigs"),
)
"""What is read always; the infrastructure's kinds are those that clusters and machines name."""


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
    """

    def __init__(self, objects: Iterable[Manifest]) -> None:
        self.objects = sorted(objects, key=Name.of)

    def __iter__(self) -> Iterator[Manifest]:
        return iter(self.objects)

    @cached_property
    def _by_name(self) -> dict[Name, Manifest]:
        return {Name.of(manifest): manifest for manifest in self.objects}

    @property
    def clusters(self) -> list[str]:
        """The names of all clusters."""
        return [name.name for name in self._by_name if name.kind == "Cluster"]

    def cluster(self, manifest: Manifest) -> Manifest | None:
        """The Cluster that an object belongs to, itself if it is one."""
        metadata = manifest["metadata"]
        if manifest["kind"] == "Cluster":
            return manifest
        return self._by_name.get(Name("Cluster", metadata.get("labels", {}).get(CLUSTER_NAME, "")))

    def of_cluster(self, cluster: str, kind: str = "") -> Inventory:
        """Only what belongs to one cluster, of one kind where it is given."""
        kinds = (kind,) if kind else {name.kind for name in self._by_name}
        return Inventory(
            each
            for each in self.objects
            if each["kind"] in kinds and self._cluster_name(each) == cluster
        )

    def chain(self, manifest: Manifest) -> list[Name]:
        """The owners of an object from its Cluster down to itself."""
        names = [Name.of(manifest)]
        while owner := self._owner(manifest):
            names.append(Name.of(owner))
            manifest = owner
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
    """Reads everything that clusters are made of, with one list call for each kind."""
    found = [each for version, plural in KINDS for each in _list(api, version, plural, namespace)]
    for group, kind in sorted(_infrastructure(found)):
        version = api.request("GET", f"/apis/{group}")["preferredVersion"]["groupVersion"]
        plural = api.collection(version, kind).rpartition("/")[2]
        found += _list(api, version, plural, namespace)
    return Inventory(found)


def _list(api: Api, version: str, plural: str, namespace: str) -> list[Manifest]:
    return api.list(collection_path(version, plural, namespace))


def _infrastructure(found: Iterable[Manifest]) -> set[tuple[str, str]]:
    """The groups and kinds that clusters and machines refer to."""
    references = (
        manifest["spec"].get("infrastructureRef")
        for manifest in found
        if manifest["kind"] in ("Cluster", "Machine")
    )
    return {(each["apiGroup"], each["kind"]) for each in references if each}
