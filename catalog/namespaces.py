"""Namespaces whose pods work on their machine; `./caas generate` lists them from the add-ons."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("namespaces.yaml")


@lru_cache(maxsize=1)
def privileged_namespaces() -> tuple[str, ...]:
    """The namespace of the system, and those of add-ons with the level `privileged`."""
    found = yaml.safe_load(FILE.read_text())
    return tuple(str(name) for name in found["privileged"])
