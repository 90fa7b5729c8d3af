"""Charts and definitions of the projects that add-ons come from, where they are here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import ChartImage, catalog
from tests.addons.chart_keys import (
    CHARTS,
    PARTS,
    Tree,
    Values,
    chart_of,
    from_folder,
    known,
)

UPSTREAM = Path(__file__).resolve().parents[3] / "shared/upstream"
WITHOUT_KEYS = {"calico-definitions", "cilium", "gateway-api-crds"}
"""Charts of definitions alone, and one whose `values.yaml` has never been at hand."""
PASSED_ON = {
    "kube-prometheus-stack": ("alertmanager.config.", "grafana.grafana.ini."),
    "loki": ("loki.limits_config.",),
    "traefik": ("service.spec.",),
    "victoria-logs-single": ("server.podSecurityContext.",),
}
"""Maps that a chart merges with values given elsewhere; its defaults hold only some of the keys."""
NEWER = {("csi-driver-nfs", "image.nfs"), ("harbor", "redis.internal.image")}
"""Images that the copy here, which is newer than the release of the catalog, names otherwise."""


@lru_cache
def values_of(chart: str) -> Values:
    """The chart's `values.yaml`; the test is skipped where it is not here."""
    folder = CHARTS / chart_of(chart)
    if not (folder / "values.yaml").exists():
        pytest.skip(f"the defaults of the chart {chart} are not here (../shared/upstream/charts)")
    return from_folder(folder)


@lru_cache
def defaults(chart: str) -> dict[str, Any]:
    """The chart's default values; the test is skipped where they are not here."""
    return values_of(chart).defaults


def is_hidden(chart: str, path: str) -> bool:
    """True if the value belongs to a chart that the chart depends on and that is not here."""
    key = path.partition(".")[0]
    return key in _dependencies(chart) and key not in PARTS.get(chart, {})


@lru_cache
def _described(chart: str) -> dict[str, Any]:
    file = CHARTS / chart_of(chart) / "Chart.yaml"
    # One of them ends with a second document, an empty one.
    found = yaml.load_all(file.read_text(), yaml.CSafeLoader) if file.exists() else ()
    return dict(next(iter(found), {}))


@lru_cache
def _dependencies(chart: str) -> frozenset[str]:
    return frozenset(each["name"] for each in _described(chart).get("dependencies", ()))


def _is_release(chart: str) -> bool:
    """True if the copy here is the release of the catalog's version."""
    return str(_described(chart).get("version")) == catalog().charts[chart].version


def unknown_values(chart: str, values: Mapping[str, Any]) -> list[str]:
    """The paths of values that the chart's `values.yaml` names neither as keys nor in comments.

    Below a default that is empty, and below a comment, anything may stand; lists are not looked
    into. The keys are committed (`chart_keys`), so this holds in every clone.
    """
    if chart in WITHOUT_KEYS:
        pytest.skip(f"the keys of the chart {chart} are not committed")
    tree, commented = known(chart)
    passed_on = PASSED_ON.get(chart, ())
    found = unknown_keys(values, tree, commented, "")
    return [path for path in found if not path.startswith(passed_on)]


def unknown_keys(
    values: Mapping[str, Any], tree: Tree, commented: frozenset[str], place: str
) -> Iterator[str]:
    """The paths of values that are not in the tree of a chart's keys, below `place`."""
    for key, value in values.items():
        path = f"{place}{key}"
        if key not in tree:
            if key not in commented:
                yield path
        elif isinstance(value, Mapping) and tree[key] is not None:
            if isinstance(tree[key], Mapping):
                yield from unknown_keys(value, tree[key], commented, f"{path}.")
            else:
                yield f"{path}: a mapping in place of a value"


def at(values: Mapping[str, Any], path: str) -> Any:
    """The value at `a.b.c`; None where there is none."""
    found: Any = values
    for key in path.split("."):
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return found


def misplaced(chart: str, values: Mapping[str, Any]) -> list[str]:
    """The places where a chart's default image differs from the one that the catalog names there.

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
        found = name in (image.name, path, "") and "tag" in {*there, *values_of(chart).commented}
    return found and bool(ours or tag in (image.tag, "") or not _is_release(chart))
