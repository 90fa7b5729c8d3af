"""Rules about ingress: what is wrong is refused with a code at its place, what is right loads."""

from __future__ import annotations

from typing import Any

import pytest

from errors import CaasError, Code, stack_file
from errors.addons import ADDON_NEEDS, ADDONS_EXCLUDE, RETIRED_ADDON
from errors.ingress import (
    CHALLENGE_IMPOSSIBLE,
    CLASS_LACKS,
    DNS_CREDENTIALS,
    DNS_PROVIDERS,
    GATEWAY_WITHOUT_CLASS,
    HTTP01_UNREACHABLE,
    ISSUER_TWICE,
    ISSUER_UNKNOWN,
    ISSUER_WITHOUT_SOLVER,
    LISTENER_CERTIFICATE,
    LISTENERS_COLLIDE,
    PROXY_SCALING,
    SOURCE_RANGES_UNHELD,
)
from stacks.settings import from_config
from tests.addons.problems import load, problems

OWN = {"hostname": "shop.example.com", "certificate": "shop-tls"}
CLOUDFLARE = {"cloudflare": {"secret": "dns-token"}}


def gateway(*listeners: dict[str, Any], **others: Any) -> dict[str, Any]:
    """A shared Gateway, and what it stands on."""
    settings = {"listeners": list(listeners), **others.pop("settings", {})}
    return {"envoyGateway": {}, "certManager": {}, "gateway": settings, **others}


def acme(**issuer: Any) -> dict[str, Any]:
    return {"acme": [{"name": "web", "email": "ops@example.com", **issuer}]}


def test_ingress_nginx_is_refused_with_the_way_out() -> None:
    with pytest.raises(CaasError) as caught:
        load({"ingressNginx": {}})
    (problem,) = caught.value.problems
    assert problem.code is RETIRED_ADDON
    assert problem.where.path == "clusters[0].addons.ingressNginx"
    assert "nginxAnnotations" in problem.fix
    assert "ingress2gateway" in problem.fix


def test_ingress_nginx_of_the_stack_can_be_turned_off() -> None:
    cluster = {"name": "shop", "version": "1.36.3", "addons": {"ingressNginx": None}}
    config = {"caas:addons": {"ingressNginx": {}}, "caas:clusters": [cluster]}
    assert from_config(config).clusters


@pytest.mark.parametrize("listener", [{}, {"issuer": "web", "certificate": "own"}])
def test_a_host_name_has_exactly_one_certificate(listener: dict[str, Any]) -> None:
    issuers = acme(http01=True)
    wrong = gateway({"hostname": "shop.example.com", **listener}, issuers=issuers)
    assert problems(wrong) == [(LISTENER_CERTIFICATE, "gateway.listeners[0]")]


def test_an_issuer_is_one_of_the_cluster() -> None:
    listener = {"hostname": "shop.example.com", "issuer": "wep"}
    expected = [(ISSUER_UNKNOWN, "gateway.listeners[0].issuer")]
    assert problems(gateway(listener)) == expected
    assert problems(gateway(listener, issuers=acme(http01=True))) == expected


def test_a_wildcard_needs_dns01() -> None:
    listener = {"hostname": "*.example.com", "issuer": "web"}
    wrong = gateway(listener, issuers=acme(http01=True))
    assert problems(wrong) == [(CHALLENGE_IMPOSSIBLE, "gateway.listeners[0].issuer")]
    assert load(gateway(listener, issuers=acme(http01=True, dns01=[CLOUDFLARE])))
    assert load(gateway(listener, issuers=acme(dns01=[{"zones": ["example.com"], **CLOUDFLARE}])))


def test_a_solver_is_for_the_zone_of_the_host_name() -> None:
    listener = {"hostname": "shop.example.com", "issuer": "web"}
    elsewhere = [{"zones": ["example.org", "le.com"], **CLOUDFLARE}]
    wrong = gateway(listener, issuers=acme(dns01=elsewhere))
    assert problems(wrong) == [(CHALLENGE_IMPOSSIBLE, "gateway.listeners[0].issuer")]
    assert load(gateway(listener, issuers=acme(dns01=elsewhere, http01=True)))


@pytest.mark.parametrize(
    ("second", "field"),
    [
        (OWN, "hostname"),
        # `any.example.com` is how the listener of the wildcard is called.
        ({"hostname": "any.example.com", "certificate": "any"}, "hostname"),
        ({"hostname": "old.example.com", "certificate": "old", "port": 80}, "port"),
    ],
)
def test_listeners_do_not_collide(second: dict[str, Any], field: str) -> None:
    wild = {"hostname": "*.example.com", "certificate": "wild"}
    wrong = gateway(OWN, wild, second)
    assert problems(wrong) == [(LISTENERS_COLLIDE, f"gateway.listeners[2].{field}")]


def test_the_same_host_name_on_two_ports_is_fine() -> None:
    assert load(gateway(OWN, {**OWN, "port": 8443}))


def test_a_gateway_needs_a_class() -> None:
    alone = {"gateway": {"listeners": [OWN]}}
    assert problems(alone) == [(GATEWAY_WITHOUT_CLASS, "gateway")]
    assert problems({**alone, "traefik": {"gatewayApi": False}}) == [
        (GATEWAY_WITHOUT_CLASS, "gateway")
    ]
    assert load({**alone, "traefik": {}})


def test_proxies_scale_by_metrics_between_two_numbers() -> None:
    wrong = {"envoyGateway": {"proxies": {"replicas": 3, "maxReplicas": 2}}, "metricsServer": {}}
    expected = [(PROXY_SCALING, "envoyGateway.proxies.maxReplicas")]
    assert problems(wrong) == expected
    blind = {"envoyGateway": {"proxies": {"replicas": 3, "maxReplicas": 9}}}
    assert problems(blind) == expected
    assert load({**blind, "metricsServer": {}})


@pytest.mark.parametrize("kind", ["NodePort", "ClusterIP"])
def test_who_may_call_is_held_by_load_balancers_alone(kind: str) -> None:
    service = {"type": kind, "sourceRanges": ["192.0.2.0/24"]}
    place = "service.sourceRanges"
    assert problems({"traefik": {"service": service}}) == [
        (SOURCE_RANGES_UNHELD, f"traefik.{place}")
    ]
    assert problems({"envoyGateway": {"proxies": {"service": service}}}) == [
        (SOURCE_RANGES_UNHELD, f"envoyGateway.proxies.{place}")
    ]
    assert load({"traefik": {"service": {**service, "type": "LoadBalancer"}}})
    assert load({"traefik": {"service": {"type": kind}}})


CILIUM: dict[str, Any] = {"cilium": {"gateway": True}}
NO_PROXY: dict[str, Any] = {"network": {"kubeProxy": False}}


def test_only_one_add_on_brings_the_definitions() -> None:
    both = {**CILIUM, "envoyGateway": {}}
    assert problems(both, **NO_PROXY) == [(ADDONS_EXCLUDE, "envoyGateway")]
    assert load({**CILIUM, "traefik": {}}, **NO_PROXY)


def test_ciliums_gateways_can_be_the_shared_one() -> None:
    settings: dict[str, Any] = {"listeners": [{**OWN, "port": 8443}], "addresses": ["192.0.2.10"]}
    assert load({**CILIUM, "gateway": settings}, **NO_PROXY)
    tenants = {"namespaces": {"tenant": "yes"}}
    wrong = {**CILIUM, "gateway": {**settings, "tenants": tenants}}
    assert problems(wrong, **NO_PROXY) == [(CLASS_LACKS, "gateway.tenants")]


def test_a_class_is_one_of_the_cluster() -> None:
    wrong = gateway(OWN, settings={"class": "traefik"})
    assert problems(wrong) == [(GATEWAY_WITHOUT_CLASS, "gateway.class")]
    assert load(gateway(OWN, settings={"class": "traefik"}, traefik={}))


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"addresses": ["192.0.2.10"]}, "addresses"),
        ({"annotations": {"metallb.io/address-pool": "outside"}}, "annotations"),
        ({"tenants": {"namespaces": {"team": "shop"}}}, "tenants"),
    ],
)
def test_traefik_lacks_parts(settings: dict[str, Any], path: str) -> None:
    wrong = {"traefik": {}, "gateway": {"listeners": [OWN], **settings}}
    assert problems(wrong) == [(CLASS_LACKS, f"gateway.{path}")]
    assert load(gateway(OWN, settings=settings))


def test_traefik_listens_on_its_entry_points_only() -> None:
    wrong = {"traefik": {}, "gateway": {"listeners": [{**OWN, "port": 8443}]}}
    assert problems(wrong) == [(CLASS_LACKS, "gateway.listeners[0].port")]


@pytest.mark.parametrize("others", [{}, {"envoyGateway": {}}])
def test_challenges_need_plain_http(others: dict[str, Any]) -> None:
    wrong = {"certManager": {}, "issuers": acme(http01=True), **others}
    assert problems(wrong) == [(HTTP01_UNREACHABLE, "issuers.acme[0].http01")]
    assert load({**wrong, "traefik": {"gatewayApi": False}})


def test_challenges_need_the_gateways_plain_http() -> None:
    wrong = gateway(OWN, settings={"http": "none"}, issuers=acme(http01=True))
    assert problems(wrong) == [(HTTP01_UNREACHABLE, "issuers.acme[0].http01")]


@pytest.mark.parametrize(
    "second", [{"name": "web"}, {"name": "other-root"}, {"name": "web", "secret": "ca"}]
)
def test_issuers_have_names_of_their_own(second: dict[str, Any]) -> None:
    issuers = {**acme(dns01=[CLOUDFLARE]), "ca": [{"name": "other"}, second]}
    wrong = {"certManager": {}, "issuers": issuers}
    assert problems(wrong) == [(ISSUER_TWICE, "issuers.ca[1].name")]


def test_an_acme_issuer_has_a_solver() -> None:
    wrong = {"certManager": {}, "issuers": acme()}
    assert problems(wrong) == [(ISSUER_WITHOUT_SOLVER, "issuers.acme[0]")]


@pytest.mark.parametrize(
    "solver", [{}, {**CLOUDFLARE, "cloudDNS": {"project": "p", "secret": "s"}}]
)
def test_a_solver_has_exactly_one_provider(solver: dict[str, Any]) -> None:
    wrong = {"certManager": {}, "issuers": acme(dns01=[CLOUDFLARE, solver])}
    assert problems(wrong) == [(DNS_PROVIDERS, "issuers.acme[0].dns01[1]")]


AZURE = {"subscription": "s", "resourceGroup": "g"}


@pytest.mark.parametrize(
    ("key", "provider"),
    [
        ("route53", {"region": "eu-central-1"}),
        ("cloudDNS", {"project": "p"}),
        ("azureDNS", AZURE),
        ("azureDNS", {**AZURE, "secret": "application"}),
        ("rfc2136", {"nameserver": "192.0.2.53", "keyName": "key"}),
        ("cloudflare", {}),
    ],
)
def test_providers_have_credentials(key: str, provider: dict[str, Any]) -> None:
    wrong = {"certManager": {}, "issuers": acme(dns01=[{key: provider}])}
    assert problems(wrong) == [(DNS_CREDENTIALS, f"issuers.acme[0].dns01[0].{key}")]


def test_a_webhooks_credentials_are_its_own() -> None:
    webhook = {"group": "acme.example.com", "solver": "designate"}
    assert load({"certManager": {}, "issuers": acme(dns01=[{"webhook": webhook}])})


def test_certificates_need_cert_manager() -> None:
    assert problems({"issuers": {"ca": [{"name": "internal"}]}}) == [(ADDON_NEEDS, "issuers")]


@pytest.mark.parametrize(
    ("listener", "code", "field"),
    [
        ({"hostname": "shop"}, stack_file.BAD_DOMAIN, "hostname"),
        ({"hostname": "*.*.example.com"}, stack_file.BAD_DOMAIN, "hostname"),
        ({"hostname": "{shop}.example.com"}, stack_file.BAD_DOMAIN, "hostname"),
        ({**OWN, "certificate": "Shop_TLS"}, stack_file.BAD_NAME, "certificate"),
        ({**OWN, "port": 0}, stack_file.OUT_OF_RANGE, "port"),
    ],
)
def test_names_are_names(listener: dict[str, Any], code: Code, field: str) -> None:
    found = problems(gateway({"hostname": "a.example.com", "certificate": "a"} | listener))
    assert found == [(code, f"gateway.listeners[0].{field}")]


def test_addresses_are_addresses() -> None:
    wrong = gateway(OWN, settings={"addresses": ["192.0.2.10", "shop"]})
    assert problems(wrong) == [(stack_file.WRONG_TYPE, "gateway.addresses[1]")]
