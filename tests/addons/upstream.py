"""Charts and definitions of the projects that add-ons come from, where they are here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

UPSTREAM = Path(__file__).resolve().parents[3] / "shared/upstream"
CHARTS = UPSTREAM / "charts"
FOLDERS = {
    "aws-cloud-controller-manager": "aws-cloud-controller-manager",
    "fluent-bit-events": "fluent-bit",
}
"""The folder of a chart of the catalog, where it is not its name."""
PASSED_ON = {
    "loki": ("loki.limits_config.",),
    "victoria-logs-single": ("server.podSecurityContext.",),
}
"""Where a chart hands on what others take, and its defaults are only a part of that."""
OPEN = ({}, [], None, "")
"""Defaults that say nothing about what may stand in their place."""


def _text(chart: str) -> str:
    file = CHARTS / FOLDERS.get(chart, chart) / "values.yaml"
    if not file.exists():
        pytest.skip(f"the defaults of the chart {chart} are not here (../shared/upstream/charts)")
    return file.read_text()


@lru_cache
def defaults(chart: str) -> dict[str, Any]:
    """The chart's `values.yaml`; the test is skipped where it is not here."""
    found: dict[str, Any] = yaml.load(_text(chart), yaml.CSafeLoader)
    return found


@lru_cache
def commented(chart: str) -> frozenset[str]:
    """The keys that the chart's `values.yaml` has in comments: options without a default."""
    return frozenset(re.findall(r"^ *#+[ -]*([A-Za-z][A-Za-z0-9_.-]*):", _text(chart), re.M))


def unknown_values(chart: str, values: Mapping[str, Any]) -> list[str]:
    """The paths of values that the chart's `values.yaml` names neither as keys nor in comments.

    Below a default that is empty, and below a comment, anything may stand; lists are not looked
    into.
    """
    passed_on = PASSED_ON.get(chart, ())
    found = _unknown(values, defaults(chart), commented(chart), "")
    return [path for path in found if not path.startswith(passed_on)]


def _unknown(
    values: Mapping[str, Any], known: Mapping[str, Any], others: frozenset[str], place: str
) -> Iterator[str]:
    for key, value in values.items():
        path = f"{place}{key}"
        if key not in known:
            if key not in others:
                yield path
        elif isinstance(value, Mapping) and known[key] not in OPEN:
            if isinstance(known[key], Mapping):
                yield from _unknown(value, known[key], others, f"{path}.")
            else:
                yield f"{path}: a mapping in place of {known[key]!r}"


def at(values: Mapping[str, Any], path: str) -> Any:
    """The value at `a.b.c`; None where there is none."""
    found: Any = values
    for key in path.split("."):
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return found
