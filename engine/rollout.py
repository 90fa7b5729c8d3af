"""Rollouts: whether the machines there are were made from the current template.

Counts alone can't tell. Cluster API counts Machines whose `UpToDate` condition is True, and writes
that condition some seconds after the template has changed; until then every count is that of the
machines from before. So a pool has rolled out when one MachineSet has the template of its
MachineDeployment and holds every replica (`MachineTemplateUpToDate` in
core/reconcilers/machinedeployment/mdutil/util.go of Cluster API).

A KubeadmControlPlane has no such set. Its controller writes the `UpToDate` condition of every
Machine from the spec that it read, and then the generation that it observed (`Reconcile` and
`reconcileControlPlaneAndMachinesConditions` in controlplane/kubeadm of Cluster API), so once the
generation is observed the conditions of its Machines tell. Two of its early ends write the
generation without the conditions; the version of a Machine does not depend on them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from components.mappings import Manifest

CONTROL_PLANE_ROLE = "cluster.x-k8s.io/control-plane"
"""The label of a Machine of a control plane."""
MADE_FROM = ("version", "failureDomain", "bootstrap", "infrastructureRef")
"""Fields of a Machine whose change replaces it; the others change in place."""


def pool_rolled_out(
    deployment: Manifest, sets: Iterable[Manifest], now: datetime | None = None
) -> bool:
    """True if a MachineSet with the MachineDeployment's template holds every replica.

    Args:
        deployment: the MachineDeployment.
        sets: its MachineSets.
        now: the time for `rollout.after`.
    """
    goal = deployment["spec"].get("replicas", 0)
    wanted = _made_from(deployment)
    after = deployment["spec"].get("rollout", {}).get("after")
    due = datetime.fromisoformat(after) if after else None
    if due and due > (now or datetime.now(UTC)):
        due = None
    return any(
        _made_from(each) == wanted
        and (due is None or datetime.fromisoformat(each["metadata"]["creationTimestamp"]) >= due)
        and _holds(each, goal)
        for each in sets
    )


def control_plane_rolled_out(owner: Manifest, machines: Iterable[Manifest]) -> bool:
    """True if every machine of a control plane has its version and is up to date.

    Args:
        owner: the KubeadmControlPlane, its generation observed.
        machines: those of its cluster.
    """
    wanted = owner["spec"].get("version")
    own = [each for each in machines if CONTROL_PLANE_ROLE in each["metadata"]["labels"]]
    return len(own) == owner["spec"].get("replicas", 0) and all(
        each["spec"].get("version") == wanted and _is_up_to_date(each) for each in own
    )


def _is_up_to_date(machine: Manifest) -> bool:
    conditions = machine.get("status", {}).get("conditions", ())
    return any(each["type"] == "UpToDate" and each["status"] == "True" for each in conditions)


def _holds(machine_set: Manifest, goal: int) -> bool:
    status = machine_set.get("status", {})
    counts = ("replicas", "upToDateReplicas", "availableReplicas")
    return (
        machine_set["spec"].get("replicas", 0) == goal
        and status.get("observedGeneration") == machine_set["metadata"]["generation"]
        and all(status.get(count, 0) == goal for count in counts)
    )


def _made_from(owner: Manifest) -> dict[str, Any]:
    spec = owner["spec"]["template"]["spec"]
    return {key: spec.get(key) or None for key in MADE_FROM}
