"""`caas bootstrap`: a management cluster that is made from nothing and then manages itself.

Seven steps, recorded in `<state>/<stack>/bootstrap.json`. Each looks at what is there before it
acts, so that a run that was interrupted anywhere is gone on with by the next one. The record says
only which steps need no second look; losing it costs time, not clusters.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components.cluster.cluster_api import providers
from components.cluster.kinds import CLUSTER_API
from components.infrastructure.interface import Infrastructure
from components.mappings import Manifest
from engine.api import Api, collection_path
from engine.fleet import conditions_of, read_fleet
from engine.program import Recording, Resource
from errors import CaasError, Where
from errors.management import BOOTSTRAP_TIMED_OUT
from operations.management.handover import Handover, ManagementSide
from plane.binaries import Binaries
from plane.manifests import stack_definition
from plane.plane import Plane
from plane.progress import Progress, Step
from stacks.management import BOOTSTRAP, OWN_KUBECONFIG
from stacks.private import write_private
from stacks.settings import PROJECT

PLANE = "management plane"
MACHINES = "foundation and management cluster"
CONTROL_PLANE = "control plane"
INSTALL = "install Cluster API"
MOVE = "hand over the clusters"
CHECK = "check the clusters"
TAKE_DOWN = "take the plane down"
STEPS = (PLANE, MACHINES, CONTROL_PLANE, INSTALL, MOVE, CHECK, TAKE_DOWN)
POLL = 2.0
ON_ITSELF = ("DirectAddons", "ClusterApi")
"""The components that are installed on the management cluster itself, before the hand-over."""

Targets = Sequence[str]


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a bootstrap in a stack's folder.

    Attributes:
        root: the stack's folder.
    """

    root: Path

    @property
    def plane(self) -> Path:
        """The embedded plane that makes the management cluster; gone at the end."""
        return self.root / BOOTSTRAP

    @property
    def kubeconfig(self) -> Path:
        """Of the API server with the clusters' objects: the plane, then the management cluster."""
        return self.root / "kubeconfig"

    @property
    def own_kubeconfig(self) -> Path:
        """Of the management cluster, from the moment it answers."""
        return self.root / OWN_KUBECONFIG

    @property
    def record(self) -> Path:
        """The steps that are done, and when."""
        return self.root / "bootstrap.json"

    @property
    def handover(self) -> Path:
        """Record and log of the hand-over."""
        return self.root / "handover"


class BootstrapRecord:
    """The steps that are done."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def done(self) -> dict[str, str]:
        """The time at which each step finished; empty if the file is missing or damaged."""
        try:
            content = json.loads(self._file.read_text())
            return {str(name): str(at) for name, at in content["done"].items()}
        except (OSError, ValueError, LookupError, AttributeError, TypeError):
            return {}

    def add(self, step: str) -> None:
        """Writes that a step is done."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        write_private(self._file, json.dumps({"done": self.done() | {step: now}}, indent=1))


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """The bootstrap of one stack.

    Args:
        stack: its name.
        cluster: the management cluster's name.
        namespace: of all clusters.
        infrastructure: of the stack.
        folder: the stack's.
        binaries: the programs of the plane, and clusterctl.
        plane: the embedded plane, in `folder.plane`, with the infrastructure's controllers.
        recording: what the program registers.
        pulumi: brings the named resources, and no others, to what the program says.
        timeout: seconds that a step may take.
    """

    stack: str
    cluster: str
    namespace: str
    infrastructure: Infrastructure
    folder: Folder
    binaries: Binaries
    plane: Plane
    recording: Recording
    pulumi: Callable[[Targets], None]
    timeout: float

    def run(self, progress: Progress) -> None:
        """Does what is left.

        Raises:
            CaasError: CAAS-3047 a step took too long; what the hand-over, the plane and the
                pulumi CLI raise.
        """
        record = BootstrapRecord(self.folder.record)
        work: dict[str, Callable[[Progress], None]] = {
            MACHINES: self._make_machines,
            CONTROL_PLANE: self._await_control_plane,
            INSTALL: self._install,
            MOVE: self._hand_over,
            CHECK: self._check,
            TAKE_DOWN: self._take_down,
        }
        if MOVE not in record.done():  # until then the plane has to run, whatever is done
            self._start_plane(progress)
            record.add(PLANE)
        for name, act in work.items():
            if name not in record.done():
                act(progress)
                record.add(name)

    def _start_plane(self, progress: Progress) -> None:
        self.plane.start(self.binaries, progress)
        self._switch(self.plane.kubeconfig)

    def _make_machines(self, progress: Progress) -> None:
        progress.step(MACHINES)
        self.pulumi(self._targets(before_handover(self.recording, self.cluster)))

    def _await_control_plane(self, progress: Progress) -> None:
        """Waits for the management cluster's API server; then its kubeconfig is written."""
        step = progress.step(CONTROL_PLANE)
        api = Api(self.plane.kubeconfig)
        path = f"{collection_path(CLUSTER_API, 'clusters', self.namespace)}/{self.cluster}"

        def look() -> str:
            cluster = api.get(path) or {}
            started = cluster.get("status", {}).get("initialization", {})
            if started.get("controlPlaneInitialized"):
                return ""
            conditions = conditions_of(cluster).get("ControlPlaneInitialized", {})
            return str(conditions.get("message") or "no control-plane machine answers yet")

        self._until(look, step, "the control plane of the management cluster is not there")
        secret = api.get(f"/api/v1/namespaces/{self.namespace}/secrets/{self.cluster}-kubeconfig")
        value = base64.b64decode((secret or {"data": {"value": ""}})["data"]["value"])
        write_private(self.folder.own_kubeconfig, value.decode())

    def _install(self, progress: Progress) -> None:
        step = progress.step(INSTALL)
        self.pulumi(self._targets(of_components(self.recording, ON_ITSELF)))
        self._until(self._missing_providers, step, "Cluster API is not ready")
        Api(self.folder.own_kubeconfig).apply(stack_definition())

    def _missing_providers(self) -> str:
        api = Api(self.folder.own_kubeconfig)
        return missing_providers(api, providers(self.infrastructure))

    def _hand_over(self, progress: Progress) -> None:
        sides = (
            ManagementSide.at(self.plane.kubeconfig),
            ManagementSide.at(self.folder.own_kubeconfig),
        )
        move = Handover(*sides, self.namespace, self.binaries.clusterctl, self.folder.handover)
        move.run(progress, ready_seconds=self.timeout)
        self._switch(self.folder.own_kubeconfig)

    def _check(self, progress: Progress) -> None:
        """Every cluster is looked after by the management cluster, itself among them."""
        step = progress.step(CHECK)
        api = Api(self.folder.kubeconfig)

        def look() -> str:
            states = read_fleet(api, self.namespace).states()
            late = [each for each in states if each.paused or not each.available]
            if self.cluster not in {each.name for each in states}:
                return f"{self.cluster} is not there"
            return ", ".join(f"{each.name}: {each.condition}" for each in late)

        self._until(look, step, "the clusters are not available on the management cluster")

    def _take_down(self, progress: Progress) -> None:
        progress.step(TAKE_DOWN)
        self.plane.destroy()

    def _switch(self, kubeconfig: Path) -> None:
        """From now on this is the management cluster of the stack, for every command."""
        write_private(self.folder.kubeconfig, kubeconfig.read_text())

    def _targets(self, resources: Iterable[Resource]) -> Targets:
        return [
            # Providers that the program makes itself have to be named as well; defaults have not.
            f"urn:pulumi:{self.stack}::{PROJECT}::pulumi:providers:**",
            *dict.fromkeys(target(self.stack, resource) for resource in resources),
        ]

    def _until(self, look: Callable[[], str], step: Step, what: str) -> None:
        """Waits until `look` has nothing to say."""
        deadline = time.monotonic() + self.timeout
        while missing := look():
            step.advance(0, None, missing[:80])
            if time.monotonic() > deadline:
                raise CaasError(
                    BOOTSTRAP_TIMED_OUT,
                    f"After {self.timeout:.0f} s {what}",
                    where=Where(cluster=self.cluster),
                    why=missing,
                )
            time.sleep(POLL)


def before_handover(recording: Recording, cluster: str) -> list[Resource]:
    """The management cluster, and all that it depends on: what the plane needs to make it.

    A targeted update, and not a smaller program, because of what is never targeted Pulumi deletes
    nothing: workload clusters of an earlier, finished bootstrap are safe whatever goes wrong here.
    The foundation is made as a whole. The other clusters, and what only pods or the add-on
    provider could act upon, have to wait for the management cluster.
    """
    known = {resource.urn: resource for resource in recording.resources}
    heads = [
        resource
        for resource in recording.resources
        if (_component(resource) == "WorkloadCluster" and resource.name == cluster)
        or _component(resource).endswith("Foundation")
    ]
    waiting = [resource for head in heads for resource in _below(recording, head)]
    found: dict[str, Resource] = {}
    while waiting:
        resource = waiting.pop()
        if resource.urn not in found:
            found[resource.urn] = resource
            needed = (*resource.dependencies, resource.parent)
            waiting += [known[urn] for urn in needed if urn in known]
    return [resource for resource in recording.resources if resource.urn in found]


def of_components(recording: Recording, classes: Collection[str]) -> list[Resource]:
    """The components of some classes, and all that is in them."""
    heads = [each for each in recording.resources if _component(each) in classes]
    return [resource for head in heads for resource in _below(recording, head)]


def target(stack: str, resource: Resource) -> str:
    """A pattern for `pulumi up --target`: the engine writes all parents' types into a URN."""
    return f"urn:pulumi:{stack}::{PROJECT}::**{resource.type}::{resource.name}"


def missing_providers(api: Api, wanted: Iterable[Any]) -> str:
    """The operator's providers that are not ready, and the message of the first."""
    late = []
    for manifest in wanted:
        live: Manifest = api.get(api.path(dict(manifest))) or {}
        ready = conditions_of(live).get("Ready", {})
        if ready.get("status") != "True":
            late.append((manifest["metadata"]["name"], str(ready.get("message", ""))))
    return ", ".join(f"{name} {message}".strip() for name, message in late)


def _component(resource: Resource) -> str:
    return resource.type.removeprefix("caas:index:")


def _below(recording: Recording, head: Resource) -> list[Resource]:
    found = {head.urn: head}
    for resource in recording.resources:  # parents are registered before their children
        if resource.parent in found:
            found[resource.urn] = resource
    return list(found.values())
