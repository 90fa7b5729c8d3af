"""The sets of objects that bring tenants to the clusters of a stack, at one time."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import cache
from typing import Any, TypeVar

from components.mappings import Manifest
from components.tenancy.names import TENANT_LABEL, TERMS_ANNOTATION, tenant_key
from engine.objects import Objects
from engine.plan.deliveries import delivered, objects_in, sets_of, texts_of
from engine.plan.objects import ObjectPlan
from engine.plan.tenant_network import DeliveredSet

MARKS = (TENANT_LABEL, "NetworkPolicy")
"""One of them is in each text that says something about tenants."""
Part = TypeVar("Part", bound=Hashable)
Names = tuple[str, ...]
"""Of sets of objects."""
UNLABELLED: Manifest = {"metadata": {}}
"""A cluster without any set of objects."""


class TenantDelivery:
    """The sets of objects of a stack at one time; those of alike clusters are read once.

    Args:
        objects: of the management cluster.
    """

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._parsed: dict[Names, DeliveredSet] = {}
        self._delivered = delivered(objects)
        self.terms = cache(self._terms)

    @classmethod
    def of(cls, plan: ObjectPlan) -> tuple[TenantDelivery, TenantDelivery]:
        """The delivery before and after an apply; what both have is read once."""
        live, after = cls(plan.live), cls(plan.after())
        after._parsed = live._parsed
        return live, after

    def read(self, name: str) -> DeliveredSet:
        """The objects of a set."""
        written = tuple(texts_of(self._delivered, name))
        if written not in self._parsed:
            told = (text for text in written if any(mark in text for mark in MARKS))
            self._parsed[written] = DeliveredSet(
                [each for text in told for each in objects_in(text)]
            )
        return self._parsed[written]

    def concerning_tenants(self, names: Names) -> list[DeliveredSet]:
        """The sets that may open and close connections of tenants."""
        return [each for each in map(self.read, names) if each.concerns_tenants]

    def clusters(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The name of each cluster, and the set of each of its tenants."""
        for key, cluster in self.objects.items():
            if key.kind == "Cluster":
                yield key.name, tenant_sets(cluster)

    def _terms(self, name: str) -> Mapping[str, Any] | None:
        """The settings of the whole tenant of a set; None for a set of an earlier release."""
        manifest = self._delivered.get(("ClusterResourceSet", name), UNLABELLED)
        text = manifest["metadata"].get("annotations", {}).get(TERMS_ANNOTATION)
        return dict(json.loads(text)) if text else None


def tenant_sets(cluster: Manifest) -> Mapping[str, str]:
    """The name of the set of objects of each tenant of a cluster."""
    begin = tenant_key("")
    return {
        addon.removeprefix(begin): name
        for addon, name in sets_of(cluster).items()
        if addon.startswith(begin)
    }


def grouped(
    live: TenantDelivery, after: TenantDelivery, part: Callable[[Manifest], Part]
) -> Iterator[tuple[tuple[Part, Part], list[str]]]:
    """The clusters in which a part changes, by what it is before and after."""
    groups: dict[tuple[Part, Part], list[str]] = {}
    for key, cluster in after.objects.items():
        if key.kind == "Cluster":
            old, new = part(live.objects.get(key, UNLABELLED)), part(cluster)
            if old != new:
                groups.setdefault((old, new), []).append(key.name)
    yield from groups.items()
