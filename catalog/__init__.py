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


@dataclass(frozen=True, slots=True)
class Release:
    """A Kubernetes release that a cluster may run."""

    version: Version
    end_of_life: date

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
            too, `whole` is one text.
        digest: `sha256:…`, where it is known.
    """

    name: str
    tag: str = ""
    at: str = ""
    form: str = "repository"
    digest: str = ""

    def reference(self, kubernetes: Version) -> str:
        """What the container runtime of a cluster pulls."""
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
        """Whether it may run on a Kubernetes version."""
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
    def kubernetes_versions(self) -> tuple[Version, ...]:
        """The versions of `releases`."""
        return tuple(release.version for release in self.releases)


@lru_cache
def catalog() -> Catalog:
    """Reads `versions.yaml` once."""
    data = yaml.load(FILE.read_text(), yaml.CSafeLoader)
    kubernetes = data["kubernetes"]
    releases = (
        Release(Version(str(entry["version"])), entry["endOfLife"])
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


def _chart(name: str, entry: dict[str, Any]) -> ChartRelease:
    return ChartRelease(
        name=entry.get("chart", name),
        repository=entry["repository"],
        version=str(entry["version"]),
        kubernetes=SpecifierSet(entry.get("kubernetes", "")),
        images=tuple(ChartImage(**image) for image in entry.get("images", ())),
        lists_images="images" in entry,
    )
