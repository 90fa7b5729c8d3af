"""Rules about versions: of Kubernetes, and of the form that a cluster is written in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from packaging.version import InvalidVersion, Version
from pulumi_policy import EnforcementLevel, PolicyComplianceFramework, Severity

from catalog import Release, catalog
from policies.rules.cluster import Cluster
from policies.rules.rule import CLUSTER_API, Rule, itself

SUPPORT = PolicyComplianceFramework(
    name="Kubernetes patch releases", reference="https://kubernetes.io/releases/patch-releases/"
)


def _topologies(cluster: Cluster) -> Iterator[Cluster]:
    if cluster.has_topology:
        yield cluster


def _release(text: str) -> Release | None:
    try:
        version = Version(text)
    except InvalidVersion:
        return None
    return next((known for known in catalog().releases if known.version == version), None)


def _text(cluster: Cluster) -> str:
    return str(cluster.topology.get("version", "")).removeprefix("v")


def _in_catalog(cluster: Cluster, _on: date) -> Iterator[str]:
    if _release(_text(cluster)) is None:
        known = ", ".join(str(version) for version in catalog().kubernetes_versions)
        yield f"Kubernetes {_text(cluster) or 'of no version'} is not in the catalog: {known}"


def _supported(cluster: Cluster, on: date) -> Iterator[str]:
    release = _release(_text(cluster))
    if release and release.end_of_life < on:
        yield f"Kubernetes {release.version} got its last fixes on {release.end_of_life}"


def _readable(cluster: Cluster, _on: date) -> Iterator[str]:
    if not cluster.has_topology:
        yield "it is not a v1beta2 Cluster with a topology, so the other rules can't read it"


RULES: tuple[Rule[Cluster], ...] = (
    Rule(
        "cluster-is-a-topology",
        "A cluster is written as a v1beta2 topology of a ClusterClass.",
        Severity.HIGH,
        EnforcementLevel.MANDATORY,
        CLUSTER_API,
        "Declare the cluster in the stack file, or use the component `WorkloadCluster`.",
        itself,
        _readable,
    ),
    Rule(
        "release-is-in-the-catalog",
        "A cluster runs a Kubernetes release of the catalog.",
        Severity.HIGH,
        EnforcementLevel.MANDATORY,
        SUPPORT,
        "Set `version` to a release of catalog/versions.yaml.",
        _topologies,
        _in_catalog,
    ),
    Rule(
        "release-is-supported",
        "A cluster runs a Kubernetes release that still gets fixes.",
        Severity.CRITICAL,
        EnforcementLevel.MANDATORY,
        SUPPORT,
        "Set `version` to a release of a newer minor; `./caas preview` shows the way there.",
        _topologies,
        _supported,
    ),
)
