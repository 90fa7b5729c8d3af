"""The table: what is seen on which kind of object means which code.

Of an object's rows the first that fits counts, so deeper causes come before their consequences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from embedded.diagnosis.signs import (
    Sign,
    Subject,
    condition,
    expires_within,
    kept_by_finalizers,
    since_created,
    since_last_machine,
)
from errors import Code, runtime

CERTIFICATE_DAYS = 30
"""kubeadm's certificates last 365 days; Cluster API's books advise to replace 21 or more before."""

INFRASTRUCTURE = "spec.infrastructureRef"
BOOTSTRAP = "spec.bootstrap.configRef"
NODE = "status.nodeRef"

ANYTHING = ""
CONTROL_PLANE = "KubeadmControlPlane"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        kind: of the object; empty for every kind.
        sign: what is seen.
        code: what it means.
        what: the sentence about it; `{object}`, `{cluster}`.
        only: a further test.
        grace: it is progress, not a problem, until it is older than the patience.
        symptom: what explains it: something found below the object (`ANYTHING`), or only what is
            found below one kind of object there; None when it is always told.
        aside: it is told beside what the object's other rows say, and explains nothing.
        leads_to: the reference that the chain ends with.
    """

    kind: str
    sign: Sign
    code: Code
    what: str
    only: Callable[[Subject], bool] = lambda subject: True
    grace: bool = False
    symptom: str | None = None
    aside: bool = False
    leads_to: str = ""


def _staying(subject: Subject) -> bool:
    return not subject.is_deleting


def _may_bootstrap(subject: Subject) -> bool:
    """Whether the machine waits for more than the control plane."""
    message = subject.conditions["BootstrapConfigReady"].get("message", "")
    return _staying(subject) and "Waiting for Cluster control plane" not in message


def _waits_for_infrastructure(subject: Subject) -> bool:
    return (
        _staying(subject)
        and subject.initialization("bootstrapDataSecretCreated")
        and not subject.initialization("infrastructureProvisioned")
    )


def _provisioned(subject: Subject) -> bool:
    return _staying(subject) and subject.initialization("infrastructureProvisioned")


def _is_remediated(subject: Subject) -> bool:
    return subject.conditions.get("OwnerRemediated", {}).get("reason") == "MachineDeleting"


def _answered_once(subject: Subject) -> bool:
    return _staying(subject) and subject.initialization("controlPlaneInitialized")


def _paused_alone(subject: Subject) -> bool:
    return subject.manifest["kind"] != "Cluster" and not subject.cluster.get("spec", {}).get(
        "paused"
    )


CLUSTER = (
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
        condition("TopologyReconciled", "False", "ReconcileFailed"),
        runtime.TOPOLOGY_FAILED,
        "What {cluster} is made of can't be worked out or applied",
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

OWNERS = (
    Row(
        CONTROL_PLANE,
        condition("Initialized", "False"),
        runtime.CONTROL_PLANE_NOT_INITIALIZED,
        "The API server of {cluster} has not answered yet",
        only=_staying,
        grace=True,
        symptom=ANYTHING,
    ),
    *(
        Row(
            kind,
            condition(scaling, "True", message="is blocked because"),
            runtime.SCALING_BLOCKED,
            "{object} can't change its number of machines",
            only=_staying,
            grace=True,
            symptom=symptom,
        )
        for kind, symptom in ((CONTROL_PLANE, ANYTHING), ("MachineSet", None))
        for scaling in ("ScalingUp", "ScalingDown")
    ),
    Row(
        "MachineHealthCheck",
        condition("RemediationAllowed", "False", "TooManyUnhealthy"),
        runtime.REMEDIATION_BLOCKED,
        "{object} replaces nothing: too many machines are unhealthy",
        grace=True,
        aside=True,
    ),
)

MACHINE = (
    Row(
        "Machine",
        expires_within(CERTIFICATE_DAYS),
        runtime.CERTIFICATES_EXPIRE,
        "The certificates of {object} expire soon",
        only=_staying,
        aside=True,
    ),
    Row(
        "Machine",
        condition("OwnerRemediated", "False", "CannotBeRemediated|RemediationDeferred"),
        runtime.REMEDIATION_DEFERRED,
        "{object} is unhealthy and its owner does not replace it",
        only=_staying,
        aside=True,
    ),
    Row(
        "Machine",
        condition("InfrastructureReady", "False", "ObjectDeleted|ObjectDoesNotExist"),
        runtime.INFRASTRUCTURE_DELETED,
        "The infrastructure of {object} was deleted under it",
        only=_staying,
        leads_to=INFRASTRUCTURE,
    ),
    Row(
        "Machine",
        condition("Deleting", "True"),
        runtime.REMEDIATION_UNDER_WAY,
        "{object} is unhealthy and is being replaced",
        only=_is_remediated,
        grace=True,
        symptom=ANYTHING,
    ),
    Row(
        "Machine",
        condition("Deleting", "True"),
        runtime.DELETION_STUCK,
        "{object} is being deleted",
        grace=True,
        symptom=ANYTHING,
    ),
    Row(
        "Machine",
        condition("BootstrapConfigReady", "False"),
        runtime.MACHINE_WAITS_FOR_BOOTSTRAP,
        "{object} waits for its bootstrap data",
        only=_may_bootstrap,
        grace=True,
        leads_to=BOOTSTRAP,
    ),
    Row(
        "Machine",
        condition("InfrastructureReady", "False"),
        runtime.MACHINE_WAITS_FOR_INFRASTRUCTURE,
        "{object} waits for its infrastructure",
        only=_waits_for_infrastructure,
        grace=True,
        leads_to=INFRASTRUCTURE,
    ),
    Row(
        "Machine",
        condition("HealthCheckSucceeded", "False", "NodeStartupTimeout"),
        runtime.NODE_NEVER_JOINED,
        "The node of {object} did not join in time",
        only=_provisioned,
        leads_to=INFRASTRUCTURE,
    ),
    Row(
        "Machine",
        condition("NodeHealthy", "Unknown", "InspectionFailed", "Waiting for a Node with"),
        runtime.NODE_NEVER_JOINED,
        "The node of {object} has not joined yet",
        only=_provisioned,
        grace=True,
        leads_to=INFRASTRUCTURE,
    ),
    Row(
        "Machine",
        condition("HealthCheckSucceeded", "False", "UnhealthyNode|UnhealthyMachine|NodeDeleted"),
        runtime.NODE_NOT_HEALTHY,
        "{object} failed its health check",
        only=_staying,
        leads_to=NODE,
    ),
    Row(
        "Machine",
        since_created(
            condition("NodeHealthy", "False|Unknown", "Node(NotHealthy|HealthyUnknown|Deleted)")
        ),
        runtime.NODE_NOT_HEALTHY,
        "The node of {object} is not healthy",
        only=_staying,
        grace=True,
        leads_to=NODE,
    ),
)

EVERY_KIND = (
    Row(
        "",
        condition("Paused", "True"),
        runtime.PAUSED,
        "{object} is paused: nothing reconciles it",
        only=_paused_alone,
        aside=True,
    ),
    Row(
        "",
        kept_by_finalizers,
        runtime.DELETION_STUCK,
        "{object} is being deleted",
        grace=True,
        symptom=ANYTHING,
    ),
)

TABLE = (*CLUSTER, *OWNERS, *MACHINE, *EVERY_KIND)
