"""Rules about every cloud find the resources of a plug-in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from policies import Configuration, check
from policies.clouds import clouds
from tests.policies.case import R
from tests.policies.clusters import TYPE, props

PLUGIN = Path(__file__).resolve().parents[1] / "example_plugin"
TODAY = date(2026, 11, 22)
ARCHIVE = R("lab:storage/archive:Archive", name="results")
DOOR = R("lab:doors/door:Door", {"port": 22}, name="front")
PRODUCTION = R(TYPE, props(), name="shop")


@pytest.fixture
def _lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(PLUGIN)
    clouds.cache_clear()
    yield
    clouds.cache_clear()


def refused(*given: R, **parameters: Any) -> set[tuple[str, str]]:
    configuration = Configuration.of(levels={}, parameters=parameters, exemptions=(), on=TODAY)
    found = check(given, TODAY, configuration=configuration)
    return {(each.rule.name, each.urn.rpartition("::")[2]) for each in found}


@pytest.mark.usefixtures("_lab")
def test_its_data_is_protected_and_its_doors_are_not_open_to_everyone() -> None:
    found = refused(ARCHIVE, DOOR, PRODUCTION)
    assert ("production-data-is-protected", "results") in found
    assert ("login-is-not-open-to-the-world", "front") in found
    closed = DOOR.put("visitors", ["10.0.0.0/8"])
    protected = R(ARCHIVE.type, name="results", protect=True)
    assert not {name for _, name in refused(closed, protected, PRODUCTION)} & {"results", "front"}


def test_without_it_nothing_is_known_of_them() -> None:
    assert not {name for _, name in refused(ARCHIVE, DOOR, PRODUCTION)} & {"results", "front"}


@pytest.mark.parametrize("kind", ["LabMachineTemplate", "LabMachine"])
def test_machines_of_every_infrastructure_are_found_by_their_kinds(kind: str) -> None:
    spec: dict[str, Any] = {"flavor": "huge", "rootVolume": {"sizeGiB": 5000}}
    template = {"template": {"spec": spec}} if kind.endswith("Template") else spec
    token = "kubernetes:infrastructure.cluster.x-k8s.io/v1beta2"
    machine = R(f"{token}:{kind}", {"spec": template}, name="bench")
    found = refused(machine, **{"machines-are-not-oversize": {"refused": ["huge"]}})
    assert ("machines-are-not-oversize", "bench") in found
    assert ("disks-are-not-oversize", "bench") in found
