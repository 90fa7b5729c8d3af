"""Namespaces of the platform in a cluster; in a whole cluster all others are its tenant's."""

from __future__ import annotations

from components.facts import ClusterFacts
from components.tenancy.names import protected_patterns


def platform_patterns(target: ClusterFacts, asking: str, own: str) -> list[str]:
    """Regular expressions of the namespaces of the platform: of `.*`, `-` and characters of names.

    Args:
        target: the cluster.
        asking: the key of the add-on that asks, which cannot be described meanwhile.
        own: the namespace of that add-on.
    """
    others = (
        each for key, each in target.addons.items() if key != asking and not each.tenant_facts()
    )
    of_addons = {name for each in others for name in each.addon(target).namespaces}
    return sorted({own, *of_addons, *protected_patterns()})
