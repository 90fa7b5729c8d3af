"""Add-ons on their way to clusters, read from the objects of the add-on provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.delivery.fleet_objects import PROXY_API
from components.delivery.plan import CHART_LABEL, ENABLED
from components.mappings import Manifest
from engine.api import NOT_FOUND, Api, RefusedError, collection_path

CHART = "helmreleaseproxy.addons.cluster.x-k8s.io/helmchartproxy-name"
"""The label of a HelmReleaseProxy with the name of its HelmChartProxy."""
CLUSTER = "cluster.x-k8s.io/cluster-name"
UP_TO_DATE, READY = "HelmReleaseProxySpecsUpToDate", "Ready"


@dataclass(frozen=True, slots=True)
class AddonsState:
    """The charts of one cluster.

    Attributes:
        ready: those that are installed as wanted.
        waiting: the others, each with what the provider says about it.
    """

    ready: tuple[str, ...] = ()
    waiting: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The progress in a word or two, `Add-ons 3/7`."""
        return f"Add-ons {len(self.ready)}/{len(self.ready) + len(self.waiting)}"

    @property
    def message(self) -> str:
        """The charts that are not ready, with reasons where there are some."""
        return "; ".join(f"{name}: {why}" if why else name for name, why in self.waiting.items())

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        return {"ready": list(self.ready), "waiting": dict(self.waiting)}


@dataclass(frozen=True, slots=True)
class AddonReleases:
    """The charts that are wanted somewhere, and the releases of them, by chart and cluster."""

    proxies: Mapping[str, Manifest]
    releases: Mapping[tuple[str, str], Manifest]

    def of(self, cluster: Manifest) -> AddonsState:
        """The state of the add-ons of a Cluster, whose labels say which it gets."""
        name = cluster["metadata"]["name"]
        states = {
            chart: self._waits_for(chart, self.releases.get((chart, name)))
            for chart in _charts(cluster)
        }
        return AddonsState(
            tuple(chart for chart, why in states.items() if why is None),
            {chart: why for chart, why in states.items() if why is not None},
        )

    def _waits_for(self, chart: str, release: Manifest | None) -> str | None:
        """The reason for which a release is not ready, empty if none is known; None if it is."""
        proxy = self.proxies.get(chart)
        if proxy is None or not _is_true(proxy, UP_TO_DATE):
            return _message(proxy, UP_TO_DATE) if proxy else ""
        if release is None or not _is_true(release, READY):
            return _message(release, READY) if release else ""
        return None


def read_addon_releases(api: Api, namespace: str) -> AddonReleases | None:
    """The deliveries to clusters of a namespace; None where nothing serves their kinds."""
    try:
        proxies, releases = (
            api.list(collection_path(PROXY_API, plural, namespace), resourceVersion="")
            for plural in ("helmchartproxies", "helmreleaseproxies")
        )
    except RefusedError as error:
        if error.status == NOT_FOUND:
            return None
        raise
    return AddonReleases(
        {each["metadata"]["name"]: each for each in proxies},
        {_key(each["metadata"].get("labels", {})): each for each in releases},
    )


def _key(labels: Mapping[str, str]) -> tuple[str, str]:
    return labels.get(CHART, ""), labels.get(CLUSTER, "")


def _charts(cluster: Manifest) -> Iterator[str]:
    for label, value in sorted(cluster["metadata"].get("labels", {}).items()):
        if label.startswith(CHART_LABEL) and value == ENABLED:
            yield label.removeprefix(CHART_LABEL)


def _condition(manifest: Manifest, kind: str) -> Mapping[str, Any]:
    found = manifest.get("status", {}).get("conditions", ())
    return next((each for each in found if each["type"] == kind), {})


def _is_true(manifest: Manifest, kind: str) -> bool:
    """True if the condition is, and is about the object as it is now."""
    observed = manifest.get("status", {}).get("observedGeneration")
    current = observed == manifest["metadata"]["generation"]
    return current and _condition(manifest, kind).get("status") == "True"


def _message(manifest: Manifest, kind: str) -> str:
    found = _condition(manifest, kind)
    return str(found.get("message") or found.get("reason") or "")
