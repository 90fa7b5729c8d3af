"""Clusters that add-ons are tried in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cli.addon_pages import settings_class
from components.addon import CERTIFICATES, GATEWAY_API, METRICS, SNAPSHOTS, VOLUMES, Addon
from components.addon_settings import resolved
from components.facts import ClusterFacts
from components.infrastructure.in_memory import InMemory
from stacks.settings.addons import Addons, ClusterSettings, addons_of

FULLEST = Path(__file__).parent / "fullest.yaml"
REFUSED = frozenset({"ingressNginx"})
"""Accepted by the schema only so that the refusal in a stack file says why."""
PROVIDERS = {
    CERTIFICATES: "certManager",
    GATEWAY_API: "envoyGateway",
    METRICS: "monitoring",
    SNAPSHOTS: "snapshots",
    VOLUMES: "longhorn",
}
"""The add-on that an example gets for a role that it needs and nothing in it has."""
LEAST: dict[str, Any] = {"name": "shop", "version": "1.36.3"}


def cluster(**fields: Any) -> ClusterSettings:
    """A cluster as a stack file writes it."""
    return ClusterSettings.model_validate(LEAST | fields)


def target(addons: dict[str, Any], **fields: Any) -> ClusterFacts:
    """A simulated cluster that gets these add-ons, as a stack file writes them."""
    return addons_of(Addons(), cluster(**{"addons": addons} | fields), InMemory())


def addon(key: str, settings: dict[str, Any], **cluster: Any) -> Addon:
    """One add-on in a simulated cluster; `others` are more add-ons."""
    others = cluster.pop("others", {})
    found = {each.name: each for each in resolved(target({key: settings} | others, **cluster))}
    return found[key]


@dataclass(frozen=True)
class Example:
    """An add-on as a stack file may write it, in a cluster that has what it needs.

    Attributes:
        key: the add-on.
        number: 0 for the smallest; the others are those of `fullest.yaml`.
        addons: of the cluster, as `addons:` of a stack file.
    """

    key: str
    number: int
    addons: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.key}-{self.number or 'smallest'}"

    def addon(self) -> Addon:
        """The add-on in a simulated cluster."""
        return next(each for each in resolved(target(self.addons)) if each.name == self.key)


def keys() -> list[str]:
    """The keys of all add-ons that are not refused."""
    return [key for key in Addons.model_fields_by_alias() if key not in REFUSED]


def smallest(key: str) -> dict[str, Any]:
    """The smallest settings that a stack file can give an add-on."""
    return dict(settings_class(Addons.model_fields_by_alias()[key].annotation).EXAMPLE)


@cache
def fullest() -> dict[str, list[dict[str, Any]]]:
    """The entries of `fullest.yaml` by add-on."""
    found: dict[str, list[dict[str, Any]]] = yaml.safe_load(FULLEST.read_text())
    return found


def examples() -> Iterator[Example]:
    """Every add-on with its smallest settings and with those of `fullest.yaml`."""
    for key in keys():
        entries = [{"settings": smallest(key)}, *fullest().get(key, ())]
        for number, entry in enumerate(entries):
            others = {
                other: smallest(other) if given == "EXAMPLE" else given
                for other, given in entry.get("with", {}).items()
            }
            yield Example(key, number, _with_needs(others | {key: entry["settings"]}))


def _with_needs(addons: dict[str, Any]) -> dict[str, Any]:
    found = resolved(target(addons))
    roles = {role for each in found for role in each.provides}
    missing = {PROVIDERS[role] for each in found for role in each.needs if role in PROVIDERS}
    missing -= {PROVIDERS[role] for role in roles if role in PROVIDERS} | addons.keys()
    if not missing:
        return addons
    return _with_needs(addons | {key: smallest(key) for key in sorted(missing)})
