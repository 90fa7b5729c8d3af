"""external-dns: gives what a cluster serves a name in your DNS."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import (
    GATEWAY_API,
    METRICS,
    Addon,
    AddonSettings,
    SecurityLevel,
    Target,
    merged,
)
from components.basics.dns_providers import (
    CHART,
    Aws,
    Azure,
    Cloudflare,
    Designate,
    DnsProvider,
    Google,
    Rfc2136,
)
from components.chart import CLUSTER_NAME, Chart
from components.fields import Domain, Duration
from components.finding import Finding
from components.ingress.classes import classes, has_tenants
from components.ingress.names import Resources
from components.ingress.placement import CRITICAL
from errors import ingress as codes

NAMESPACE = "external-dns"


class Source(StrEnum):
    """What has host names."""

    SERVICE = "service"
    INGRESS = "ingress"
    HTTP_ROUTE = "gateway-httproute"
    GRPC_ROUTE = "gateway-grpcroute"
    TLS_ROUTE = "gateway-tlsroute"


OF_GATEWAYS = {Source.HTTP_ROUTE, Source.GRPC_ROUTE, Source.TLS_ROUTE}


class Policy(StrEnum):
    """What it may do with records."""

    UPSERT_ONLY = "upsert-only"
    SYNC = "sync"
    CREATE_ONLY = "create-only"


class ExternalDns(AddonSettings):
    """external-dns with one provider. One pod: it has no leader election, and its work can wait."""

    TITLE: ClassVar = "external-dns"
    SUMMARY: ClassVar = "Writes records for host names of Services, Ingresses and routes."
    EXAMPLE: ClassVar = {"aws": {"region": "eu-central-1", "secret": "dns-credentials"}}

    sources: Annotated[tuple[Source, ...], Field(max_length=5)] = ()
    """What it watches; empty for Services, Ingresses and, where there are any, HTTPRoutes."""
    domain_filters: Annotated[tuple[Domain, ...], Field(max_length=100)] = ()
    """Only zones of these domains are looked at."""
    exclude_domains: Annotated[tuple[Domain, ...], Field(max_length=100)] = ()
    """These are never touched."""
    policy: Policy = Policy.UPSERT_ONLY
    """`sync` deletes records of what is gone, `upsert-only` leaves them, `create-only` changes
    none."""
    owner: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Marks the records that it made; the cluster's name where there is none. No two clusters of
    the same zone may have the same."""
    interval: Duration = Duration(60)
    """How often it compares everything; changes in the cluster are seen at once."""
    resources: Resources = Resources(cpu="50m", memory="128Mi")
    """What it asks for."""
    aws: Aws | None = None
    """Route 53 of AWS."""
    google: Google | None = None
    """Cloud DNS of Google Cloud."""
    azure: Azure | None = None
    """Azure DNS."""
    rfc2136: Rfc2136 | None = None
    """A DNS server with dynamic updates: BIND, Knot, PowerDNS."""
    cloudflare: Cloudflare | None = None
    """Cloudflare."""
    designate: Designate | None = None
    """Designate of OpenStack."""

    def providers(self) -> dict[str, DnsProvider]:
        """What is named, by key; one of them where `check` finds nothing wrong."""
        keys = ("aws", "google", "azure", "rfc2136", "cloudflare", "designate")
        return {key: provider for key in keys if (provider := getattr(self, key))}

    def check(self, target: Target) -> Iterator[Finding]:
        """DNS_PROVIDERS, DNS_CREDENTIALS, DNS_SYNC_UNBOUNDED, DNS_SOURCE_MISSING."""
        providers = self.providers()
        if len(providers) != 1:
            named = ", ".join(f"`{key}`" for key in providers) or "none"
            yield Finding(codes.DNS_PROVIDERS, (), f"providers of external-dns: {named}", key=True)
        cloud = target.infrastructure.name
        for key, provider in providers.items():
            if not provider.secret and cloud != provider.CLOUD:
                what = f"`secret` is missing, and machines of `{cloud}` have no role for it"
                yield Finding(codes.DNS_CREDENTIALS, (key,), what)
        if self.policy is Policy.SYNC and not self.domain_filters:
            what = "`sync` without `domainFilters` may delete in every zone"
            yield Finding(codes.DNS_SYNC_UNBOUNDED, ("policy",), what)
        for index, source in enumerate(self.sources):
            if source in OF_GATEWAYS and not classes(target):
                what = f"nothing in `{target.cluster.name}` defines what `{source}` watches"
                yield Finding(codes.DNS_SOURCE_MISSING, ("sources", index), what)

    def addon(self, target: Target) -> Addon:
        """One chart."""
        watched = (METRICS,) if target.has("monitoring") else ()
        sources = self.sources or _sources(target)
        routes = (GATEWAY_API,) if OF_GATEWAYS & set(sources) else ()
        secrets = [each.secret for each in self.providers().values() if each.secret]
        values = self._values(sources) | {
            "serviceMonitor": {"enabled": bool(watched)},
            "enableGatewayListenerSets": bool(routes) and has_tenants(target),
        }
        for provider in self.providers().values():
            values = merged(
                merged(values, {"provider": {"name": provider.NAME}}), provider.values()
            )
        return Addon(
            "externalDns",
            charts=(Chart(CHART, NAMESPACE, merged(values, self.values)),),
            namespaces={NAMESPACE: SecurityLevel.RESTRICTED},
            secrets=tuple(secrets),
            needs=(*watched, *routes),
            ready=(f"Deployment {NAMESPACE}/external-dns",),
        )

    def _values(self, sources: tuple[Source, ...]) -> dict[str, Any]:
        return {
            "sources": [str(source) for source in sources],
            "policy": str(self.policy),
            "registry": "txt",
            "txtOwnerId": self.owner or CLUSTER_NAME,
            "domainFilters": list(self.domain_filters),
            "excludeDomains": list(self.exclude_domains),
            "interval": str(self.interval),
            "triggerLoopOnEvent": True,
            "logFormat": "json",
            "priorityClassName": CRITICAL,
            "resources": self.resources.requirements(),
        }


def _sources(target: Target) -> tuple[Source, ...]:
    routes = (Source.HTTP_ROUTE,) if classes(target) else ()
    return (Source.SERVICE, Source.INGRESS, *routes)
