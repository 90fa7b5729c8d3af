"""A namespace with clusters in trouble: what happens to them, and what the diagnosis says."""

from __future__ import annotations

import base64
import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from broken_clusters import slim
from kubectl import Kubectl, eventually

from engine.api import Api
from engine.fleet import CLUSTER_NAME
from engine.fleet import POOL_NAME as POOL
from engine.rollout import CONTROL_PLANE_ROLE
from errors import Code
from operations.diagnosis import DiagnosedProblem, Diagnosis, diagnose, read_inventory
from plane.binaries import Binaries
from plane.plane import Plane

CREATED_SECONDS = 180
SEEN_SECONDS = 90
POLL = 2.0
EXPIRY_ANNOTATION = "machine.cluster.x-k8s.io/certificates-expiry"


@dataclass(frozen=True)
class Site:
    """A namespace of a plane with clusters that are in trouble."""

    plane: Plane
    kubectl: Kubectl
    api: Api
    namespace: str

    def run(self, *arguments: str, text: str | None = None) -> str:
        return self.kubectl(*arguments, "-n", self.namespace, text=text)

    def get(self, *arguments: str) -> Any:
        return self.kubectl.get(*arguments, "-n", self.namespace)

    def diagnosis(self, cluster: str, patience: timedelta = timedelta()) -> Diagnosis:
        inventory = read_inventory(self.api, self.namespace)
        return diagnose(inventory.of_cluster(cluster), patience=patience)

    def problems(self, cluster: str) -> dict[tuple[str, str], DiagnosedProblem]:
        """The problems by the reason of their code and the kind of the object that has them."""
        found = self.diagnosis(cluster).problems
        return {(each.code.reason, each.object.kind): each for each in found}

    def await_problem(
        self, cluster: str, code: Code, kind: str, says: str = ""
    ) -> DiagnosedProblem:
        found: list[DiagnosedProblem] = []

        def seen() -> bool:
            finding = self.problems(cluster).get((code.reason, kind))
            if finding is not None and says in finding.why:
                found.append(finding)
            return bool(found)

        eventually(seen, SEEN_SECONDS, POLL)
        return found[0]

    def record(self, name: str, *clusters: str) -> None:
        """Keeps the objects for the unit tests, where CAAS_RECORD names a folder."""
        if folder := os.environ.get("CAAS_RECORD"):
            inventory = read_inventory(self.api, self.namespace)
            kept = [
                each for one in clusters or inventory.clusters for each in inventory.of_cluster(one)
            ]
            lines = ",\n".join(json.dumps(slim(each), ensure_ascii=False) for each in kept)
            Path(folder, f"{name}.json").write_text(f"[\n{lines}\n]\n")

    def found(self, kind: str, cluster: str, pool: str = "") -> list[dict[str, Any]]:
        """The objects of a pool, or of the control plane."""
        labels = {POOL: pool} if pool else {CONTROL_PLANE_ROLE: ""}
        inventory = read_inventory(self.api, self.namespace).of_cluster(cluster, kind)
        return [each for each in inventory if labels.items() <= each["metadata"]["labels"].items()]

    def names(self, kind: str, cluster: str, pool: str = "") -> list[str]:
        return [each["metadata"]["name"] for each in self.found(kind, cluster, pool)]

    def has_nodes(self, cluster: str, *pools: str) -> bool:
        found = [self.found("Machine", cluster, pool) for pool in pools]
        return all(
            machines and all("nodeRef" in each.get("status", {}) for each in machines)
            for machines in found
        )

    def look_at_control_plane(self, cluster: str) -> None:
        """Lets its controller reconcile it now: it does not watch Secrets, nor the cluster."""
        stamp = f"example.com/look={time.monotonic_ns()}"
        labels = f"{CLUSTER_NAME}={cluster}"
        self.run("annotate", "kubeadmcontrolplane", "-l", labels, stamp, "--overwrite")

    def workload(self, cluster: str, folder: Path) -> Kubectl:
        """A kubectl for the workload cluster."""
        secret = self.get("secret", f"{cluster}-kubeconfig")
        path = folder / f"{cluster}.kubeconfig"
        path.write_bytes(base64.b64decode(secret["data"]["value"]))
        path.chmod(0o600)
        return Kubectl(self.kubectl.program, path)

    def make_sick(self, cluster: str, pool: str, folder: Path) -> None:
        """Says that the nodes of a pool are not ready, as a kubelet that has stopped would."""
        workload = self.workload(cluster, folder)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ready = {"type": "Ready", "status": "False", "reason": "Stopped", "lastTransitionTime": now}
        patch = json.dumps({"status": {"conditions": [ready]}})
        for node in self.names("Machine", cluster, pool):
            workload("patch", "node", node, "--type=merge", "-p", patch)


def new_site(plane: Plane, binaries: Binaries, namespace: str, *objects: dict[str, Any]) -> Site:
    kubectl = Kubectl(binaries.kubectl, plane.kubeconfig)
    kubectl("create", "namespace", namespace)
    made = Site(plane, kubectl, Api(plane.kubeconfig), namespace)
    text = "\n---\n".join(json.dumps(each) for each in objects)
    made.run("apply", "--server-side", "-f", "-", text=text)
    return made


def break_shop(site: Site, folder: Path) -> None:
    pools = ("blocked", "hooked", "robbed")
    eventually(lambda: site.has_nodes("shop", *pools), CREATED_SECONDS, POLL)
    for pool in ("blocked", "hooked"):
        site.make_sick("shop", pool, folder)
    site.run("delete", "devmachine", *site.names("Machine", "shop", "robbed"), "--wait=false")
    soon = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    (pool,) = site.names("MachineDeployment", "shop", "no-secret")
    site.run("annotate", "machinedeployment", pool, "cluster.x-k8s.io/paused=")
    (machine,) = site.names("Machine", "shop")
    site.run("annotate", "machine", machine, f"{EXPIRY_ANNOTATION}={soon}")
