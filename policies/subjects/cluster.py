"""The parts of Cluster objects that rules are about; `components.cluster_object` reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.cluster_object import DeclaredCluster, DeclaredGroup
from policies.subjects.resource import Item
from policies.subjects.subject import Subject, itself, objects

GROUP = "cluster.x-k8s.io"
VERSION = "v1beta2"
ANYWHERE = "any"
"""The placement of machines that may all stand on one host."""


def arguments(value: Any) -> Iterator[tuple[str, str]]:
    """Names and values of arguments: a list of both, or the mapping of earlier API versions."""
    if hasattr(value, "items"):
        yield from ((str(name), str(given)) for name, given in value.items())
        return
    for argument in value or ():
        yield str(argument.get("name", "")), str(argument.get("value", ""))


concerns = objects("Cluster", group=GROUP)


def has_topology(item: Item) -> bool:
    """True if a Cluster has the form that the rules read."""
    return item.kind.version == VERSION and bool(DeclaredCluster(item.props).topology)


def _clusters(item: Item) -> Iterator[DeclaredCluster]:
    yield DeclaredCluster(item.props)


def _topologies(item: Item) -> Iterator[DeclaredCluster]:
    if has_topology(item):
        yield DeclaredCluster(item.props)


def _control_plane(item: Item) -> Iterator[DeclaredGroup]:
    yield DeclaredCluster(item.props).control_plane


def _pools(item: Item) -> Iterator[DeclaredGroup]:
    yield from DeclaredCluster(item.props).pools


def _groups(item: Item) -> Iterator[DeclaredGroup]:
    yield from DeclaredCluster(item.props).groups


CLUSTERS = Subject("clusters", concerns, _clusters)
CLUSTER_OBJECTS = Subject("clusters", concerns, itself)
TOPOLOGIES = Subject("clusters", concerns, _topologies)
CONTROL_PLANES = Subject("control planes of clusters", concerns, _control_plane)
POOLS = Subject("worker pools", concerns, _pools)
GROUPS = Subject("control planes and worker pools", concerns, _groups)
