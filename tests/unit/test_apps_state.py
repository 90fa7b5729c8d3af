"""`./caas apps`: what Flux's conditions mean, and the rows of the table.

The conditions are those of the real controllers in `tests/integration/test_apps_by_flux.py`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.commands.apps import AppRow, _rows
from components.mappings import Manifest
from components.store.objects import release, source
from engine.apps import InstalledApp, state_of
from engine.plan.apps import AppView
from errors import Code
from errors.app_failures import (
    APP_BEYOND_RIGHTS,
    APP_CLUSTER_UNREACHABLE,
    APP_FAILED,
    CHART_NOT_FETCHED,
    CHART_NOT_VERIFIED,
)
from stacks.settings import load_file
from tests.unit.test_apps import APP, ENTRY, LISTED, file

TIME = "2026-11-29T22:00:00Z"


def condition(kind: str, status: str, message: str = "") -> dict[str, Any]:
    return {"type": kind, "status": status, "message": message, "lastTransitionTime": TIME}


def snapshot(version: str, status: str = "deployed") -> dict[str, str]:
    return {"chartVersion": f"{version}+0a1b2c3d4e5f", "status": status}


@pytest.fixture
def made(tmp_path: Path) -> tuple[Manifest, Manifest]:
    """The release and the source of an install."""
    (app,) = load_file(file(tmp_path, APP)).apps
    (repository,) = source("internal/prices", app.entry, app.version, "clusters")
    found = release(app, "shop", "clusters")
    found["metadata"]["generation"] = 1
    return found, repository


def judged(
    made: tuple[Manifest, Manifest],
    *conditions: dict[str, Any],
    history: tuple[dict[str, str], ...] = (),
    of_source: tuple[dict[str, Any], ...] = (),
    **metadata: Any,
) -> InstalledApp:
    found, repository = made
    status = {"conditions": list(conditions), "history": list(history), "observedGeneration": 1}
    whole = {**found, "status": status, "metadata": found["metadata"] | metadata}
    view = AppView.of(whole)
    assert view
    return state_of(view, whole, repository | {"status": {"conditions": list(of_source)}})


def test_it_runs(made: tuple[Manifest, Manifest]) -> None:
    found = judged(made, condition("Ready", "True"), history=(snapshot("1.1.0"),))
    assert (found.state, found.running, found.since) == ("ready", "1.1.0", TIME)
    assert found.problem is None


def test_it_has_not_been_looked_at_since_the_last_change(made: tuple[Manifest, Manifest]) -> None:
    found = judged(made, condition("Ready", "True"), history=(snapshot("1.0.0"),), generation=2)
    assert (found.state, found.running) == ("waiting", "1.0.0")


def code(state: InstalledApp) -> Code | None:
    return state.problem.code if state.problem else None


FAILED = "Helm upgrade failed for release web/prices with chart prices@1.1.0: failed to create"
FORBIDDEN = (
    'clusterroles.rbac.authorization.k8s.io "x" is forbidden: User '
    '"system:serviceaccount:clusters:shop-deployer" cannot get resource "clusterroles"'
)


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        (FAILED, APP_FAILED),
        (FORBIDDEN, APP_BEYOND_RIGHTS),
        ("dial tcp 127.0.0.1:9: connect: connection refused", APP_CLUSTER_UNREACHABLE),
    ],
)
def test_it_failed(made: tuple[Manifest, Manifest], message: str, wanted: Code) -> None:
    released = condition("Released", "False", message)
    found = judged(made, condition("Ready", "False", message), released)
    assert (found.state, code(found)) == ("failed", wanted)
    assert message in str(found.problem)


def test_it_was_rolled_back(made: tuple[Manifest, Manifest]) -> None:
    history = (snapshot("1.0.0"), snapshot("1.1.0", "failed"))
    conditions = [condition("Ready", "False", FAILED), condition("Remediated", "True")]
    found = judged(made, *conditions, history=history)
    assert (found.state, found.running, code(found)) == ("rolled back", "1.0.0", APP_FAILED)


@pytest.mark.parametrize(
    ("conditions", "wanted"),
    [
        ((condition("Ready", "False", "no such manifest"),), CHART_NOT_FETCHED),
        (
            (
                condition("Ready", "False", "failed to verify the signature"),
                condition("SourceVerified", "False", "failed to verify the signature"),
            ),
            CHART_NOT_VERIFIED,
        ),
    ],
)
def test_its_chart_is_not_there(
    made: tuple[Manifest, Manifest], conditions: tuple[dict[str, Any], ...], wanted: Code
) -> None:
    found = judged(made, condition("Ready", "False", "not ready"), of_source=conditions)
    assert code(found) is wanted


def test_it_leaves_or_is_suspended(made: tuple[Manifest, Manifest]) -> None:
    assert judged(made, deletionTimestamp=TIME).state == "leaving"
    made[0]["spec"]["suspend"] = True
    assert judged(made).state == "suspended"


def row(found: AppRow) -> tuple[str, ...]:
    return found.cells()[3:]


def test_rows(tmp_path: Path, made: tuple[Manifest, Manifest]) -> None:
    settings = load_file(file(tmp_path, APP | {"version": "1.0.0"}))
    assert [row(each) for each in _rows(settings, [])] == [
        ("shop", "internal/prices", "- → 1.0.0", "not applied", "1.1.0 is there")
    ]
    state = judged(made, condition("Ready", "True"), history=(snapshot("1.0.0"),))
    assert [row(each) for each in _rows(settings, [state])] == [
        ("shop", "internal/prices", "1.0.0", "ready", "1.1.0 is there")
    ]
    gone = replace(state, view=replace(state.view, name="old"))
    assert row(list(_rows(settings, [state, gone]))[1]) == (
        "shop",
        "internal/prices",
        "1.0.0 → removed",
        "ready",
        "left the file",
    )


@pytest.mark.parametrize(
    ("version", "note"),
    [
        ({"state": "deprecated", "useInstead": "1.1.0"}, "deprecated: use 1.1.0"),
        ({"state": "withdrawn", "reason": "loses prices"}, "withdrawn: loses prices"),
    ],
)
def test_a_version_that_the_store_advises_against_runs_on(
    tmp_path: Path, version: dict[str, str], note: str
) -> None:
    versions = [{"version": "1.0.0", **LISTED, **version}, ENTRY["versions"][1]]
    path = file(tmp_path, APP | {"version": "1.0.0"}, entry=ENTRY | {"versions": versions})
    (found,) = _rows(load_file(path), [])
    assert found.note == note
