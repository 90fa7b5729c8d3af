"""Rules about stores that several clusters of a stack use."""

from __future__ import annotations

from collections.abc import Iterator

from components.addon_settings import AddonSettings
from components.facts import ClusterFacts
from components.finding import Finding
from errors.layers import STORE_SHARED

Owners = dict[tuple[str, ...], str]
"""The first cluster that has a store to itself."""


def check(target: ClusterFacts, owners: Owners) -> Iterator[Finding]:
    """STORE_SHARED, once for settings that many clusters have.

    Args:
        target: a cluster with its add-ons.
        owners: of the clusters before, and of this one afterwards.
    """
    for key, settings in target.addons.items():
        if not isinstance(settings, AddonSettings):
            continue
        for store in settings.stores():
            first = owners.setdefault(store.place, target.name)
            if first != target.name:
                yield Finding(
                    STORE_SHARED,
                    (key, *store.path),
                    f"several clusters have {store.what} for themselves",
                    why=f"`{first}` and `{target.name}` do",
                )
