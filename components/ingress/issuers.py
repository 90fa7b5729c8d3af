"""Issuers of certificates that a whole cluster may use: ACME, and certificate authorities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field

from components.addon import CERTIFICATES, GATEWAY_API, Addon, Download
from components.addon_settings import AddonSettings
from components.facts import ClusterFacts
from components.fields import Settings
from components.finding import Finding
from components.ingress.acme import Acme, cluster_issuer
from components.ingress.classes import HTTP, NAMESPACE, SHARED, serves_http
from components.ingress.names import ObjectName
from components.ingress.traefik import INGRESS_CLASS
from components.mappings import Manifest
from errors import ingress as codes

SECRETS_NAMESPACE = "cert-manager"
"""The namespace of Secrets of ClusterIssuers."""
PUBLIC_AUTHORITY = "letsencrypt.org"
"""The domain of the authority that issuers have where they name none."""
TEN_YEARS = "87600h"
LONGEST_COMMON_NAME = 64  # RFC 5280, ub-common-name


class CertificateAuthority(Settings):
    """A certificate authority of your own."""

    name: ObjectName
    """The name that listeners refer to."""
    secret: ObjectName | None = None
    """The Secret in `cert-manager` with its certificate and key, of the type `kubernetes.io/tls`;
    without it each cluster creates its own root CA, which clients must be configured to trust."""

    def manifests(self) -> tuple[Manifest, ...]:
        """The issuer, after its root CA if the settings have none."""
        if self.secret:
            return (cluster_issuer(self.name, {"ca": {"secretName": self.secret}}),)
        root = f"{self.name}-root"
        certificate = {
            "apiVersion": "cert-manager.io/v1",
            "kind": "Certificate",
            "metadata": {"name": root, "namespace": SECRETS_NAMESPACE},
            "spec": {
                "isCA": True,
                "commonName": self.name[:LONGEST_COMMON_NAME],
                "secretName": root,
                "duration": TEN_YEARS,
                # A root that is renewed keeps its key, and with it the trust of callers.
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Never"},
                "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": root},
            },
        }
        issuer = cluster_issuer(self.name, {"ca": {"secretName": root}})
        return (cluster_issuer(root, {"selfSigned": {}}), certificate, issuer)


class IssuersSettings(AddonSettings):
    """Issuers that every namespace may use: ClusterIssuers of cert-manager."""

    TITLE: ClassVar = "Issuers"
    SUMMARY: ClassVar = "Certificate issuers: ACME, or your own certificate authorities."
    EXAMPLE: ClassVar = {"ca": [{"name": "internal"}]}

    acme: Annotated[tuple[Acme, ...], Field(max_length=20)] = ()
    """Authorities that require a proof of the host name, such as Let's Encrypt."""
    ca: Annotated[tuple[CertificateAuthority, ...], Field(max_length=20)] = ()
    """Certificate authorities of your own."""

    def named(self) -> dict[str, Acme | CertificateAuthority]:
        """Each issuer by its name."""
        issuers: list[Acme | CertificateAuthority] = [*self.acme, *self.ca]
        return {each.name: each for each in issuers}

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """ISSUER_TWICE, ISSUER_WITHOUT_SOLVER, HTTP01_UNREACHABLE, and the rules of solvers."""
        yield from self._names()
        http01 = _http01(target)
        for index, issuer in enumerate(self.acme):
            path = ("acme", index)
            if not issuer.http01 and not issuer.dns01:
                what = f"the issuer `{issuer.name}` has neither `http01` nor `dns01`"
                yield Finding(codes.ISSUER_WITHOUT_SOLVER, path, what)
            if issuer.http01 and not http01:
                what = f"the issuer `{issuer.name}` uses HTTP01"
                why = f"`{target.name}` serves no plain HTTP on port 80"
                yield Finding(codes.HTTP01_UNREACHABLE, (*path, "http01"), what, why)
            for number, each in enumerate(issuer.dns01):
                for finding in each.check(target.infrastructure.IDENTITY_OF_PODS):
                    yield finding.below(*path, "dns01", number)

    def addon(self, target: ClusterFacts) -> Addon:
        """No chart: objects of cert-manager's. Their Secrets are in its namespace."""
        http01 = _http01(target) or {}
        acme = [each.manifest(http01) for each in self.acme]
        own = [manifest for each in self.ca for manifest in each.manifests()]
        secrets = {secret for each in self.acme for secret in each.secrets()}
        secrets |= {each.secret for each in self.ca if each.secret}
        return Addon(
            "issuers",
            objects=(*acme, *own),
            secrets=tuple(sorted(secrets)),
            needs=(CERTIFICATES, *((GATEWAY_API,) if "gatewayHTTPRoute" in http01 else ())),
            ready=tuple(f"ClusterIssuer {name}" for name in self.named()),
            downloads=tuple(self._downloads()),
        )

    def _downloads(self) -> Iterator[Download]:
        for index, each in enumerate(self.acme):
            host = urlsplit(each.server).hostname or ""
            if host.endswith(PUBLIC_AUTHORITY):
                what = f"certificates of the issuer `{each.name}`, from {host}"
                fix = "Name an authority that clusters reach in `server`, or use `ca`."
                yield Download(what, ("acme", index), fix)

    def _names(self) -> Iterator[Finding]:
        places = [(("acme", index), each.name) for index, each in enumerate(self.acme)]
        for index, each in enumerate(self.ca):
            places.append((("ca", index), each.name))
            if not each.secret:
                places.append((("ca", index), f"{each.name}-root"))
        counts = Counter(name for _, name in places)
        told = set[str]()
        for path, name in places:
            if counts[name] > 1 and name in told:
                what = f"the name `{name}` is that of another issuer"
                yield Finding(codes.ISSUER_TWICE, (*path, "name"), what)
            told.add(name)


def _http01(target: ClusterFacts) -> dict[str, Any] | None:
    """The HTTP01 solver of a cluster; None if challenges cannot be served."""
    if serves_http(target):
        parent = {"kind": "Gateway", "name": SHARED, "namespace": NAMESPACE, "sectionName": HTTP}
        return {"gatewayHTTPRoute": {"parentRefs": [parent]}}
    if target.has("traefik"):
        return {"ingress": {"ingressClassName": INGRESS_CLASS}}
    return None
