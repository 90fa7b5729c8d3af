"""Rules about Kubernetes releases: known, listed, in order and without gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from packaging.version import Version

from components.cluster.settings import Cluster
from components.finding import Finding
from errors import stack_rules

LIST = "kubernetesVersions"


def check(
    clusters: Sequence[tuple[int, Cluster]], listed: Sequence[Version], known: Sequence[Version]
) -> Iterator[Finding]:
    """UNKNOWN_RELEASE, RELEASE_NOT_LISTED, RELEASES_OUT_OF_ORDER and RELEASE_GAP."""
    for index, version in enumerate(listed):
        if version not in known:
            yield _unknown(version, known, (LIST, index))
    yield from _order(listed)
    for index, cluster in clusters:
        path = ("clusters", index, "version")
        if cluster.version not in known:
            yield _unknown(cluster.version, known, path)
        elif listed and cluster.version not in listed:
            yield Finding(
                stack_rules.RELEASE_NOT_LISTED,
                path,
                f"the cluster `{cluster.name}` runs {cluster.version}, which is not listed",
                fix=f"Add {cluster.version} to `{LIST}`, or use one of {_joined(listed)}.",
            )


def _order(listed: Sequence[Version]) -> Iterator[Finding]:
    for index, (before, after) in enumerate(pairwise(listed), start=1):
        if after <= before:
            yield Finding(
                stack_rules.RELEASES_OUT_OF_ORDER,
                (LIST, index),
                f"{after} stands after {before}",
                fix=f"Write {_joined(sorted(set(listed)))}.",
            )
        elif after.minor > before.minor + 1:
            yield Finding(
                stack_rules.RELEASE_GAP,
                (LIST, index),
                f"no release of {after.major}.{before.minor + 1} stands before {after}",
            )


def _unknown(version: Version, known: Sequence[Version], path: tuple[str | int, ...]) -> Finding:
    return Finding(
        stack_rules.UNKNOWN_RELEASE,
        path,
        f"Kubernetes {version} is not in the catalog",
        fix=f"Use {nearest(version, known)}. The catalog has {_joined(known)}.",
    )


def nearest(version: Version, known: Sequence[Version]) -> Version:
    """The known release that is closest: by minor first, then by patch, the newer of two."""

    def distance(other: Version) -> tuple[int, int, int]:
        minors = abs((other.major - version.major) * 1000 + other.minor - version.minor)
        return minors, abs(other.micro - version.micro), -other.micro

    return min(known, key=distance)


def _joined(versions: Sequence[Version]) -> str:
    return ", ".join(str(version) for version in versions)
