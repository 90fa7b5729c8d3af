"""Objects beside Harbor's chart: certificates that last, and walls around its database.

The chart makes the key of its tokens and the certificates of its parts anew at every change of the
release, for a year; cert-manager keeps and renews them. Its own database and cache have a password
that is public in the chart, so only Harbor's pods may reach them.
"""

from __future__ import annotations

from typing import Any

from components.mappings import Manifest

NAMESPACE = "harbor"
TOKEN_KEY = "harbor-token"  # noqa: S105 - the name of a Secret
CA = "harbor-internal-ca"
PARTS = ("core", "jobservice", "registry", "portal", "trivy")
_CERTIFICATES = "cert-manager.io/v1"
_PODS = {"app": "harbor", "release": "harbor"}
_TEN_YEARS, _YEAR = "87600h0m0s", "8760h0m0s"


def policies(*, database: bool, valkey: bool) -> list[Manifest]:
    """The policies of the chart's database and cache: only Harbor's pods may connect."""
    ports = {"database": 5432, "redis": 6379}
    wanted = {"database": database, "redis": valkey}
    return [_policy(name, ports[name]) for name, there in wanted.items() if there]


def _policy(component: str, port: int) -> Manifest:
    ours = {"podSelector": {"matchLabels": _PODS}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"harbor-{component}", "namespace": NAMESPACE},
        "spec": {
            "podSelector": {"matchLabels": _PODS | {"component": component}},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [ours], "ports": [{"port": port, "protocol": "TCP"}]}],
        },
    }


def token_key() -> list[Manifest]:
    """The key that signs the tokens of clients, in the Secret `harbor-token`."""
    issuer = _issuer("harbor-self-signed", {"selfSigned": {}})
    key = {"algorithm": "RSA", "size": 4096, "encoding": "PKCS1", "rotationPolicy": "Never"}
    token = _certificate(
        TOKEN_KEY,
        "harbor-self-signed",
        {"commonName": TOKEN_KEY, "duration": _TEN_YEARS, "privateKey": key},
    )
    return [issuer, token]


def internal_tls(*, enabled: bool) -> dict[str, Any]:
    """The chart's `internalTLS`: a Secret for each part."""
    if not enabled:
        return {"enabled": False}
    secrets = {part: {"secretName": _internal(part)} for part in PARTS}
    return {"enabled": True, "certSource": "secret"} | secrets


def internal_certificates() -> list[Manifest]:
    """A CA of Harbor's own, and a certificate for each part."""
    authority = {
        "isCA": True,
        "commonName": CA,
        "duration": _TEN_YEARS,
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Never"},
    }
    leaves = [
        _certificate(
            _internal(part),
            CA,
            {
                "dnsNames": [f"harbor-{part}", *(["localhost"] if part == "core" else [])],
                "duration": _YEAR,
                "privateKey": {"algorithm": "RSA", "size": 2048, "encoding": "PKCS1"},
            }
            | ({"ipAddresses": ["127.0.0.1"]} if part == "core" else {}),
        )
        for part in PARTS
    ]
    return [
        _issuer(f"{CA}-root", {"selfSigned": {}}),
        _certificate(CA, f"{CA}-root", authority),
        _issuer(CA, {"ca": {"secretName": CA}}),
        *leaves,
    ]


def _internal(part: str) -> str:
    return f"harbor-{part}-internal"


def _issuer(name: str, spec: dict[str, Any]) -> Manifest:
    return {
        "apiVersion": _CERTIFICATES,
        "kind": "Issuer",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    }


def _certificate(name: str, issuer: str, spec: dict[str, Any]) -> Manifest:
    return {
        "apiVersion": _CERTIFICATES,
        "kind": "Certificate",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"secretName": name, "issuerRef": {"kind": "Issuer", "name": issuer}} | spec,
    }
