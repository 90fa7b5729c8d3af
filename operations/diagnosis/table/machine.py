"""Signs of a Machine."""

from __future__ import annotations

from errors import cluster_failures, runtime
from operations.diagnosis.row import ANYTHING, BOOTSTRAP, INFRASTRUCTURE, NODE, Row, staying
from operations.diagnosis.signs import (
    ObservedObject,
    condition,
    expired,
    expires_within,
    since_created,
)
from operations.diagnosis.table import control_plane

CERTIFICATE_DAYS = 30
"""kubeadm's certificates last 365 days; Cluster API's books advise to replace 21 or more before."""


def _may_bootstrap(subject: ObservedObject) -> bool:
    """True if the machine waits for more than its cluster."""
    message = subject.conditions["BootstrapConfigReady"].get("message", "")
    return staying(subject) and "Waiting for Cluster " not in message


def _waits_for_infrastructure(subject: ObservedObject) -> bool:
    return (
        staying(subject)
        and subject.initialization("bootstrapDataSecretCreated")
        and not subject.initialization("infrastructureProvisioned")
    )


def _provisioned(subject: ObservedObject) -> bool:
    return staying(subject) and subject.initialization("infrastructureProvisioned")


FIRST = (
    Row(
        "Machine",
        expires_within(CERTIFICATE_DAYS),
        runtime.CERTIFICATES_EXPIRE,
        "The certificates of {object} expire soon",
        only=staying,
        aside=True,
    ),
    Row(
        "Machine",
        condition("OwnerRemediated", "False", "CannotBeRemediated|RemediationDeferred"),
        runtime.REMEDIATION_DEFERRED,
        "{object} is unhealthy and its owner does not replace it",
        only=staying,
        aside=True,
    ),
    Row(
        "Machine",
        condition("InfrastructureReady", "False", "ObjectDeleted|ObjectDoesNotExist"),
        runtime.INFRASTRUCTURE_DELETED,
        "The infrastructure of {object} was deleted unexpectedly",
        only=staying,
        leads_to=INFRASTRUCTURE,
    ),
)

ROWS = (
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
        symptom=ANYTHING,
        leads_to=INFRASTRUCTURE,
    ),
    Row(
        "Machine",
        expired,
        cluster_failures.CERTIFICATES_EXPIRED,
        "The certificates of {object} have expired",
        only=staying,
    ),
    *control_plane.MACHINE,
    Row(
        "Machine",
        condition("HealthCheckSucceeded", "False", "NodeStartupTimeout"),
        runtime.NODE_NEVER_JOINED,
        "The node of {object} did not join in time",
        only=_provisioned,
        symptom=ANYTHING,
        leads_to=INFRASTRUCTURE,
    ),
    Row(
        "Machine",
        condition("NodeHealthy", "Unknown", "InspectionFailed", "Waiting for a Node with"),
        runtime.NODE_NEVER_JOINED,
        "The node of {object} has not joined yet",
        only=_provisioned,
        grace=True,
        symptom=ANYTHING,
        leads_to=INFRASTRUCTURE,
    ),
    Row(
        "Machine",
        condition("HealthCheckSucceeded", "False", "UnhealthyNode|UnhealthyMachine|NodeDeleted"),
        runtime.NODE_NOT_HEALTHY,
        "{object} failed its health check",
        only=staying,
        symptom=ANYTHING,
        leads_to=NODE,
    ),
    Row(
        "Machine",
        since_created(
            condition("NodeHealthy", "False|Unknown", "Node(NotHealthy|HealthyUnknown|Deleted)")
        ),
        runtime.NODE_NOT_HEALTHY,
        "The node of {object} is not healthy",
        only=staying,
        grace=True,
        symptom=ANYTHING,
        leads_to=NODE,
    ),
)
