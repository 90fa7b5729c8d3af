"""The fate of an object that leaves a cluster: it goes, waits, or is kept because of its data."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from components.mappings import Manifest
from components.tenancy.names import LEAVING_ANNOTATION, TENANT_LABEL
from engine.api import NOT_FOUND, Api, RefusedError
from engine.inside.record import Reason
from engine.plan.deliveries import Removal

DATA = ("CustomResourceDefinition", "PersistentVolume", "PersistentVolumeClaim")
"""Kinds whose objects take data along, in addition to namespaces."""
SYSTEM = ("default", "kube-node-lease", "kube-public", "kube-system")
"""Namespaces that are never deleted."""
RELEASES = {"fieldSelector": "type=helm.sh/release.v1"}


@dataclass(frozen=True, slots=True)
class Consent:
    """Permissions to lose data.

    Attributes:
        all: for every object, by `--delete-data`.
        addons: the add-ons whose data the stack file gives up in this cluster.
    """

    all: bool = False
    addons: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fate:
    """The next step of an object that leaves a cluster.

    Attributes:
        removal: the object.
        manifest: as it is.
        reason: of its stay; None where it goes.
        asked: whether its name is asked for on a terminal.
        data: the loss with it, in words.
    """

    removal: Removal
    manifest: Manifest
    reason: Reason | None = None
    asked: bool = False
    data: str = ""

    @property
    def guards(self) -> str:
        """The tenant whose namespaces have to be gone first, for what closes their network."""
        if self.removal.key.namespace or is_namespace(self.removal):
            return ""
        return str(self.manifest["metadata"].get("labels", {}).get(TENANT_LABEL, ""))

    @property
    def tenant(self) -> str:
        """The tenant of a namespace."""
        labels = self.manifest["metadata"].get("labels", {})
        return str(labels.get(TENANT_LABEL, "")) if is_namespace(self.removal) else ""


def fates(
    api: Api, leaving: dict[Removal, Manifest], recorded: Collection[Removal], consent: Consent
) -> Iterator[Fate]:
    """The fate of each object; those in a tenant's namespace that leaves too have that of it.

    Until it is deleted, quotas and policies in it hold: a namespace that waits stays closed.

    Args:
        api: the API server of the cluster.
        leaving: the objects as they are.
        recorded: those that an `up` saw leaving, in contrast to those found by their label alone.
        consent: to lose data.
    """
    closed = {key.key.name for key, each in leaving.items() if _is_tenants(key, each)}
    for removal, manifest in sorted(leaving.items()):
        in_closed = removal.key.namespace in closed
        if in_closed or (is_namespace(removal) and removal.key.name in SYSTEM):
            continue
        if "deletionTimestamp" in manifest["metadata"]:
            yield Fate(removal, manifest, Reason(f"it is being deleted{_held_by(manifest)}"))
        elif is_namespace(removal):
            yield _of_namespace(api, removal, manifest, removal in recorded, consent)
        elif removal.key.kind in DATA and not consent.all:
            yield Fate(removal, manifest, Reason("it takes data along: `--delete-data`", held=True))
        else:
            is_data = removal.key.kind in DATA
            yield Fate(removal, manifest, asked=is_data, data="what it defines" if is_data else "")


def _of_namespace(
    api: Api, removal: Removal, manifest: Manifest, recorded: bool, consent: Consent
) -> Fate:
    name = removal.key.name
    claims = _count(api, name, "persistentvolumeclaims")
    volumes = f"{claims} volume{'s' * (claims > 1)}"
    left = LEAVING_ANNOTATION in manifest["metadata"].get("annotations", {})
    if not _is_tenants(removal, manifest):
        pods, releases = _count(api, name, "pods"), _count(api, name, "secrets", **RELEASES)
        if pods or releases:
            used = f"it has {pods} pods and {releases} revisions of Helm releases"
            return Fate(removal, manifest, Reason(used))
        left = removal.addon in consent.addons
    if claims and not (left or consent.all):
        why = f"it holds {volumes}: `leaving: true` or `discard` first, or `--delete-data`"
        return Fate(removal, manifest, Reason(why, held=True))
    if not (recorded or left or consent.all):
        why = "nothing but its label says that it left: `--delete-data`, or remove the label"
        return Fate(removal, manifest, Reason(why, held=True))
    return Fate(removal, manifest, asked=bool(claims), data=volumes if claims else "")


def is_namespace(removal: Removal) -> bool:
    """True if a namespace leaves."""
    return removal.key.kind == "Namespace"


def _is_tenants(removal: Removal, manifest: Manifest) -> bool:
    return is_namespace(removal) and TENANT_LABEL in manifest["metadata"].get("labels", {})


def _count(api: Api, namespace: str, plural: str, **query: str) -> int:
    try:
        return len(api.list(f"/api/v1/namespaces/{namespace}/{plural}", **query))
    except RefusedError as error:
        if error.status != NOT_FOUND:  # a simulated API server does not hold every kind
            raise
        return 0


def _held_by(manifest: Manifest) -> str:
    """The finalizers of an object, and the conditions of a namespace that say what is left."""
    found: list[Any] = list(manifest["metadata"].get("finalizers", ()))
    found += [
        each.get("message", each["type"])
        for each in manifest.get("status", {}).get("conditions", ())
        if each["status"] == "True" and each["type"].startswith("Namespace")
    ]
    return f"; held by: {', '.join(found)}" if found else ""
