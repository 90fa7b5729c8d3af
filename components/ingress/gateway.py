"""The shared Gateway of a cluster: host names, certificates, and who may attach routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field, IPvAnyAddress

from components.addon import (
    CERTIFICATES,
    GATEWAY_API,
    Addon,
    AddonSettings,
    Manifest,
    SecurityLevel,
    Target,
)
from components.fields import LabelKey, LabelValue, Settings
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
    classes,
)
from components.ingress.envoy_gateway import EnvoyGateway
from components.ingress.listener import HTTP_PORT, Listener, admitted


class Tenants(Settings):
    """Who may add listeners of their own."""

    namespaces: Annotated[dict[LabelKey, LabelValue], Field(min_length=1, max_length=20)]
    """Namespaces with these labels may have ListenerSets, and answer HTTP01 challenges."""


class Gateway(AddonSettings):
    """One Gateway that everything in a cluster attaches its routes to: `gateway/shared`."""

    TITLE: ClassVar = "Shared Gateway"
    SUMMARY: ClassVar = "One address for a cluster: host names, certificates, redirect to HTTPS."
    EXAMPLE: ClassVar = {
        "listeners": [{"hostname": "*.apps.example.com", "certificate": "apps-tls"}]
    }

    class_name: Annotated[ClassName | None, Field(alias="class")] = None
    """Who serves it; without it, who brings the Gateway API: Cilium, Envoy Gateway, Traefik."""
    listeners: Annotated[tuple[Listener, ...], Field(min_length=1, max_length=60)]
    """The host names that it serves over TLS."""
    http: PlainHttp = PlainHttp.REDIRECT
    """Plain HTTP is sent to HTTPS (`redirect`), served (`serve`), or not listened for (`none`)."""
    tenants: Tenants | None = None
    """Who may add listeners of their own; without it nobody."""
    addresses: Annotated[tuple[IPvAnyAddress, ...], Field(max_length=16)] = ()
    """The addresses that it asks for; the load balancer chooses where there are none."""
    annotations: Annotated[dict[LabelKey, str], Field(max_length=8)] = Field(default_factory=dict)
    """Annotations for what serves it: an address pool of the load balancer."""

    def check(self, target: Target) -> Iterator[Finding]:
        """Each code of `components.ingress.gateway_rules`."""
        yield from gateway_rules.check(self, target)

    def chosen(self, target: Target) -> ClassName:
        """The class: the one that is named, or the first that the cluster has."""
        return self.class_name or next(iter(classes(target)), ClassName.ENVOY)

    def addon(self, target: Target) -> Addon:
        """No chart: objects in a namespace of their own."""
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

    def _gateway(self, target: Target) -> Manifest:
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

    def _policies(self, target: Target) -> tuple[Manifest, ...]:
        envoy = target.addons.get("envoyGateway")
        if self.chosen(target) is ClassName.ENVOY and isinstance(envoy, EnvoyGateway):
            return envoy.policies(SHARED, NAMESPACE)
        return ()


def _redirect() -> Manifest:
    """Sends plain HTTP to HTTPS. A route with a host name, as of a challenge, goes before it."""
    parent = {"name": SHARED, "sectionName": HTTP}
    # The port is said: Traefik's listeners have others than what callers use.
    target = {"scheme": "https", "statusCode": 301, "port": 443}
    redirect = {"type": "RequestRedirect", "requestRedirect": target}
    return {
        "apiVersion": VERSION,
        "kind": "HTTPRoute",
        "metadata": {"name": "https", "namespace": NAMESPACE},
        "spec": {"parentRefs": [parent], "rules": [{"filters": [redirect]}]},
    }
