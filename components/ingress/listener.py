"""A listener of the shared Gateway: a host name, its certificate, and who may use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from components.fields import Count, Flag, LabelKey, LabelValue, Settings
from components.ingress.classes import NAMESPACE
from components.ingress.names import WILDCARD, Hostname, ObjectName
from components.mappings import Manifest
from components.placeholders import filled

HTTP_PORT = 80
HTTPS_PORT = 443


def admitted(labels: Mapping[str, str]) -> dict[str, Any]:
    """Namespaces with these labels, or all of them, as the Gateway API writes it."""
    if not labels:
        return {"from": "All"}
    return {"from": "Selector", "selector": {"matchLabels": dict(labels)}}


class Listener(Settings):
    """A host name that the shared Gateway serves over TLS."""

    hostname: Hostname
    """The name, `shop.example.com`, or all names one level below a domain: `*.example.com`.
    `{cluster}` is the cluster's name: one line serves a fleet with `*.{cluster}.example.com`."""
    port: Annotated[Count, Field(ge=1, le=65535)] = HTTPS_PORT
    """The port of the Gateway."""
    issuer: ObjectName | None = None
    """The issuer of `issuers` that makes its certificate."""
    certificate: ObjectName | None = None
    """A certificate of your own: a Secret of the type `kubernetes.io/tls` in `gateway`."""
    passthrough: Flag = False
    """Sends TLS on to the backend, which has the certificate; used by TLSRoutes."""
    namespaces: Annotated[dict[LabelKey, LabelValue], Field(max_length=20)] = Field(
        default_factory=dict
    )
    """Only namespaces with these labels may attach routes: a tenant's; empty for all."""

    @property
    def host(self) -> str:
        """The host name in a cluster."""
        return filled(self.hostname)

    @property
    def name(self) -> str:
        """Its name in the Gateway, of its certificate and of the Secret: `any.example.com`."""
        host = self.host.replace(WILDCARD, "any.")
        return host if self.port == HTTPS_PORT else f"{host}.{self.port}"

    def section(self, port: int) -> dict[str, Any]:
        """Its entry in the Gateway, which names this port."""
        if self.passthrough:
            tls: dict[str, Any] = {"mode": "Passthrough"}
        else:
            secret = {"kind": "Secret", "name": self.certificate or self.name}
            tls = {"mode": "Terminate", "certificateRefs": [secret]}
        return {
            "name": self.name,
            "hostname": self.host,
            "port": port,
            "protocol": "TLS" if self.passthrough else "HTTPS",
            "tls": tls,
            "allowedRoutes": {"namespaces": admitted(self.namespaces)},
        }

    def made_certificate(self) -> Manifest | None:
        """The Certificate that cert-manager issues; None if it does not."""
        if not self.issuer:
            return None
        return {
            "apiVersion": "cert-manager.io/v1",
            "kind": "Certificate",
            "metadata": {"name": self.name, "namespace": NAMESPACE},
            "spec": {
                "secretName": self.name,
                "dnsNames": [self.host],
                "issuerRef": {
                    "group": "cert-manager.io",
                    "kind": "ClusterIssuer",
                    "name": self.issuer,
                },
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            },
        }
