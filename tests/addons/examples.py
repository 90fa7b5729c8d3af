"""Clusters that add-ons are tried in."""

from __future__ import annotations

from typing import Any

from components.addon import Addon, Target
from components.addons import Addons, addons_of, resolved
from components.cluster.settings import Cluster
from components.infrastructure.in_memory import InMemory

LEAST: dict[str, Any] = {"name": "shop", "version": "1.36.3"}


def target(addons: dict[str, Any], **cluster: Any) -> Target:
    """A simulated cluster that gets these add-ons, as a stack file writes them."""
    settings = Cluster.model_validate(LEAST | {"addons": addons} | cluster)
    return addons_of(Addons(), settings, InMemory())


def addon(key: str, settings: dict[str, Any], **cluster: Any) -> Addon:
    """What one add-on is in a simulated cluster; `others` are more add-ons."""
    others = cluster.pop("others", {})
    found = {each.name: each for each in resolved(target({key: settings} | others, **cluster))}
    return found[key]
