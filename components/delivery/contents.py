"""What a stack takes from the internet: charts, and the images that its pods run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalog import ChartImage, catalog
from components.addon import Target
from components.addons import resolved
from components.cluster import autoscaler, etcd_snapshots
from components.cluster.cluster_api import OPERATOR, PREREQUISITES
from components.cluster.settings import Cluster
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
        loose: why it can't be pinned; empty where it can.
    """

    reference: str
    of: str
    loose: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that is fetched.

    Attributes:
        charts: each once, by name.
        images: each once, by reference.
        open: what is fetched too and can't be listed, a sentence each.
    """

    charts: tuple[ChartSource, ...]
    images: tuple[ImageSource, ...]
    open: tuple[str, ...]


def contents(targets: Sequence[Target], infrastructure: Infrastructure) -> Contents:
    """What the clusters of a stack and their add-ons are fetched from.

    Args:
        targets: every cluster with its add-ons, the management cluster too where it is one of
            the stack's.
        infrastructure: what their machines are.
    """
    addons = [addon for target in targets for addon in resolved(target)]
    keys = [chart.name for addon in addons for chart in addon.charts]
    keys += [chart.name for chart in infrastructure.charts()] if targets else []
    own = any(target.management for target in targets)
    keys += [OPERATOR.name] if own else []
    releases = {key: catalog().charts[key] for key in dict.fromkeys(keys)}
    charts = {
        ChartSource(release.name, release.version, release.repository)
        for release in releases.values()
    }
    images = [
        ImageSource(image.reference, release.name, _loose(image))
        for release in releases.values()
        for image in release.images
    ]
    images += [ImageSource(image, addon.name) for addon in addons for image in addon.images]
    images += _of_clusters([target.cluster for target in targets])
    silent = sorted(key for key, release in releases.items() if not release.images)
    return Contents(
        tuple(sorted(charts)),
        tuple({image.reference: image for image in sorted(images)}.values()),
        tuple(_open(silent, infrastructure, own)),
    )


def _loose(image: ChartImage) -> str:
    return "" if image.tag or image.digest else "its operator chooses the version"


def _of_clusters(clusters: Sequence[Cluster]) -> Iterable[ImageSource]:
    """What runs in clusters without a chart."""
    for version in {cluster.version for cluster in clusters}:
        for name in KUBERNETES:
            reference = f"{KUBERNETES_REGISTRY}/{name}:v{version}"
            yield ImageSource(reference, f"Kubernetes {version}")
    for cluster in autoscaler.autoscaled(clusters):
        yield ImageSource(autoscaler.image(cluster.version), "cluster autoscaler")
    if any(etcd_snapshots.snapshot_labels(each.control_plane.etcd) for each in clusters):
        for name in ("etcd", "rclone"):
            yield ImageSource(catalog().images[name], "etcd snapshots")


def _open(silent: Sequence[str], infrastructure: Infrastructure, own: bool) -> Iterable[str]:
    yield (
        "CoreDNS, etcd and pause have the versions of kubeadm: `kubeadm config images list` on a "
        "machine names them; machine images usually carry them."
    )
    if silent:
        yield f"The catalog does not list the images of these charts: {', '.join(silent)}."
    if own:
        yield "Cluster API's operator fetches the manifests and images of its providers itself."
    if infrastructure.name in PREREQUISITES:
        yield f"What the {infrastructure.name} provider needs is a manifest of its own release."
