"""The clusters of a management cluster as they are now, read from Cluster API's objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from components.cluster.kinds import CLUSTER_API, CONTROL_PLANE_API
from components.cluster_object import DeclaredCluster, DeclaredGroup
from components.estimate import Counts
from components.mappings import Manifest
from engine.addon_releases import AddonReleases, AddonsState, read_addon_releases
from engine.api import NOT_FOUND, Api, RefusedError, collection_path
from engine.rollout import control_plane_rolled_out, pool_rolled_out

CLUSTER_NAME = "cluster.x-k8s.io/cluster-name"
POOL_NAME = "topology.cluster.x-k8s.io/deployment-name"
POOL_OWNER = "cluster.x-k8s.io/deployment-name"
"""The label of a MachineSet with the name of its MachineDeployment."""
BUSY = ("Deleting", "Remediating", "RollingOut", "ScalingDown", "ScalingUp")
"""Conditions of a Cluster that are False when it is at rest."""

AVAILABLE = "Available"
COUNTS = ("replicas", "upToDateReplicas", "readyReplicas", "availableReplicas")


@dataclass(frozen=True, slots=True)
class GroupState:
    """The machines of a control plane or a pool.

    Attributes:
        desired: as the Cluster wants; None where an autoscaler decides.
        settled: whether the machines are what the Cluster wants, all of them available.
    """

    name: str
    desired: int | None
    replicas: int
    up_to_date: int
    available: int
    settled: bool

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        return {
            "name": self.name,
            "desired": self.desired,
            "replicas": self.replicas,
            "upToDate": self.up_to_date,
            "available": self.available,
        }


@dataclass(frozen=True, slots=True)
class ClusterState:
    """One workload cluster as it is now.

    Attributes:
        version: what its Cluster object wants.
        running: what its control plane runs; differs during an upgrade.
        condition: the condition that matters most now, in a word.
        message: what Cluster API says about it.
        settled: nothing is left to be done.
        addons: those that the plane delivers; None where it delivers none.
    """

    name: str
    namespace: str
    version: str
    running: str
    phase: str
    available: bool
    paused: bool
    deleting: bool
    settled: bool
    condition: str
    message: str
    control_plane: GroupState
    pools: tuple[GroupState, ...]
    created: datetime
    addons: AddonsState | None = None

    @property
    def unsettled(self) -> str:
        """The work that is left: the condition, or groups of machines where that says nothing."""
        if self.addons and self.condition == self.addons.text:
            return f"{self.condition}, {self.message}"
        if self.condition != AVAILABLE:
            return self.condition
        late = [each.name for each in (self.control_plane, *self.pools) if not each.settled]
        return f"machines of {', '.join(late)}" if late else "machines that are being deleted"

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        workers = {
            "desired": sum(pool.desired or 0 for pool in self.pools),
            "available": sum(pool.available for pool in self.pools),
            "pools": [pool.as_dict() for pool in self.pools],
        }
        control_plane = self.control_plane.as_dict()
        del control_plane["name"]
        return {
            "name": self.name,
            "namespace": self.namespace,
            "version": self.version,
            "runningVersion": self.running,
            "phase": self.phase,
            "available": self.available,
            "paused": self.paused,
            "condition": self.condition,
            "message": self.message,
            "controlPlane": control_plane,
            "workers": workers,
        } | ({"addons": self.addons.as_dict()} if self.addons else {})


@dataclass(frozen=True, slots=True)
class FleetObjects:
    """All objects that describe the clusters of a namespace."""

    clusters: tuple[Manifest, ...]
    control_planes: Mapping[str, Manifest]
    pools: Mapping[str, list[Manifest]]
    machines: Mapping[str, list[Manifest]]
    machine_sets: Mapping[str, list[Manifest]]
    deliveries: AddonReleases | None = None

    def states(self) -> list[ClusterState]:
        """The state of every cluster, by name."""
        return [self._state(cluster) for cluster in self.clusters]

    def _state(self, cluster: Manifest) -> ClusterState:
        declared = DeclaredCluster(cluster)
        name = declared.name
        conditions = conditions_of(cluster)
        owner = self.control_planes.get(name)
        control_plane = _group(declared.control_plane, owner)
        machines = self.machines.get(name, ())
        rolled = owner is not None and control_plane_rolled_out(owner, machines)
        control_plane = replace(control_plane, settled=control_plane.settled and rolled)
        pools = tuple(self._pools(declared))
        deleting = "deletionTimestamp" in cluster["metadata"]
        paused = declared.is_paused
        reconciled = conditions.get("TopologyReconciled", {})
        current = reconciled.get("observedGeneration") == cluster["metadata"]["generation"]
        available = conditions.get(AVAILABLE, {}).get("status") == "True"
        settled = (
            not deleting
            and available
            and reconciled.get("status") == "True"
            and current
            and not any(conditions.get(busy, {}).get("status") == "True" for busy in BUSY)
            and control_plane.settled
            and all(pool.settled for pool in pools)
            and len(self.pools.get(name, ())) == len(pools)
            and not any("deletionTimestamp" in machine["metadata"] for machine in machines)
        )
        condition, message = _telling(conditions, current)
        addons = self.deliveries.of(cluster) if self.deliveries else None
        if addons and addons.waiting:
            if settled and condition == AVAILABLE:
                condition, message = addons.text, addons.message
            settled = False
        return ClusterState(
            name=name,
            namespace=declared.namespace,
            version=declared.version,
            running=(owner or {}).get("status", {}).get("version", "").removeprefix("v"),
            phase=cluster.get("status", {}).get("phase", "Pending"),
            available=available,
            paused=paused,
            deleting=deleting,
            settled=settled or paused,
            condition="Paused" if paused else condition,
            message=message,
            control_plane=control_plane,
            pools=pools,
            created=datetime.fromisoformat(cluster["metadata"]["creationTimestamp"]),
            addons=addons,
        )

    def _pools(self, cluster: DeclaredCluster) -> Iterable[GroupState]:
        deployments = {
            deployment["metadata"]["labels"].get(POOL_NAME): deployment
            for deployment in self.pools.get(cluster.name, ())
        }
        for pool in cluster.pools:
            owner = deployments.get(pool.name)
            group = _group(pool, owner)
            rolled = owner is not None and pool_rolled_out(owner, self._sets(cluster.name, owner))
            yield replace(group, settled=group.settled and rolled)

    def _sets(self, cluster: str, deployment: Manifest) -> list[Manifest]:
        name = deployment["metadata"]["name"]
        return [
            each
            for each in self.machine_sets.get(cluster, ())
            if each["metadata"]["labels"].get(POOL_OWNER) == name
        ]


def read_fleet(api: Api, namespace: str, *, delivered: bool = False) -> FleetObjects:
    """Reads the clusters of a namespace, or of all when it is empty, with five list calls.

    Each answer is as new as its request: out of caches that lag, a pool could be as it was before
    the change that its Cluster says is done.

    Args:
        api: of the management cluster.
        namespace: of the clusters.
        delivered: whether a cluster is settled only with its add-ons; two more calls.
    """
    return FleetObjects(
        clusters=tuple(_list(api, CLUSTER_API, "clusters", namespace)),
        control_planes={
            _cluster_of(item): item
            for item in _list(api, CONTROL_PLANE_API, "kubeadmcontrolplanes", namespace)
        },
        pools=_by_cluster(_list(api, CLUSTER_API, "machinedeployments", namespace)),
        machines=_by_cluster(_list(api, CLUSTER_API, "machines", namespace)),
        machine_sets=_by_cluster(_list(api, CLUSTER_API, "machinesets", namespace)),
        deliveries=read_addon_releases(api, namespace) if delivered else None,
    )


def read_counts(api: Api, namespace: str) -> Counts:
    """The number of machines by MachineDeployment of a pool, in one namespace or in all."""
    try:
        found = _list(api, CLUSTER_API, "machinedeployments", namespace)
    except RefusedError as error:
        if error.status == NOT_FOUND:  # Cluster API is not there yet
            return {}
        raise
    return {
        (
            each["metadata"]["namespace"],
            _cluster_of(each),
            each["metadata"].get("labels", {}).get(POOL_NAME, ""),
        ): each["spec"].get("replicas", 0)
        for each in found
    }


def conditions_of(manifest: Manifest) -> dict[str, dict[str, Any]]:
    """The object's conditions by type."""
    return {entry["type"]: entry for entry in manifest.get("status", {}).get("conditions", ())}


def elapsed(since: datetime) -> int:
    """Whole seconds since then."""
    return int((datetime.now(UTC) - since).total_seconds())


def _list(api: Api, api_version: str, plural: str, namespace: str) -> list[Manifest]:
    found = api.list(collection_path(api_version, plural, namespace), resourceVersion="")
    return sorted(found, key=lambda item: str(item["metadata"]["name"]))


def _cluster_of(manifest: Manifest) -> str:
    return str(manifest["metadata"].get("labels", {}).get(CLUSTER_NAME, ""))


def _by_cluster(manifests: Iterable[Manifest]) -> dict[str, list[Manifest]]:
    grouped: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        grouped.setdefault(_cluster_of(manifest), []).append(manifest)
    return grouped


def _group(declared: DeclaredGroup, owner: Manifest | None) -> GroupState:
    """The state of `owner`, a KubeadmControlPlane or a MachineDeployment, compared with its
    goal."""
    desired = declared.replicas
    if owner is None:
        return GroupState(declared.name, desired, 0, 0, 0, settled=False)
    spec, status = owner["spec"], owner.get("status", {})
    runs = spec.get("version") or spec.get("template", {}).get("spec", {}).get("version")
    counts = [status.get(count, 0) for count in COUNTS]
    goal = spec.get("replicas", 0)
    settled = (
        desired in (None, goal)
        and runs == f"v{declared.cluster.version}"
        and status.get("observedGeneration") == owner["metadata"]["generation"]
        and all(count == goal for count in counts)
    )
    replicas, up_to_date, _, available = counts
    return GroupState(declared.name, desired, replicas, up_to_date, available, settled)


def _telling(conditions: dict[str, dict[str, Any]], current: bool) -> tuple[str, str]:
    """The condition that says most about a cluster, and its message."""
    reconciled = conditions.get("TopologyReconciled")
    if reconciled is None or not current:
        return "Pending", "Cluster API has not reconciled it yet"
    for kind in BUSY:
        condition = conditions.get(kind, {})
        if condition.get("status") == "True":
            return kind, str(condition.get("message", ""))
    for kind in (AVAILABLE, "TopologyReconciled"):
        condition = conditions.get(kind, {"status": "Unknown"})
        if condition["status"] != "True":
            reason = str(condition.get("reason", "NotAvailable"))
            return reason, str(condition.get("message", ""))
    return AVAILABLE, ""
