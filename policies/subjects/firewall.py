"""Allowed traffic: rules of security groups and load balancers, wherever they are declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.cluster_object import ENDPOINT, DeclaredCluster
from policies.clouds import clouds
from policies.clouds.cloud import WayReader
from policies.clouds.way import API_PORT, Way, named_or_everyone
from policies.subjects.cluster import concerns as is_cluster
from policies.subjects.resource import Item, Kind
from policies.subjects.subject import Subject


def _cluster(item: Item) -> Iterator[Way]:
    """The endpoint of a cluster, where it is public."""
    endpoint = DeclaredCluster(item.props).variable(ENDPOINT)
    if isinstance(endpoint, Mapping) and endpoint.get("public"):
        yield Way("the API", API_PORT, API_PORT, named_or_everyone(endpoint, "allowed"))


def _readers() -> Iterator[WayReader]:
    yield is_cluster, _cluster
    for cloud in clouds():
        yield from cloud.ways_in


def _is_read(kind: Kind) -> bool:
    return any(reads(kind) for reads, _ in _readers())


def _ways(item: Item) -> Iterator[Way]:
    for reads, ways in _readers():
        if reads(item.kind):
            yield from ways(item)


WAYS_IN = Subject("rules of security groups and load balancers", _is_read, _ways)
