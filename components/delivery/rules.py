"""Rules about the add-ons of one cluster: their own, and what they need, exclude and support."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catalog import catalog
from components.addon import EXCLUSIVE, VOLUMES, Addon
from components.addon_settings import resolved
from components.delivery import host_ports
from components.facts import ClusterFacts, InstalledAddon
from components.fields import Settings
from components.finding import Finding
from components.placeholders import CLUSTER, unfilled
from components.storage import rules
from errors import addons as codes
from errors.layers import PLACEHOLDER_NOT_FILLED


def check_target(target: ClusterFacts) -> Iterator[Finding]:
    """The problems of the add-ons of one cluster; paths begin at the add-on's key.

    Codes 1201 to 1204, 1208 and 1245, those of storage classes, and the add-ons' own.
    """
    wrong = False
    for key, settings in target.addons.items():
        yield from _unfilled(key, settings)
        for finding in settings.check(target):
            wrong = True
            yield finding.below(key)
    if wrong:  # then the add-ons are unknown
        return
    addons = resolved(target)
    yield from _needs(target, addons)
    yield from check_together(target, addons)
    yield from _unsupported(target, addons)
    yield from host_ports.check(target.name, addons, target.infrastructure.charts())
    yield from rules.check(target)


def _unfilled(key: str, settings: InstalledAddon) -> Iterator[Finding]:
    """PLACEHOLDER_NOT_FILLED."""
    for path in unfilled(settings) if isinstance(settings, Settings) else ():
        what = f"`{CLUSTER}` would stay as it is in `{path[-1]}`"
        yield Finding(PLACEHOLDER_NOT_FILLED, (key, *path), what)


def check_together(target: ClusterFacts, addons: Sequence[Addon]) -> Iterator[Finding]:
    """ADDONS_EXCLUDE and ADDON_VALUES_IGNORED, which need no fact of the cluster."""
    yield from _excluded(target, addons)
    yield from _unread(target, addons)


def _needs(target: ClusterFacts, addons: Sequence[Addon]) -> Iterator[Finding]:
    there = {role for addon in addons for role in addon.provides} | set(target.provides)
    if target.infrastructure.cluster_volumes().classes:
        there.add(VOLUMES)
    for addon in addons:
        for role in addon.needs:
            if role not in there:
                yield Finding(
                    codes.ADDON_NEEDS,
                    (addon.name,),
                    f"`{addon.name}` needs {role}, which `{target.name}` does not have",
                    key=True,
                )


def _excluded(target: ClusterFacts, addons: Sequence[Addon]) -> Iterator[Finding]:
    first: dict[str, Addon] = {}
    for addon in addons:
        for role in addon.provides:
            if role in EXCLUSIVE and role in target.provides:
                yield Finding(
                    codes.ADDONS_EXCLUDE,
                    (addon.name,),
                    f"`{target.name}` has {role} already and gets `{addon.name}`",
                    why=EXCLUSIVE[role],
                    key=True,
                )
            other = first.setdefault(role, addon)
            if role in EXCLUSIVE and other is not addon:
                yield Finding(
                    codes.ADDONS_EXCLUDE,
                    (addon.name,),
                    f"`{target.name}` gets `{other.name}` and `{addon.name}`",
                    why=EXCLUSIVE[role],
                    key=True,
                )


def _unsupported(target: ClusterFacts, addons: Sequence[Addon]) -> Iterator[Finding]:
    version = target.version
    for addon in addons:
        if target.addons[addon.name].allow_unsupported:
            continue
        for chart in addon.charts:
            release = catalog().charts[chart.name]
            if not release.supports(version):
                yield Finding(
                    codes.ADDON_UNSUPPORTED,
                    (addon.name,),
                    f"{release.name} {release.version} does not support Kubernetes {version} of "
                    f"`{target.name}`",
                    why=f"it supports {release.kubernetes}",
                    key=True,
                )


def _unread(target: ClusterFacts, addons: Sequence[Addon]) -> Iterator[Finding]:
    for addon in addons:
        if target.addons[addon.name].values and not addon.charts:
            what = f"`{addon.name}` has no chart that would read `values`"
            yield Finding(codes.ADDON_VALUES_IGNORED, (addon.name, "values"), what, key=True)
