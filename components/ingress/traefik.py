"""Traefik: serves Ingresses, also those written for ingress-nginx, and the Gateway API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import GATEWAY_API, METRICS, Addon, Port, SecurityLevel
from components.addon_settings import AddonSettings, merged
from components.addresses import Cidr
from components.chart import Chart
from components.facts import ClusterFacts
from components.fields import Count, Flag
from components.finding import Finding
from components.ingress.classes import DEFINITIONS, ClassName, classes
from components.ingress.service import ProxyService
from components.mappings import Manifest
from components.pods import BUDGET, CRITICAL, Resources, spread

NAMESPACE = "traefik"
INGRESS_CLASS = "traefik"


class TraefikSettings(AddonSettings):
    """Traefik, which serves Ingresses and Gateways on the same address."""

    TITLE: ClassVar = "Traefik"
    SUMMARY: ClassVar = "Serves Ingresses, those for ingress-nginx too, and the Gateway API."

    replicas: Annotated[Count, Field(ge=1, le=100)] = 2
    """The number of replicas, all active."""
    resources: Resources = Resources(cpu="200m", memory="512Mi")
    """The resource requests of each pod."""
    service: ProxyService = ProxyService()
    """The Service of Traefik."""
    default_ingress_class: Flag = True
    """Serves Ingresses that name no class."""
    nginx_annotations: Flag = False
    """Serves Ingresses of the class `nginx` by their `nginx.ingress.kubernetes.io` annotations."""
    gateway_api: Flag = True
    """Serves Gateways of the class `traefik`."""
    trusted_ranges: Annotated[tuple[Cidr, ...], Field(max_length=100)] = ()
    """Proxies in front whose `X-Forwarded-*` headers are believed."""

    def gateway_class(self) -> str:
        """`traefik`, where it serves Gateways."""
        return ClassName.TRAEFIK if self.gateway_api else ""

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """SOURCE_RANGES_UNHELD."""
        yield from (each.below("service") for each in self.service.check())

    def addon(self, target: ClusterFacts) -> Addon:
        """Its chart, and the Gateway API's definitions where no other add-on brings them."""
        owns = classes(target)[:1] == [ClassName.TRAEFIK]
        watched = target.has("monitoring")
        needs = (METRICS,) if watched else ()
        others = (GATEWAY_API,) if self.gateway_api and not owns else ()
        values = merged(self._values(target, watched), self.values)
        definitions = (DEFINITIONS,) if owns else ()
        return Addon(
            "traefik",
            charts=(*definitions, Chart("traefik", NAMESPACE, values)),
            namespaces={NAMESPACE: SecurityLevel.RESTRICTED},
            objects=(_nginx_class(),) if self.nginx_annotations else (),
            provides=(GATEWAY_API,) if owns else (),
            needs=(*needs, *others),
            ports=(
                Port(8000, "the load balancer to its plain HTTP"),
                Port(8443, "the load balancer to its HTTPS"),
                Port(9100, "Prometheus to its metrics"),
            ),
            ready=(f"Deployment {NAMESPACE}/traefik",),
        )

    def _values(self, target: ClusterFacts, watched: bool) -> dict[str, Any]:
        trusted = [str(cidr) for cidr in self.trusted_ranges]
        headers = {"forwardedHeaders": {"trustedIPs": trusted}}
        providers: dict[str, Any] = {"kubernetesGateway": {"enabled": self.gateway_api}}
        if self.nginx_annotations:
            published = {"enabled": True}
            providers["kubernetesIngressNGINX"] = {"enabled": True, "publishService": published}
        metrics = {"service": {"enabled": True}, "serviceMonitor": {"enabled": True}}
        return {
            "fullnameOverride": "traefik",
            "deployment": {"replicas": self.replicas},
            "podDisruptionBudget": {"enabled": True, **BUDGET},
            "priorityClassName": CRITICAL,
            "topologySpreadConstraints": spread({"app.kubernetes.io/name": "traefik"}),
            "resources": self.resources.requirements(),
            "global": {"checkNewVersion": False},
            "ingressClass": {"isDefaultClass": self.default_ingress_class, "name": INGRESS_CLASS},
            # The shared Gateway is a separate add-on.
            "gateway": {"enabled": False},
            "providers": providers,
            "ports": {"web": headers, "websecure": headers} if trusted else {},
            "service": {
                "annotations": self.service.annotated(target),
                "spec": self.service.spec(),
            },
            **({"metrics": {"prometheus": metrics}} if watched else {}),
        }


def _nginx_class() -> Manifest:
    """The class that Ingresses for ingress-nginx name; its own chart would take it away."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": "nginx"},
        "spec": {"controller": "k8s.io/ingress-nginx"},
    }
