"""The state of applications of tenants, read from Flux's objects on the management cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.mappings import Manifest
from engine.api import Api, UnknownKindError, collection_path
from engine.plan.apps import KIND, AppView
from errors import Code, Problem, Where
from errors.app_failures import (
    APP_BEYOND_RIGHTS,
    APP_CLUSTER_UNREACHABLE,
    APP_FAILED,
    CHART_NOT_FETCHED,
    CHART_NOT_VERIFIED,
)

RELEASES = "helm.toolkit.fluxcd.io/v2"
SOURCES = "source.toolkit.fluxcd.io/v1"
LONGEST = 400
"""Characters of a message that are shown."""
UNREACHABLE = ("connection refused", "no route to host", "i/o timeout", "deadline exceeded")
SIGNS: tuple[tuple[str, Code], ...] = (
    ("forbidden", APP_BEYOND_RIGHTS),
    *((sign, APP_CLUSTER_UNREACHABLE) for sign in UNREACHABLE),
)
"""Parts of the message of a release, and what they mean; the first one counts."""


@dataclass(frozen=True, slots=True)
class InstalledApp:
    """An install in a cluster as Flux sees it.

    Attributes:
        view: the install.
        state: a word: `ready`, `suspended`, `waiting`, `failed`, `rolled back`, `leaving`.
        running: the version that runs; empty for none.
        since: when the state was last written.
        problem: the reason for what is wrong.
    """

    view: AppView
    state: str
    running: str
    since: str
    problem: Problem | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        return {
            "tenant": self.view.tenant,
            "name": self.view.name,
            "namespace": self.view.namespace,
            "cluster": self.view.cluster,
            "app": self.view.terms["app"],
            "version": self.view.terms["version"],
            "running": self.running or None,
            "state": self.state,
            "since": self.since or None,
            "problem": self.problem.as_dict() if self.problem else None,
        }


def read_apps(api: Api, namespace: str) -> list[InstalledApp]:
    """The state of every install; none where the management cluster has no Flux.

    Args:
        api: the management API server.
        namespace: of the Cluster objects.

    Raises:
        CaasError: as `Api.list`.
    """
    try:
        for version, kind in ((RELEASES, KIND), (SOURCES, "OCIRepository")):
            api.collection(version, kind)
    except UnknownKindError:
        return []
    releases = api.list(collection_path(RELEASES, "helmreleases", namespace))
    sources = api.list(collection_path(SOURCES, "ocirepositories", namespace))
    found = {each["metadata"]["name"]: each for each in sources}
    return sorted(_states(releases, found), key=lambda each: _order(each.view))


def _order(view: AppView) -> tuple[str, ...]:
    return view.tenant, view.name, view.cluster


def _states(releases: list[Manifest], sources: Mapping[str, Manifest]) -> Iterator[InstalledApp]:
    for release in releases:
        view = AppView.of(release)
        if view:
            source = sources.get(release["spec"]["chartRef"]["name"], {})
            yield state_of(view, release, source)


def state_of(view: AppView, release: Manifest, source: Manifest) -> InstalledApp:
    """The state of an install.

    Args:
        view: the install.
        release: its HelmRelease.
        source: its OCIRepository; empty where there is none.
    """
    status = release.get("status", {})
    history = status.get("history") or [{}]
    deployed = [each for each in history if each.get("status") == "deployed"]
    running = str(deployed[0].get("chartVersion", "")).partition("+")[0] if deployed else ""
    ready = _condition(release, "Ready")
    since = str(ready.get("lastTransitionTime", ""))
    if "deletionTimestamp" in release["metadata"]:
        return InstalledApp(view, "leaving", running, since, _problem(view, release, source))
    if view.suspended:
        return InstalledApp(view, "suspended", running, since)
    current = status.get("observedGeneration") == release["metadata"].get("generation")
    if ready.get("status") == "True" and current:
        return InstalledApp(view, "ready", running, since)
    problem = _problem(view, release, source)
    if problem is None or ready.get("status") == "Unknown":
        return InstalledApp(view, "waiting", running, since, problem)
    back = _condition(release, "Remediated").get("status") == "True" and running
    return InstalledApp(view, "rolled back" if back else "failed", running, since, problem)


def _condition(manifest: Manifest, kind: str) -> Mapping[str, Any]:
    found = manifest.get("status", {}).get("conditions", ())
    return next((each for each in found if each["type"] == kind), {})


def _problem(view: AppView, release: Manifest, source: Manifest) -> Problem | None:
    """The reason why an install is not as it should be; the chart's first."""
    where = Where(cluster=view.cluster, object=f"{view.namespace}/{view.name}")
    fetched = _condition(source, "Ready")
    if fetched.get("status") == "False":
        verified = _condition(source, "SourceVerified").get("status")
        code = CHART_NOT_VERIFIED if verified == "False" else CHART_NOT_FETCHED
        what = f"the chart of {view.chart} is not there"
        return Problem(code, what, where, why=_short(fetched))
    for kind in ("Released", "Ready"):
        found = _condition(release, kind)
        if found.get("status") == "False":
            message = str(found.get("message", ""))
            code = next((code for sign, code in SIGNS if sign in message), APP_FAILED)
            return Problem(code, f"{view.title} is not as listed", where, why=_short(found))
    return None


def _short(condition: Mapping[str, Any]) -> str:
    text = " ".join(str(condition.get("message", "")).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
