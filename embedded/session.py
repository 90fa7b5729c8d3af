"""One stack on this machine: its plane, its program, what an apply would do, and doing it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from embedded.api import Api
from embedded.apply import Report, apply_plan, retire
from embedded.binaries import ensure_binaries
from embedded.fleet import ClusterState, Fleet, read_fleet
from embedded.lock import hold
from embedded.objects import StackObjects
from embedded.plan.clusters import Action, ClusterChange, judge_clusters, plan_clusters
from embedded.plan.objects import ObjectPlan, Operation, plan_objects
from embedded.plane import Plane
from embedded.program import Recording, run_program
from embedded.progress import Progress
from errors import CaasError, Where
from errors.machine import STATE_NOT_WRITABLE
from errors.program import API_SERVER_UNREACHABLE, WAIT_TIMED_OUT
from stacks.paths import stack_file, state_directory
from stacks.settings import Stack, load_file, read

POLL = 1.0
"""Seconds between two looks at the fleet."""
REVIVAL = 10.0
"""Seconds that clusters must stay settled after their plane was started, or their class changed:
at first the conditions are those from before, and nothing on a Cluster says that they are."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an apply would do.

    Attributes:
        objects: to every object.
        clusters: to every cluster, unchanged ones included.
    """

    recording: Recording
    objects: ObjectPlan
    clusters: tuple[ClusterChange, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not self.objects.changes


class Session:
    """Work on one stack; the plane is started by `open`, and stays when the session ends.

    Args:
        stack: the stack's name.
        progress: where long work is reported to.

    Raises:
        CaasError: everything that is wrong with the stack file.
    """

    def __init__(self, stack: str, progress: Progress) -> None:
        self.stack = stack
        self.progress = progress
        self.directory = state_directory(stack)
        self.plane = Plane(self.directory)
        self._steady = 0.0

    @cached_property
    def file(self) -> Path:
        """The stack file."""
        return stack_file(self.stack)

    @cached_property
    def settings(self) -> Stack:
        """What the stack file says."""
        return load_file(self.file)

    @cached_property
    def api(self) -> Api:
        """The management API server. Raises CAAS-3011 when the plane was never started."""
        if not self.plane.kubeconfig.exists():
            raise CaasError(
                API_SERVER_UNREACHABLE,
                f"The management plane of the stack `{self.stack}` is not running",
                where=Where(file=str(self.plane.kubeconfig)),
            )
        return Api(self.plane.kubeconfig)

    @cached_property
    def namespace(self) -> str:
        """Where the stack's clusters live; empty, for everywhere, when the file can't be read.

        The plane is this stack's alone, so a broken file keeps nobody from looking or destroying.
        """
        try:
            return self.settings.management.namespace
        except CaasError:
            return ""

    def lock(self, purpose: str) -> AbstractContextManager[None]:
        """Keeps other runs of this stack out. Raises CAAS-2100 naming who is in already."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CaasError(
                STATE_NOT_WRITABLE,
                "The stack's folder can't be made",
                where=Where(file=str(self.directory)),
                why=error.strerror or str(error),
            ) from error
        return hold(self.directory / "run.lock", purpose)

    def open(self) -> bool:
        """Makes the plane run, whatever is missing; True if anything had to be started."""
        binaries = ensure_binaries(self.progress)
        started = self.plane.start(binaries, self.progress)
        if started and self.fleet().clusters:
            self._steady = REVIVAL
        return started

    def record(self) -> Recording:
        """Runs the program and records what it registers."""
        return run_program(self.stack, self.file)

    def plan(self) -> Plan:
        """What an apply would do now."""
        recording = self.record()
        judge = partial(judge_clusters, locate=self._place)
        objects = plan_objects(self.api, recording.objects(), self._members, judge)
        return Plan(recording, objects, tuple(plan_clusters(objects)))

    def apply(self, plan: Plan, report: Report) -> None:
        """Does what the plan says."""
        apply_plan(self.api, plan.objects, plan.recording.waves(), self._members, report)

    def fleet(self) -> Fleet:
        """The clusters as they are now."""
        return read_fleet(self.api, self.namespace)

    def watch(self, timeout: float, done: Callable[[Fleet], bool]) -> Iterator[list[ClusterState]]:
        """The state of every cluster, once a second until `done`; what died is started again.

        Args:
            timeout: seconds to wait at most.
            done: whether the wait is over.

        Raises:
            CaasError: CAAS-3012 when the time is up.
        """
        settled_since = time.monotonic()
        deadline = settled_since + timeout
        while True:
            fleet = self._fleet_or_heal()
            states = fleet.states()
            yield states
            if not done(fleet):
                settled_since = time.monotonic()
            elif time.monotonic() - settled_since >= self._steady:
                return
            if time.monotonic() > deadline:
                late = [state for state in states if not state.settled]
                raise CaasError(
                    WAIT_TIMED_OUT,
                    f"{len(late)} of {len(states)} clusters are not as they should be "
                    f"after {timeout:.0f} s",
                    where=Where(cluster=", ".join(state.name for state in late[:5]) or None),
                    why="; ".join(f"{state.name}: {state.condition}" for state in late[:5]),
                )
            time.sleep(POLL)

    def settled(self, plan: Plan) -> Callable[[Fleet], bool]:
        """A test for `watch`: every cluster is as wanted, and what was deleted is gone."""
        if any(
            change.key.kind == "ClusterClass" and change.operation is Operation.UPDATE
            for change in plan.objects.changes
        ):
            self._steady = REVIVAL
        gone = {
            change.name
            for change in plan.clusters
            if change.action is Action.DELETE and change.namespace == self.namespace
        }

        def done(fleet: Fleet) -> bool:
            states = fleet.states()
            there = {state.name for state in states}
            return not gone & there and all(state.settled for state in states)

        return done

    def delete_clusters(self) -> None:
        """Begins to delete every cluster in the stack's namespace; the plane is this stack's."""
        for cluster in self.fleet().clusters:
            if "deletionTimestamp" not in cluster["metadata"]:
                retire(self.api, cluster)

    @cached_property
    def _members(self) -> StackObjects:
        return StackObjects(self.api, self.stack)

    def _fleet_or_heal(self) -> Fleet:
        """The fleet; when the plane died meanwhile it is started again first."""
        if any(not process.running for process in self.plane.processes()):
            self.progress.note("A process of the management plane died; starting it again")
            self.open()
        return self.fleet()

    def _place(self, cluster: str, field: str) -> Where:
        names = [each.name for each in self.settings.clusters]
        return read(self.file).where(("clusters", names.index(cluster), field))
