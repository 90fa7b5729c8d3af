"""Harbor: a registry of images with projects, scanning, proxy caches and replication."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field, IPvAnyAddress

from components.addon import (
    CERTIFICATES,
    GATEWAY_API,
    VOLUMES,
    Addon,
    AddonSettings,
    SecurityLevel,
    Target,
    merged,
)
from components.chart import Chart
from components.fields import Count, Domain, Flag
from components.finding import Finding
from components.registry import contents, harbor_objects
from components.registry.contents import Contents
from components.registry.harbor_objects import NAMESPACE
from components.registry.harbor_settings import (
    Database,
    Exposure,
    GatewayReference,
    Images,
    Oidc,
    Text,
    Valkey,
)
from components.storage.volumes import ObjectName, Quantity
from errors import registries as codes

COMPONENTS = ("nginx", "portal", "core", "jobservice", "registry", "trivy", "exporter")
ADMIN_PASSWORD = "HARBOR_ADMIN_PASSWORD"  # noqa: S105 - the key of a Secret


class Harbor(AddonSettings):
    """Harbor; small, or highly available with a database, a cache and a bucket of your own."""

    TITLE: ClassVar = "Harbor"
    SUMMARY: ClassVar = "A registry of images with projects, scanning, proxy caches, replication."
    EXAMPLE: ClassVar = {"host": "registry.example.com"}

    host: Domain
    """The name under which everybody reaches it, inside the cluster too."""
    expose: Exposure = Exposure.ROUTE
    """`route`: a Gateway has the certificate; `ingress`; `loadBalancer`: an address of its own."""
    gateway: GatewayReference = GatewayReference()
    """Of a route: the Gateway."""
    ingress_class: ObjectName | None = None
    """Of an ingress: the class; without it the cluster's default."""
    address: IPvAnyAddress | None = None
    """Of a load balancer: the address that it shall have."""
    tls_secret: ObjectName | None = None
    """Of an ingress or a load balancer: a TLS Secret in Harbor's namespace."""
    secret: ObjectName = "harbor"  # noqa: S105 - the name of a Secret
    """A Secret in Harbor's namespace with the admin's password and the keys; docs/registry.md lists
    what has to be in it."""
    replicas: Annotated[Count, Field(ge=1, le=10)] = 1
    """How many of each part run; more than one needs `database`, `valkey` and `images`."""
    database: Database | None = None
    """A PostgreSQL of your own; without it a small one in the cluster."""
    valkey: Valkey | None = None
    """A Valkey or Redis of your own; without it a small one in the cluster."""
    images: Images | None = None
    """Object storage for images; without it a volume."""
    size: Quantity = "100Gi"
    """The volume of images."""
    storage_class: ObjectName | None = None
    """The class of all its volumes; without it the cluster's default."""
    trivy: Flag = True
    """Scans images for known faults."""
    oidc: Oidc | None = None
    """Users log in with an identity provider; without it Harbor has accounts of its own."""
    internal_tls: Flag = False
    """Its parts talk to each other over TLS, with certificates of cert-manager; with
    `loadBalancer` only."""
    proxy: Text | None = None
    """An HTTP proxy through which it reaches other registries."""
    contents: Contents = Contents()
    """Projects and what belongs to them; `./caas registry sync` brings them into Harbor."""

    def check(self, target: Target) -> Iterator[Finding]:
        """What does not fit together."""
        own = {"database": self.database, "valkey": self.valkey, "images": self.images}
        missing = [name for name, value in own.items() if value is None]
        if self.replicas > 1 and missing:
            what = f"{self.replicas} replicas would share what is not given: {', '.join(missing)}"
            yield Finding(codes.HARBOR_NOT_SHARED, ("replicas",), what)
        if self.images and (self.images.s3 is None) == (self.images.swift is None):
            what = "one of `s3` and `swift` is needed"
            yield Finding(codes.HARBOR_STORE, ("images",), what)
        if self.expose is not Exposure.ROUTE and not self.tls_secret:
            what = f"`{self.expose}` has no certificate"
            yield Finding(codes.HARBOR_WITHOUT_CERTIFICATE, ("expose",), what)
        if self.internal_tls and self.expose is not Exposure.LOAD_BALANCER:
            what = f"`{self.expose}` does not talk TLS to Harbor's parts"
            yield Finding(codes.HARBOR_INTERNAL_TLS, ("internalTls",), what)
        for finding in contents.check(self.contents):
            yield finding.below("contents")

    def addon(self, target: Target) -> Addon:
        """One chart, and what it leaves open: keys that stay, and who reaches the database."""
        signed = target.has("certManager")
        needs = {
            GATEWAY_API: self.expose is Exposure.ROUTE,
            VOLUMES: not (self.database and self.valkey and self.images) or self.trivy,
            CERTIFICATES: self.internal_tls or signed,
        }
        parts = ["core", "jobservice", "portal", "registry"]
        return Addon(
            "harbor",
            charts=(Chart("harbor", NAMESPACE, merged(self._values(target, signed), self.values)),),
            namespaces={NAMESPACE: SecurityLevel.BASELINE},
            objects=(
                *harbor_objects.policies(database=not self.database, valkey=not self.valkey),
                *(harbor_objects.token_key() if signed else ()),
                *(harbor_objects.internal_certificates() if self.internal_tls else ()),
            ),
            objects_first=True,  # pods wait for the Secrets of certificates
            secrets=tuple(sorted(self._secrets())),
            needs=tuple(role for role, wanted in needs.items() if wanted),
            ready=tuple(f"Deployment {NAMESPACE}/harbor-{name}" for name in parts),
        )

    def _secrets(self) -> set[str]:
        found = [
            self.secret,
            self.tls_secret if self.expose is not Exposure.ROUTE else None,
            *(
                each.secret
                for each in (
                    self.database,
                    self.valkey,
                    self.oidc,
                    self.images and self.images.s3,
                    self.images and self.images.swift,
                )
                if each
            ),
            *(each.secret for each in self.contents.registries),
        ]
        return {each for each in found if each}

    def _values(self, target: Target, signed: bool) -> dict[str, Any]:
        budget = {"enabled": self.replicas > 1, "minAvailable": 1}
        scale = {"replicas": self.replicas, "podDisruptionBudget": budget}
        parts: dict[str, Any] = {name: dict(scale) for name in COMPONENTS}
        parts["core"] |= self._core(signed)
        parts["jobservice"] |= {
            # A file would need a volume.
            "jobLoggers": ["database"],
            "existingSecret": self.secret,
        }
        parts["registry"] |= {
            "existingSecret": self.secret,
            "credentials": {"existingSecret": self.secret},
        }
        parts["trivy"] |= {"enabled": self.trivy}
        monitored = {"serviceMonitor": {"enabled": target.has("monitoring")}}
        proxy = {"proxy": {"httpProxy": self.proxy, "httpsProxy": self.proxy}} if self.proxy else {}
        return (
            {
                "externalURL": f"https://{self.host}",
                "expose": self._expose(),
                "existingSecretAdminPassword": self.secret,
                "existingSecretSecretKey": self.secret,
                "persistence": self._persistence(),
                # Two pods can't have one volume.
                "updateStrategy": {"type": "RollingUpdate" if self.images else "Recreate"},
                "metrics": {"enabled": target.has("monitoring")} | monitored,
                "internalTLS": harbor_objects.internal_tls(enabled=self.internal_tls),
                "database": self.database.values() if self.database else {"type": "internal"},
                "redis": self.valkey.values() if self.valkey else {"type": "internal"},
            }
            | parts
            | proxy
        )

    def _core(self, signed: bool) -> dict[str, Any]:
        found: dict[str, Any] = {
            "existingSecret": self.secret,
            "existingXsrfSecret": self.secret,
        }
        if signed:
            found["secretName"] = harbor_objects.TOKEN_KEY
        if self.oidc:
            found["extraEnvVars"] = self.oidc.environment()
        return found

    def _expose(self) -> dict[str, Any]:
        secret = {"certSource": "secret", "secret": {"secretName": self.tls_secret or ""}}
        if self.expose is Exposure.ROUTE:
            route = {"parentRefs": [self.gateway.parent()], "hosts": [self.host]}
            return {"type": "route", "tls": {"enabled": False}, "route": route}
        if self.expose is Exposure.INGRESS:
            ingress: dict[str, Any] = {"hosts": {"core": self.host}}
            if self.ingress_class:
                ingress["className"] = self.ingress_class
            return {"type": "ingress", "tls": {"enabled": True} | secret, "ingress": ingress}
        address = {"IP": str(self.address)} if self.address else {}
        return {
            "type": "loadBalancer",
            "tls": {"enabled": True} | secret,
            "loadBalancer": address,
        }

    def _persistence(self) -> dict[str, Any]:
        chosen = {"storageClass": self.storage_class} if self.storage_class else {}
        volumes = {name: dict(chosen) for name in ("database", "redis", "trivy")}
        claims: dict[str, Any] = volumes | {"registry": chosen | {"size": self.size}}
        claims["database"]["size"] = "10Gi"
        return {
            "enabled": True,
            "resourcePolicy": "keep",
            "persistentVolumeClaim": claims,
            "imageChartStorage": self.images.values() if self.images else {"type": "filesystem"},
        }
