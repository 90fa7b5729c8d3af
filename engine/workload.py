"""The way into a workload cluster: its kubeconfig, which Cluster API keeps beside the Cluster."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from components.cluster.control_plane_settings import OidcIssuer
from engine.api import Api
from engine.session import Session
from errors import CaasError, Where
from errors.program import CLUSTER_NOT_FOUND, KUBECONFIG_NOT_READY
from errors.tenants import CLUSTER_WITHOUT_ISSUER
from stacks.private import write_private

INSTALL = "Install the plug-in kubelogin: `kubectl krew install oidc-login`."
SOON = 5.0
"""Seconds that a request to one of many clusters may take."""


def kubeconfig_of(session: Session, cluster: str) -> str:
    """The kubeconfig of a cluster, with an administrator's client certificate.

    Raises:
        CaasError: CLUSTER_NOT_FOUND, KUBECONFIG_NOT_READY.
    """
    states = {state.name: state for state in session.fleet().states()}
    if cluster not in states:
        raise CaasError(
            CLUSTER_NOT_FOUND,
            f"The stack `{session.stack}` has no cluster `{cluster}`",
            fix=f"One of: {', '.join(sorted(states)) or 'none yet; run ./caas up'}.",
        )
    return stored_kubeconfig(session.api, states[cluster].namespace, cluster)


def stored_kubeconfig(api: Api, namespace: str, cluster: str) -> str:
    """The kubeconfig in the Secret of a cluster. Raises KUBECONFIG_NOT_READY."""
    secret = api.get(f"/api/v1/namespaces/{namespace}/secrets/{cluster}-kubeconfig")
    if secret is None:
        raise CaasError(
            KUBECONFIG_NOT_READY,
            f"The cluster `{cluster}` has no kubeconfig yet",
            where=Where(cluster=cluster),
        )
    return base64.b64decode(secret["data"]["value"]).decode()


def oidc_kubeconfig_of(session: Session, cluster: str) -> str:
    """The kubeconfig of a cluster without a credential: people log in at its OpenID Connect issuer.

    With several issuers it is the first one, with the first of its audiences as the client.

    Raises:
        CaasError: CLUSTER_WITHOUT_ISSUER, and those of `kubeconfig_of`.
    """
    issuers = {
        each.name: each.control_plane.authentication.issuers
        for each in session.settings.all_clusters
    }
    if not issuers.get(cluster):
        able = ", ".join(f"`{name}`" for name, found in issuers.items() if found)
        raise CaasError(
            CLUSTER_WITHOUT_ISSUER,
            f"The stack file gives `{cluster}` no issuer",
            where=Where(file=str(session.file)),
            why=f"these have one: {able}" if able else "",
        )
    return without_credentials(kubeconfig_of(session, cluster), issuers[cluster][0])


def without_credentials(kubeconfig: str, issuer: OidcIssuer) -> str:
    """A kubeconfig with the same server, whose user logs in by `kubectl oidc-login`."""
    known = yaml.safe_load(kubeconfig)
    current = next(each for each in known["contexts"] if each["name"] == known["current-context"])
    cluster = current["context"]["cluster"]
    arguments = [
        "oidc-login",
        "get-token",
        f"--oidc-issuer-url={issuer.url}",
        f"--oidc-client-id={issuer.audiences[0]}",
    ]
    if issuer.certificate_authority:
        authority = base64.b64encode(issuer.certificate_authority.encode()).decode()
        arguments.append(f"--certificate-authority-data={authority}")
    login = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "kubectl",
        "args": arguments,
        "interactiveMode": "IfAvailable",
        "provideClusterInfo": False,
        "installHint": INSTALL,
    }
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [each for each in known["clusters"] if each["name"] == cluster],
            "users": [{"name": "oidc", "user": {"exec": login}}],
            "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": "oidc"}}],
            "current-context": cluster,
        },
        sort_keys=False,
    )


@contextmanager
def workload_api(session: Session, cluster: str) -> Iterator[Api]:
    """The API server of a cluster; the kubeconfig is in a private file meanwhile."""
    with _opened(kubeconfig_of(session, cluster), cluster) as api:
        yield api


@contextmanager
def quick_api(management: Api, namespace: str, cluster: str) -> Iterator[Api]:
    """The same where many clusters are looked at: one that does not answer soon is left alone.

    Args:
        management: the API server of the management cluster.
        namespace: of the Cluster object.
        cluster: its name.
    """
    text = stored_kubeconfig(management, namespace, cluster)
    with _opened(text, cluster, timeout=SOON, once=True) as api:
        yield api


@contextmanager
def _opened(kubeconfig: str, cluster: str, **options: Any) -> Iterator[Api]:
    with tempfile.TemporaryDirectory(prefix="caas-workload-") as made:  # mode 0700
        file = Path(made) / "kubeconfig"
        write_private(file, kubeconfig)
        advice = f"Check that the API of the cluster `{cluster}` is reached from here."
        yield Api(file, advice=advice, **options)
