"""The network policies of clusters: as a stack file makes them, and as an API server has them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import ip_network
from typing import Any

from components.mappings import Manifest, section, texts
from components.network import policies
from components.network.reach.ends import Address, FlowEnd, Labels, place, pods
from components.network.reach.evaluator import PolicySet
from components.tenancy import cluster_policy
from engine.api import Api, UnknownKindError
from engine.objects import Key
from engine.plan.deliveries import contents, delivered, sets_of

SYSTEM = ("default", "kube-node-lease", "kube-public", "kube-system")
"""The namespaces that every cluster has."""
SAMPLE = 9
"""The place in the pods' network of the address that stands for others."""
VERSIONS = {
    "NetworkPolicy": policies.API_VERSION,
    "ClusterNetworkPolicy": cluster_policy.API_VERSION,
}


@dataclass(frozen=True, slots=True)
class ClusterPaths:
    """The policies of a cluster, and the pods that stand for those of a namespace.

    Attributes:
        policies: of both kinds.
        namespaces: the labels of the namespaces that are known, by their names.
        pods: the pods of the cluster; none where only the stack file is known.
        addresses: an address of the pods' network of each family, for pods that are not known.
    """

    policies: PolicySet
    namespaces: Mapping[str, Labels]
    pods: tuple[FlowEnd, ...] = ()
    addresses: tuple[Address, ...] = ()

    def ends(self, namespace: str, labels: Labels) -> list[FlowEnd]:
        """The pods of a namespace with these labels; one that stands for them where none is
        known."""
        found = [
            each
            for each in self.pods
            if each.namespace == namespace and labels.items() <= each.labels.items()
        ]
        one = place(namespace, self.namespaces.get(namespace))
        return found or [replace(one, labels=dict(labels), addresses=self.addresses)]


def stack_paths(manifests: Iterable[Manifest]) -> dict[str, ClusterPaths]:
    """The policies of each cluster of a stack, by name, from the objects that deliver them.

    Args:
        manifests: the objects on the management cluster.
    """
    objects = {Key.of(manifest): manifest for manifest in manifests}
    found = delivered(objects)

    @cache
    def read(name: str) -> list[Manifest]:
        return list(contents(found, name))

    @cache
    def paths(sets: tuple[str, ...], ranges: tuple[str, ...]) -> ClusterPaths:
        """Those of all clusters that get the same objects."""
        return _paths([each for name in sets for each in read(name)], ranges)

    return {
        key.name: paths(
            tuple(sets_of(cluster).values()),
            tuple(texts(cluster, "spec", "clusterNetwork", "pods", "cidrBlocks")),
        )
        for key, cluster in objects.items()
        if key.kind == "Cluster"
    }


def _paths(given: Sequence[Manifest], ranges: Iterable[str]) -> ClusterPaths:
    """The policies among the objects that a cluster is given, and its namespaces."""
    addresses = tuple(ip_network(each)[SAMPLE] for each in ranges)
    placed = {str(section(each, "metadata").get("namespace") or "default") for each in given}
    known: dict[str, Labels] = {name: {} for name in sorted({*SYSTEM, *placed})}
    return ClusterPaths(PolicySet(given), known | _labels(given), addresses=addresses)


def live_paths(api: Api, namespaces: Collection[str]) -> ClusterPaths:
    """The policies that a cluster has now.

    Args:
        api: its API server.
        namespaces: the namespaces whose pods are read.
    """
    found = api.list("/api/v1/namespaces")
    labels = {each["metadata"]["name"]: each["metadata"].get("labels") or {} for each in found}
    listed: list[Manifest] = []
    for kind, version in VERSIONS.items():
        try:
            items = api.list(api.collection(version, kind))
        except UnknownKindError:  # ClusterNetworkPolicy is defined where a plug-in holds it
            continue
        listed += [_typed(each, version, kind) for each in items]
    read = [
        each
        for name in sorted(labels.keys() & set(namespaces))
        for each in api.list(f"/api/v1/namespaces/{name}/pods")
    ]
    return ClusterPaths(PolicySet(listed), labels, tuple(pods(found, read)))


def _labels(manifests: Iterable[Manifest]) -> dict[str, Labels]:
    """The labels of the Namespaces among objects."""
    return {
        each["metadata"]["name"]: each["metadata"].get("labels") or {}
        for each in manifests
        if each["kind"] == "Namespace"
    }


def _typed(item: dict[str, Any], version: str, kind: str) -> Manifest:
    """An item of a list, which an API server returns without its kind."""
    return {**item, "apiVersion": version, "kind": kind}
