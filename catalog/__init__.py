"""The version catalog: what is used, in which version, and on which Kubernetes it may run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from packaging.specifiers import SpecifierSet
from packaging.version import Version

FILE = Path(__file__).parent / "versions.yaml"
RETIRED = Path(__file__).parent / "retired.yaml"
RESOURCES = Path(__file__).parent / "resources.yaml"
HOST_PORTS = Path(__file__).parent / "host_ports.yaml"
APPS = Path(__file__).parent / "apps"
"""The recommended shelf of the application store."""


@dataclass(frozen=True, slots=True)
class Release:
    """A Kubernetes release that a cluster may run.

    Attributes:
        version: the release.
        end_of_life: the day of the last patch.
        node_image: kind's published image of it, by digest; empty where there is none.
    """

    version: Version
    end_of_life: date
    node_image: str = ""

    @property
    def minor(self) -> tuple[int, int]:
        """Major and minor, `(1, 36)`."""
        return self.version.major, self.version.minor


@dataclass(frozen=True, slots=True)
class ChartImage:
    """An image that a chart's pods run.

    Attributes:
        name: with its registry, `quay.io/metallb/speaker`.
        tag: its version; empty where it is that of the cluster's Kubernetes.
        at: where the chart's values name it, `speaker.image`; empty where they can't.
        form: how they do: `repository` has keys `repository` and `tag`, `registry` has `registry`
            too, `image` has `image` and `tag`, `whole` is one text.
        digest: `sha256:…`, where it is known.
    """

    name: str
    tag: str = ""
    at: str = ""
    form: str = "repository"
    digest: str = ""

    def reference(self, kubernetes: Version) -> str:
        """The reference that the container runtime of a cluster pulls."""
        tag = self.tag or f"v{kubernetes}"
        return f"{self.name}:{tag}" + (f"@{self.digest}" if self.digest else "")


@dataclass(frozen=True, slots=True)
class ChartRelease:
    """A Helm chart of the catalog.

    Attributes:
        name: the chart's name in its repository.
        repository: the repository's address, `https://` or `oci://`.
        version: the chart's version, as the repository spells it.
        kubernetes: the Kubernetes versions that its project supports.
        images: what its pods run.
        lists_images: whether the catalog says what they run.
    """

    name: str
    repository: str
    version: str
    kubernetes: SpecifierSet
    images: tuple[ChartImage, ...] = ()
    lists_images: bool = True

    def supports(self, version: Version) -> bool:
        """True if it supports a Kubernetes version."""
        return version in self.kubernetes


@dataclass(frozen=True, slots=True)
class Retired:
    """Software that is no more.

    Attributes:
        name: what it is called.
        since: the month, `March 2026`.
        why: what happened to it.
        instead: what to take now.
        charts: names of its charts.
        repositories: patterns of the addresses of its chart repositories.
        images: patterns of its images.
    """

    name: str
    since: str
    why: str
    instead: str
    charts: tuple[str, ...]
    repositories: tuple[str, ...]
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HostPort:
    """A port of its machine that a pod of a chart takes.

    Attributes:
        pods: the pods, and the purpose of the port.
        port: the chart's default; None if only a value takes one.
        at: the path of the value that changes it, with `*` for any key; empty where none does.
        condition: the path of the value that decides whether the port is taken; empty for always.
        wanted: the value there with which it is taken; true for any value that is not empty.
        unset: the chart's default there.
        protocol: `TCP` or `UDP`.
    """

    pods: str
    port: int | None = None
    at: str = ""
    condition: str = ""
    wanted: str | bool = True
    unset: str | bool = False
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class Catalog:
    """The parsed catalog.

    Attributes:
        releases: Kubernetes releases, oldest first.
        default_release: what a cluster runs when its file names none.
        modules: version by module, `{"etcd": "3.7.3"}`.
        providers: version of each Cluster API provider, `{"aws": "2.13.0"}`.
        charts: Helm charts by the name that the project gives them.
        images: container images with their tag or digest, by name.
    """

    releases: tuple[Release, ...]
    default_release: Version
    modules: dict[str, str]
    providers: dict[str, str]
    charts: dict[str, ChartRelease]
    images: dict[str, str]

    @property
    def registries(self) -> tuple[str, ...]:
        """The registries that the images, and those of the charts, come from."""
        of_charts = (image.name for chart in self.charts.values() for image in chart.images)
        found = {name.partition("/")[0] for name in (*self.images.values(), *of_charts)}
        return tuple(sorted(found))

    @property
    def kubernetes_versions(self) -> tuple[Version, ...]:
        """The versions of `releases`."""
        return tuple(release.version for release in self.releases)


@lru_cache
def catalog() -> Catalog:
    """Reads `versions.yaml` once."""
    data = yaml.load(FILE.read_text(), yaml.CSafeLoader)
    kubernetes = data["kubernetes"]
    releases = (
        Release(Version(str(entry["version"])), entry["endOfLife"], entry.get("nodeImage", ""))
        for entry in kubernetes["releases"]
    )
    return Catalog(
        releases=tuple(sorted(releases, key=lambda release: release.version)),
        default_release=Version(str(kubernetes["default"])),
        modules={name: str(version) for name, version in data["modules"].items()},
        providers={name: str(version) for name, version in data["providers"].items()},
        charts={name: _chart(name, entry) for name, entry in data["charts"].items()},
        images=data["images"],
    )


@lru_cache
def retired() -> tuple[Retired, ...]:
    """Reads `retired.yaml` once."""
    lists = ("charts", "repositories", "images")
    return tuple(
        Retired(**entry | {name: tuple(entry[name]) for name in lists})
        for entry in yaml.load(RETIRED.read_text(), yaml.CSafeLoader)
    )


@lru_cache
def chart_resources() -> dict[str, dict[str, dict[str, Any]]]:
    """Reads `resources.yaml` once: by chart and path in its values, as a container has them."""
    return {
        chart: {path: _requirements(**found) for path, found in paths.items()}
        for chart, paths in yaml.load(RESOURCES.read_text(), yaml.CSafeLoader).items()
    }


@lru_cache
def host_ports() -> dict[str, tuple[HostPort, ...]]:
    """Reads `host_ports.yaml` once: the ports of machines that pods take, by chart."""
    return {
        chart: tuple(map(_host_port, entries))
        for chart, entries in yaml.load(HOST_PORTS.read_text(), yaml.CSafeLoader).items()
    }


def _host_port(entry: dict[str, Any]) -> HostPort:
    renamed = {"if": "condition", "is": "wanted"}
    return HostPort(**{renamed.get(key, key): value for key, value in entry.items()})


def _requirements(cpu: str, memory: str, limit: str) -> dict[str, Any]:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": limit}}


def _chart(name: str, entry: dict[str, Any]) -> ChartRelease:
    return ChartRelease(
        name=entry.get("chart", name),
        repository=entry["repository"],
        version=str(entry["version"]),
        kubernetes=SpecifierSet(entry.get("kubernetes", "")),
        images=tuple(ChartImage(**image) for image in entry.get("images", ())),
        lists_images="images" in entry,
    )
