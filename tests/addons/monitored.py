"""Add-ons in a cluster that has something to scrape them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from components.addon import METRICS, Addon
from components.addon_settings import AddonSettings, resolved
from components.facts import ClusterFacts
from tests.addons.examples import target


class Monitoring(AddonSettings):
    """Stands in for what reads monitors."""

    TITLE: ClassVar = "monitoring"
    SUMMARY: ClassVar = "Reads monitors."

    def addon(self, target: ClusterFacts) -> Addon:
        return Addon("monitoring", provides=(METRICS,))


def watched(key: str, settings: dict[str, Any]) -> Addon:
    """One add-on in a cluster that has monitoring, which comes before it."""
    plain = target({key: settings})
    both = {**plain.addons, "monitoring": Monitoring()}
    first, second = resolved(replace(plain, addons=both))
    assert (first.name, second.name) == ("monitoring", key)
    return second
