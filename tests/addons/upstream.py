"""Charts and definitions of the projects that add-ons come from, where they are here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import ChartImage, catalog
from components.addon import merged

UPSTREAM = Path(__file__).resolve().parents[3] / "shared/upstream"
CHARTS = UPSTREAM / "charts"
FOLDERS = {
    "aws-cloud-controller-manager": "aws-cloud-controller-manager",
    "fluent-bit-events": "fluent-bit",
}
"""The folder of a chart of the catalog, where it is not its name."""
PASSED_ON = {
    "kube-prometheus-stack": ("alertmanager.config.", "grafana.grafana.ini."),
    "loki": ("loki.limits_config.",),
    "traefik": ("service.spec.",),
    "victoria-logs-single": ("server.podSecurityContext.",),
}
"""Where a chart hands on what others take, and its defaults are only a part of that."""
PARTS = {"kube-prometheus-stack": {"grafana": "grafana"}}
"""Charts that a chart brings along, by the key of their values."""
HIDDEN = {"kube-prometheus-stack": ("kube-state-metrics", "prometheus-node-exporter")}
"""Keys of charts that a chart brings along and whose defaults are not here: not looked into."""
UNNAMED = {"grafana": frozenset({"fullnameOverride"})}
"""Values that a chart's templates read, though its `values.yaml` does not name them."""
NEWER = {("csi-driver-nfs", "image.nfs"), ("harbor", "redis.internal.image")}
"""Images that the copy here, which is newer than the release of the catalog, names otherwise."""
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
    for key, part in PARTS.get(chart, {}).items():
        found[key] = merged(defaults(part), found.get(key, {}))
    return found | dict.fromkeys(HIDDEN.get(chart, ()))


@lru_cache
def commented(chart: str) -> frozenset[str]:
    """The keys that the chart's `values.yaml` has in comments: options without a default."""
    found = set(re.findall(r"^ *#+[ -]*([A-Za-z][A-Za-z0-9_.-]*):", _text(chart), re.M))
    parts = (commented(part) for part in PARTS.get(chart, {}).values())
    return UNNAMED.get(chart, frozenset()).union(found, *parts)


def is_hidden(chart: str, path: str) -> bool:
    """Whether a value belongs to a chart that the chart brings along, and that is not here."""
    key = path.partition(".")[0]
    return key in _dependencies(chart) and key not in PARTS.get(chart, {})


@lru_cache
def _described(chart: str) -> dict[str, Any]:
    file = CHARTS / FOLDERS.get(chart, chart) / "Chart.yaml"
    # One of them ends with a second document, an empty one.
    found = yaml.load_all(file.read_text(), yaml.CSafeLoader) if file.exists() else ()
    return dict(next(iter(found), {}))


@lru_cache
def _dependencies(chart: str) -> frozenset[str]:
    return frozenset(each["name"] for each in _described(chart).get("dependencies", ()))


def _is_release(chart: str) -> bool:
    """Whether the copy here is of the catalog's version, and not of sources or a newer one."""
    return str(_described(chart).get("version")) == catalog().charts[chart].version


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


def misplaced(chart: str, values: Mapping[str, Any]) -> list[str]:
    """Where a chart's defaults don't name an image of the catalog as the catalog says they do.

    Args:
        chart: its key in the catalog.
        values: what the project sets, whose tags are its own.
    """
    images = catalog().charts[chart].images
    seen = [each for each in images if each.at and not is_hidden(chart, each.at)]
    return [
        f"{image.at}: {image.name}:{image.tag}"
        for image in seen
        if (chart, image.at) not in NEWER and not _stands(chart, image, values)
    ]


def _stands(chart: str, image: ChartImage, values: Mapping[str, Any]) -> bool:
    there = at(defaults(chart), image.at)
    registry, _, path = image.name.partition("/")
    if image.form == "whole":
        name, _, tag = str(there or "").partition("@")[0].partition(":")
        return name in (image.name, "") and (tag in (image.tag, "") or not _is_release(chart))
    tag = there.get("tag") or ""
    ours = (at(values, image.at) or {}).get("tag")
    if image.form == "registry":
        found = there["repository"] in (path, None) and there["registry"] in (registry, "", None)
    else:
        # Some add a registry before a slash; a copy of the sources has the staging registry.
        name = (there["repository"] or "").removeprefix("/")
        name = name.replace("gcr.io/k8s-staging-", "registry.k8s.io/")
        found = name in (image.name, path, "") and "tag" in {*there, *commented(chart)}
    return found and bool(ours or tag in (image.tag, "") or not _is_release(chart))
