"""The values and objects that ingress add-ons put into a cluster."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from components.addon import CERTIFICATES, GATEWAY_API, Addon, SecurityLevel
from components.addon_settings import AddonSettings
from components.chart import CLUSTER_NAME, rendered
from components.infrastructure.aws import Aws
from components.infrastructure.registry import infrastructure
from components.ingress.classes import SHARED, TRAITS, ClassName
from components.ingress.envoy_gateway import EnvoyGatewaySettings
from components.ingress.traefik import TraefikSettings
from components.mappings import Manifest
from tests.addons.examples import addon, target
from tests.addons.monitored import watched
from tests.addons.upstream import CHARTS, unknown_values

OWN = {"hostname": "shop.example.com", "certificate": "shop-tls"}
ISSUED = {"hostname": "*.example.com", "issuer": "web"}
ACME = {"name": "web", "email": "ops@example.com"}


def of_kind(found: Addon, kind: str) -> list[Manifest]:
    return [each for each in found.objects if each["kind"] == kind]


def one(found: Addon, kind: str) -> Any:
    (manifest,) = of_kind(found, kind)
    return manifest["spec"]


def shared(settings: dict[str, Any], **others: Any) -> Addon:
    return addon("gateway", settings, others={"envoyGateway": {}, **others})


# ---- Envoy Gateway ---------------------------------------------------------------------------


def test_envoy_gateway_owns_the_gateway_api_and_is_restricted() -> None:
    found = addon("envoyGateway", {})
    assert GATEWAY_API in found.provides
    assert set(found.namespaces.values()) == {SecurityLevel.RESTRICTED}
    (chart,) = found.charts
    assert chart.values["crds"] == {"enabled": True}
    assert chart.values["podDisruptionBudget"] == {"maxUnavailable": 1}
    assert one(found, "GatewayClass")["parametersRef"]["name"] == "default"


def test_proxies_are_two_and_spread_with_a_budget() -> None:
    kubernetes = one(addon("envoyGateway", {}), "EnvoyProxy")["provider"]["kubernetes"]
    assert kubernetes["envoyDeployment"]["replicas"] == 2
    keys = {
        each["topologyKey"]
        for each in kubernetes["envoyDeployment"]["pod"]["topologySpreadConstraints"]
    }
    assert keys == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
    assert kubernetes["envoyPDB"] == {"maxUnavailable": 1}
    assert kubernetes["envoyService"] == {
        "type": "LoadBalancer",
        "externalTrafficPolicy": "Local",
        "annotations": {},
    }


def test_proxies_that_scale_leave_their_number_to_the_autoscaler() -> None:
    settings = {"proxies": {"replicas": 3, "maxReplicas": 9}}
    kubernetes = one(addon("envoyGateway", settings), "EnvoyProxy")["provider"]["kubernetes"]
    assert "replicas" not in kubernetes["envoyDeployment"]
    assert kubernetes["envoyHpa"] == {"minReplicas": 3, "maxReplicas": 9}


def test_the_service_names_its_owner_and_who_may_call() -> None:
    service = {
        "loadBalancerClass": "example.com/appliance",
        "annotations": {"example.com/pool": "outside"},
        "sourceRanges": ["192.0.2.0/24"],
    }
    found = addon("envoyGateway", {"proxies": {"service": service}})
    kubernetes = one(found, "EnvoyProxy")["provider"]["kubernetes"]
    assert kubernetes["envoyService"] == {
        "type": "LoadBalancer",
        "externalTrafficPolicy": "Local",
        "loadBalancerClass": "example.com/appliance",
        "loadBalancerSourceRanges": ["192.0.2.0/24"],
        "annotations": {"example.com/pool": "outside"},
    }


def test_node_ports_have_no_class_of_load_balancers() -> None:
    service = {"type": "NodePort", "loadBalancerClass": "example.com/appliance"}
    found = addon("envoyGateway", {"proxies": {"service": service}})
    kubernetes = one(found, "EnvoyProxy")["provider"]["kubernetes"]
    assert "loadBalancerClass" not in kubernetes["envoyService"]


@pytest.mark.parametrize("settings", [EnvoyGatewaySettings(), TraefikSettings()])
def test_on_aws_the_load_balancer_is_a_network_load_balancer(settings: AddonSettings) -> None:
    cloud = Aws.model_construct(provider="aws")
    found = settings.addon(replace(target({}), infrastructure=cloud))
    assert '"service.beta.kubernetes.io/aws-load-balancer-type": "nlb"' in json.dumps(
        [found.objects, [chart.values for chart in found.charts]]
    )


OF_TARGETS = "service.beta.kubernetes.io/aws-load-balancer-target-group-attributes"


@pytest.mark.parametrize(
    ("cloud", "wanted", "key", "value"),
    [
        ("openstack", True, "loadbalancer.openstack.org/proxy-protocol", "true"),
        ("openstack", False, "loadbalancer.openstack.org/proxy-protocol", None),
        # Its controller reads it of a network load balancer, and keeps it until it is set anew.
        ("aws", True, OF_TARGETS, "proxy_protocol_v2.enabled=true"),
        ("aws", False, OF_TARGETS, "proxy_protocol_v2.enabled=false"),
    ],
)
def test_the_load_balancer_is_told_to_use_the_proxy_protocol(
    cloud: str, wanted: bool, key: str, value: str | None
) -> None:
    plugin = infrastructure(cloud).model_construct(provider=cloud)
    settings = EnvoyGatewaySettings.model_validate({"traffic": {"proxyProtocol": wanted}})
    found = settings.addon(replace(target({}), infrastructure=plugin))
    service = one(found, "EnvoyProxy")["provider"]["kubernetes"]["envoyService"]
    assert service["annotations"].get(key) == value


@pytest.mark.parametrize(
    ("services", "family"),
    [
        (["10.128.0.0/12"], "IPv4"),
        (["fd00:10::/108"], "IPv6"),
        (["10.128.0.0/12", "fd00:10::/108"], "DualStack"),
    ],
)
def test_proxies_listen_in_the_families_of_the_cluster(services: list[str], family: str) -> None:
    found = addon("envoyGateway", {}, network={"services": services})
    assert one(found, "EnvoyProxy")["ipFamily"] == family


# ---- Traefik ---------------------------------------------------------------------------------


def test_traefik_brings_the_definitions_only_where_nobody_else_does() -> None:
    alone = addon("traefik", {})
    assert [chart.name for chart in alone.charts] == ["gateway-api-crds", "traefik"]
    assert alone.provides == (GATEWAY_API,)
    beside = addon("traefik", {}, others={"envoyGateway": {}})
    assert [chart.name for chart in beside.charts] == ["traefik"]
    assert (beside.provides, beside.needs) == ((), (GATEWAY_API,))
    without = addon("traefik", {"gatewayApi": False})
    assert (len(without.charts), without.provides, without.needs) == (1, (), ())


def test_the_definitions_are_one_release_whoever_brings_them() -> None:
    # A fleet has one HelmChartProxy of a chart; one whose namespace changes uninstalls first.
    network = {"kubeProxy": False}
    cilium = addon("cilium", {"gateway": True}, network=network)
    assert cilium.charts[0] == addon("traefik", {}).charts[0]


def test_traefik_serves_what_was_written_for_nginx() -> None:
    found = addon("traefik", {"nginxAnnotations": True})
    assert one(found, "IngressClass") == {"controller": "k8s.io/ingress-nginx"}
    (*_, chart) = found.charts
    providers = chart.values["providers"]
    assert providers["kubernetesIngressNGINX"]["enabled"] is True
    assert chart.values["gateway"] == {"enabled": False}


def test_traefik_values_pass_the_charts_schema() -> None:
    file = CHARTS / "traefik/values.schema.json"
    if not file.exists():
        pytest.skip("the chart's schema is not here (../shared/upstream/charts)")
    settings = {
        "replicas": 3,
        "nginxAnnotations": True,
        "trustedRanges": ["10.0.0.0/8"],
        "service": {"loadBalancerClass": "example.com/a", "annotations": {"a": "b"}},
    }
    found = watched("traefik", settings)
    *_, chart = found.charts
    jsonschema.validate(dict(chart.values), json.loads(file.read_text()))
    assert not unknown_values("traefik", chart.values)


def test_own_values_win() -> None:
    (*_, chart) = addon("traefik", {"values": {"deployment": {"kind": "DaemonSet"}}}).charts
    assert chart.values["deployment"] == {"replicas": 2, "kind": "DaemonSet"}


def test_what_has_metrics_is_scraped_where_something_scrapes() -> None:
    assert not of_kind(addon("envoyGateway", {}), "PodMonitor")
    monitors = of_kind(watched("envoyGateway", {}), "PodMonitor")
    assert {each["metadata"]["name"] for each in monitors} == {"envoy-proxy", "envoy-gateway"}
    (*_, chart) = watched("traefik", {}).charts
    assert chart.values["metrics"]["prometheus"]["serviceMonitor"] == {"enabled": True}


# ---- the shared Gateway ------------------------------------------------------------------------


def test_a_listener_of_ones_own_certificate() -> None:
    found = shared({"listeners": [OWN]})
    plain, secure = one(found, "Gateway")["listeners"]
    assert (plain["protocol"], plain["port"]) == ("HTTP", 80)
    assert plain["allowedRoutes"] == {"namespaces": {"from": "Same"}}
    assert secure == {
        "name": "shop.example.com",
        "hostname": "shop.example.com",
        "port": 443,
        "protocol": "HTTPS",
        "tls": {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": "shop-tls"}]},
        "allowedRoutes": {"namespaces": {"from": "All"}},
    }
    assert found.secrets == ("shop-tls",)
    assert found.needs == (GATEWAY_API,)
    assert not of_kind(found, "Certificate")


def test_an_issued_listener_has_a_certificate() -> None:
    issuers = {"acme": [{**ACME, "dns01": [{"cloudflare": {"secret": "token"}}]}]}
    found = shared({"listeners": [ISSUED]}, issuers=issuers, certManager={})
    certificate = one(found, "Certificate")
    assert certificate["dnsNames"] == ["*.example.com"]
    assert certificate["issuerRef"]["name"] == "web"
    listener = one(found, "Gateway")["listeners"][1]
    assert listener["tls"]["certificateRefs"][0]["name"] == certificate["secretName"]
    assert CERTIFICATES in found.needs
    assert found.secrets == ()


def test_one_line_serves_a_fleet() -> None:
    listener = {"hostname": "*.{cluster}.example.com", "issuer": "internal"}
    found = shared({"listeners": [listener]}, issuers={"ca": [{"name": "internal"}]})
    objects = rendered(list(found.objects), {CLUSTER_NAME: "blue"})
    (gateway,) = (each for each in objects if each["kind"] == "Gateway")
    section = gateway["spec"]["listeners"][1]
    assert (section["name"], section["hostname"]) == (
        "any.blue.example.com",
        "*.blue.example.com",
    )
    (certificate,) = (each for each in objects if each["kind"] == "Certificate")
    assert certificate["spec"]["dnsNames"] == ["*.blue.example.com"]
    assert certificate["metadata"]["name"] == "any.blue.example.com"


def test_passed_through_tls_is_the_backends() -> None:
    listener = {"hostname": "db.example.com", "port": 5432, "passthrough": True}
    section = one(shared({"listeners": [listener]}), "Gateway")["listeners"][1]
    assert (section["name"], section["protocol"]) == ("db.example.com.5432", "TLS")
    assert section["tls"] == {"mode": "Passthrough"}


def test_a_tenants_listener_is_for_its_namespaces() -> None:
    listener = {**OWN, "namespaces": {"team": "shop"}}
    section = one(shared({"listeners": [listener]}), "Gateway")["listeners"][1]
    selector = {"from": "Selector", "selector": {"matchLabels": {"team": "shop"}}}
    assert section["allowedRoutes"] == {"namespaces": selector}


def test_tenants_may_add_listeners() -> None:
    settings = {"listeners": [OWN], "tenants": {"namespaces": {"tenant": "yes"}}}
    spec = one(shared(settings), "Gateway")
    labels = spec["allowedListeners"]["namespaces"]["selector"]["matchLabels"]
    assert labels == {"tenant": "yes"}
    assert spec["listeners"][0]["allowedRoutes"] == {"namespaces": {"from": "All"}}


@pytest.mark.parametrize(("http", "routes", "count"), [("serve", 0, 2), ("none", 0, 1)])
def test_plain_http_may_be_served_or_not(http: str, routes: int, count: int) -> None:
    found = shared({"listeners": [OWN], "http": http})
    assert len(of_kind(found, "HTTPRoute")) == routes
    assert len(one(found, "Gateway")["listeners"]) == count


def test_plain_http_is_sent_to_https() -> None:
    route = one(shared({"listeners": [OWN]}), "HTTPRoute")
    assert route["parentRefs"] == [{"name": SHARED, "sectionName": "http"}]
    redirect = route["rules"][0]["filters"][0]["requestRedirect"]
    assert redirect == {"scheme": "https", "statusCode": 301, "port": 443}


def test_envoys_policies_are_for_the_gateway() -> None:
    traffic = {"trustedHops": 1, "proxyProtocol": True, "retries": 0}
    found = shared({"listeners": [OWN]}, envoyGateway={"traffic": traffic})
    callers, backends = one(found, "ClientTrafficPolicy"), one(found, "BackendTrafficPolicy")
    assert callers["targetRefs"][0]["name"] == SHARED
    assert callers["clientIPDetection"] == {"xForwardedFor": {"numTrustedHops": 1}}
    assert callers["proxyProtocol"] == {"optional": False}
    assert "retry" not in backends


def test_traefiks_listeners_name_its_entry_points() -> None:
    found = addon("gateway", {"listeners": [OWN]}, others={"traefik": {}})
    spec = one(found, "Gateway")
    assert spec["gatewayClassName"] == "traefik"
    assert [each["port"] for each in spec["listeners"]] == [8000, 8443]
    assert not of_kind(found, "ClientTrafficPolicy")


def test_who_brings_the_definitions_serves_the_gateway() -> None:
    spec = one(shared({"listeners": [OWN]}, traefik={}), "Gateway")
    assert spec["gatewayClassName"] == "envoy"


def test_every_class_has_traits() -> None:
    assert set(TRAITS) == set(ClassName)


# ---- issuers -----------------------------------------------------------------------------------


def test_an_own_root_is_made_in_the_cluster() -> None:
    found = addon("issuers", {"ca": [{"name": "internal"}]}, others={"certManager": {}})
    names = [(each["kind"], each["metadata"]["name"]) for each in found.objects]
    assert names == [
        ("ClusterIssuer", "internal-root"),
        ("Certificate", "internal-root"),
        ("ClusterIssuer", "internal"),
    ]
    assert one(found, "Certificate")["isCA"] is True
    assert found.secrets == ()


def test_an_authority_that_is_given_is_a_secret() -> None:
    found = addon("issuers", {"ca": [{"name": "company", "secret": "company-ca"}]})
    assert one(found, "ClusterIssuer") == {"ca": {"secretName": "company-ca"}}
    assert found.secrets == ("company-ca",)


def test_challenges_are_answered_by_the_gateway_or_by_traefik() -> None:
    issuers = {"acme": [{**ACME, "http01": True}]}
    listeners = {"listeners": [OWN]}
    by_gateway = addon(
        "issuers", issuers, others={"certManager": {}, "envoyGateway": {}, "gateway": listeners}
    )
    (solver,) = one(by_gateway, "ClusterIssuer")["acme"]["solvers"]
    (parent,) = solver["http01"]["gatewayHTTPRoute"]["parentRefs"]
    assert (parent["name"], parent["namespace"], parent["sectionName"]) == (
        "shared",
        "gateway",
        "http",
    )
    assert GATEWAY_API in by_gateway.needs
    by_traefik = addon("issuers", issuers, others={"certManager": {}, "traefik": {}})
    (solver,) = one(by_traefik, "ClusterIssuer")["acme"]["solvers"]
    assert solver["http01"] == {"ingress": {"ingressClassName": "traefik"}}
    assert GATEWAY_API not in by_traefik.needs


def test_credentials_are_names_of_secrets() -> None:
    dns01 = [
        {"zones": ["a.example.com"], "route53": {"region": "eu-central-1", "secret": "aws-dns"}},
        {"rfc2136": {"nameserver": "192.0.2.53:53", "keyName": "k", "secret": "tsig"}},
    ]
    account = {"keyId": "id", "secret": "eab"}
    settings = {"acme": [{**ACME, "dns01": dns01, "externalAccount": account}]}
    found = addon("issuers", settings, others={"certManager": {}})
    assert found.secrets == ("aws-dns", "eab", "tsig")
    first, second = one(found, "ClusterIssuer")["acme"]["solvers"]
    assert first["selector"] == {"dnsZones": ["a.example.com"]}
    assert first["dns01"]["route53"]["secretAccessKeySecretRef"] == {
        "name": "aws-dns",
        "key": "secret-access-key",
    }
    assert second["dns01"]["rfc2136"]["tsigSecretSecretRef"]["name"] == "tsig"
