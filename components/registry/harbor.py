"""Harbor: a registry of images with projects, scanning, proxy caches and replication."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field, IPvAnyAddress

from components import pod_identity
from components.addon import (
    CERTIFICATES,
    GATEWAY_API,
    VOLUMES,
    Addon,
    Download,
    OwnStore,
    SecurityLevel,
)
from components.addon_settings import AddonSettings, merged
from components.chart import Chart
from components.facts import ClusterFacts
from components.fields import Count, Domain, Flag, ObjectName, Quantity
from components.finding import Finding
from components.registry import contents, harbor_objects
from components.registry.contents import Contents
from components.registry.harbor_objects import NAMESPACE
from components.registry.harbor_settings import (
    Database,
    Exposure,
    GatewayReference,
    HarborOidc,
    ImageStore,
    Text,
    Valkey,
)
from errors import registries as codes

COMPONENTS = ("nginx", "portal", "core", "jobservice", "registry", "trivy", "exporter")
ADMIN_PASSWORD = "HARBOR_ADMIN_PASSWORD"  # noqa: S105 - the key of a Secret


class HarborSettings(AddonSettings):
    """Harbor; small, or highly available with a database, a cache and a bucket of your own."""

    TITLE: ClassVar = "Harbor"
    SUMMARY: ClassVar = "A registry of images with projects, scanning, proxy caches, replication."
    EXAMPLE: ClassVar = {"host": "registry.example.com"}

    host: Domain
    """The host name for all clients, also inside the cluster."""
    expose: Exposure = Exposure.ROUTE
    """`route`: a Gateway has the certificate; `ingress`; `loadBalancer`: a separate address."""
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
    """The number of replicas of each component; more than one needs `database`, `valkey` and
    `images`."""
    database: Database | None = None
    """A PostgreSQL of your own; without it a small one in the cluster."""
    valkey: Valkey | None = None
    """A Valkey or Redis of your own; without it a small one in the cluster."""
    images: ImageStore | None = None
    """Object storage for images; without it a volume."""
    size: Quantity = "100Gi"
    """The volume of images."""
    storage_class: ObjectName | None = None
    """The class of all its volumes; without it the cluster's default."""
    trivy: Flag = True
    """Scans images for known faults."""
    oidc: HarborOidc | None = None
    """Users log in with an identity provider; without it Harbor has local accounts."""
    internal_tls: Flag = False
    """Its components use TLS between each other, with certificates of cert-manager; with
    `loadBalancer` only."""
    proxy: Text | None = None
    """An HTTP proxy through which it reaches other registries."""
    contents: Contents = Contents()
    """Projects and what belongs to them; `./caas registry sync` brings them into Harbor."""

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """The contradictions between settings."""
        own = {"database": self.database, "valkey": self.valkey, "images": self.images}
        missing = [name for name, value in own.items() if value is None]
        if self.replicas > 1 and missing:
            what = f"{self.replicas} replicas would share what is not given: {', '.join(missing)}"
            yield Finding(codes.HARBOR_NOT_SHARED, ("replicas",), what)
        if self.images and (self.images.s3 is None) == (self.images.swift is None):
            what = "one of `s3` and `swift` is needed"
            yield Finding(codes.HARBOR_STORE, ("images",), what)
        if self.images and self.images.s3 and not self.images.s3.secret:
            path = ("images", "s3")
            yield from pod_identity.check(target, "aws", path, "`s3`", self.values)
        if self.expose is not Exposure.ROUTE and not self.tls_secret:
            what = f"`{self.expose}` has no certificate"
            yield Finding(codes.HARBOR_WITHOUT_CERTIFICATE, ("expose",), what)
        if self.internal_tls and self.expose is not Exposure.LOAD_BALANCER:
            what = f"`{self.expose}` does not connect to Harbor's parts by TLS"
            yield Finding(codes.HARBOR_INTERNAL_TLS, ("internalTls",), what)
        if self.trivy and self.valkey and self.valkey.secret:
            what = "Trivy can't read the password of `valkey` from a Secret"
            yield Finding(codes.HARBOR_TRIVY_PASSWORD, ("trivy",), what)
        for finding in contents.check(self.contents):
            yield finding.below("contents")

    def addon(self, target: ClusterFacts) -> Addon:
        """One chart, and what it leaves open: keys that stay, and who reaches the database."""
        signed = target.has("certManager")
        needs = {
            GATEWAY_API: self.expose is Exposure.ROUTE,
            VOLUMES: not (self.database and self.valkey and self.images) or self.trivy,
            CERTIFICATES: self.internal_tls or signed,
        }
        parts = ["core", "jobservice", "portal", "registry"]
        own = merged(self._values(target, signed), self._environment())
        return Addon(
            "harbor",
            charts=(Chart("harbor", NAMESPACE, merged(own, self.values)),),
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
            downloads=self._downloads(),
        )

    def stores(self) -> Iterator[OwnStore]:
        """Its database, its cache, and where images are: garbage collection deletes there."""
        if self.database:
            place = (self.database.host, str(self.database.port), self.database.name)
            what = f"the database `{self.database.name}` of {self.database.host}"
            yield OwnStore(place, ("database",), what)
        if self.valkey:
            what = f"the cache {self.valkey.addresses[0]}"
            yield OwnStore(self.valkey.addresses, ("valkey",), what)
        if self.images and self.images.s3:
            s3 = self.images.s3
            place = (str(s3.url or ""), s3.bucket, (s3.folder or "/").rstrip("/"))
            yield OwnStore(place, ("images", "s3"), f"the folder of the bucket `{s3.bucket}`")
        if self.images and self.images.swift:
            swift = self.images.swift
            place = (str(swift.auth_url), swift.project or "", swift.container)
            yield OwnStore(place, ("images", "swift"), f"the container `{swift.container}`")

    def _downloads(self) -> tuple[Download, ...]:
        scanner = self.values.get("trivy", {})
        named = {"dbRepository", "javaDBRepository"} <= set(scanner) or scanner.get("skipUpdate")
        if not self.trivy or self.proxy or named:
            return ()
        what = "the databases of Trivy, from mirror.gcr.io and ghcr.io"
        fix = (
            "Set `trivy: false`; or copy `ghcr.io/aquasecurity/trivy-db:2` and `trivy-java-db:1` "
            "into the mirror at least weekly, and name them in `values: {trivy: {dbRepository: "
            "[...], javaDBRepository: [...]}}`."
        )
        return (Download(what, ("trivy",), fix),)

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

    def _values(self, target: ClusterFacts, signed: bool) -> dict[str, Any]:
        # The chart makes budgets for parts that it does not run, and none of those ever passes.
        off = {
            "nginx": self.expose is not Exposure.LOAD_BALANCER,
            "trivy": not self.trivy,
            "exporter": not target.has("monitoring"),
        }
        parts: dict[str, Any] = {
            name: {
                "replicas": self.replicas,
                "podDisruptionBudget": {
                    "enabled": self.replicas > 1 and not off.get(name, False),
                    "minAvailable": 1,
                },
            }
            for name in COMPONENTS
        }
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
        return found

    def _environment(self) -> dict[str, Any]:
        """Values with what the kubelet fills in from Secrets."""
        found = self.valkey.environment() if self.valkey else {}
        core = [*found.pop("core", ()), *(self.oidc.environment() if self.oidc else ())]
        images = found.pop("registry", None)
        values: dict[str, Any] = {part: {"extraEnvVars": each} for part, each in found.items()}
        if core:
            values["core"] = {"extraEnvVars": core}
        if images:
            both = {"extraEnvVars": images}
            values["registry"] = {"registry": both, "controller": both}
        return values

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
