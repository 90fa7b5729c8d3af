"""The way into a workload cluster: its kubeconfig, which Cluster API keeps beside the Cluster."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.api import Api
from engine.session import Session
from errors import CaasError, Where
from errors.program import CLUSTER_NOT_FOUND, KUBECONFIG_NOT_READY
from stacks.private import write_private

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
