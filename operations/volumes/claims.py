"""The volumes of a namespace as Kubernetes has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from kubernetes.utils.quantity import parse_quantity

from components.mappings import Manifest
from engine.api import Api, collection_path

CORE = "v1"
STORAGE = "storage.k8s.io/v1"
ENDED = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Claim:
    """A PersistentVolumeClaim.

    Attributes:
        name: in its namespace.
        size: what it asks for, `20Gi`.
        storage_class: the class that it names; empty for none.
        volume: the PersistentVolume behind it; empty where it is not bound.
        driver: the CSI driver of that volume; empty where it is of no driver.
    """

    name: str
    size: str
    storage_class: str
    volume: str
    driver: str = ""

    @property
    def bytes(self) -> Decimal:
        """The size as a number."""
        return size_in_bytes(self.size)

    def as_dict(self) -> dict[str, str]:
        """For `--output json` and the record of a move."""
        return asdict(self)


def size_in_bytes(text: str) -> Decimal:
    """A quantity of Kubernetes as a number."""
    return Decimal(parse_quantity(text))


def claims_of(api: Api, namespace: str) -> dict[str, Claim]:
    """Every claim of a namespace by name, as new as this moment."""
    found = listed(api, CORE, "persistentvolumeclaims", namespace)
    if not found:
        return {}
    volumes = {each["metadata"]["name"]: each for each in listed(api, CORE, "persistentvolumes")}
    return {each["metadata"]["name"]: _claim(each, volumes) for each in found}


def _claim(manifest: Manifest, volumes: dict[str, Manifest]) -> Claim:
    spec = manifest["spec"]
    bound = manifest.get("status", {}).get("phase") == "Bound"
    name = spec.get("volumeName", "") if bound else ""
    volume = volumes.get(name, {}).get("spec", {})
    return Claim(
        manifest["metadata"]["name"],
        spec["resources"]["requests"]["storage"],
        spec.get("storageClassName") or "",
        name,
        volume.get("csi", {}).get("driver", ""),
    )


def users_of(api: Api, namespace: str, claims: Iterable[str]) -> list[str]:
    """The pods of a namespace that have one of these claims, and have not ended."""
    wanted = set(claims)
    return [
        pod["metadata"]["name"]
        for pod in listed(api, CORE, "pods", namespace)
        if pod.get("status", {}).get("phase") not in ENDED and _claims(pod) & wanted
    ]


def _claims(pod: dict[str, Any]) -> set[str]:
    volumes = pod["spec"].get("volumes") or ()
    return {
        each["persistentVolumeClaim"]["claimName"]
        for each in volumes
        if "persistentVolumeClaim" in each
    }


def listed(
    api: Api, version: str, plural: str, namespace: str = "", **query: str
) -> list[Manifest]:
    """All objects of a kind, as new as this moment."""
    path = collection_path(version, plural, namespace)
    return api.list(path, **{"resourceVersion": ""} | query)
