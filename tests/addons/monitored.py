"""Add-ons in a cluster that has something to scrape them."""

from __future__ import annotations

from typing import Any, ClassVar

from components.addon import METRICS, Addon, AddonSettings, Target
from components.addons import resolved
from tests.addons.examples import target


class Monitoring(AddonSettings):
    """Stands in for what reads monitors."""

    TITLE: ClassVar = "monitoring"
    SUMMARY: ClassVar = "Reads monitors."

    def addon(self, target: Target) -> Addon:
        return Addon("monitoring", provides=(METRICS,))


def watched(key: str, settings: dict[str, Any]) -> Addon:
    """One add-on in a cluster that has monitoring, which comes before it."""
    plain = target({key: settings})
    both = {**plain.addons, "monitoring": Monitoring()}
    first, second = resolved(Target(plain.cluster, plain.infrastructure, both))
    assert (first.name, second.name) == ("monitoring", key)
    return second
