"""What follows kube-prometheus-stack is accepted by a real API server, and says true names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kubectl import Kubectl

from components.addon import Addon
from components.chart import rendered
from embedded.binaries import Binaries
from embedded.plane import Plane
from tests.addons.upstream import UPSTREAM
from tests.observability import expressions
from tests.unit.test_monitoring import EVERYTHING, addon, on_management

pytestmark = pytest.mark.plane

DEFINITIONS = (
    "prometheus-operator/crd-prometheusrules.yaml",
    "gateway-api/gateway.networking.k8s.io_httproutes.yaml",
    "envoy-gateway/gateway.envoyproxy.io_securitypolicies.yaml",
)
LATER = {
    "apiserver_admission_webhook_admission_duration_seconds",
    "apiserver_admission_webhook_rejection_count",
    "apiserver_flowcontrol_current_inqueue_requests",
    "apiserver_requested_deprecated_apis",
    "apiserver_resource_objects",
    "etcd_request_errors_total",
}
"""Metrics of the API server that are there only once something has happened."""


@pytest.fixture(scope="module")
def kubectl(plane: Plane, binaries: Binaries) -> Kubectl:
    return Kubectl(binaries.kubectl, plane.kubeconfig)


@pytest.fixture(scope="module")
def server(kubectl: Kubectl) -> Kubectl:
    found = [UPSTREAM / "crds" / name for name in DEFINITIONS]
    if not all(file.is_file() for file in found):
        pytest.skip("the definitions are not here (../shared/upstream/crds)")
    for file in found:
        kubectl("apply", "--server-side", "-f", str(file))
        kubectl("wait", "--for=condition=Established", "-f", str(file), "--timeout=50s")
    return kubectl


RECEIVING = {"receive": {"hostname": "metrics.example.com", "secret": "writers"}, "replicas": 3}


@pytest.mark.parametrize(
    "found",
    [addon("monitoring", {}), addon("monitoring", EVERYTHING), on_management(RECEIVING)],
    ids=["least", "everything", "receiving"],
)
def test_every_object_is_accepted(server: Kubectl, found: Addon) -> None:
    def inside(manifest: dict[str, Any]) -> dict[str, Any]:
        named: dict[str, Any] = rendered(manifest, "shop")
        return {**named, "metadata": {**named["metadata"], "namespace": "default"}}

    items = [inside(manifest) for manifest in found.objects]
    answer = server.run(
        *("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"),
        text=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}),
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.count("serverside-applied") == len(items)


def test_the_api_server_has_the_metrics_that_are_read(kubectl: Kubectl) -> None:
    shown = kubectl("get", "--raw", "/metrics")
    there = {line.split()[2] for line in shown.splitlines() if line.startswith("# TYPE")}
    wanted = {name for name in expressions.names_of("kube-apiserver") if name not in LATER}
    assert len(wanted) >= 7
    assert wanted <= there
