"""One stack: its management cluster, its program, what an apply would do, and doing it.

Where the management cluster is depends on `management.mode`: a plane on this machine, an existing
cluster, or one of the stack's own, which `./caas bootstrap` makes first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from components.delivery.addon_provider import ADDON_PROVIDER
from components.estimate import UNKNOWN, Counts, Estimate, estimate
from components.infrastructure.interface import Provider
from components.manifest import membership
from components.mappings import Manifest
from components.tenancy.costs import CostSide, with_tenants
from engine import requirements
from engine.api import Api
from engine.apply import Report, apply_plan, prepare_for_pulumi, retire
from engine.fleet import ClusterState, FleetObjects, read_counts, read_fleet
from engine.inside.record import RemovalRecord, RemovalState
from engine.management_api import connect, not_bootstrapped, why_offline
from engine.objects import Key, Objects, StackObjects
from engine.plan.addons import judge_addons
from engine.plan.apps import judge_apps
from engine.plan.clusters import ClusterAction, judge_clusters, judge_names
from engine.plan.data import judge_data
from engine.plan.objects import (
    Operation,
    plan_between,
    plan_objects,
    plan_offline,
    plan_removal,
)
from engine.plan.plan import Plan
from engine.plan.tenants import judge_tenants
from engine.program import Recording, run_program
from errors import CaasError, Problem, Where
from errors.machine import STATE_NOT_WRITABLE
from errors.program import API_SERVER_UNREACHABLE, WAIT_TIMED_OUT
from plane import containers
from plane.binaries import ensure_binaries
from plane.lock import hold
from plane.plane import Plane
from plane.progress import Progress
from stacks.management import BOOTSTRAP, is_bootstrapped
from stacks.paths import project_name, stack_file, state_directory
from stacks.settings import Source, Stack, read
from stacks.settings.advice import advice
from stacks.settings.load import load
from stacks.settings.stack import ManagementMode

POLL = 1.0
"""Seconds between two looks at the fleet."""
SILENCE = 300.0
"""Seconds without any answer of the API server after which a wait for the fleet ends."""
REVIVAL = 10.0
"""Seconds that clusters must stay settled after their plane was started, or their class changed:
at first the conditions are those from before, and nothing on a Cluster says that they are."""
SHARED = ("Namespace",)
"""Kinds that are never deleted on a cluster that others use too: what is in them may be theirs."""


class Session:
    """Work on one stack; an embedded plane is started by `open`, and stays when the session ends.

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
        self._steady = 0.0
        self.delete_data = False
        """Permission to lose the data of objects in clusters that leave the stack file."""

    @cached_property
    def file(self) -> Path:
        """The stack file."""
        return stack_file(self.stack)

    @cached_property
    def settings(self) -> Stack:
        """The settings in the stack file."""
        return load(self._source)

    @cached_property
    def mode(self) -> ManagementMode:
        """The location of Cluster API.

        A broken stack file must not prevent a look at an embedded plane, or its destruction. What
        else is in the stack's folder belongs to a real management cluster: then the file counts.
        """
        try:
            return self.settings.management.mode
        except CaasError:
            others = (self.directory / name for name in ("kubeconfig", "pulumi"))
            if not (self.directory / "plane.json").exists() and any(map(Path.exists, others)):
                raise
            return ManagementMode.EMBEDDED

    @cached_property
    def plane(self) -> Plane:
        """The stack's plane: for good where it is embedded, else until the bootstrap is over."""
        if self.mode is ManagementMode.SELF_MANAGED:
            return Plane(self.directory / BOOTSTRAP, disposable=False)
        # What it knows of real machines must outlive a power cut.
        providers = self._providers
        try:
            return Plane(
                self.directory,
                providers=providers,
                containers=self.in_containers,
                disposable=not providers,
            )
        except CaasError:  # no such controller: starting it says so, and looking at it may go on
            return Plane(self.directory, disposable=False)

    @property
    def _providers(self) -> list[Provider]:
        """The providers that the plane needs in addition to simulated machines: for the machines
        of a cloud, and for add-ons of machines in containers. Empty if the file cannot be read."""
        try:
            provider = self.settings.infrastructure.PROVIDER
        except CaasError:
            return []
        own = [provider] if provider else []
        return [*own, ADDON_PROVIDER] if self.in_containers else own

    @property
    def in_containers(self) -> bool:
        """True if machines are containers of Docker; False if the file cannot be read."""
        try:
            return self.settings.infrastructure.IN_CONTAINERS
        except CaasError:
            return False

    @property
    def has_plane(self) -> bool:
        """True if the management cluster is an embedded plane."""
        return self.mode is ManagementMode.EMBEDDED

    @property
    def is_bootstrapped(self) -> bool:
        """True if a self-managed stack has its management cluster; before that it has a plane."""
        return is_bootstrapped(self.directory)

    @property
    def offline(self) -> str:
        """The reason for a missing management cluster; empty if there is one."""
        if not self.has_plane:
            return why_offline(self.stack, self.settings.management, self.directory)
        if self._providers and not self.plane.kubeconfig.exists():
            return "the management plane was never started, and a preview needs none"
        return ""

    @cached_property
    def api(self) -> Api:
        """The management API server.

        Raises CAAS-3011 when the plane was never started, CAAS-3023 without a kubeconfig, CAAS-3025
        before the bootstrap.
        """
        if not self.has_plane:
            return connect(self.stack, self.settings.management)
        if not self.plane.kubeconfig.exists():
            raise CaasError(
                API_SERVER_UNREACHABLE,
                f"The management plane of the stack `{self.stack}` is not running",
                where=Where(file=str(self.plane.kubeconfig)),
            )
        return Api(self.plane.kubeconfig)

    @cached_property
    def namespace(self) -> str:
        """The namespace of the stack's clusters; empty, for all namespaces, if the file cannot be
        read.

        Then it is a plane, which is this stack's alone.
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
        """Makes a plane run, whatever is missing; True if anything had to be started.

        Of another management cluster it makes sure that it answers. Raises CAAS-3011 where not,
        and CAAS-3025 before the bootstrap is over.
        """
        if self.mode is ManagementMode.SELF_MANAGED and not self.is_bootstrapped:
            raise not_bootstrapped(self.stack)
        if not self.has_plane:
            self.api.request("GET", "/version")
            return False
        binaries = ensure_binaries(self.progress, self._providers)
        started = self.plane.start(binaries, self.progress)
        if started and self.fleet().clusters:
            self._steady = REVIVAL
        return started

    def prepare(self) -> None:
        """Makes sure that Docker can make machines, where they are containers.

        Raises CAAS-2150 to CAAS-2154.
        """
        if not self.in_containers:
            return
        if containers.prepare(self.settings.infrastructure.container_subnet):
            self.progress.note(f"The network `{containers.NETWORK}` was made in Docker")

    def programs(self, progress: Progress) -> list[Path]:
        """The folders with the programs of the plane, made where they are missing; none where the
        management cluster is an existing one."""
        if self.mode is ManagementMode.EXISTING:
            return []
        binaries = ensure_binaries(progress, self._providers)
        others = [each.manager.parent for each in binaries.providers.values()]
        return [binaries.etcd.parent, *others]

    def dead_processes(self) -> list[str]:
        """The processes of an embedded plane that are not running; empty for other management
        clusters."""
        processes = self.plane.processes() if self.has_plane else ()
        return [process.name for process in processes if not process.running]

    def record(self) -> Recording:
        """Runs the program and records what it registers."""
        return run_program(self.stack, self._source, self.settings)

    def plan(
        self, recording: Recording | None = None, *, offline: str = "", lenient: bool = False
    ) -> Plan:
        """The plan of an apply.

        Raises CAAS-3080 to CAAS-3082 where an existing management cluster lacks a requirement.

        Args:
            recording: what the program registers, where it was run already.
            offline: the reason for having no management cluster; then everything is new.
            lenient: tell also what would be refused; for looking only.
        """
        recording = recording or self.record()
        counts: Counts = UNKNOWN
        if offline:
            objects = plan_offline(recording.objects())
        else:
            if self.mode is ManagementMode.EXISTING and not lenient:
                where = Where(file=str(self.file))
                requirements.check(self.api, recording.objects(), where)
            objects = plan_objects(
                self.api,
                recording.objects(secrets=True),
                self.members,
                (lambda *_: None) if lenient else self._judge,
                shown=recording.with_secrets(),
                made_once=recording.made_once(),
                kept=() if self.has_plane else SHARED,
                lenient=lenient,
            )
            counts = read_counts(self.api, self.namespace)
        recorded = RemovalState() if offline else self.removals.read()
        plan = Plan.of(recording, objects, self._undelivered(), offline, counts)
        return replace(plan, recorded=recorded)

    def plan_from(self, before: Iterable[Manifest], recording: Recording) -> Plan:
        """The plan of a change from `before`, the objects of an earlier program.

        Raises what `judge_clusters` does, for a running cluster that would refuse the change.
        """
        objects = plan_between(before, recording.objects(), self._judge)
        return Plan.of(recording, objects, self._undelivered())

    def estimate(self, plan: Plan) -> Estimate:
        """The resources and costs of the clusters, before and after the plan. Raises CAAS-3028."""
        objects = plan.objects
        before, after = (
            [manifest for key, manifest in found.items() if key.kind == "Cluster"]
            for found in (objects.live, objects.after())
        )
        machines, clusters = self.settings.infrastructure, self.settings.all_clusters
        found = estimate(before, after, machines, clusters, plan.counts)
        old, new = plan.quotas
        return with_tenants(
            found, machines, CostSide(before, old, plan.counts), CostSide(after, new)
        )

    def apply(self, plan: Plan, report: Report) -> None:
        """Does what the plan says."""
        apply_plan(self.api, plan.objects, plan.recording.waves(), self.members, report)

    def prepare_for_pulumi(self, plan: Plan) -> None:
        """Does what the pulumi CLI would not; then it may apply the plan."""
        prepare_for_pulumi(self.api, plan.objects, plan.once_made)

    def fleet(self) -> FleetObjects:
        """The clusters as they are now; where others have clusters too, only this stack's."""
        fleet = read_fleet(self.api, self.namespace, delivered=self.in_containers)
        if self.has_plane:
            return fleet
        named = {cluster.name for cluster in self.settings.all_clusters}
        own = tuple(
            cluster
            for cluster in fleet.clusters
            if self.members.has(cluster, cluster["metadata"]["name"] in named)
        )
        return replace(fleet, clusters=own)

    def watch(
        self, timeout: float, done: Callable[[FleetObjects], bool]
    ) -> Iterator[list[ClusterState]]:
        """The state of every cluster, once a second until `done`; what died is started again.

        Args:
            timeout: seconds to wait at most.
            done: whether the wait is over.

        Raises:
            CaasError: CAAS-3012 when the time is up, CAAS-3011 when the API server is silent for
                minutes.
        """
        settled_since = time.monotonic()
        deadline = settled_since + timeout
        while True:
            fleet = self._answered(deadline)
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
                    why="; ".join(f"{state.name}: {state.unsettled}" for state in late[:5]),
                )
            time.sleep(POLL)

    def settled(self, plan: Plan) -> Callable[[FleetObjects], bool]:
        """A test for `watch`: every cluster is as wanted, and what was deleted is gone."""
        if any(
            change.key.kind == "ClusterClass" and change.operation is Operation.UPDATE
            for change in plan.objects.changes
        ):
            self._steady = REVIVAL
        gone = {
            change.name
            for change in plan.clusters
            if change.action is ClusterAction.DELETE and change.namespace == self.namespace
        }

        def done(fleet: FleetObjects) -> bool:
            states = fleet.states()
            there = {state.name for state in states}
            return not gone & there and all(state.settled for state in states)

        return done

    def workload_clusters(self) -> list[Manifest]:
        """The stack's clusters without its management cluster."""
        own = self.settings.management.cluster if not self.has_plane else None
        return [
            cluster
            for cluster in self.fleet().clusters
            if own is None or cluster["metadata"]["name"] != own.name
        ]

    def delete_clusters(self) -> None:
        """Begins to delete every workload cluster of the stack."""
        for cluster in self.workload_clusters():
            if "deletionTimestamp" not in cluster["metadata"]:
                retire(self.api, cluster)

    def remove_objects(self, report: Report = lambda change: None) -> None:
        """Deletes what the stack has on a management cluster of others, but for its namespace."""
        wanted = map(Key.of, self.record().objects())
        live = self.members.live(wanted)
        apply_plan(self.api, plan_removal(live, SHARED), (), self.members, report)
        self.members.forget()
        self.removals.forget()

    @cached_property
    def members(self) -> StackObjects:
        """The stack's objects on the management cluster."""
        return StackObjects(self.api, self.stack, self._member, shared=not self.has_plane)

    @cached_property
    def removals(self) -> RemovalRecord:
        """The record of objects that are still to be removed from clusters."""
        return RemovalRecord(self.api, self._member)

    @property
    def _member(self) -> str:
        return membership(project_name(), self.stack, self.settings.management.namespace)

    def _answered(self, deadline: float) -> FleetObjects:
        """The fleet, from an API server that may be too busy to answer every request in time."""
        silent_since = time.monotonic()
        while True:
            try:
                return self._fleet_or_heal()
            except CaasError as error:
                silent = time.monotonic() - silent_since
                late = silent > SILENCE or time.monotonic() > deadline
                if error.problems[0].code is not API_SERVER_UNREACHABLE or late:
                    raise
                self.progress.note(
                    f"The API server has not answered for {silent:.0f} s; it may be busy, "
                    "asking again"
                )
            time.sleep(POLL)

    def _fleet_or_heal(self) -> FleetObjects:
        """The fleet; when the plane died meanwhile it is started again first."""
        if self.dead_processes():
            self.progress.note("A process of the management plane exited; restarting it")
            self.open()
        return self.fleet()

    def _undelivered(self) -> str:
        """On the embedded plane add-ons are delivered to machines in containers only."""
        delivered = self.in_containers or not self.has_plane
        targets = map(self.settings.target, () if delivered else self.settings.clusters)
        names = sorted({key for target in targets for key in target.addons})
        named = ", ".join(f"`{name}`" for name in names)
        return f"add-ons are checked and not installed here, no pods run: {named}" if names else ""

    def _judge(self, live: Objects, wanted: Objects) -> None:
        judge_clusters(live, wanted, self.place)
        clusters = {cluster.name: cluster for cluster in self.settings.all_clusters}
        judge_names(live, wanted, clusters, self._located)
        judge_data(live, wanted, lambda name: clusters[name].discard, self.place)
        target = self.settings.target
        judge_addons(live, wanted, lambda name: target(clusters[name]), self.place)
        if not self.delete_data:
            judge_tenants(live, wanted, self.place)
            judge_apps(live, wanted)

    def advice(self) -> list[Problem]:
        """The advice about the stack file."""
        return [
            Problem(each.code, each.what, self._source.where(each.path, key=each.key), each.why)
            for each in advice(self.settings)
        ]

    def place(self, cluster: str, field: str) -> Where:
        """The position of a cluster in the stack file."""
        return self._located(cluster, (field,))

    def _located(self, cluster: str, path: tuple[str | int, ...]) -> Where:
        own = self.settings.management.cluster
        if own and own.name == cluster:
            return self._source.where(("management", "cluster", *path))
        return self._source.where(("clusters", self._positions[cluster], *path))

    @cached_property
    def _source(self) -> Source:
        return read(self.file)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {each.name: index for index, each in enumerate(self.settings.clusters)}
