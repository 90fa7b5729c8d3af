"""The components of this folder; arguments and outputs of all: `AddonComponent`."""

from __future__ import annotations

import pulumi

from components.chart import CLUSTER_NAME
from components.delivery.component import AddonComponent
from components.ingress.envoy_gateway import EnvoyGatewaySettings
from components.ingress.gateway import GatewaySettings
from components.ingress.issuers import IssuersSettings
from components.ingress.traefik import TraefikSettings


class EnvoyGateway(AddonComponent):
    """Envoy Gateway, which serves the Gateway API.

    The arguments are the fields of `EnvoyGatewaySettings`.

        EnvoyGateway("envoy", cluster=shop)
    """

    SETTINGS = EnvoyGatewaySettings


class Traefik(AddonComponent):
    """Traefik, which serves Ingresses and the Gateway API.

    The arguments are the fields of `TraefikSettings`.

        Traefik("traefik", cluster=shop)
    """

    SETTINGS = TraefikSettings


class Gateway(AddonComponent):
    """The shared Gateway of a cluster.

    The arguments are the fields of `GatewaySettings`.

    Outputs:
        hostnames: the host names that it serves, a list.

        Gateway("gateway", cluster=shop, listeners=[{"hostname": "*.example.com", "issuer": "own"}])
    """

    SETTINGS = GatewaySettings

    @property
    def hostnames(self) -> pulumi.Output[list[str]]:
        """The host names that the Gateways serve, with the name of each cluster in them."""

        def of(settings: GatewaySettings, cluster: str) -> list[str]:
            return [one.host.replace(CLUSTER_NAME, cluster) for one in settings.listeners]

        return self.value(of).apply(lambda found: [name for names in found for name in names])


class Issuers(AddonComponent):
    """Issuers of certificates.

    The arguments are the fields of `IssuersSettings`.

        Issuers("issuers", cluster=shop, ca=[{"name": "own"}])
    """

    SETTINGS = IssuersSettings
