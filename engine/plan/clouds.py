"""Resources that only the pulumi CLI can make: what they are, and what they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from engine.program import Recording, Resource

SHOWN = 3
"""The number of names of one type that are listed."""


@dataclass(frozen=True, slots=True)
class CloudGroup:
    """The cloud resources of one component of the stack.

    Attributes:
        component: its name; empty for what no component made.
        resources: by type and name.
    """

    component: str
    resources: tuple[Resource, ...]

    def lines(self) -> Iterator[str]:
        """A line for each type: how many, and some of their names."""
        for kind, found in groupby(self.resources, key=lambda resource: short_type(resource.type)):
            names = [resource.name for resource in found]
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            yield f"{len(names)} {kind}: {', '.join(names[:SHOWN])}{more}"

    def as_dicts(self) -> Iterator[dict[str, Any]]:
        """For `--output json`."""
        for resource in self.resources:
            yield {
                "component": self.component,
                "type": resource.type,
                "name": resource.name,
                "protect": resource.protect,
                "inputs": resource.inputs,
            }


def cloud_groups(recording: Recording) -> list[CloudGroup]:
    """The resources other than Kubernetes objects, by the outermost component."""
    by_urn = {resource.urn: resource for resource in recording.resources}

    def component(resource: Resource) -> str:
        name = ""
        while parent := by_urn.get(resource.parent):
            name, resource = parent.name, parent
        return name

    grouped: dict[str, list[Resource]] = {}
    for resource in recording.foreign():
        grouped.setdefault(component(resource), []).append(resource)
    return [CloudGroup(name, _in_order(grouped[name])) for name in sorted(grouped)]


def short_type(token: str) -> str:
    """The package and the class of a type: `aws Vpc` of `aws:ec2/vpc:Vpc`."""
    package, _, rest = token.partition(":")
    return f"{package} {rest.rpartition(':')[2]}"


def _in_order(resources: Sequence[Resource]) -> tuple[Resource, ...]:
    return tuple(sorted(resources, key=lambda each: (short_type(each.type), each.name)))
