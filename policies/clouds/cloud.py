"""The resources of a cloud that rules about every cloud have to find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from policies.clouds.way import Way
from policies.subjects.resource import Item, Kind

WayReader = tuple[Callable[[Kind], bool], Callable[[Item], Iterator[Way]]]
"""True for the kinds that it reads, and the ways in of one of them."""


@dataclass(frozen=True, slots=True)
class CloudResources:
    """The resources of a cloud, and of its Cluster API provider.

    Attributes:
        provider: the Pulumi provider, `aws`.
        hold_data: the types of its resources that hold irreplaceable data, `s3/bucket`.
        ways_in: the readers of what lets traffic in: security groups, load balancers.
    """

    provider: str
    hold_data: tuple[str, ...] = ()
    ways_in: tuple[WayReader, ...] = ()
