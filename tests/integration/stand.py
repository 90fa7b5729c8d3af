"""One separate stack on the run's plane, and everything that its machines do."""

from __future__ import annotations

import base64
import copy
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client import CustomObjectsApi
from kubernetes.config import new_client_from_config
from kubernetes.watch import Watch
from urllib3.exceptions import HTTPError

from components.cluster.kinds import CLUSTER_API
from components.cluster_object import CONTROL_PLANE
from engine.api import Api
from engine.fleet import CLUSTER_NAME, POOL_NAME, FleetObjects
from engine.plan.clusters import ClusterAction, ClusterChange, MachineChange
from engine.plan.plan import Plan
from engine.session import Session
from errors import CaasError
from plane.plane import Plane
from plane.progress import Silent
from stacks.private import write_private

Settings = dict[str, Any]
Key = tuple[str, str]
"""A cluster and one of its groups of machines."""
SETTLED_SECONDS = 400.0
"""Longer than anything takes, on two cores that are shared."""
QUICK = {"provider": "in-memory", "machineStartup": "0s", "nodeStartup": "0s"}


@dataclass(frozen=True, order=True)
class Machine:
    """The facts about one Machine object that tests compare."""

    created: str
    name: str
    cluster: str
    group: str
    version: str

    @property
    def key(self) -> Key:
        """Its cluster and its group."""
        return self.cluster, self.group

    @classmethod
    def of(cls, manifest: dict[str, Any]) -> Machine:
        metadata = manifest["metadata"]
        return cls(
            metadata["creationTimestamp"],
            metadata["name"],
            metadata["labels"][CLUSTER_NAME],
            metadata["labels"].get(POOL_NAME) or CONTROL_PLANE,
            manifest["spec"].get("version", "").removeprefix("v"),
        )


@dataclass(frozen=True)
class Snapshot:
    """The machines of a stack at one moment.

    Attributes:
        machines: all of them.
        told: the spec of each group's owner and of its health check, by cluster and group.
    """

    machines: frozenset[Machine]
    told: dict[Key, Any]

    def of(self, key: Key) -> set[Machine]:
        """The machines of one group."""
        return {each for each in self.machines if each.key == key}


class Stand:
    """A stack whose file a test writes and whose namespace no other test uses.

    Args:
        plane: where it runs.
        folder: for its stack file; $CAAS_STACKS has to point to it.
        name: of the stack and of its namespace.
    """

    def __init__(self, plane: Plane, folder: Path, name: str) -> None:
        self.plane = plane
        self.folder = folder
        self.name = name
        self.file = folder / f"Pulumi.{name}.yaml"
        self.settings: Settings = {
            "management": {"namespace": name},
            "infrastructure": dict(QUICK),
            "clusters": [],
        }
        self.write()

    def write(self, **changes: Any) -> None:
        """Writes the stack file, with new values of its keys."""
        self.settings |= changes
        config = {f"caas:{key}": value for key, value in self.settings.items()}
        self.file.write_text(yaml.safe_dump({"config": config}, sort_keys=False))

    def change(self, cluster: str, mutate: Callable[[Settings], object]) -> None:
        """Changes one cluster of the stack file."""
        self.settings = copy.deepcopy(self.settings)
        mutate(next(each for each in self.settings["clusters"] if each["name"] == cluster))
        self.write()

    def session(self) -> Session:
        """A new session, which reads the file as it is now."""
        session = Session(self.name, Silent())
        session.plane = self.plane
        return session

    @property
    def api(self) -> Api:
        """The management API server."""
        return self.session().api

    def plan(self) -> Plan:
        """The plan of an apply."""
        return self.session().plan()

    def apply(self) -> Plan:
        """Applies the file and waits for nothing."""
        session = self.session()
        plan = session.plan()
        session.apply(plan, lambda change: None)
        return plan

    def up(self, seconds: float = SETTLED_SECONDS) -> Plan:
        """Applies the file and waits until everything is settled."""
        plan = self.apply()
        session = self.session()
        self.wait(session.settled(plan), seconds, session)
        return plan

    def wait(
        self,
        done: Callable[[FleetObjects], bool],
        seconds: float = SETTLED_SECONDS,
        session: Session | None = None,
    ) -> None:
        """Waits for something about the fleet; what was there at the limit is written down."""
        session = session or self.session()
        try:
            for _ in session.watch(seconds, done):
                pass
        except CaasError:
            fleet = session.fleet()
            late = {state.name for state in fleet.states() if not state.settled}
            found = {
                name: [
                    *(each for each in fleet.clusters if each["metadata"]["name"] == name),
                    fleet.control_planes.get(name),
                    *fleet.pools.get(name, ()),
                    *fleet.machines.get(name, ()),
                ]
                for name in late
            }
            (self.folder / "late.yaml").write_text(yaml.safe_dump(found))
            raise

    def look(self) -> Snapshot:
        """Every machine of the stack, and the wanted state of its group."""
        session = self.session()
        fleet = session.fleet()
        path = f"/apis/{CLUSTER_API}/namespaces/{self.name}/machinehealthchecks"
        checks = {each["metadata"]["name"]: each["spec"] for each in session.api.list(path)}
        owners = [((name, CONTROL_PLANE), owner) for name, owner in fleet.control_planes.items()]
        for name, pools in fleet.pools.items():
            owners += [((name, each["metadata"]["labels"][POOL_NAME]), each) for each in pools]
        return Snapshot(
            frozenset(Machine.of(each) for group in fleet.machines.values() for each in group),
            {key: (each["spec"], checks.get(each["metadata"]["name"])) for key, each in owners},
        )

    def machines(self, cluster: str, group: str) -> list[dict[str, Any]]:
        """The Machine objects of a group."""
        found = self.session().fleet().machines.get(cluster, [])
        return [each for each in found if Machine.of(each).group == group]

    def workload(self, cluster: str) -> Api:
        """The API server of a workload cluster."""
        path = f"/api/v1/namespaces/{self.name}/secrets/{cluster}-kubeconfig"
        secret = self.api.get(path)
        assert secret, path
        kubeconfig = self.folder / f"{cluster}.kubeconfig"
        write_private(kubeconfig, base64.b64decode(secret["data"]["value"]).decode())
        return Api(kubeconfig)

    def remove(self) -> None:
        """Deletes every cluster, and waits until they are gone."""
        self.session().delete_clusters()
        self.wait(lambda fleet: not fleet.clusters)


@contextmanager
def stand_on(plane: Plane, folder: Path, name: str) -> Iterator[Stand]:
    """A stand; its clusters are deleted at the end, without waiting for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAAS_STACKS", str(folder))
        patch.setenv("CAAS_STATE", str(folder / "state"))
        stand = Stand(plane, folder, name)
        try:
            yield stand
        finally:
            stand.session().delete_clusters()


Event = tuple[str, dict[str, Any]]
"""ADDED, MODIFIED or DELETED, and the object."""


@contextmanager
def watching(stand: Stand, plural: str) -> Iterator[Callable[[], list[Event]]]:
    """Watches objects of the stand while the body runs; nothing is missed, however short it was.

    A server ends a watch whenever it likes, and does so under load: it goes on from the last
    event. Where that is no longer possible, the test fails.

    Args:
        stand: whose objects.
        plural: their kind among Cluster API's own, `machines`.

    Yields:
        A function that gives every event so far; what is there at first is ADDED.
    """
    with new_client_from_config(str(stand.plane.kubeconfig)) as client:
        listing = CustomObjectsApi(client).list_namespaced_custom_object
        place = (*CLUSTER_API.split("/"), stand.name, plural)
        first = listing(*place)
        events: list[Event] = [("ADDED", each) for each in first["items"]]
        watch, over = Watch(), threading.Event()

        def follow() -> None:
            version = first["metadata"]["resourceVersion"]
            while not over.is_set():
                found = watch.stream(
                    listing, *place, resource_version=version, allow_watch_bookmarks=True
                )
                with suppress(HTTPError):
                    events.extend(
                        (event["type"], event["raw_object"])
                        for event in found
                        if event["type"] != "BOOKMARK"
                    )
                version = watch.resource_version
                over.wait(0.1)

        with ThreadPoolExecutor(1) as pool:
            following = pool.submit(follow)
            try:
                yield lambda: list(events)
            finally:
                over.set()
                watch.stop()
                following.result(timeout=60)


def machines_of(events: list[Event]) -> list[Machine]:
    """Every machine that a watch saw, in the order of appearance."""
    return list(dict.fromkeys(Machine.of(each) for _, each in events))


def predicted(change: ClusterChange, group: MachineChange) -> dict[str, Any]:
    """The plan's words as numbers."""
    steps = [str(step) for step in change.steps or (change.version,)]
    if group.name != CONTROL_PLANE or not group.rounds:
        steps = steps[-1:]
    made = group.after * group.rounds if group.rounds else group.created
    return {
        "touched": group.action is not ClusterAction.UNCHANGED,
        "gone": group.replaced + group.deleted,
        "stayed": group.before - group.replaced - group.deleted,
        "new": group.replaced + group.created,
        "made": made,
        "versions": steps if made else [],
    }


def happened(key: Key, before: Snapshot, after: Snapshot, seen: list[Machine]) -> dict[str, Any]:
    """The same numbers, counted.

    Args:
        key: whose machines.
        before: when the plan was made.
        after: when everything was settled again.
        seen: the machines that were there in between, in the order of appearance.
    """
    old, new = before.of(key), after.of(key)
    made = [each for each in seen if each.key == key and each not in old]
    return {
        "touched": before.told.get(key) != after.told.get(key),
        "gone": len(old - new),
        "stayed": len(old & new),
        "new": len(new - old),
        "made": len(made),
        "versions": list(dict.fromkeys(each.version for each in made)),
    }
