"""Upgrade paths are those of Cluster API; what has no path is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from errors import CaasError, Where, stack_rules
from stacks.settings import check_upgrade, upgrade_path


def versions(*texts: str) -> tuple[Version, ...]:
    return tuple(Version(text) for text in texts)


RELEASES = versions("1.35.4", "1.36.1", "1.36.3", "1.37.0", "1.37.2")


@pytest.mark.parametrize(
    ("current", "target", "path"),
    [
        ("1.35.4", "1.37.2", ["1.36.3", "1.37.2"]),
        ("1.35.4", "1.37.0", ["1.36.3", "1.37.0"]),
        ("1.35.1", "1.36.1", ["1.36.1"]),
        ("1.36.1", "1.36.3", ["1.36.3"]),
        ("1.36.3", "1.36.3", []),
        ("1.36.3", "1.35.4", []),
    ],
)
def test_path(current: str, target: str, path: list[str]) -> None:
    assert upgrade_path(Version(current), Version(target), RELEASES) == versions(*path)


def plan_of_cluster_api(
    current: Version, target: Version, releases: list[Version]
) -> tuple[Version, ...]:
    """GetUpgradePlanFromClusterClassVersions of sigs.k8s.io/cluster-api, line by line."""
    if current == target:
        return ()
    plan: list[Version] = []
    for release in releases:
        if release <= current:
            continue
        if release > target:
            break
        plan.append(release)
        if release == target:
            break
    if not plan:
        return ()
    simplified: list[Version] = []
    minor = current.minor
    if minor == target.minor:
        simplified.append(plan[0])
    for release in plan:
        if release.minor > minor:
            simplified.append(release)
        if release.minor == minor and simplified:
            simplified[-1] = release
        minor = release.minor
    return tuple(simplified)


release = st.builds(
    lambda minor, patch: Version(f"1.{minor}.{patch}"), st.integers(30, 36), st.integers(0, 4)
)


@given(st.sets(release, min_size=1, max_size=20), st.data())
def test_path_is_that_of_cluster_api(found: set[Version], data: st.DataObject) -> None:
    releases = sorted(found)
    current = data.draw(release)
    target = data.draw(st.sampled_from(releases))
    expected = plan_of_cluster_api(current, target, releases)
    assert upgrade_path(current, target, releases) == expected


def test_check_returns_the_path() -> None:
    path = check_upgrade(Version("1.35.4"), Version("1.37.2"), RELEASES, cluster="shop")
    assert path == versions("1.36.3", "1.37.2")


def test_downgrade_is_refused_where_it_is_written() -> None:
    where = Where(file="Pulumi.local.yaml", line=7, column=16, path="clusters[0].version")
    with pytest.raises(CaasError) as caught:
        check_upgrade(Version("1.36.3"), Version("1.35.4"), RELEASES, cluster="shop", where=where)
    (problem,) = caught.value.problems
    assert problem.code is stack_rules.DOWNGRADE
    assert problem.where == where
    assert "shop" in problem.what


@pytest.mark.parametrize("available", [(), versions("1.35.4", "1.37.2")])
def test_skipped_minor_is_refused(available: tuple[Version, ...]) -> None:
    with pytest.raises(CaasError) as caught:
        check_upgrade(Version("1.35.4"), Version("1.37.2"), available, cluster="shop")
    (problem,) = caught.value.problems
    assert problem.code is stack_rules.SKIPPED_MINOR
    assert "1.36" in problem.fix
