"""The resources of the laboratory's Pulumi provider that policies look for.

A separate module: the policy pack imports it for every stack, and needs no settings models.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.mappings import texts
from policies.clouds.cloud import CloudResources
from policies.clouds.way import Way, everyone
from policies.subjects.resource import Item
from policies.subjects.subject import resources


def _doors(item: Item) -> Iterator[Way]:
    port = item.props.get("port", 0)
    yield Way("the door", port, port, lambda: texts(item.props, "visitors") or everyone())


LAB = CloudResources(
    "lab",
    hold_data=("storage/archive",),
    ways_in=((resources("lab", "Door"), _doors),),
)
