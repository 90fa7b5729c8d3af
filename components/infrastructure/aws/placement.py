"""Placement groups: on which hosts the machines of a group stand."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.cluster.machine import Placement
from components.cluster.settings import Cluster
from components.infrastructure.aws.building import Site
from components.infrastructure.aws.identity import CONTROL_PLANE

STRATEGY = {
    Placement.SPREAD: "spread",
    Placement.STRICT_SPREAD: "spread",
    Placement.PACK: "cluster",
}
"""AWS knows one kind of spread, and it is strict: each machine has its own rack, or there is none.
At most seven machines of a group stand in a zone."""


def make_control_plane_group(site: Site, cluster: Cluster) -> pulumi.Output[str] | None:
    """The group of a control plane, by name; None where its machines may stand anywhere."""
    placement = cluster.control_plane.machine.placement
    return _group(site, site.name(cluster.name, CONTROL_PLANE), placement)


def make_pool_groups(site: Site, cluster: Cluster) -> dict[str, pulumi.Output[str]]:
    """The groups of the pools whose machines may not stand anywhere, by name."""
    groups = {
        pool.name: _group(site, site.name(cluster.name, "pool", pool.name), pool.machine.placement)
        for pool in cluster.worker_pools
    }
    return {name: group for name, group in groups.items() if group is not None}


def _group(site: Site, name: str, placement: Placement) -> pulumi.Output[str] | None:
    if placement is Placement.ANY:
        return None
    group = aws.ec2.PlacementGroup(
        name,
        name=name,
        strategy=STRATEGY[placement],
        tags=site.tags(name),
        opts=site.options(),
    )
    made: pulumi.Output[str] = group.name
    return made
