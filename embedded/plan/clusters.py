"""What an apply does to each cluster: versions walked, machines replaced, made and removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from packaging.version import Version

from components.manifest import Manifest
from embedded.objects import Key, Objects
from embedded.plan.machines import CONTROL_PLANE, Group, groups
from embedded.plan.objects import ObjectPlan, same_where_set
from errors import CaasError, Where
from errors.stack_rules import NETWORK_CHANGED
from stacks.settings import check_upgrade, upgrade_path
from stacks.settings.running import check_control_plane

Locate = Callable[[str, str], Where]
"""The place of a cluster's field in the stack file."""


def _nowhere(cluster: str, field: str) -> Where:
    return Where(cluster=cluster)


class Action(StrEnum):
    """What happens to a cluster or a group of its machines."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class MachineChange:
    """What happens to the machines of one group.

    Attributes:
        name: the pool's name, or `controlPlane`.
        before: machines now.
        after: machines then.
        replaced: machines that give way to new ones, each round.
        rounds: how often; an upgrade over two minors replaces control-plane machines twice.
        in_place: whether something changes without a machine being replaced.
        max_unavailable: how many may be missing meanwhile.
        bounds: between which the autoscaler chooses; then the counts are the fewest there can be.
    """

    name: str
    action: Action
    before: int
    after: int
    replaced: int
    rounds: int
    in_place: bool
    max_unavailable: int | str
    bounds: tuple[int, int] | None = None

    @property
    def created(self) -> int:
        """Machines added beyond those that replace others."""
        return max(0, self.after - self.before)

    @property
    def deleted(self) -> int:
        """Machines removed and not replaced."""
        return max(0, self.before - self.after)

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
        }


@dataclass(frozen=True, slots=True)
class ClusterChange:
    """What happens to one cluster.

    Attributes:
        version: what it runs, or will run when it is new.
        steps: the versions that an upgrade walks through, the last one is the target.
        machines: every group of machines, the control plane first.
        other: the Cluster object changes in something that touches no machine.
    """

    name: str
    namespace: str
    action: Action
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
    for key, new in wanted.items():
        old = live.get(key)
        if key.kind != "Cluster" or old is None:
            continue
        place = locate(key.name, "version")
        releases = _releases(new, wanted)
        check_upgrade(_version(old), _version(new), releases, cluster=key.name, where=place)
        check_control_plane(
            old["spec"]["topology"],
            new["spec"]["topology"],
            cluster=key.name,
            where=locate(key.name, "controlPlane"),
        )
        ranges = new["spec"]["clusterNetwork"]
        if not same_where_set(ranges, old["spec"].get("clusterNetwork")):
            raise CaasError(
                NETWORK_CHANGED,
                f"the network of the cluster `{key.name}` is not what it was made with",
                where=locate(key.name, "network"),
            )


def plan_clusters(plan: ObjectPlan) -> list[ClusterChange]:
    """What the object changes mean for every cluster of the stack, unchanged ones included."""
    after = plan.after()
    names = sorted(
        {key for key in (*plan.live, *plan.desired) if key.kind == "Cluster"},
        key=lambda key: (key.namespace, key.name),
    )
    return [_cluster_change(key, plan.live, after) for key in names]


def _cluster_change(key: Key, live: Objects, after: Objects) -> ClusterChange:
    old, new = live.get(key), after.get(key)
    present = new or old
    if present is None:  # the caller's keys come from these two
        raise KeyError(key)
    before_groups = groups(old, live) if old else {}
    after_groups = groups(new, after) if new else {}
    running = _version(old) if old else _version(present)
    steps: tuple[Version, ...] = ()
    if old and new and _version(new) != running:
        steps = walked(old, new, after)
    machines = tuple(_machine_changes(before_groups, after_groups, len(steps)))
    changed = any(change.action is not Action.UNCHANGED for change in machines)
    other = bool(old and new and not changed and _outside_topology(old) != _outside_topology(new))
    if old is None:
        action = Action.CREATE
    elif new is None:
        action = Action.DELETE
    else:
        action = Action.UPDATE if changed or other else Action.UNCHANGED
    return ClusterChange(
        name=key.name,
        namespace=key.namespace,
        action=action,
        version=running,
        steps=steps,
        machines=machines,
        other=other,
        paused=bool(present["spec"].get("paused")),
    )


def _machine_changes(
    before: dict[str, Group], after: dict[str, Group], steps: int
) -> Iterator[MachineChange]:
    names = list(after) + [name for name in before if name not in after]
    for name in names:
        old, new = before.get(name), after.get(name)
        yield _machine_change(name, old, new, steps if name == CONTROL_PLANE else min(steps, 1))


def _machine_change(
    name: str, old: Group | None, new: Group | None, upgrades: int
) -> MachineChange:
    count_before = old.count() if old else 0
    count_after = new.count(count_before if old else None) if new else 0
    bounds = new.bounds if new else None
    rolled = bool(old and new and old.origin != new.origin)
    # A template change travels with the first machine that an upgrade makes.
    rounds = max(upgrades, int(rolled)) if old and new else 0
    in_place = bool(old and new and old.settings != new.settings)
    if old is None:
        action = Action.CREATE
    elif new is None:
        action = Action.DELETE
    elif rounds or in_place or count_before != count_after:
        action = Action.UPDATE
    else:
        action = Action.UNCHANGED
    return MachineChange(
        name=name,
        action=action,
        before=count_before,
        after=count_after,
        replaced=min(count_before, count_after) if rounds else 0,
        rounds=rounds if min(count_before, count_after) or bounds else 0,
        in_place=in_place,
        max_unavailable=new.max_unavailable if new else 0,
        bounds=bounds,
    )


def walked(old: Manifest, new: Manifest, objects: Objects) -> tuple[Version, ...]:
    """The versions that a cluster's upgrade walks through; none where it is not upgraded."""
    current, target = _version(old), _version(new)
    return upgrade_path(current, target, [*_releases(new, objects), target])


def _version(cluster: Manifest) -> Version:
    return Version(cluster["spec"]["topology"]["version"].removeprefix("v"))


def _releases(cluster: Manifest, objects: Objects) -> Sequence[Version]:
    """The releases that the cluster's class lets an upgrade walk through."""
    reference = cluster["spec"]["topology"]["classRef"]
    for key, manifest in objects.items():
        if key.kind == "ClusterClass" and key.name == reference["name"]:
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
