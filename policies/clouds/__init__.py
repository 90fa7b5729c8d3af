"""The clouds whose resources rules about every cloud find: built-in ones, and those of plug-ins.

A plug-in adds its resources by an entry point of the group `caas.policies`, whose value is a
`CloudResources`. They are separate from the `Infrastructure` class: the policy pack runs in a
process of the pulumi CLI, and loads no settings models.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import entry_points

from policies.clouds.aws import AWS
from policies.clouds.cloud import CloudResources
from policies.clouds.openstack import OPENSTACK

GROUP = "caas.policies"


@lru_cache
def clouds() -> tuple[CloudResources, ...]:
    """All of them."""
    return (AWS, OPENSTACK, *(point.load() for point in entry_points(group=GROUP)))
