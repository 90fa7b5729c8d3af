"""Objects of paused clusters on one management cluster: taking them away, waking what stays."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from engine.api import NOT_FOUND, Api, RefusedError, describe
from errors import CaasError, Where
from errors.management import HANDOVER_FAILED, HANDOVER_PAUSED
from operations.management.graph import PAUSED, Graph, ObjectIdentity, discover, is_paused

DELETED_FOR_MOVE = "clusterctl.cluster.x-k8s.io/delete-for-move"
"""clusterctl's annotation of what it deletes on the source; webhooks know it."""
GONE_SECONDS = 120.0


def resume(api: Api, graph: Graph, skip: Collection[str] = ()) -> None:
    """Ends the pause of every ClusterClass, then of every Cluster that is not to be skipped.

    Clusters say so explicitly, as the program does, so that the next plan has nothing to change.
    """
    for each in graph.of("ClusterClass"):
        if is_paused(each):
            api.merge(each, {"metadata": {"annotations": {PAUSED: None}}})
    for each in graph.of("Cluster"):
        awake = each["spec"].get("paused") is False and not is_paused(each)
        if not awake and each["metadata"]["name"] not in skip:
            change: dict[str, Any] = {"metadata": {"annotations": {PAUSED: None}}}
            api.merge(each, change | {"spec": {"paused": False}})


def remove(api: Api, graph: Graph) -> None:
    """Takes objects of paused clusters out of a management cluster, and only out of that.

    What is owned goes before its owner, and without finalizers, so that no controller is asked to
    take a machine down. Cluster-scoped objects stay.

    Args:
        api: of the management cluster.
        graph: the objects.

    Raises:
        CaasError: CAAS-3042 a cluster is not paused; nothing was removed.
    """
    if awake := [each["metadata"]["name"] for each in graph.of("Cluster") if not is_paused(each)]:
        raise CaasError(
            HANDOVER_PAUSED,
            "Only objects of paused clusters may be removed",
            where=Where(cluster=", ".join(awake)),
        )
    for group in reversed(graph.groups):
        for node in group:
            if not node.shared:
                _remove(api, node.manifest)


def _remove(api: Api, manifest: dict[str, Any]) -> None:
    """Deletes one object, then takes its finalizers away.

    In this order: controllers add their finalizer even to what is paused, but can't to what is
    being deleted.
    """
    path, what = api.path(manifest), describe(manifest)
    try:
        api.merge(manifest, {"metadata": {"annotations": {DELETED_FOR_MOVE: ""}}})
        api.request("DELETE", path, what=what, propagationPolicy="Background")
        api.merge(manifest, {"metadata": {"finalizers": None}})
    except RefusedError as error:
        if error.status != NOT_FOUND:
            raise


def await_gone(api: Api, namespace: str) -> None:
    """Removes what is there of paused clusters, until nothing of it is left.

    Raises:
        CaasError: CAAS-3041 something does not go away; CAAS-3042 a cluster is not paused.
    """
    deadline = time.monotonic() + GONE_SECONDS
    while (graph := discover(api, namespace)).identities:
        if time.monotonic() > deadline:
            left = ", ".join(sorted(map(str, graph.identities))[:5])
            raise CaasError(HANDOVER_FAILED, "Copies can't be removed", why=f"still there: {left}")
        remove(api, graph)


def refuse_dying(graph: Graph) -> None:
    """Raises CAAS-3041 when something is being deleted: awake, Cluster API would go on with it."""
    dying = [
        str(ObjectIdentity.of(node.manifest))
        for node in graph.nodes
        if "deletionTimestamp" in node.manifest["metadata"]
    ]
    if dying:
        raise CaasError(
            HANDOVER_FAILED,
            "Objects are being deleted on the target; its clusters stay paused",
            why=", ".join(dying[:5]),
            fix="Find the client that deletes them; create them again with the clusters paused.",
        )
