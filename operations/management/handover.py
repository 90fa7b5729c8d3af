"""Handing clusters from one management cluster to another, whatever interrupts it.

`clusterctl move` pauses the Clusters and their classes on the source, creates every object on the
target, owners first; only when all are there it deletes them on the source, owners last; and at
the very end it ends the pause on the target. It refuses to begin when something is paused, so it
can't be run again after it was killed. What makes that safe here is that at no moment both sides
are unpaused, and that how far it came can be seen from the objects themselves:

- the source has something that the target lacks: it was still creating, and deleted nothing. The
  inert copies are removed, the pause on the source is ended, and the move begins anew;
- the target has all that the source still has: the copy is complete. Only deleting on the source
  and ending the pause on the target are left, and are done here.

The machines' names and provider ids are written down before the first move and compared at the
end.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from engine.api import Api
from errors import CaasError, Where
from errors.management import (
    HANDOVER_FAILED,
    HANDOVER_PAUSED,
    HANDOVER_TARGET_TAKEN,
    MACHINES_LOST,
    NOT_READY_TO_MOVE,
)
from operations.management.graph import Graph, discover, is_paused
from operations.management.namespace import bring_namespace, namespace_of
from operations.management.paused import DELETED_FOR_MOVE, await_gone, refuse_dying, resume
from plane import process
from plane.process import ProcessSpec
from plane.progress import Progress, Step
from stacks.private import write_private

MOVE_SECONDS = 3600.0
"""The time limit of one run of clusterctl, which moves a few hundred objects per minute."""
READY_SECONDS = 900.0
END_SECONDS = 5.0
POLL = 0.5

Machines = dict[str, str]
"""Provider id by `<namespace>/<name>` of the machine."""


class Stage(Enum):
    """The state of a hand-over."""

    BEGIN = "begin"
    COPYING = "copying"
    COPIED = "copied"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class ManagementSide:
    """A management cluster: where it is reached, and its client."""

    kubeconfig: Path
    api: Api

    @classmethod
    def at(cls, kubeconfig: Path) -> ManagementSide:
        """The management cluster of a kubeconfig."""
        return cls(kubeconfig, Api(kubeconfig))


@dataclass(frozen=True, slots=True)
class Handover:
    """One hand-over, that may take several runs.

    Args:
        source: who manages the clusters now.
        target: who shall.
        namespace: of the clusters; it is made on the target.
        clusterctl: the program.
        folder: private, for the record and the log of clusterctl; the same in every run.
    """

    source: ManagementSide
    target: ManagementSide
    namespace: str
    clusterctl: Path
    folder: Path

    @property
    def record(self) -> Path:
        """The machines before the first move; it stays until the hand-over is done."""
        return self.folder / "handover.json"

    @property
    def log(self) -> Path:
        """The output of clusterctl."""
        return self.folder / "clusterctl.log"

    def run(self, progress: Progress, *, ready_seconds: float = READY_SECONDS) -> Machines:
        """Brings the hand-over to its end, from wherever it is; the machines that were handed over.

        Args:
            progress: gets one step.
            ready_seconds: how long to wait until the clusters are at rest, before the first move.

        Raises:
            CaasError: CAAS-3040 a cluster is still being made; CAAS-3041 clusterctl failed;
                CAAS-3042 a cluster is paused; CAAS-3043 both sides manage a cluster; CAAS-3044
                machines are not the same afterwards.
        """
        step = progress.step("hand over the clusters")
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # An earlier run that was killed may have left it behind; it must not go on beside us.
        process.end(process.members(self._mark), END_SECONDS)
        if (stage := self.stage()) is Stage.DONE:
            return machines_of(discover(self.target.api, self.namespace))
        if stage is Stage.COPYING:
            progress.note("An earlier hand-over was interrupted while it copied; starting over")
            self._undo()
            stage = Stage.BEGIN
        if stage is Stage.BEGIN:
            machines = self._await_rest(ready_seconds, step)
            write_private(self.record, json.dumps(machines, indent=1))
            # clusterctl would make a bare one.
            bring_namespace(self.target.api, namespace_of(self.source.api, self.namespace))
            self._move(step)
            resume(self.target.api, discover(self.target.api, self.namespace))
        else:
            progress.note("An earlier hand-over was interrupted after it had copied; finishing it")
            self._finish()
        machines = self._verify()
        self.record.unlink()
        return machines

    def stage(self) -> Stage:
        """The state of the hand-over, derived from the objects."""
        source = discover(self.source.api, self.namespace)
        target = discover(self.target.api, self.namespace)
        both = {_name(c) for c in source.of("Cluster")} & {_name(c) for c in target.of("Cluster")}
        paused = [each for each in source.of("Cluster") if is_paused(each)]
        if not self.record.exists():
            if both:
                raise self._taken(both)
            if paused:
                raise CaasError(
                    HANDOVER_PAUSED,
                    "A paused cluster can't be handed over",
                    where=Where(cluster=", ".join(map(_name, paused))),
                )
            return Stage.BEGIN if source.of("Cluster") else Stage.DONE
        if source.of("Cluster") and not paused:
            if both:
                raise self._taken(both)
            return Stage.BEGIN
        return self._interrupted(source, target)

    def _interrupted(self, source: Graph, target: Graph) -> Stage:
        """Of a move that had begun; when the signs contradict each other nothing is touched."""
        missing = source.identities - target.identities
        recorded = set(json.loads(self.record.read_text()))
        gone = recorded - machines_of(source).keys()
        marked = [
            node.manifest
            for node in source.nodes
            if DELETED_FOR_MOVE in node.manifest["metadata"].get("annotations", {})
        ]
        if not missing:
            return Stage.COPIED
        if not gone and not marked:
            return Stage.COPYING
        lacking = ", ".join(sorted(map(str, missing))[:5])
        raise CaasError(
            HANDOVER_FAILED,
            "The interrupted hand-over can't be resumed automatically",
            why=f"the source has begun to delete, and the target lacks {lacking}",
            fix="Create what is missing on the target from the source, then run it again.",
        )

    def _taken(self, names: set[str]) -> CaasError:
        return CaasError(
            HANDOVER_TARGET_TAKEN,
            "The target has clusters of the same name",
            where=Where(cluster=", ".join(sorted(names))),
        )

    def _await_rest(self, seconds: float, step: Step) -> Machines:
        """Waits until nothing is half made; then the machines as they are."""
        deadline = time.monotonic() + seconds
        while True:
            graph = discover(self.source.api, self.namespace)
            machines = graph.of("Machine")
            late = [*_unfinished(graph)]
            if not late:
                return machines_of(graph)
            step.advance(len(machines) - len(late), len(machines), f"waiting for {late[0]}")
            if time.monotonic() > deadline:
                raise CaasError(
                    NOT_READY_TO_MOVE,
                    f"{len(late)} objects are not at rest after {seconds:.0f} s",
                    why=", ".join(late[:5]),
                )
            time.sleep(POLL)

    @property
    def _mark(self) -> str:
        return str(self.folder.resolve())

    def _move(self, step: Step) -> None:
        """Runs clusterctl, which is ended when this run is."""
        total = 2 * len(discover(self.source.api, self.namespace).nodes)
        write_private(self.log, "")
        command = (
            str(self.clusterctl),
            "move",
            f"--kubeconfig={self.source.kubeconfig}",
            f"--to-kubeconfig={self.target.kubeconfig}",
            f"--namespace={self.namespace}",
            "--v=1",
        )
        environment = {
            **os.environ,
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
            "CLUSTERCTL_DISABLE_VERSIONCHECK": "true",
        }
        record = process.spawn(
            ProcessSpec("clusterctl", command, environment), self._mark, self.log
        )
        deadline = time.monotonic() + MOVE_SECONDS
        try:
            while process.find(record) and time.monotonic() < deadline:
                lines = self.log.read_text(errors="replace").splitlines()
                done = sum(line.startswith(("Creating ", "Deleting ")) for line in lines)
                step.advance(min(done, total), total, lines[-1][:60] if lines else "")
                time.sleep(POLL / 5)
        finally:
            process.end(process.members(self._mark), END_SECONDS)
        if discover(self.source.api, self.namespace).of("Cluster") or self._target_is_paused():
            raise CaasError(
                HANDOVER_FAILED,
                "`clusterctl move` did not end as it should",
                where=Where(file=str(self.log)),
                why=process.tail(self.log, 0, 3),
            )

    def _target_is_paused(self) -> bool:
        return any(map(is_paused, discover(self.target.api, self.namespace).of("Cluster")))

    def _undo(self) -> None:
        """Removes the copies, which nothing looks at while they are paused; then wakes the source.

        In this order: a run that is killed in between finds the same stage again.
        """
        target = discover(self.target.api, self.namespace)
        awake = {_name(each) for each in target.of("Cluster") if not is_paused(each)}
        if awake:
            raise self._taken(awake)
        await_gone(self.target.api, self.namespace)
        resume(self.source.api, discover(self.source.api, self.namespace))

    def _finish(self) -> None:
        copied = discover(self.target.api, self.namespace)
        refuse_dying(copied)
        await_gone(self.source.api, self.namespace)
        resume(self.target.api, copied)

    def _verify(self) -> Machines:
        before: Machines = json.loads(self.record.read_text())
        compare(before, machines_of(discover(self.target.api, self.namespace)))
        return before


def machines_of(graph: Graph) -> Machines:
    """The machines of a graph."""
    return {
        f"{each['metadata']['namespace']}/{_name(each)}": each["spec"].get("providerID", "")
        for each in graph.of("Machine")
    }


def compare(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Raises CAAS-3044 unless both are the same machines."""
    wrong = [f"{name} is missing" for name in sorted(before.keys() - after.keys())]
    wrong += [f"{name} is new" for name in sorted(after.keys() - before.keys())]
    wrong += [
        f"{name} was {before[name]} and is {after[name]}"
        for name in sorted(before.keys() & after.keys())
        if before[name] != after[name]
    ]
    if wrong:
        raise CaasError(
            MACHINES_LOST,
            f"{len(wrong)} of {len(before)} machines are not what they were",
            why="; ".join(wrong[:5]),
        )


def _unfinished(graph: Graph) -> list[str]:
    """The objects that clusterctl would refuse to move: clusters and machines that are not
    provisioned."""
    late = []
    for cluster in graph.of("Cluster"):
        started = cluster.get("status", {}).get("initialization", {})
        ready = started.get("infrastructureProvisioned") and started.get("controlPlaneInitialized")
        if not ready or "deletionTimestamp" in cluster["metadata"]:
            late.append(f"Cluster {_name(cluster)}")
    for machine in graph.of("Machine"):
        joined = machine.get("status", {}).get("nodeRef", {}).get("name")
        if not joined or "deletionTimestamp" in machine["metadata"]:
            late.append(f"Machine {_name(machine)}")
    return late


def _name(manifest: Mapping[str, Any]) -> str:
    return str(manifest["metadata"]["name"])
