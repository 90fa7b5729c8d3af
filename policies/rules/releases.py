"""Rules about versions: of Kubernetes, and of the form that a cluster is written in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from packaging.version import InvalidVersion, Version

from catalog import Release, catalog
from components.cluster_object import DeclaredCluster
from components.mappings import texts
from policies.rules.frameworks import CLUSTER_API, SUPPORT
from policies.rules.rule import ADVISORY, CRITICAL, HIGH, LOW, MANDATORY, MEDIUM, Context, Rule
from policies.settings import Parameter
from policies.subjects.cluster import CLUSTER_OBJECTS, CLUSTERS, GROUP, TOPOLOGIES, has_topology
from policies.subjects.resource import Item
from policies.subjects.subject import Subject, itself, objects

TITLE = "Versions"
CLASSES = Subject("ClusterClasses", objects("ClusterClass", group=GROUP, patches=False), itself)


def _version(text: str) -> Version | None:
    try:
        return Version(text.removeprefix("v"))
    except InvalidVersion:
        return None


def _release(cluster: DeclaredCluster) -> Release | None:
    version = _version(cluster.version)
    return next((known for known in catalog().releases if known.version == version), None)


def _in_catalog(cluster: DeclaredCluster, _context: Context) -> Iterator[str]:
    if _release(cluster) is None:
        known = ", ".join(str(version) for version in catalog().kubernetes_versions)
        yield f"Kubernetes {cluster.version or 'of no version'} is not in the catalog: {known}"


def _supported(cluster: DeclaredCluster, context: Context) -> Iterator[str]:
    release = _release(cluster)
    if release and release.end_of_life < context.on:
        yield f"Kubernetes {release.version} got its last fixes on {release.end_of_life}"


def _ends_later(cluster: DeclaredCluster, context: Context) -> Iterator[str]:
    release = _release(cluster)
    if release and context.on <= release.end_of_life < context.on + timedelta(context["days"]):
        yield f"Kubernetes {release.version} gets its last fixes on {release.end_of_life}"


def _readable(cluster: Item, _context: Context) -> Iterator[str]:
    if not has_topology(cluster):
        yield "it is not a v1beta2 Cluster with a topology, so the other rules can't read it"


def _no_gap(cluster_class: Item, _context: Context) -> Iterator[str]:
    versions = map(_version, texts(cluster_class.spec, "kubernetesVersions"))
    minors = sorted({(version.major, version.minor) for version in versions if version})
    for (major, lower), (_, upper) in pairwise(minors):
        if upper > lower + 1:
            yield f"no release of {major}.{lower + 1} is listed, so an upgrade ends at {lower}"


def _unpaused(cluster: DeclaredCluster, _context: Context) -> Iterator[str]:
    if cluster.is_paused:
        yield "it is paused: nothing is repaired, scaled or upgraded"


RULES: tuple[Rule[DeclaredCluster] | Rule[Item], ...] = (
    Rule(
        "cluster-is-a-topology",
        "A cluster is written as a v1beta2 topology of a ClusterClass.",
        HIGH,
        MANDATORY,
        CLUSTER_API,
        "Declare the cluster in the stack file, or use the component `WorkloadCluster`.",
        CLUSTER_OBJECTS,
        _readable,
    ),
    Rule(
        "release-is-in-the-catalog",
        "A cluster runs a Kubernetes release of the catalog.",
        HIGH,
        MANDATORY,
        SUPPORT,
        "Set `version` to a release of catalog/versions.yaml.",
        TOPOLOGIES,
        _in_catalog,
    ),
    Rule(
        "release-is-supported",
        "A cluster runs a Kubernetes release that still gets fixes.",
        CRITICAL,
        MANDATORY,
        SUPPORT,
        "Set `version` to a release of a newer minor; `./caas preview` shows each step.",
        TOPOLOGIES,
        _supported,
    ),
    Rule(
        "release-has-time-left",
        "A cluster is upgraded before its Kubernetes release gets no more fixes.",
        MEDIUM,
        ADVISORY,
        SUPPORT,
        "Plan the upgrade to the next minor now.",
        TOPOLOGIES,
        _ends_later,
        (Parameter("days", int, 60, "days before the end from which it is reported"),),
    ),
    Rule(
        "upgrades-have-a-path",
        "The releases of a ClusterClass skip no minor.",
        HIGH,
        MANDATORY,
        CLUSTER_API,
        "Add a release of the missing minor to `kubernetesVersions`: an upgrade walks one minor at "
        "a time.",
        CLASSES,
        _no_gap,
    ),
    Rule(
        "clusters-are-not-paused",
        "No cluster stays paused.",
        LOW,
        ADVISORY,
        CLUSTER_API,
        "Set `paused: false` when the work by hand is done.",
        CLUSTERS,
        _unpaused,
    ),
)
