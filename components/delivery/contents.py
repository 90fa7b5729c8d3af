"""The charts and images that a stack fetches from the internet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from packaging.version import Version

from catalog import catalog
from components.addon_settings import resolved
from components.chart import Chart
from components.cluster import autoscaler, etcd_snapshots
from components.cluster.cluster_api import OPERATOR
from components.cluster.settings import Cluster
from components.delivery.plan import alike
from components.facts import ClusterFacts
from components.given_facts import is_given
from components.infrastructure.interface import Infrastructure

KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy")
KUBERNETES_REGISTRY = "registry.k8s.io"


@dataclass(frozen=True, slots=True, order=True)
class ChartSource:
    """A chart to fetch.

    Attributes:
        name: in its repository.
        version: as the repository spells it.
        repository: its address.
    """

    name: str
    version: str
    repository: str


@dataclass(frozen=True, slots=True, order=True)
class ImageSource:
    """An image to fetch.

    Attributes:
        reference: what a container runtime pulls.
        of: what runs it.
    """

    reference: str
    of: str


@dataclass(frozen=True, slots=True)
class BundleContents:
    """Everything that is fetched.

    Attributes:
        charts: each once, by name.
        images: each once, by reference.
        open: what is fetched too and can't be listed, a sentence each.
    """

    charts: tuple[ChartSource, ...]
    images: tuple[ImageSource, ...]
    open: tuple[str, ...]


def contents(
    clusters: Sequence[Cluster],
    targets: Sequence[ClusterFacts],
    infrastructure: Infrastructure,
    existing: ClusterFacts | None = None,
) -> BundleContents:
    """The sources of a stack's clusters and their add-ons.

    Args:
        clusters: every cluster, the management cluster too where it is one of the stack's.
        targets: the same clusters with their add-ons.
        infrastructure: what their machines are.
        existing: a management cluster that is not one of the stack's, with what it gets of it.
    """
    own = any(target.management for target in targets)
    versions, texts = _charts(targets, infrastructure, existing)
    releases = {key: catalog().charts[key] for key in versions}
    charts = {
        ChartSource(release.name, release.version, release.repository)
        for release in releases.values()
    }
    images = [
        ImageSource(image.reference(version), release.name)
        for key, release in releases.items()
        for image in release.images
        for version in versions[key]
    ]
    images += [
        ImageSource(image, of)
        for of, text in texts.items()
        for image in catalog().images.values()
        if image in text
    ]
    images += _of_clusters(clusters)
    silent = sorted(key for key, release in releases.items() if not release.lists_images)
    return BundleContents(
        tuple(sorted(charts)),
        tuple({image.reference: image for image in sorted(images)}.values()),
        (*_open(silent, infrastructure, own, existing), *_downloads(targets, existing)),
    )


def _downloads(targets: Iterable[ClusterFacts], existing: ClusterFacts | None) -> Iterable[str]:
    """The downloads of pods, each once."""
    every = [*(target for target, _ in alike(targets)), *([existing] if existing else ())]
    found = {
        each.what for target in every for addon in resolved(target) for each in addon.downloads
    }
    yield from (f"Pods download by themselves: {what}." for what in sorted(found))


def _charts(
    targets: Iterable[ClusterFacts], infrastructure: Infrastructure, existing: ClusterFacts | None
) -> tuple[dict[str, set[Version]], dict[str, str]]:
    """The Kubernetes versions that each chart meets, and what may name images of the catalog: the
    values of charts, and what machines are given, by who runs them."""
    versions: dict[str, set[Version]] = {}
    texts: dict[str, str] = {}
    more: list[tuple[ClusterFacts, Sequence[Chart]]] = [
        (target, [*infrastructure.charts(), *([OPERATOR] if target.management else ())])
        for target, _ in alike(targets)
    ]
    if more:
        texts["control planes"] = repr(infrastructure.class_parts())
    if existing:
        more.insert(0, (existing, ()))
    for target, others in more:
        charts = [chart for addon in resolved(target) for chart in addon.charts]
        known = target.version if is_given(target.version) else catalog().default_release
        for chart in (*charts, *others):
            versions.setdefault(chart.name, set()).add(known)
            name = catalog().charts[chart.name].name
            texts[name] = texts.get(name, "") + json.dumps(chart.values)
    return versions, texts


def _of_clusters(clusters: Sequence[Cluster]) -> Iterable[ImageSource]:
    """The images of clusters that belong to no chart."""
    for version in {cluster.version for cluster in clusters}:
        for name in KUBERNETES:
            reference = f"{KUBERNETES_REGISTRY}/{name}:v{version}"
            yield ImageSource(reference, f"Kubernetes {version}")
    for cluster in autoscaler.autoscaled(clusters):
        yield ImageSource(autoscaler.image(cluster.version), "cluster autoscaler")
    if any(etcd_snapshots.snapshot_labels(each.control_plane.etcd) for each in clusters):
        for name in ("etcd", "rclone"):
            yield ImageSource(catalog().images[name], "etcd snapshots")


def _open(
    silent: Sequence[str], infrastructure: Infrastructure, own: bool, existing: ClusterFacts | None
) -> Iterable[str]:
    yield (
        "CoreDNS, etcd and pause have the versions of kubeadm: `kubeadm config images list` on a "
        "machine names them; machine images usually carry them."
    )
    if silent:
        yield f"The catalog does not list the images of these charts: {', '.join(silent)}."
    if existing and not is_given(existing.version):
        yield (
            "The version of the existing management cluster is not known: images of Kubernetes' "
            f"own version are taken to be v{catalog().default_release} there."
        )
    if own:
        yield "Cluster API's operator fetches the manifests and images of its providers itself."
    if infrastructure.PROVIDER and infrastructure.PROVIDER.prerequisites:
        yield f"What the {infrastructure.name} provider needs is a manifest of its release."
