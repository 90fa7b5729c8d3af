"""The settings that cannot change on the control plane of a running cluster."""

from __future__ import annotations

from typing import Any

from components.cluster_object import ENCRYPTION, ETCD, SKIP_PHASES, DeclaredCluster
from errors import NOWHERE, CaasError, Where
from errors.control_plane import ENCRYPTION_SWITCHED_OFF, ETCD_MOVED
from errors.network import KUBE_PROXY_CHANGED


def check_control_plane(
    live: DeclaredCluster, wanted: DeclaredCluster, *, cluster: str, where: Where = NOWHERE
) -> None:
    """Refuses what would leave a cluster without its data, or its Services without a way.

    Args:
        live: the Cluster object that is there.
        wanted: the Cluster object of the stack file.
        cluster: its name, for the message.
        where: the place of the control plane in the stack file.

    Raises:
        CaasError: ENCRYPTION_SWITCHED_OFF, ETCD_MOVED or KUBE_PROXY_CHANGED.
    """
    before, after = live.variables, wanted.variables
    if after.get(ENCRYPTION) == "" != before.get(ENCRYPTION):
        what = f"the Secrets of the cluster `{cluster}` are encrypted, and would be lost"
        raise CaasError(ENCRYPTION_SWITCHED_OFF, what, where=where)
    if _is_external(before) != _is_external(after):
        what = f"the cluster `{cluster}` cannot leave its etcd"
        raise CaasError(ETCD_MOVED, what, where=where)
    if before.get(SKIP_PHASES) != after.get(SKIP_PHASES):
        there = "has no" if before.get(SKIP_PHASES) else "has"
        what = f"the cluster `{cluster}` was made otherwise: it {there} kube-proxy"
        raise CaasError(KUBE_PROXY_CHANGED, what, where=where)


def _is_external(variables: dict[str, Any]) -> bool:
    return "external" in variables.get(ETCD, {})
