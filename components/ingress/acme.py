"""ACME issuers: a certificate authority that asks for proof of a host name, and the proofs."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from pydantic import Field

from components.fields import Domain, Flag, Settings
from components.ingress.dns01 import Dns01
from components.ingress.names import WILDCARD, ObjectName
from components.mappings import Manifest

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"


class ExternalAccount(Settings):
    """An account that exists at the certificate authority."""

    key_id: Annotated[str, Field(min_length=1, max_length=256)]
    """The name of its key."""
    secret: ObjectName
    """The Secret in `cert-manager` with the key, below `secret`."""


class Acme(Settings):
    """An issuer that proves host names to a certificate authority."""

    name: ObjectName
    """The name that listeners refer to."""
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]
    """The address for notices about expiring certificates."""
    server: Annotated[str, Field(pattern=r"^https://\S+$", max_length=1024)] = LETS_ENCRYPT
    """The authority's directory; Let's Encrypt's. Try with its staging directory: it has limits."""
    ca_bundle: Annotated[str, Field(max_length=65536)] = ""
    """Certificates, in PEM, to trust an authority of your own by."""
    external_account: ExternalAccount | None = None
    """For authorities that require one."""
    http01: Flag = False
    """Proves by a page below the host name, on port 80; for names without a wildcard."""
    dns01: Annotated[tuple[Dns01, ...], Field(max_length=50)] = ()
    """Proves by a record in the zone of the host name."""

    def proves(self, hostname: str) -> bool:
        """True if one of its solvers can validate a host name."""
        plain = hostname.removeprefix(WILDCARD)
        if self.http01 and plain == hostname:
            return True
        return any(not each.zones or _within(plain, each.zones) for each in self.dns01)

    def secrets(self) -> tuple[str, ...]:
        """The names of the Secrets that it refers to."""
        own = (self.external_account.secret,) if self.external_account else ()
        return (*own, *(each.secret for each in self.dns01 if each.secret))

    def manifest(self, http01: dict[str, Any]) -> Manifest:
        """The issuer.

        Args:
            http01: how answers of HTTP01 challenges are served, as a solver has it.
        """
        solvers = [each.solver() for each in self.dns01]
        if self.http01:
            solvers.append({"http01": http01})
        acme: dict[str, Any] = {
            "email": self.email,
            "server": self.server,
            "privateKeySecretRef": {"name": f"{self.name}-account"},
            "solvers": solvers,
        }
        if self.ca_bundle:
            acme["caBundle"] = base64.b64encode(self.ca_bundle.encode()).decode()
        if self.external_account:
            key = {"name": self.external_account.secret, "key": "secret"}
            acme["externalAccountBinding"] = {
                "keyID": self.external_account.key_id,
                "keySecretRef": key,
            }
        return cluster_issuer(self.name, {"acme": acme})


def cluster_issuer(name: str, spec: dict[str, Any]) -> Manifest:
    """A ClusterIssuer."""
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "ClusterIssuer",
        "metadata": {"name": name},
        "spec": spec,
    }


def _within(hostname: str, zones: tuple[Domain, ...]) -> bool:
    return any(hostname == zone or hostname.endswith(f".{zone}") for zone in zones)
