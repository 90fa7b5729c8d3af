"""Bringing saved clusters back on a management cluster, without touching any machine.

Everything is created paused: Cluster API looks at none of it until all of it is there, the owners
are linked by their new uids, and the machines are the ones of the backup. Where a cluster itself
answers, its nodes have to be those machines too; else it stays paused. A restore that was
interrupted is known by an annotation of the namespace, and goes on from there.
"""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.mappings import Manifest
from engine.api import CONFLICT, Api, RefusedError, describe
from errors import CaasError, Problem, Where
from errors.management import RESTORE_STALE, RESTORE_TARGET_NOT_EMPTY
from errors.program import API_SERVER_UNREACHABLE
from operations.management.archive import OBJECTS, Header, extract, read_header
from operations.management.graph import PAUSED, discover, group_kind
from operations.management.handover import Machines, compare, machines_of
from operations.management.namespace import bring_namespace
from operations.management.paused import refuse_dying, resume
from plane.progress import Progress
from stacks.private import write_private

STATE = "caas.dev/restore"
"""The namespace's annotation while a restore is under way: `<phase> <the backup's id>`."""
CREATING, CREATED = "creating", "created"
WORKERS = 8
NODE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Restored:
    """The result of a restore."""

    header: Header
    objects: int
    machines: int


class Restore:
    """One restore, that may take several runs.

    Args:
        api: the management API server, with Cluster API and the infrastructure's provider.
        path: the backup.
        stack: whose it has to be.
    """

    def __init__(self, api: Api, path: Path, stack: str) -> None:
        self.api = api
        self.path = path
        self.header = read_header(path, stack)
        self.namespace = self.header.namespace
        self._uids: dict[str, str] = {}

    def run(self, progress: Progress) -> Restored:
        """Creates what is missing, checks it, and ends the pause.

        Raises:
            CaasError: CAAS-3044 the machines are not those of the backup; CAAS-3050 the file is
                damaged; CAAS-3053 the management cluster has clusters already; CAAS-3056 the
                backup is older than the machines of a cluster, which stays paused.
        """
        with tempfile.TemporaryDirectory(prefix="caas-restore-") as made:  # mode 0700
            folder = Path(made)
            progress.step("check the backup")
            extract(self.path, self.header, folder)
            saved = json.loads((folder / OBJECTS).read_text())
            groups: list[list[Manifest]] = saved["objects"]
            phase = self._phase()
            if phase != CREATED:
                bring_namespace(self.api, saved["namespace"])
                self._create(groups, progress)
            progress.step("check the machines")
            graph = discover(self.api, self.namespace)
            machines = machines_of(graph)
            refuse_dying(graph)
            if phase != CREATED:
                compare(_machines(groups), machines)
                self._mark(CREATED)
            stale = [*self._stale(graph.of("Cluster"), graph.of("Machine"), folder, progress)]
        progress.step("end the pause")
        resume(self.api, graph, skip={problem.where.cluster or "" for problem in stale})
        self._mark(None)
        if stale:
            raise CaasError.of(stale)
        return Restored(self.header, sum(map(len, groups)), len(machines))

    def _phase(self) -> str:
        """The state of an earlier run of this restore; refuses objects that are not part of this
        backup."""
        namespace = self.api.get(f"/api/v1/namespaces/{self.namespace}") or {"metadata": {}}
        state = namespace["metadata"].get("annotations", {}).get(STATE, "")
        phase, _, backup = state.partition(" ")
        if backup == self.header.id:
            return str(phase)
        clusters = discover(self.api, self.namespace).of("Cluster")
        if clusters or backup:
            names = ", ".join(each["metadata"]["name"] for each in clusters[:5])
            raise CaasError(
                RESTORE_TARGET_NOT_EMPTY,
                f"The namespace `{self.namespace}` has {len(clusters)} clusters already",
                where=Where(cluster=names or None),
                why="a restore of another backup was not finished" if backup else "",
            )
        return ""

    def _mark(self, phase: str | None) -> None:
        value = f"{phase} {self.header.id}" if phase else None
        change = {"metadata": {"annotations": {STATE: value}}}
        self.api.merge(_namespace(self.namespace), change)

    def _create(self, groups: list[list[Manifest]], progress: Progress) -> None:
        step = progress.step("create the objects")
        self._mark(CREATING)
        total, done = sum(map(len, groups)), 0
        with ThreadPoolExecutor(WORKERS) as pool:
            for group in groups:
                futures = [pool.submit(self._bring_back, manifest) for manifest in group]
                for manifest, future in zip(group, futures, strict=True):
                    self._uids[manifest["metadata"]["uid"]] = future.result()
                    done += 1
                    step.advance(done, total, describe(manifest))

    def _bring_back(self, saved: Manifest) -> str:
        """Creates one object as it was, paused; its new uid, or that of the one that is there."""
        manifest = self._inert(saved)
        fields = manifest["metadata"].pop("managedFields", None)
        path = self.api.path(manifest)
        try:
            collection = path.rpartition("/")[0]
            live = self.api.request("POST", collection, manifest, what=describe(manifest))
        except RefusedError as error:
            if error.status != CONFLICT:
                raise
            live = self.api.get(path) or {}
        if fields:  # otherwise a field that another manager set could not be removed again
            self.api.merge(manifest, {"metadata": {"managedFields": fields}})
        return str(live["metadata"]["uid"])

    def _inert(self, saved: Manifest) -> Manifest:
        manifest: Manifest = json.loads(json.dumps(saved))
        metadata = manifest["metadata"]
        for key in ("uid", "generateName", "deletionTimestamp", "deletionGracePeriodSeconds"):
            metadata.pop(key, None)
        for owner in metadata.get("ownerReferences", ()):
            owner["uid"] = self._uids[owner["uid"]]
        match group_kind(manifest):
            case ("cluster.x-k8s.io", "Cluster"):
                manifest["spec"]["paused"] = True
            case ("cluster.x-k8s.io", "ClusterClass"):
                metadata["annotations"] = {**metadata.get("annotations", {}), PAUSED: ""}
        return manifest

    def _stale(
        self,
        clusters: Iterable[Manifest],
        machines: Iterable[Manifest],
        folder: Path,
        progress: Progress,
    ) -> Iterable[Problem]:
        """A problem for each cluster that answers and whose nodes are other machines."""
        known: dict[str, set[str]] = {}
        for each in machines:
            known.setdefault(each["spec"]["clusterName"], set()).add(each["spec"]["providerID"])
        for cluster in clusters:
            name = cluster["metadata"]["name"]
            nodes = self._nodes(name, folder)
            if nodes is None:
                progress.note(f"{name} does not answer; its nodes could not be compared")
                continue
            wrong = sorted(nodes ^ known.get(name, set()))
            if wrong:
                yield Problem(
                    RESTORE_STALE,
                    f"{len(wrong)} machines of the cluster and of the backup differ",
                    Where(cluster=name),
                    why=", ".join(wrong[:5]),
                )

    def _nodes(self, cluster: str, folder: Path) -> set[str] | None:
        """The provider ids of a cluster's nodes; None when it does not answer."""
        path = f"/api/v1/namespaces/{self.namespace}/secrets/{cluster}-kubeconfig"
        secret = self.api.get(path)
        if not secret:
            return None
        kubeconfig = folder / "workload.kubeconfig"
        write_private(kubeconfig, base64.b64decode(secret["data"]["value"]).decode())
        try:
            nodes = Api(kubeconfig, NODE_SECONDS).list("/api/v1/nodes")
        except CaasError as error:
            if error.problems[0].code is API_SERVER_UNREACHABLE:
                return None
            raise
        return {node["spec"].get("providerID", "") for node in nodes}


def _machines(groups: Iterable[Iterable[Manifest]]) -> Machines:
    found = (each for group in groups for each in group)
    return {
        f"{each['metadata']['namespace']}/{each['metadata']['name']}": each["spec"].get(
            "providerID", ""
        )
        for each in found
        if group_kind(each) == ("cluster.x-k8s.io", "Machine")
    }


def _namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
