"""Signs of objects that are being deleted or paused."""

from __future__ import annotations

from errors import cluster_failures, runtime
from operations.diagnosis import row
from operations.diagnosis.row import ANYTHING, Row
from operations.diagnosis.signs import (
    ObservedObject,
    condition,
    kept_by_finalizers,
    kept_by_strangers,
)


def _is_remediated(subject: ObservedObject) -> bool:
    return subject.conditions.get("OwnerRemediated", {}).get("reason") == "MachineDeleting"


def _paused_alone(subject: ObservedObject) -> bool:
    return subject.manifest["kind"] != "Cluster" and not subject.cluster.get("spec", {}).get(
        "paused"
    )


MACHINE = (
    Row(
        "Machine",
        condition("Deleting", "True", "DrainingNode", "the pod's disruption budget"),
        cluster_failures.DRAIN_BLOCKED_BY_BUDGET,
        "A PodDisruptionBudget keeps {object} from being drained",
        grace=True,
    ),
    Row(
        "Machine",
        condition("Deleting", "True", "DrainingNode"),
        cluster_failures.DRAIN_STUCK,
        "{object} is being drained",
        grace=True,
    ),
    Row(
        "Machine",
        condition("Deleting", "True", "WaitingForVolumeDetach"),
        cluster_failures.VOLUMES_NOT_DETACHED,
        "{object} waits until its volumes are detached",
        grace=True,
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
        condition("Deleting", "True", "WaitingForPre(Drain|Terminate)Hook"),
        cluster_failures.DELETION_HOOK_HELD,
        "{object} is being deleted, and a hook is on it",
        grace=True,
    ),
    Row(
        "Machine",
        condition("Deleting", "True"),
        runtime.DELETION_STUCK,
        "{object} is being deleted",
        grace=True,
        symptom=ANYTHING,
    ),
)

EVERY_KIND = (
    Row(
        row.EVERY_KIND,
        condition("Paused", "True"),
        runtime.PAUSED,
        "{object} is paused: nothing reconciles it",
        only=_paused_alone,
        aside=True,
    ),
    Row(
        row.EVERY_KIND,
        kept_by_strangers,
        cluster_failures.FOREIGN_FINALIZER,
        "{object} is being deleted, and a finalizer keeps it",
        grace=True,
    ),
    Row(
        row.EVERY_KIND,
        kept_by_finalizers,
        runtime.DELETION_STUCK,
        "{object} is being deleted",
        grace=True,
        symptom=ANYTHING,
    ),
)
