"""The shared Gateway of a cluster: host names, certificates, and who may attach routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from components.addon import CERTIFICATES, GATEWAY_API, Addon, SecurityLevel
from components.facts import ClusterFacts
from components.finding import Finding
from components.ingress import gateway_rules
from components.ingress.classes import (
    HTTP,
    NAMESPACE,
    SHARED,
    TRAITS,
    VERSION,
    ClassName,
    PlainHttp,
)
from components.ingress.envoy_gateway import EnvoyGatewaySettings
from components.ingress.gateway_settings import GatewayOptions
from components.ingress.listener import HTTP_PORT, admitted
from components.mappings import Manifest


class GatewaySettings(GatewayOptions):
    """One Gateway that everything in a cluster attaches its routes to: `gateway/shared`."""

    TITLE: ClassVar = "Shared Gateway"
    SUMMARY: ClassVar = "One address for a cluster: host names, certificates, redirect to HTTPS."
    EXAMPLE: ClassVar = {
        "listeners": [{"hostname": "*.apps.example.com", "certificate": "apps-tls"}]
    }

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """Each code of `components.ingress.gateway_rules`."""
        yield from gateway_rules.check(self, target)

    def addon(self, target: ClusterFacts) -> Addon:
        """Objects in a separate namespace, without a chart."""
        issued = [each for each in (one.made_certificate() for one in self.listeners) if each]
        own = sorted({one.certificate for one in self.listeners if one.certificate})
        redirect = (_redirect(),) if self.http is PlainHttp.REDIRECT else ()
        return Addon(
            "gateway",
            namespaces={NAMESPACE: SecurityLevel.RESTRICTED},
            objects=(self._gateway(target), *redirect, *issued, *self._policies(target)),
            secrets=tuple(own),
            needs=(GATEWAY_API, *((CERTIFICATES,) if issued else ())),
            ready=(f"Gateway {NAMESPACE}/{SHARED}",),
        )

    def _gateway(self, target: ClusterFacts) -> Manifest:
        chosen = self.chosen(target)
        ports = TRAITS[chosen].ports
        sections = [one.section(ports.get(one.port, one.port)) for one in self.listeners]
        if self.http is not PlainHttp.NONE:
            sections.insert(0, self._http(ports.get(HTTP_PORT, HTTP_PORT)))
        spec: dict[str, Any] = {"gatewayClassName": str(chosen), "listeners": sections}
        if self.addresses:
            spec["addresses"] = [
                {"type": "IPAddress", "value": str(each)} for each in self.addresses
            ]
        if self.annotations:
            spec["infrastructure"] = {"annotations": self.annotations}
        if self.tenants:
            spec["allowedListeners"] = {"namespaces": admitted(self.tenants.namespaces)}
        return {
            "apiVersion": VERSION,
            "kind": "Gateway",
            "metadata": {"name": SHARED, "namespace": NAMESPACE},
            "spec": spec,
        }

    def _http(self, port: int) -> dict[str, Any]:
        # Tenants answer the challenges for their own listeners' certificates here.
        open_to_all = self.http is PlainHttp.SERVE or self.tenants is not None
        namespaces = {"from": "All" if open_to_all else "Same"}
        allowed = {"namespaces": namespaces}
        return {"name": HTTP, "port": port, "protocol": "HTTP", "allowedRoutes": allowed}

    def _policies(self, target: ClusterFacts) -> tuple[Manifest, ...]:
        envoy = target.addons.get("envoyGateway")
        if self.chosen(target) is ClassName.ENVOY and isinstance(envoy, EnvoyGatewaySettings):
            return envoy.policies(SHARED, NAMESPACE)
        return ()


def _redirect() -> Manifest:
    """Sends plain HTTP to HTTPS. A route with a host name, as of a challenge, goes before it."""
    parent = {"name": SHARED, "sectionName": HTTP}
    # The port is explicit: Traefik's listeners have other ports than clients use.
    target = {"scheme": "https", "statusCode": 301, "port": 443}
    redirect = {"type": "RequestRedirect", "requestRedirect": target}
    return {
        "apiVersion": VERSION,
        "kind": "HTTPRoute",
        "metadata": {"name": "https", "namespace": NAMESPACE},
        "spec": {"parentRefs": [parent], "rules": [{"filters": [redirect]}]},
    }
