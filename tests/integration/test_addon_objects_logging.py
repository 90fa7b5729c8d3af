"""The objects of logs are accepted by the real API server with the definitions that they need."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kubectl import Kubectl

from plane.binaries import Binaries
from plane.plane import Plane
from tests.addons.monitored import watched
from tests.addons.upstream import UPSTREAM

pytestmark = pytest.mark.plane

DEFINITION = UPSTREAM / "crds/prometheus-operator/crd-prometheusrules.yaml"
CASES: list[dict[str, Any]] = [
    {},
    {"mode": "distributed", "objectStorage": {"bucket": "logs"}},
    {"store": "victoriaLogs"},
    {"store": "none", "archive": {"bucket": "logs"}},
]


@pytest.fixture(scope="module")
def kubectl(plane: Plane, binaries: Binaries) -> Kubectl:
    if not DEFINITION.is_file():
        pytest.skip("the definitions of the Prometheus operator are not here (../shared/upstream)")
    found = Kubectl(binaries.kubectl, plane.kubeconfig)
    found("apply", "--server-side", "-f", str(DEFINITION))
    found("wait", "--for=condition=Established", "-f", str(DEFINITION), "--timeout=200s")
    return found


@pytest.mark.parametrize("settings", CASES)
def test_objects_are_accepted(kubectl: Kubectl, settings: dict[str, Any]) -> None:
    objects = watched("logs", settings).objects
    assert objects
    for manifest in objects:
        inside = {**manifest, "metadata": {**manifest["metadata"], "namespace": "default"}}
        answer = kubectl.run(
            *("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"),
            text=json.dumps(inside),
        )
        assert answer.returncode == 0, answer.stderr
