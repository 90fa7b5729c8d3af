"""A real API server accepts the objects beside kube-prometheus-stack; their metrics exist."""

from __future__ import annotations

import pytest
from accepted import define, refused
from kubectl import Kubectl

from components.addon import Addon
from components.chart import CLUSTER_NAME, rendered
from plane.binaries import Binaries
from plane.plane import Plane
from tests.observability import expressions
from tests.unit.test_monitoring import EVERYTHING, addon, on_management

pytestmark = pytest.mark.plane

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
    define(kubectl, "prometheus-operator", "gateway-api", "envoy-gateway")
    return kubectl


RECEIVING = {"receive": {"hostname": "metrics.example.com", "secret": "writers"}, "replicas": 3}


@pytest.mark.parametrize(
    "found",
    [addon("monitoring", {}), addon("monitoring", EVERYTHING), on_management(RECEIVING)],
    ids=["least", "everything", "receiving"],
)
def test_every_object_is_accepted(server: Kubectl, found: Addon) -> None:
    assert not refused(server, rendered(found.objects, {CLUSTER_NAME: "shop"}))


def test_the_api_server_has_the_metrics_that_are_read(kubectl: Kubectl) -> None:
    shown = kubectl("get", "--raw", "/metrics")
    there = {line.split()[2] for line in shown.splitlines() if line.startswith("# TYPE")}
    wanted = {name for name in expressions.names_of("kube-apiserver") if name not in LATER}
    assert len(wanted) >= 7
    assert wanted <= there
