"""Objects of ingress add-ons are accepted by a real API server with their projects' definitions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kubectl import Kubectl

from components.addon_settings import resolved
from components.chart import CLUSTER_NAME, rendered
from components.mappings import Manifest
from plane.binaries import Binaries
from plane.plane import Plane
from tests.addons import upstream
from tests.addons.examples import target
from tests.addons.monitored import watched

pytestmark = pytest.mark.plane

NEEDED = (
    "gateway-api",
    "envoy-gateway/gateway.envoyproxy.io_envoyproxies.yaml",
    "envoy-gateway/gateway.envoyproxy.io_clienttrafficpolicies.yaml",
    "envoy-gateway/gateway.envoyproxy.io_backendtrafficpolicies.yaml",
    "cert-manager/cert-manager.io_certificates.yaml",
    "cert-manager/cert-manager.io_clusterissuers.yaml",
    "prometheus-operator/crd-podmonitors.yaml",
)
SERVICE = {
    "loadBalancerClass": "example.com/appliance",
    "annotations": {"example.com/pool": "outside"},
    "sourceRanges": ["192.0.2.0/24"],
}
DNS01 = [
    {"zones": ["a.example.com"], "route53": {"region": "eu-central-1", "secret": "s", "role": "r"}},
    {"zones": ["b.example.com"], "cloudDNS": {"project": "p", "secret": "s"}},
    {
        "zones": ["c.example.com"],
        "azureDNS": {
            "subscription": "s",
            "resourceGroup": "g",
            "tenant": "t",
            "client": "c",
            "secret": "s",
        },
    },
    {
        "zones": ["d.example.com"],
        "rfc2136": {"nameserver": "192.0.2.53", "keyName": "k", "secret": "s"},
    },
    {"zones": ["e.example.com"], "cloudflare": {"secret": "s"}},
    {"webhook": {"group": "acme.example.com", "solver": "x", "options": {"a": {"b": 1}}}},
]
EVERYTHING: dict[str, Any] = {
    "certManager": {},
    "metricsServer": {},
    "envoyGateway": {
        "proxies": {"maxReplicas": 5, "service": SERVICE},
        "traffic": {"trustedHops": 2, "proxyProtocol": True},
    },
    "gateway": {
        "listeners": [
            {"hostname": "*.{cluster}.example.com", "issuer": "web"},
            {"hostname": "shop.example.com", "certificate": "tls", "namespaces": {"team": "shop"}},
            {"hostname": "db.example.com", "port": 5432, "passthrough": True},
        ],
        "addresses": ["192.0.2.10", "2001:db8::10"],
        "annotations": {"example.com/pool": "outside"},
        "tenants": {"namespaces": {"tenant": "yes"}},
    },
    "issuers": {
        "acme": [
            {
                "name": "web",
                "email": "ops@example.com",
                "caBundle": "-----BEGIN CERTIFICATE-----",
                "externalAccount": {"keyId": "id", "secret": "s"},
                "http01": True,
                "dns01": DNS01,
            }
        ],
        "ca": [{"name": "internal"}, {"name": "company", "secret": "company-ca"}],
    },
}
STANDS: dict[str, dict[str, Any]] = {
    "everything": EVERYTHING,
    "least": {
        "envoyGateway": {},
        "gateway": {"listeners": [{"hostname": "a.example.com", "certificate": "a"}]},
    },
    "traefik": {
        "certManager": {},
        "traefik": {"nginxAnnotations": True},
        "gateway": {"listeners": [{"hostname": "a.example.com", "issuer": "web"}]},
        "issuers": {"acme": [{"name": "web", "email": "ops@example.com", "http01": True}]},
    },
}


@pytest.fixture(scope="module")
def server(plane: Plane, binaries: Binaries) -> Kubectl:
    definitions = upstream.UPSTREAM / "crds"
    if not definitions.is_dir():
        pytest.skip("the projects' definitions are not here (../shared/upstream)")
    kubectl = Kubectl(binaries.kubectl, plane.kubeconfig)
    files = [option for name in NEEDED for option in ("-f", str(definitions / name))]
    kubectl("apply", "--server-side", *files)
    kubectl("wait", "--for=condition=Established", *files, "--timeout=200s")
    return kubectl


def listed(items: list[Manifest]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def accepted(server: Kubectl, objects: list[Manifest]) -> int:
    """The number of objects that the server accepts; their namespaces are created for good."""
    manifests = rendered(objects, {CLUSTER_NAME: "shop"})
    names = {each["metadata"].get("namespace") for each in manifests} - {None}
    spaces = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names
    ]
    server("apply", "--server-side", "-f", "-", text=listed(spaces))
    options = ("--server-side", "--dry-run=server", "--validate=strict")
    return len(server("apply", *options, "-f", "-", text=listed(manifests)).splitlines())


@pytest.mark.parametrize("stand", STANDS)
def test_every_object_is_accepted(server: Kubectl, stand: str) -> None:
    addons = resolved(target(STANDS[stand]))
    objects = [manifest for addon in addons for manifest in addon.objects]
    assert accepted(server, objects) == len(objects)


def test_monitors_are_accepted(server: Kubectl) -> None:
    objects = list(watched("envoyGateway", {}).objects)
    assert "PodMonitor" in {each["kind"] for each in objects}
    assert accepted(server, objects) == len(objects)
