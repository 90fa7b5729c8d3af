"""A real Fluent Bit asks the real API server: tenants of namespaces, and the cluster's events."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubectl import Kubectl

from components.tenancy.names import TENANT_LABEL
from plane.binaries import Binaries
from plane.plane import Plane
from tests.addons.fluent_bit import Sink, collector, http_sink, program, until

pytestmark = pytest.mark.plane

READER = "log-collector"


@pytest.fixture
def kubectl(plane: Plane, binaries: Binaries, namespace: str) -> Iterator[Kubectl]:
    """A namespace of a tenant, and an account that may do what the chart's may."""
    program()
    found = Kubectl(binaries.kubectl, plane.kubeconfig)
    account = {"kind": "ServiceAccount", "name": READER, "namespace": namespace}
    inside = {"name": READER, "namespace": namespace}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": namespace}
    rule = {
        "apiGroups": [""],
        "resources": ["namespaces", "pods", "events"],
        "verbs": ["get", "list", "watch"],
    }
    rbac = "rbac.authorization.k8s.io/v1"
    found.apply(
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": namespace, "labels": {TENANT_LABEL: "acme"}},
        },
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": inside},
        {
            "apiVersion": rbac,
            "kind": "ClusterRole",
            "metadata": {"name": namespace},
            "rules": [rule],
        },
        {
            "apiVersion": rbac,
            "kind": "ClusterRoleBinding",
            "metadata": {"name": namespace},
            "roleRef": role,
            "subjects": [account],
        },
    )
    yield found
    found("delete", "clusterrole,clusterrolebinding,namespace", namespace, "--wait=false")


def api(kubectl: Kubectl, folder: Path, namespace: str) -> dict[str, str]:
    """Replacements that point the configuration at the API server of the test."""
    cluster = yaml.safe_load(kubectl.kubeconfig.read_text())["clusters"][0]["cluster"]
    data = cluster.get("certificate-authority-data")
    ca = base64.b64decode(data) if data else Path(cluster["certificate-authority"]).read_bytes()
    (folder / "ca.crt").write_bytes(ca)
    (folder / "namespace").write_text(namespace)
    (folder / "token").write_text(kubectl("create", "token", READER, "-n", namespace).strip())
    place = f"kube_ca_file {folder}/ca.crt\n    kube_token_file {folder}/token"
    of_filter = f"kube_namespace_file {folder}/namespace\n    kube_tag_prefix"
    server = cluster["server"]
    return {
        "kube_url https://kubernetes.default.svc": f"kube_url {server}\n    {place}",
        "kube_tag_prefix": of_filter,
    }


def settings(sink: Sink, source: str) -> dict[str, Any]:
    url = f"http://127.0.0.1:{sink.port}"
    forward = [{"type": "http", "name": "sink", "url": url}]
    return {"store": "none", "collect": [source], "forward": forward}


def test_lines_have_the_tenant_of_their_namespace(
    kubectl: Kubectl, namespace: str, tmp_path: Path
) -> None:
    with http_sink() as sink:
        replaced = api(kubectl, tmp_path, namespace)
        made = collector(tmp_path, settings(sink, "containers"), replaced)
        made.container(namespace, "of a tenant")
        made.container("default", "of nobody")
        made.container("not-there", "of the past")
        with made.running():
            until(lambda: sink.has(3), made.log)
    tenants = {each["log"]: each.get("tenant") for each in sink.records}
    assert tenants == {"of a tenant": "acme", "of nobody": None, "of the past": None}


def test_events_are_lines(kubectl: Kubectl, namespace: str, tmp_path: Path) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "web-1.1", "namespace": namespace},
        "involvedObject": {"kind": "Pod", "name": "web-1", "namespace": namespace},
        "type": "Warning",
        "reason": "BackOff",
        "message": "Back-off restarting failed container",
        "source": {"component": "kubelet"},
        "firstTimestamp": now,
        "lastTimestamp": now,
    }
    with http_sink() as sink:
        replaced = api(kubectl, tmp_path, namespace)
        made = collector(tmp_path, settings(sink, "events"), replaced, chart="fluent-bit-events")
        with made.running():
            kubectl.apply(event)
            until(lambda: any("BackOff" in each for each in sink.logs), made.log)
    (found,) = (each for each in sink.records if each.get("namespace") == namespace)
    assert found["source"] == "events"
    assert found["log"] == (
        "type=Warning reason=BackOff object=Pod/web-1 from=kubelet "
        'message="Back-off restarting failed container"'
    )
