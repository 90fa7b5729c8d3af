"""The rules that hold in a cluster as well: what the API server is to check, in CEL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from catalog import catalog, retired

FILE = Path(__file__).parent / "admission.yaml"
POD_RESOURCES: dict[str, tuple[str, ...]] = {
    "": ("pods", "pods/ephemeralcontainers", "replicationcontrollers", "podtemplates"),
    "apps": ("deployments", "statefulsets", "daemonsets", "replicasets"),
    "batch": ("jobs", "cronjobs"),
}
"""Whatever has a pod's spec in it."""


@dataclass(frozen=True, slots=True)
class AdmissionRule:
    """A rule of `policies/` as the API server checks it.

    Attributes:
        name: of the rule.
        description: what must be so.
        level: `mandatory` or `advisory`, the default.
        holds_in_system: whether it holds in the platform's own namespaces.
        of_pods: whether it is about pods.
        resources: what it is about, by API group.
        validations: expressions that are true where all is well; `$name` is a parameter.
        parameters: their defaults.
        exception: an expression that is true for objects that are left alone; empty for none.
    """

    name: str
    description: str
    level: str
    holds_in_system: bool
    of_pods: bool
    resources: Mapping[str, tuple[str, ...]]
    validations: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    exception: str = ""


@lru_cache
def admission_rules() -> tuple[AdmissionRule, ...]:
    """Reads `admission.yaml` once."""
    return tuple(_rule(entry) for entry in yaml.load(FILE.read_text(), yaml.CSafeLoader))


def known_registries() -> tuple[str, ...]:
    """The registries that images of the catalog, and of its charts, come from."""
    return catalog().registries


def _rule(entry: dict[str, Any]) -> AdmissionRule:
    of = entry["of"]
    of_pods = of == "pods"
    named = {} if of_pods else dict.fromkeys(of["groups"], tuple(of["resources"]))
    return AdmissionRule(
        name=entry["rule"],
        description=entry["description"],
        level=entry["level"],
        holds_in_system=entry["system"],
        of_pods=of_pods,
        resources=POD_RESOURCES if of_pods else named,
        validations=tuple(entry["validations"]),
        parameters={name: _default(value) for name, value in entry.get("parameters", {}).items()},
        exception=entry.get("except", ""),
    )


def _default(value: Any) -> Any:
    """The value; `catalog` and `retired` stand for what the other files say."""
    if value == "catalog":
        return list(known_registries())
    if value == "retired":
        patterns = [pattern for found in retired() for pattern in found.images]
        return [f"^{re.escape(pattern).replace(chr(92) + '*', '.*')}$" for pattern in patterns]
    return value
