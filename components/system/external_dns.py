"""external-dns: gives what a cluster serves a name in your DNS."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import GATEWAY_API, METRICS, Addon, SecurityLevel
from components.addon_settings import AddonSettings, merged
from components.chart import CLUSTER_NAME, Chart
from components.facts import ClusterFacts
from components.fields import Domain, Duration
from components.finding import Finding
from components.ingress.classes import classes, has_tenants
from components.pods import CRITICAL, Resources
from components.system.dns_providers import (
    CHART,
    AzureRecords,
    CloudflareRecords,
    Designate,
    DnsProvider,
    Google,
    Rfc2136Records,
    Route53Records,
)
from errors import ingress as codes

NAMESPACE = "external-dns"


class HostSource(StrEnum):
    """The sources of host names."""

    SERVICE = "service"
    INGRESS = "ingress"
    HTTP_ROUTE = "gateway-httproute"
    GRPC_ROUTE = "gateway-grpcroute"
    TLS_ROUTE = "gateway-tlsroute"


OF_GATEWAYS = {HostSource.HTTP_ROUTE, HostSource.GRPC_ROUTE, HostSource.TLS_ROUTE}


class Policy(StrEnum):
    """The permitted changes of records."""

    UPSERT_ONLY = "upsert-only"
    SYNC = "sync"
    CREATE_ONLY = "create-only"


class ExternalDnsSettings(AddonSettings):
    """external-dns with one provider. One pod: it has no leader election, and its work can wait."""

    TITLE: ClassVar = "external-dns"
    SUMMARY: ClassVar = "Writes records for host names of Services, Ingresses and routes."
    EXAMPLE: ClassVar = {"aws": {"region": "eu-central-1", "secret": "dns-credentials"}}

    sources: Annotated[tuple[HostSource, ...], Field(max_length=5)] = ()
    """The watched kinds; empty for Services, Ingresses and, if they exist, HTTPRoutes."""
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
    """The interval of a full comparison; changes in the cluster are processed at once."""
    resources: Resources = Resources(cpu="50m", memory="128Mi")
    """The resource requests."""
    aws: Route53Records | None = None
    """Route 53 of AWS."""
    google: Google | None = None
    """Cloud DNS of Google Cloud."""
    azure: AzureRecords | None = None
    """Azure DNS."""
    rfc2136: Rfc2136Records | None = None
    """A DNS server with dynamic updates: BIND, Knot, PowerDNS."""
    cloudflare: CloudflareRecords | None = None
    """Cloudflare."""
    designate: Designate | None = None
    """Designate of OpenStack."""

    def providers(self) -> dict[str, DnsProvider]:
        """The configured provider, by key; `check` ensures that there is exactly one."""
        keys = ("aws", "google", "azure", "rfc2136", "cloudflare", "designate")
        return {key: provider for key in keys if (provider := getattr(self, key))}

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """DNS_PROVIDERS, DNS_CREDENTIALS, DNS_SYNC_UNBOUNDED, DNS_SOURCE_MISSING."""
        providers = self.providers()
        if len(providers) != 1:
            named = ", ".join(f"`{key}`" for key in providers) or "none"
            yield Finding(codes.DNS_PROVIDERS, (), f"providers of external-dns: {named}", key=True)
        identity = target.infrastructure.IDENTITY_OF_PODS
        for key, provider in providers.items():
            if not provider.secret and not (identity and identity == provider.CLOUD):
                what = "`secret` is missing, and pods get no credentials for it from their machines"
                yield Finding(codes.DNS_CREDENTIALS, (key,), what)
        if self.policy is Policy.SYNC and not self.domain_filters:
            what = "`sync` without `domainFilters` may delete in every zone"
            yield Finding(codes.DNS_SYNC_UNBOUNDED, ("policy",), what)
        for index, source in enumerate(self.sources):
            if source in OF_GATEWAYS and not classes(target):
                what = f"nothing in `{target.name}` defines the kind that `{source}` watches"
                yield Finding(codes.DNS_SOURCE_MISSING, ("sources", index), what)

    def addon(self, target: ClusterFacts) -> Addon:
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

    def _values(self, sources: tuple[HostSource, ...]) -> dict[str, Any]:
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


def _sources(target: ClusterFacts) -> tuple[HostSource, ...]:
    routes = (HostSource.HTTP_ROUTE,) if classes(target) else ()
    return (HostSource.SERVICE, HostSource.INGRESS, *routes)
