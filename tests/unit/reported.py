"""Clusters in which one object reports what a file of `diagnosis/reports/` says.

The reports have the types, the reasons and the forms of messages that the sources named in each
file write; what the infrastructure itself answers is inserted as it documents it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from engine.fleet import CLUSTER_NAME
from operations.diagnosis import Inventory
from operations.diagnosis.events import Event
from operations.diagnosis.inventory import Name

FOLDER = Path(__file__).parent / "diagnosis/reports"
BEGAN = "2026-11-25T08:00:00Z"
NOW = datetime(2026, 11, 25, 8, 1, tzinfo=UTC)
MACHINE = "shop-0"
Manifest = dict[str, Any]


@dataclass(frozen=True)
class Report:
    """The report of one object, and its meaning."""

    file: str
    code: str
    kind: str
    progress: bool
    given: Manifest

    @property
    def id(self) -> str:
        told = self.given.get("condition") or self.given.get("event") or {"reason": "failure"}
        return f"{self.file}-{self.code}-{self.kind}-{told.get('reason')}"


@cache
def reports() -> list[Report]:
    return [
        Report(file.stem, each["code"], each["kind"], each.get("progress", False), each)
        for file in sorted(FOLDER.glob("*.yaml"))
        for each in yaml.safe_load(file.read_text())["reports"]
    ]


def sources() -> dict[str, str]:
    return {file.stem: yaml.safe_load(file.read_text())["source"] for file in FOLDER.glob("*.yaml")}


def an_object(kind: str, name: str, owner: tuple[str, str] | None = None, **more: Any) -> Manifest:
    owners = [{"kind": owner[0], "name": owner[1], "controller": True}] if owner else []
    labels = {} if kind in ("HelmChartProxy", "ClusterResourceSet") else {CLUSTER_NAME: "shop"}
    metadata = {"name": name, "creationTimestamp": BEGAN, "labels": labels}
    return {
        "kind": kind,
        "metadata": metadata | {"ownerReferences": owners},
        "spec": more.pop("spec", {}),
        "status": {"conditions": [], **more},
    }


def a_condition(kind: str, status: str, reason: str, message: str = "") -> Manifest:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": BEGAN,
    }


def scene(report: Report, *, others: bool = True) -> Inventory:
    """The cluster `shop` with one machine of a pool, one object of which reports.

    Args:
        others: the objects above it show the symptoms that follow.
    """
    infrastructure = report.kind.removesuffix("Machine").removesuffix("Cluster")
    is_cloud = report.kind not in ("Machine", "Cluster") and report.kind != infrastructure
    cloud = f"{infrastructure}Cluster" if is_cloud else "DevCluster"
    machine = f"{infrastructure}Machine" if is_cloud else "DevMachine"
    cluster = an_object("Cluster", "shop", spec={"infrastructureRef": _reference(cloud, "shop")})
    worker = an_object(
        "Machine",
        MACHINE,
        ("MachineSet", "shop-pool"),
        spec={"infrastructureRef": _reference(machine, MACHINE)},
        initialization={"bootstrapDataSecretCreated": True},
    )
    if others:
        cluster["status"]["conditions"].append(a_condition("Available", "False", "NotAvailable"))
    if others and is_cloud:
        unready = a_condition("InfrastructureReady", "False", "NotReady", "not ready")
        worker["status"]["conditions"].append(unready)
    objects = [
        cluster,
        worker,
        an_object("MachineSet", "shop-pool", ("MachineDeployment", "shop-pool")),
        an_object("MachineDeployment", "shop-pool", ("Cluster", "shop")),
        an_object("KubeadmControlPlane", "shop", ("Cluster", "shop")),
    ]
    if is_cloud:
        objects.append(an_object(cloud, "shop", ("Cluster", "shop")))
        objects.append(an_object(machine, MACHINE, ("Machine", MACHINE)))
    if all(each["kind"] != report.kind for each in objects):
        owner = {"HelmReleaseProxy": ("HelmChartProxy", "cilium")}.get(report.kind)
        objects.append(an_object(report.kind, "cilium", owner))
    about = next(each for each in objects if each["kind"] == report.kind)
    return Inventory(objects, _reporting(about, report.given))


def _reporting(about: Manifest, given: Manifest) -> dict[Name, list[Event]]:
    status, message = about["status"], given.get("message", "")
    if condition := given.get("condition"):
        made = condition | {"lastTransitionTime": BEGAN}
        status["conditions"].append(made | ({"message": message} if message else {}))
        if condition["type"] == "Deleting":
            about["metadata"]["deletionTimestamp"] = BEGAN
    if deprecated := given.get("deprecated"):
        told = [deprecated | {"lastTransitionTime": BEGAN}]
        status["deprecated"] = {"v1beta1": {"conditions": told}}
    if "failureMessage" in given:
        status["failureMessage"] = given["failureMessage"]
    about["spec"] |= given.get("spec", {})
    status |= given.get("status", {})
    if event := given.get("event"):
        began = datetime.fromisoformat(BEGAN)
        name = Name.of(about)
        return {name: [Event(name.kind, name.name, event["reason"], message, began, began)]}
    return {}


def _reference(kind: str, name: str) -> Manifest:
    return {"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": kind, "name": name}
