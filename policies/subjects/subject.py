"""What rules are about: which resources, and which parts of them one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from policies.subjects.resource import Item, Kind, section

Part = TypeVar("Part")
PRODUCTION = ("tier", "production")
"""The label of a production cluster; a stack that has one is a production stack."""


@dataclass(frozen=True)
class Subject(Generic[Part]):
    """What a rule looks at, one resource at a time.

    Attributes:
        title: in documents, `clusters`.
        concerns: whether resources of a kind have such parts.
        parts: the parts of one of them.
    """

    title: str
    concerns: Callable[[Kind], bool]
    parts: Callable[[Item], Iterable[Part]]


class Stack:
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
        """Whether one of the clusters is labelled `tier: production`."""
        key, value = PRODUCTION
        return any(
            section(cluster.props, "metadata", "labels").get(key) == value
            for cluster in self.clusters
        )


def is_of(item: Item, provider: str) -> bool:
    """Whether it is a resource of a provider."""
    return item.kind.provider == provider


@dataclass(frozen=True)
class StackSubject(Generic[Part]):
    """What a rule looks at that needs several resources.

    Attributes:
        title: in documents, `a stack's buckets`.
        parts: each with the resource that a violation is said of.
    """

    title: str
    parts: Callable[[Stack], Iterable[tuple[Item, Part]]]


def objects(*names: str, group: str = "", patches: bool = True) -> Callable[[Kind], bool]:
    """Whether a kind is one of these of Kubernetes, whatever its version.

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
    """Whether a kind is one of these of a cloud's provider."""
    return lambda kind: kind.name in names and kind.provider == provider


def either(*choices: Callable[[Kind], bool]) -> Callable[[Kind], bool]:
    """Whether a kind is of one of the choices."""
    return lambda kind: any(choice(kind) for choice in choices)


def itself(item: Item) -> Iterator[Item]:
    """The resource as the one part of itself."""
    yield item
