"""Signs of a Cluster."""

from __future__ import annotations

from errors import cluster_failures, runtime
from operations.diagnosis.row import ANYTHING, CONTROL_PLANE, Row, staying
from operations.diagnosis.signs import ObservedObject, condition, since_last_machine

REFUSAL = r"denied (the )?request|: FieldValue[A-Z]\w+: "
"""A webhook's or a policy's; the topology controller takes those for fields apart."""


def _answered_once(subject: ObservedObject) -> bool:
    return staying(subject) and subject.initialization("controlPlaneInitialized")


ROWS = (
    Row(
        "Cluster",
        condition("Paused", "True"),
        runtime.PAUSED,
        "The cluster {cluster} is paused: nothing reconciles it",
        aside=True,
    ),
    Row(
        "Cluster",
        condition("TopologyReconciled", "False", message="upgrade .* deferred using"),
        runtime.UPGRADE_HELD,
        "A pool of {cluster} does not take part in the upgrade",
        aside=True,
    ),
    Row(
        "Cluster",
        condition("TopologyReconciled", "False", "ReconcileFailed", "ClusterClass .* not found"),
        runtime.CLUSTER_CLASS_MISSING,
        "The ClusterClass of {cluster} does not exist",
    ),
    Row(
        "Cluster",
        condition(
            "TopologyReconciled",
            "False",
            "ReconcileFailed|ClusterClassNotReconciled",
            "ClusterClass is not successfully reconciled|ClusterClass not reconciled",
        ),
        runtime.CLUSTER_CLASS_NOT_RECONCILED,
        "The ClusterClass of {cluster} is not usable",
        grace=True,
    ),
    Row(
        "Cluster",
        condition("TopologyReconciled", "False", message=REFUSAL),
        cluster_failures.WEBHOOK_REFUSED,
        "A webhook rejects an object of {cluster}",
    ),
    Row(
        "Cluster",
        condition("TopologyReconciled", "False", message="failed calling webhook"),
        cluster_failures.WEBHOOK_UNREACHABLE,
        "A webhook that {cluster} needs does not answer",
    ),
    Row(
        "Cluster",
        condition("TopologyReconciled", "False", message="Following hooks are blocking"),
        cluster_failures.LIFECYCLE_HOOK_BLOCKS,
        "A runtime extension holds {cluster} back",
        grace=True,
    ),
    Row(
        "Cluster",
        condition("TopologyReconciled", "False", "ReconcileFailed"),
        runtime.TOPOLOGY_FAILED,
        "The objects of {cluster} can't be computed or applied",
    ),
    Row(
        "Cluster",
        condition("RemoteConnectionProbe", "False", "ProbeFailed"),
        runtime.WORKLOAD_UNREACHABLE,
        "The API server of {cluster} can't be reached",
        only=_answered_once,
        symptom=CONTROL_PLANE,
    ),
    Row(
        "Cluster",
        condition("Deleting", "True"),
        runtime.DELETION_STUCK,
        "The cluster {cluster} is being deleted",
        grace=True,
        symptom=ANYTHING,
    ),
    *(
        Row(
            "Cluster",
            since_last_machine(condition(busy, "True")),
            runtime.CHANGE_UNFINISHED,
            "A change of {cluster} is under way",
            grace=True,
            symptom=ANYTHING,
        )
        for busy in ("RollingOut", "ScalingUp", "ScalingDown")
    ),
    Row(
        "Cluster",
        condition("Available", "False|Unknown"),
        runtime.CLUSTER_NOT_AVAILABLE,
        "The cluster {cluster} is not available",
        grace=True,
        symptom=ANYTHING,
    ),
)
