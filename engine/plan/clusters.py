"""The effect of an apply on each cluster: versions, and machines replaced, created and removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from packaging.version import Version

from components.cluster.rules.known_names import check_version
from components.cluster.settings import Cluster
from components.cluster_object import CONTROL_PLANE, DeclaredCluster
from components.estimate import UNKNOWN, Counts
from components.mappings import Manifest
from engine.objects import Key, Objects
from engine.plan.machines import PlannedGroup, groups
from engine.plan.objects import ObjectPlan, same_where_set
from errors import CaasError, Where
from errors.stack_rules import NETWORK_CHANGED
from stacks.settings import check_upgrade, upgrade_path
from stacks.settings.running import check_control_plane

Locate = Callable[[str, str], Where]
"""The place of a cluster's field in the stack file."""


def _nowhere(cluster: str, field: str) -> Where:
    return Where(cluster=cluster)


class ClusterAction(StrEnum):
    """A change of a cluster or of a group of its machines."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class MachineChange:
    """The change of one group of machines.

    Attributes:
        name: the pool's name, or `controlPlane`.
        before: machines now; the fewest there can be where that is not known.
        after: machines then, before an autoscaler goes on.
        replaced: machines that give way to new ones, each round.
        rounds: how often; an upgrade over two minors replaces control-plane machines twice.
        in_place: whether something changes without a machine being replaced.
        max_unavailable: how many may be missing meanwhile.
        bounds: between which the autoscaler chooses.
        most: the most machines that there can be now; None where `before` is known.
    """

    name: str
    action: ClusterAction
    before: int
    after: int
    replaced: int
    rounds: int
    in_place: bool
    max_unavailable: int | str
    bounds: tuple[int, int] | None = None
    most: int | None = None

    @property
    def created(self) -> int:
        """Machines added beyond those that replace others."""
        return max(0, self.after - self.before)

    @property
    def deleted(self) -> int:
        """Machines removed and not replaced."""
        return max(0, self.before - self.after)

    @property
    def later(self) -> int:
        """Machines that an autoscaler adds afterwards to reach its bounds, or may remove if < 0."""
        low, high = self.bounds or (self.after, self.after)
        return min(max(self.after, low), high) - self.after

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        return {
            "name": self.name,
            "action": self.action.value,
            "before": self.before,
            "after": self.after,
            "replaced": self.replaced,
            "rounds": self.rounds,
            "created": self.created,
            "deleted": self.deleted,
            "inPlace": self.in_place,
            "maxUnavailable": self.max_unavailable,
            "autoscaled": dict(zip(("min", "max"), self.bounds, strict=True))
            if self.bounds
            else None,
            "assumed": {"min": self.before, "max": self.most} if self.most is not None else None,
        }


@dataclass(frozen=True, slots=True)
class ClusterChange:
    """The change of one cluster.

    Attributes:
        version: what it runs, or will run when it is new.
        steps: the versions that an upgrade walks through, the last one is the target.
        machines: every group of machines, the control plane first.
        other: the Cluster object changes in something that touches no machine.
    """

    name: str
    namespace: str
    action: ClusterAction
    version: Version
    steps: tuple[Version, ...]
    machines: tuple[MachineChange, ...]
    other: bool
    paused: bool

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        target = self.steps[-1] if self.steps else self.version
        return {
            "name": self.name,
            "namespace": self.namespace,
            "action": self.action.value,
            "version": {
                "from": str(self.version),
                "to": str(target),
                "steps": [str(step) for step in self.steps],
            },
            "controlPlane": self.machines[0].as_dict(),
            "workers": [change.as_dict() for change in self.machines[1:]],
            "paused": self.paused,
        }


def judge_clusters(live: Objects, wanted: Objects, locate: Locate = _nowhere) -> None:
    """Refuses what can't be done to a running cluster.

    Args:
        live: the objects that are there.
        wanted: the objects that shall be.
        locate: gives places in the stack file.

    Raises:
        CaasError: CAAS-1090 a downgrade, CAAS-1091 an upgrade over a minor that no listed release
            bridges, CAAS-1092 other address ranges, CAAS-1182 or CAAS-1183 what would cost a
            control plane its data, CAAS-1219 kube-proxy switched on or off.
    """
    for name, old, new in running(live, wanted):
        place = locate(name, "version")
        releases = _releases(new, wanted)
        check_upgrade(_version(old), _version(new), releases, cluster=name, where=place)
        check_control_plane(
            DeclaredCluster(old),
            DeclaredCluster(new),
            cluster=name,
            where=locate(name, "controlPlane"),
        )
        if not same_where_set(DeclaredCluster(new).network, DeclaredCluster(old).network):
            raise CaasError(
                NETWORK_CHANGED,
                f"the network of the cluster `{name}` is not what it was made with",
                where=locate(name, "network"),
            )


def running(live: Objects, wanted: Objects) -> Iterator[tuple[str, Manifest, Manifest]]:
    """The clusters that are there and stay: the name, the Cluster as it is and as it shall be."""
    for key, new in wanted.items():
        if key.kind == "Cluster" and (old := live.get(key)):
            yield key.name, old, new


def judge_names(
    live: Objects,
    wanted: Objects,
    settings: Mapping[str, Cluster],
    locate: Callable[[str, tuple[str | int, ...]], Where],
) -> None:
    """Refuses an upgrade through a release that does not know a name that its cluster is given.

    The target is checked with the stack file. Worker pools go to it at once.

    Args:
        live: the objects that are there.
        wanted: the objects that shall be.
        settings: what the stack file says about clusters, by name.
        locate: gives places in the stack file, by the path below a cluster.

    Raises:
        CaasError: CAAS-1064 to CAAS-1069.
    """
    for name, old, new in running(live, wanted):
        steps = walked(old, new, wanted)[:-1] if name in settings else ()
        for step in steps:
            for finding in check_version(settings[name], step, workers=False):
                raise CaasError(
                    finding.code,
                    finding.what,
                    where=locate(name, finding.path),
                    why=f"the upgrade of `{name}` walks through {step}",
                    fix=finding.fix,
                )


def plan_clusters(plan: ObjectPlan, counts: Counts = UNKNOWN) -> list[ClusterChange]:
    """The effect of object changes on every cluster of the stack, including unchanged ones.

    Args:
        plan: the object changes.
        counts: the machines of pools where something else than the Cluster says how many.
    """
    after = plan.after()
    names = sorted(
        {key for key in (*plan.live, *plan.desired) if key.kind == "Cluster"},
        key=lambda key: (key.namespace, key.name),
    )
    return [_cluster_change(key, plan.live, after, counts) for key in names]


def _cluster_change(key: Key, live: Objects, after: Objects, counts: Counts) -> ClusterChange:
    old, new = live.get(key), after.get(key)
    present = new or old
    if present is None:  # the caller's keys come from these two
        raise KeyError(key)
    before_groups = groups(old, live, counts) if old else {}
    after_groups = groups(new, after) if new else {}
    running = _version(old) if old else _version(present)
    steps: tuple[Version, ...] = ()
    if old and new and _version(new) != running:
        steps = walked(old, new, after)
    machines = tuple(_machine_changes(before_groups, after_groups, len(steps)))
    changed = any(change.action is not ClusterAction.UNCHANGED for change in machines)
    other = bool(old and new and not changed and _outside_topology(old) != _outside_topology(new))
    if old is None:
        action = ClusterAction.CREATE
    elif new is None:
        action = ClusterAction.DELETE
    else:
        action = ClusterAction.UPDATE if changed or other else ClusterAction.UNCHANGED
    return ClusterChange(
        name=key.name,
        namespace=key.namespace,
        action=action,
        version=running,
        steps=steps,
        machines=machines,
        other=other,
        paused=DeclaredCluster(present).is_paused,
    )


def _machine_changes(
    before: dict[str, PlannedGroup], after: dict[str, PlannedGroup], steps: int
) -> Iterator[MachineChange]:
    names = list(after) + [name for name in before if name not in after]
    for name in names:
        old, new = before.get(name), after.get(name)
        yield _machine_change(name, old, new, steps if name == CONTROL_PLANE else min(steps, 1))


def _machine_change(
    name: str, old: PlannedGroup | None, new: PlannedGroup | None, upgrades: int
) -> MachineChange:
    count_before, most = old.before if old else (0, 0)
    count_after = new.after(old) if new else 0
    bounds = new.bounds if new else None
    rolled = bool(old and new and old.origin != new.origin)
    # A template change travels with the first machine that an upgrade makes.
    rounds = max(upgrades, int(rolled)) if old and new else 0
    in_place = bool(old and new and old.settings != new.settings)
    if old is None:
        action = ClusterAction.CREATE
    elif new is None:
        action = ClusterAction.DELETE
    elif rounds or in_place or count_before != count_after:
        action = ClusterAction.UPDATE
    else:
        action = ClusterAction.UNCHANGED
    fewest = min(count_before, count_after)
    return MachineChange(
        name=name,
        action=action,
        before=count_before,
        after=count_after,
        replaced=fewest if rounds else 0,
        rounds=rounds if min(most, count_after) else 0,
        in_place=in_place,
        max_unavailable=new.max_unavailable if new else 0,
        bounds=bounds,
        most=most if most != count_before else None,
    )


def walked(old: Manifest, new: Manifest, objects: Objects) -> tuple[Version, ...]:
    """The versions that a cluster's upgrade walks through; none where it is not upgraded."""
    current, target = _version(old), _version(new)
    return upgrade_path(current, target, [*_releases(new, objects), target])


def _version(cluster: Manifest) -> Version:
    return Version(DeclaredCluster(cluster).version)


def _releases(cluster: Manifest, objects: Objects) -> Sequence[Version]:
    """The releases that the cluster's class lets an upgrade walk through."""
    class_name = DeclaredCluster(cluster).class_name
    for key, manifest in objects.items():
        if key.kind == "ClusterClass" and key.name == class_name:
            listed = manifest["spec"].get("kubernetesVersions", ())
            return sorted(Version(version.removeprefix("v")) for version in listed)
    return ()


def _outside_topology(cluster: Manifest) -> dict[str, Any]:
    spec = dict(cluster["spec"])
    topology = dict(spec.pop("topology"))
    for part in ("controlPlane", "workers", "version", "variables"):
        topology.pop(part, None)
    metadata = cluster["metadata"]
    return {
        "spec": spec,
        "topology": topology,
        "labels": metadata.get("labels"),
        "annotations": metadata.get("annotations"),
    }
