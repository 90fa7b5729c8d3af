"""Subjects of rules: the resources that they check, and their parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from components.cluster_object import PRODUCTION
from components.mappings import Props, section
from policies.subjects.resource import Item, Kind

Part = TypeVar("Part")
INFRASTRUCTURE_GROUP = "infrastructure.cluster.x-k8s.io"


@dataclass(frozen=True)
class Subject(Generic[Part]):
    """The subject of a rule that checks one resource at a time.

    Attributes:
        title: in documents, `clusters`.
        concerns: whether resources of a kind have such parts.
        parts: the parts of one of them.
    """

    title: str
    concerns: Callable[[Kind], bool]
    parts: Callable[[Item], Iterable[Part]]


class RegisteredStack:
    """Everything that a program registers, with the objects inside of other resources."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._by_name: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            if not item.kind.is_patch:
                self._by_name[item.kind.name].append(item)

    def of(self, *names: str, provider: str = "kubernetes") -> Iterator[Item]:
        """The resources of these kinds."""
        for name in names:
            yield from (item for item in self._by_name.get(name, ()) if is_of(item, provider))

    def every(self) -> Iterator[Item]:
        """All resources, by kind."""
        for items in self._by_name.values():
            yield from items

    @cached_property
    def clusters(self) -> list[Item]:
        """The Cluster objects of Cluster API."""
        return [
            item for item in self.of("Cluster") if item.kind.group.startswith("cluster.x-k8s.io")
        ]

    @cached_property
    def is_production(self) -> bool:
        """True if one of the clusters has the label `tier: production`."""
        key, value = PRODUCTION
        return any(
            section(cluster.props, "metadata", "labels").get(key) == value
            for cluster in self.clusters
        )


def is_of(item: Item, provider: str) -> bool:
    """True if it is a resource of a provider."""
    return item.kind.provider == provider


@dataclass(frozen=True)
class StackSubject(Generic[Part]):
    """The subject of a rule that needs several resources.

    Attributes:
        title: in documents, `a stack's buckets`.
        parts: each with the resource of a violation.
    """

    title: str
    parts: Callable[[RegisteredStack], Iterable[tuple[Item, Part]]]


def objects(*names: str, group: str = "", patches: bool = True) -> Callable[[Kind], bool]:
    """True if a kind is one of these of Kubernetes, in any version.

    Args:
        names: the kinds, without `Patch`.
        group: the beginning of the API group; empty for any.
        patches: whether resources that change a part of an object count.
    """

    def concerns(kind: Kind) -> bool:
        if kind.name not in names or not kind.is_kubernetes or not kind.group.startswith(group):
            return False
        return patches or not kind.is_patch

    return concerns


def resources(provider: str, *names: str) -> Callable[[Kind], bool]:
    """True if a kind is one of these of a cloud's provider."""
    return lambda kind: kind.name in names and kind.provider == provider


def is_machine(kind: Kind) -> bool:
    """True if a kind is a machine or machine template of any infrastructure provider.

    Providers call them `<Name>Machine` and `<Name>MachineTemplate`, which Cluster API builds on.
    """
    suffixes = ("Machine", "MachineTemplate")
    return kind.group == INFRASTRUCTURE_GROUP and kind.name.endswith(suffixes)


def templated(item: Item) -> Props:
    """The spec that a template of Cluster API is of; of other objects their own."""
    return section(item.spec, "template", "spec") if "template" in item.spec else item.spec


def either(*choices: Callable[[Kind], bool]) -> Callable[[Kind], bool]:
    """True if a kind matches one of the choices."""
    return lambda kind: any(choice(kind) for choice in choices)


def itself(item: Item) -> Iterator[Item]:
    """The resource as the one part of itself."""
    yield item
