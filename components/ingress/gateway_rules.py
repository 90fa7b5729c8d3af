"""Rules about the shared Gateway: its class, its listeners, and who makes their certificates."""

from __future__ import annotations

from collections.abc import Iterator

from components.facts import ClusterFacts
from components.finding import Finding
from components.ingress.acme import Acme
from components.ingress.classes import TRAITS, PlainHttp, classes
from components.ingress.gateway_settings import GatewayOptions
from components.ingress.issuers import IssuersSettings
from components.ingress.listener import HTTP_PORT, Listener
from errors import ingress as codes


def check(gateway: GatewayOptions, target: ClusterFacts) -> Iterator[Finding]:
    """GATEWAY_WITHOUT_CLASS, CLASS_LACKS, LISTENERS_COLLIDE, LISTENER_CERTIFICATE, and issuers'."""
    yield from _class(gateway, target)
    yield from _collisions(gateway)
    for index, listener in enumerate(gateway.listeners):
        path = ("listeners", index)
        yield from (each.below(*path) for each in _certificate(listener, target))


def _class(gateway: GatewayOptions, target: ClusterFacts) -> Iterator[Finding]:
    there = classes(target)
    if not there or gateway.chosen(target) not in there:
        wanted = f"its class `{gateway.class_name}`" if gateway.class_name else "a GatewayClass"
        listed = ", ".join(f"`{name}`" for name in there) or "none"
        yield Finding(
            codes.GATEWAY_WITHOUT_CLASS,
            ("class",) if gateway.class_name else (),
            f"nothing in `{target.name}` serves {wanted}",
            why=f"its classes: {listed}",
            key=not gateway.class_name,
        )
        return
    chosen = gateway.chosen(target)
    traits = TRAITS[chosen]
    what = f"the class `{chosen}`"
    for index, listener in enumerate(gateway.listeners):
        if traits.ports and listener.port not in traits.ports and listener.port != HTTP_PORT:
            path = ("listeners", index, "port")
            yield Finding(codes.CLASS_LACKS, path, f"{what} does not listen on {listener.port}")
    if gateway.addresses and not traits.addresses:
        yield Finding(codes.CLASS_LACKS, ("addresses",), f"{what} can't request addresses")
    if gateway.annotations and not traits.addresses:
        fix = "Write them below `traefik.service.annotations`."
        found = f"{what} has no Service for each Gateway"
        yield Finding(codes.CLASS_LACKS, ("annotations",), found, fix=fix)
    if gateway.tenants and not traits.listener_sets:
        yield Finding(codes.CLASS_LACKS, ("tenants",), f"{what} has no ListenerSets")


def _collisions(gateway: GatewayOptions) -> Iterator[Finding]:
    first: dict[str, Listener] = {}
    for index, listener in enumerate(gateway.listeners):
        other = first.setdefault(listener.name, listener)
        if other is not listener:
            what = f"`{listener.hostname}` has the port and name of `{other.hostname}`"
            yield Finding(codes.LISTENERS_COLLIDE, ("listeners", index, "hostname"), what)
        if listener.port == HTTP_PORT and gateway.http is not PlainHttp.NONE:
            what = f"`{listener.hostname}` uses port 80, which serves plain HTTP"
            yield Finding(codes.LISTENERS_COLLIDE, ("listeners", index, "port"), what)


def _certificate(listener: Listener, target: ClusterFacts) -> Iterator[Finding]:
    ways = [listener.issuer, listener.certificate, listener.passthrough]
    named = sum(1 for way in ways if way)
    if named != 1:
        many = "no certificate" if not named else "more than one certificate"
        yield Finding(codes.LISTENER_CERTIFICATE, (), f"`{listener.hostname}` has {many}")
    if not listener.issuer:
        return
    issuers = target.addons.get("issuers")
    known = issuers.named() if isinstance(issuers, IssuersSettings) else {}
    issuer = known.get(listener.issuer)
    if issuer is None:
        listed = ", ".join(f"`{name}`" for name in known) or "none"
        yield Finding(
            codes.ISSUER_UNKNOWN,
            ("issuer",),
            f"`{target.name}` has no issuer `{listener.issuer}`",
            why=f"its issuers: {listed}",
        )
    elif isinstance(issuer, Acme) and not issuer.proves(listener.hostname):
        solves = "HTTP01 alone" if issuer.http01 and not issuer.dns01 else "its solvers"
        yield Finding(
            codes.CHALLENGE_IMPOSSIBLE,
            ("issuer",),
            f"the issuer `{issuer.name}` can't prove `{listener.hostname}` by {solves}",
        )
