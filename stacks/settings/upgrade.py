"""The way of an upgrade: which releases a control plane walks through."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.version import Version

from errors import NOWHERE, CaasError, Where, stack_rules


def upgrade_path(
    current: Version, target: Version, releases: Sequence[Version]
) -> tuple[Version, ...]:
    """The releases that a control plane at `current` walks through, `target` last.

    The same plan as Cluster API makes from the versions of a ClusterClass: the last patch of every
    later minor up to the target, and the target alone inside one minor. Empty when there is
    nothing to upgrade.

    Args:
        current: what the control plane runs.
        target: what it shall run; one of `releases`.
        releases: what may be walked through, in any order.
    """
    later = sorted(release for release in set(releases) if current < release <= target)
    last_of_minor = {(release.major, release.minor): release for release in later}
    if (current.major, current.minor) != (target.major, target.minor):
        last_of_minor.pop((current.major, current.minor), None)
    return tuple(last_of_minor.values())


def check_upgrade(
    current: Version,
    target: Version,
    releases: Sequence[Version],
    *,
    cluster: str,
    where: Where = NOWHERE,
) -> tuple[Version, ...]:
    """The upgrade path, or why there is none.

    Args:
        current: what the cluster runs.
        target: what its stack file says.
        releases: what may be walked through, in any order.
        cluster: its name, for the message.
        where: the place of the version in the stack file.

    Raises:
        CaasError: DOWNGRADE, or SKIPPED_MINOR when no release of a minor in between is available.
    """
    if target < current:
        what = f"the cluster `{cluster}` runs {current} and cannot go back to {target}"
        raise CaasError(stack_rules.DOWNGRADE, what, where=where, fix=f"Write {current} or newer.")
    path = upgrade_path(current, target, [*releases, target]) if target > current else ()
    before = current
    for release in path:
        if release.major != before.major or release.minor > before.minor + 1:
            missing = f"{before.major}.{before.minor + 1}"
            raise CaasError(
                stack_rules.SKIPPED_MINOR,
                f"the cluster `{cluster}` cannot go from {before} to {release}",
                where=where,
                why=f"no release of {missing} is available to this stack",
                fix=f"Add a release of {missing} to `kubernetesVersions`, or upgrade to a nearer "
                "release first.",
            )
        before = release
    return path
