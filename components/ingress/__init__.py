"""Requests from outside: Gateway API, Ingress, certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lazy import lazily

if TYPE_CHECKING:
    from components.ingress.envoy_gateway import EnvoyGatewaySettings
    from components.ingress.gateway import GatewaySettings
    from components.ingress.issuers import IssuersSettings
    from components.ingress.resources import EnvoyGateway, Gateway, Issuers, Traefik
    from components.ingress.traefik import TraefikSettings

__all__ = [
    "EnvoyGateway",
    "EnvoyGatewaySettings",
    "Gateway",
    "GatewaySettings",
    "Issuers",
    "IssuersSettings",
    "Traefik",
    "TraefikSettings",
]

__getattr__ = lazily(
    __name__,
    {
        "EnvoyGateway": "resources",
        "EnvoyGatewaySettings": "envoy_gateway",
        "Gateway": "resources",
        "GatewaySettings": "gateway",
        "Issuers": "resources",
        "IssuersSettings": "issuers",
        "Traefik": "resources",
        "TraefikSettings": "traefik",
    },
)
