"""DNS01 solvers: how a record in a zone is written. Each has exactly one provider.

Source: the definition of ClusterIssuer, and https://cert-manager.io/docs/configuration/acme/dns01/
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.fields import Domain, Settings
from components.finding import Finding
from components.ingress.names import ObjectName
from errors import ingress as codes

Text = Annotated[str, Field(min_length=1, max_length=1024)]


class Dns01Solver(Settings):
    """The base of every provider's settings."""

    CLOUD: ClassVar[str] = ""
    """The infrastructure whose own credentials it takes; empty for none."""

    secret: ObjectName | None = None
    """The Secret in `cert-manager` with its credentials."""

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """The provider's part of a solver."""

    def lacks(self, identity: str) -> str:
        """The missing part of its credentials, where pods get those of a cloud; empty for none."""
        if self.secret or (identity and identity == self.CLOUD):
            return ""
        return "`secret` is missing, and pods get no credentials for it from their machines"

    def _key(self, key: str) -> dict[str, str]:
        return {"name": str(self.secret), "key": key}


class Route53(Dns01Solver):
    """Route 53 of AWS; the Secret has `access-key-id` and `secret-access-key`."""

    CLOUD: ClassVar = "aws"

    region: Text
    """The region of the API."""
    hosted_zone_id: Text | None = None
    """The zone, where several have the same name."""
    role: Text | None = None
    """A role to assume, as ARN."""

    def config(self) -> dict[str, Any]:
        """`route53` of a solver."""
        found: dict[str, Any] = {"region": self.region}
        if self.hosted_zone_id:
            found["hostedZoneID"] = self.hosted_zone_id
        if self.role:
            found["role"] = self.role
        if self.secret:
            found["accessKeyIDSecretRef"] = self._key("access-key-id")
            found["secretAccessKeySecretRef"] = self._key("secret-access-key")
        return found


class CloudDns(Dns01Solver):
    """Cloud DNS of Google Cloud; the Secret has the service account's key as `key.json`."""

    CLOUD: ClassVar = "gcp"

    project: Text
    """The project of the zone."""

    def config(self) -> dict[str, Any]:
        """`cloudDNS` of a solver."""
        account = {"serviceAccountSecretRef": self._key("key.json")} if self.secret else {}
        return {"project": self.project, **account}


class AzureDns(Dns01Solver):
    """Azure DNS; the Secret has the password of the application as `client-secret`."""

    CLOUD: ClassVar = "azure"

    subscription: Text
    """The subscription of the zone."""
    resource_group: Text
    """The resource group of the zone."""
    tenant: Text | None = None
    """The directory of the application; only with `secret`."""
    client: Text | None = None
    """The id of the application, or without `secret` of the machine's managed identity."""

    def config(self) -> dict[str, Any]:
        """`azureDNS` of a solver."""
        found: dict[str, Any] = {
            "subscriptionID": self.subscription,
            "resourceGroupName": self.resource_group,
        }
        if self.secret:
            found["clientID"] = self.client or ""
            found["tenantID"] = self.tenant or ""
            found["clientSecretSecretRef"] = self._key("client-secret")
        elif self.client:
            found["managedIdentity"] = {"clientID": self.client}
        return found

    def lacks(self, identity: str) -> str:
        """An application is named by its directory and its id, beside its password."""
        if self.secret and not (self.client and self.tenant):
            return "`client` and `tenant` go with `secret`"
        return super().lacks(identity)


class SolverTsigAlgorithm(StrEnum):
    """The signature algorithm of updates."""

    SHA256 = "HMACSHA256"
    SHA512 = "HMACSHA512"


class Rfc2136Solver(Dns01Solver):
    """Any DNS server with dynamic updates; the Secret has the key as `tsig-secret`."""

    nameserver: Annotated[str, Field(pattern=r"^\S+(:[0-9]+)?$", max_length=259)]
    """The server's address, with a port where it is not 53."""
    key_name: Text
    """The name of the key."""
    algorithm: SolverTsigAlgorithm = SolverTsigAlgorithm.SHA256
    """The signature algorithm of updates."""

    def config(self) -> dict[str, Any]:
        """`rfc2136` of a solver."""
        return {
            "nameserver": self.nameserver,
            "tsigKeyName": self.key_name,
            "tsigAlgorithm": str(self.algorithm),
            "tsigSecretSecretRef": self._key("tsig-secret"),
        }


class CloudflareSolver(Dns01Solver):
    """Cloudflare; the Secret has a token as `api-token`."""

    def config(self) -> dict[str, Any]:
        """`cloudflare` of a solver."""
        return {"apiTokenSecretRef": self._key("api-token")}


class WebhookSolver(Dns01Solver):
    """A solver that is installed by itself, as there is one for Designate of OpenStack."""

    group: Domain
    """The API group that it answers for."""
    solver: Text
    """The name of the solver in it."""
    options: dict[str, Any] = Field(default_factory=dict)
    """The solver's `config`; it contains names of Secrets, no secrets."""

    def config(self) -> dict[str, Any]:
        """`webhook` of a solver."""
        found = {"groupName": self.group, "solverName": self.solver}
        return {**found, "config": self.options} if self.options else found

    def lacks(self, identity: str) -> str:
        """Nothing: the solver has credentials that are not known here."""
        return ""


class Dns01(Settings):
    """A way to write records of some zones, with exactly one provider."""

    zones: Annotated[tuple[Domain, ...], Field(max_length=100)] = ()
    """The zones that it is for, and all below them; empty for every name."""
    route53: Route53 | None = None
    """Route 53 of AWS."""
    cloud_dns: Annotated[CloudDns | None, Field(alias="cloudDNS")] = None
    """Cloud DNS of Google Cloud."""
    azure_dns: Annotated[AzureDns | None, Field(alias="azureDNS")] = None
    """Azure DNS."""
    rfc2136: Rfc2136Solver | None = None
    """A DNS server with dynamic updates: BIND, Knot, PowerDNS."""
    cloudflare: CloudflareSolver | None = None
    """Cloudflare."""
    webhook: WebhookSolver | None = None
    """A solver that is installed by itself."""

    def providers(self) -> dict[str, Dns01Solver]:
        """The configured provider, by its key in a solver; `check` ensures that there is exactly
        one."""
        found = {
            "route53": self.route53,
            "cloudDNS": self.cloud_dns,
            "azureDNS": self.azure_dns,
            "rfc2136": self.rfc2136,
            "cloudflare": self.cloudflare,
            "webhook": self.webhook,
        }
        return {key: provider for key, provider in found.items() if provider}

    @property
    def secret(self) -> str | None:
        """The Secret of its provider."""
        return next((each.secret for each in self.providers().values()), None)

    def check(self, identity: str) -> Iterator[Finding]:
        """DNS_PROVIDERS and DNS_CREDENTIALS.

        Args:
            identity: the infrastructure whose credentials pods get from their machines.
        """
        providers = self.providers()
        if len(providers) != 1:
            named = ", ".join(f"`{key}`" for key in providers) or "none"
            yield Finding(codes.DNS_PROVIDERS, (), f"providers of this solver: {named}")
        for key, provider in providers.items():
            if lacks := provider.lacks(identity):
                yield Finding(codes.DNS_CREDENTIALS, (key,), lacks)

    def solver(self) -> dict[str, Any]:
        """As an issuer has it."""
        dns01 = {key: provider.config() for key, provider in self.providers().items()}
        selector = {"selector": {"dnsZones": list(self.zones)}} if self.zones else {}
        return {**selector, "dns01": dns01}
