"""Authentication at the API server: OpenID Connect, and the paths without authentication."""

from __future__ import annotations

from typing import Any

from components.cluster.control_plane_settings import Authentication, OidcIssuer
from components.cluster.host_files import DIRECTORY, HostFile, secret_file, yaml_file

FILE = "authentication.yaml"
ANONYMOUS_PATHS = (
    # The probes of the static pods, of load balancers and of kubeadm.
    "/livez",
    "/readyz",
    "/healthz",
    # A joining machine finds the cluster's authority here, signed with its token.
    "/api/v1/namespaces/kube-public/configmaps/cluster-info",
)
_NO_SYSTEM_NAMES = (
    {
        "expression": "!user.username.startsWith('system:')",
        "message": "names that begin with system: belong to Kubernetes",
    },
    {
        "expression": "user.groups.all(group, !group.startsWith('system:'))",
        "message": "groups that begin with system: belong to Kubernetes",
    },
)


def configuration(settings: Authentication) -> dict[str, Any]:
    """The AuthenticationConfiguration; version v1 is served since Kubernetes 1.34."""
    paths = dict.fromkeys((*ANONYMOUS_PATHS, *settings.anonymous_paths))
    content: dict[str, Any] = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "anonymous": {"enabled": True, "conditions": [{"path": path} for path in paths]},
    }
    if settings.issuers:
        content["jwt"] = [_authenticator(issuer) for issuer in settings.issuers]
    return content


def _authenticator(issuer: OidcIssuer) -> dict[str, Any]:
    provider: dict[str, Any] = {"url": issuer.url, "audiences": list(issuer.audiences)}
    if len(issuer.audiences) > 1:
        provider["audienceMatchPolicy"] = "MatchAny"
    if issuer.discovery_url:
        provider["discoveryURL"] = issuer.discovery_url
    if issuer.certificate_authority:
        provider["certificateAuthority"] = issuer.certificate_authority
    mappings: dict[str, Any] = {
        "username": {"claim": issuer.username_claim, "prefix": issuer.username_prefix}
    }
    if issuer.groups_claim:
        mappings["groups"] = {"claim": issuer.groups_claim, "prefix": issuer.groups_prefix}
    return {
        "issuer": provider,
        "claimMappings": mappings,
        "claimValidationRules": [
            {"claim": claim, "requiredValue": value}
            for claim, value in issuer.required_claims.items()
        ],
        "userValidationRules": list(_NO_SYSTEM_NAMES),
    }


def files(settings: Authentication) -> list[HostFile]:
    """The configuration as a file, the user's own where a Secret has it."""
    if settings.secret:
        return [secret_file(FILE, settings.secret)]
    return [yaml_file(FILE, configuration(settings))]


def arguments() -> dict[str, str]:
    """The kube-apiserver flags that enable the audit log."""
    return {"authentication-config": f"{DIRECTORY}/{FILE}"}
