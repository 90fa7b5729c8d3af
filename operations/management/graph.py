"""The objects that make up the clusters of a namespace, and who owns whom: what has to travel.

The rules are those of `clusterctl move` (cmd/clusterctl/client/cluster/objectgraph.go), so that a
hand-over can be judged, and a backup holds what a hand-over would take: of every kind whose
definition has clusterctl's label, and of Secrets and ConfigMaps, what a Cluster, a ClusterClass
or a ClusterResourceSet owns, directly or not, and what is labelled to be moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from components.cluster.kinds import CLUSTER_API
from components.cluster_object import DeclaredCluster
from components.mappings import Manifest
from engine.api import Api, root

CLUSTERCTL = "clusterctl.cluster.x-k8s.io"
MOVE = f"{CLUSTERCTL}/move"
MOVE_HIERARCHY = f"{CLUSTERCTL}/move-hierarchy"
PAUSED = "cluster.x-k8s.io/paused"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CLUSTER_API_GROUP = CLUSTER_API.partition("/")[0]
HEADS = {
    (CLUSTER_API_GROUP, "Cluster"),
    (CLUSTER_API_GROUP, "ClusterClass"),
    ("addons.cluster.x-k8s.io", "ClusterResourceSet"),
}
"""Kinds that take along all that they own."""
CLUSTER_SECRETS = ("kubeconfig", "ca", "etcd", "sa", "proxy", "apiserver-etcd-client")
"""`<cluster>-<purpose>`: Secrets that belong to a cluster by their name alone."""
LISTS = 8

GroupKind = tuple[str, str]


@dataclass(frozen=True, slots=True, order=True)
class ObjectIdentity:
    """The identity of an object on every management cluster, independent of API version and UID."""

    group: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, manifest: Manifest) -> ObjectIdentity:
        """The identity of an object."""
        metadata = manifest["metadata"]
        group, kind = group_kind(manifest)
        return cls(group, kind, metadata.get("namespace", ""), metadata["name"])

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """A kind of objects that may travel.

    Attributes:
        path: of its collection, with a place for the namespace where it is namespaced.
        move: all its objects travel.
        hierarchy: all its objects travel, and all that they own.
    """

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    move: bool = False
    hierarchy: bool = False

    def path(self, namespace: str) -> str:
        """Of the objects in a namespace, or of all objects where it is cluster-scoped."""
        place = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root(self.api_version)}{place}/{self.plural}"


CORE_KINDS = (
    ObjectKind("v1", "Secret", "secrets", namespaced=True),
    ObjectKind("v1", "ConfigMap", "configmaps", namespaced=True),
)


@dataclass(slots=True)
class Node:
    """One object of the graph.

    Attributes:
        owners: uids of its owners, those by name and by reference too.
        moves: whether it shall travel.
        shared: it is cluster-scoped or belongs to such a one, and stays on the source as well.
    """

    manifest: Manifest
    kind: ObjectKind
    owners: set[str] = field(default_factory=set)
    moves: bool = False
    shared: bool = False


class Graph:
    """The objects of a namespace's clusters on one management cluster.

    Attributes:
        groups: what travels, owners before what they own. An object with an owner that does not
            travel is left out, as clusterctl leaves it.
    """

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self.groups: list[list[Node]] = []
        left = {uid: node for uid, node in nodes.items() if node.moves}
        done: set[str] = set()
        while ready := [uid for uid, node in left.items() if node.owners <= done]:
            self.groups.append([left.pop(uid) for uid in ready])
            done.update(ready)

    @property
    def nodes(self) -> list[Node]:
        """Every object that travels, owners first."""
        return [node for group in self.groups for node in group]

    @property
    def identities(self) -> frozenset[ObjectIdentity]:
        """Of every object that travels and does not stay behind."""
        return frozenset(ObjectIdentity.of(node.manifest) for node in self.nodes if not node.shared)

    def of(self, kind: str) -> list[Manifest]:
        """Every `Cluster`, `ClusterClass` or `Machine`, by name."""
        wanted = (CLUSTER_API_GROUP, kind)
        found = [node.manifest for node in self.nodes if group_kind(node.manifest) == wanted]
        return sorted(found, key=lambda item: str(item["metadata"]["name"]))


def discover(api: Api, namespace: str) -> Graph:
    """Reads the graph of a namespace; the lists are as new as the request."""
    kinds = [*CORE_KINDS, *_movable_kinds(api)]
    nodes: dict[str, Node] = {}
    with ThreadPoolExecutor(LISTS) as pool:
        lists = pool.map(lambda kind: _list(api, kind, namespace), kinds)
        for kind, manifests in zip(kinds, lists, strict=True):
            for manifest in manifests:
                nodes[manifest["metadata"]["uid"]] = Node(manifest, kind)
    return build(nodes)


def build(nodes: dict[str, Node]) -> Graph:
    """Finds out who owns whom, and from that what travels."""
    for node in nodes.values():
        references = node.manifest["metadata"].get("ownerReferences", ())
        node.owners = {each["uid"] for each in references}
    _own_by_name(nodes)
    owned: dict[str, list[str]] = {}
    for uid, node in nodes.items():
        for owner in node.owners:
            owned.setdefault(owner, []).append(uid)
    for uid, node in nodes.items():
        labels = node.manifest["metadata"].get("labels", {})
        if MOVE in labels or node.kind.move:
            node.moves = True
            node.shared |= not node.kind.namespaced
        if MOVE_HIERARCHY in labels or node.kind.hierarchy:
            _take_along(nodes, owned, uid, shared=not node.kind.namespaced)
    return Graph(nodes)


def is_paused(manifest: Manifest) -> bool:
    """True if Cluster API does not reconcile a Cluster or a ClusterClass."""
    annotations = manifest["metadata"].get("annotations", {})
    return bool(manifest["spec"].get("paused")) or PAUSED in annotations


def group_kind(manifest: Manifest) -> GroupKind:
    """An object's API group and kind."""
    version = str(manifest["apiVersion"])
    return (version.partition("/")[0] if "/" in version else "", str(manifest["kind"]))


def _movable_kinds(api: Api) -> list[ObjectKind]:
    definitions = api.list(DEFINITIONS, labelSelector=CLUSTERCTL, resourceVersion="")
    return [_kind(definition) for definition in definitions]


def _kind(definition: Manifest) -> ObjectKind:
    spec, labels = definition["spec"], definition["metadata"].get("labels", {})
    stored = next(version["name"] for version in spec["versions"] if version["storage"])
    hierarchy = (spec["group"], spec["names"]["kind"]) in HEADS or MOVE_HIERARCHY in labels
    return ObjectKind(
        f"{spec['group']}/{stored}",
        spec["names"]["kind"],
        spec["names"]["plural"],
        namespaced=spec["scope"] == "Namespaced",
        move=hierarchy or MOVE in labels,
        hierarchy=hierarchy,
    )


def _list(api: Api, kind: ObjectKind, namespace: str) -> list[Manifest]:
    found = api.list(kind.path(namespace), resourceVersion="")
    return [{**item, "apiVersion": kind.api_version, "kind": kind.kind} for item in found]


def _take_along(
    nodes: Mapping[str, Node], owned: Mapping[str, Iterable[str]], head: str, *, shared: bool
) -> None:
    waiting, seen = [head], set[str]()
    while waiting:
        uid = waiting.pop()
        if uid not in seen:
            seen.add(uid)
            nodes[uid].moves = True
            nodes[uid].shared |= shared
            waiting += owned.get(uid, ())


def _own_by_name(nodes: Mapping[str, Node]) -> None:
    """Clusters belong to their class, and Secrets and bindings to the cluster they name."""
    heads: dict[tuple[str, str, str], str] = {}
    for uid, node in nodes.items():
        metadata = node.manifest["metadata"]
        heads[node.kind.kind, metadata.get("namespace", ""), metadata["name"]] = uid
    for node in nodes.values():
        node.owners |= {heads[head] for head in _heads_by_name(node) if head in heads}


def _heads_by_name(node: Node) -> Iterator[tuple[str, str, str]]:
    manifest = node.manifest
    namespace, name = manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]
    match group_kind(manifest):
        case (group, "Cluster") if group == CLUSTER_API_GROUP:
            cluster = DeclaredCluster(manifest)
            yield "ClusterClass", cluster.class_namespace, cluster.class_name
        case ("addons.cluster.x-k8s.io", "ClusterResourceSetBinding"):
            yield "Cluster", namespace, manifest["spec"].get("clusterName", "")
        case ("", "Secret") if not node.owners:
            for purpose in CLUSTER_SECRETS:
                if name.endswith(f"-{purpose}"):
                    yield "Cluster", namespace, name.removesuffix(f"-{purpose}")
