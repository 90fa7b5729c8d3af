"""Rules about staying available: while machines fail, and while they are replaced."""

from __future__ import annotations

from collections.abc import Iterator

from policies.rules.frameworks import CLUSTER_API, KUBERNETES
from policies.rules.rule import ADVISORY, HIGH, LOW, MANDATORY, MEDIUM, Context, Rule
from policies.subjects.cluster import (
    ANYWHERE,
    CLUSTERS,
    CONTROL_PLANES,
    GROUPS,
    PLACEMENT,
    POOLS,
    SNAPSHOTS_LABEL,
    SPOT,
    Cluster,
    Group,
)

TITLE = "Availability"
MAJORITY = 3
"""The fewest control-plane machines of which one may fail."""
PAIR = 2


def _odd(group: Group, _context: Context) -> Iterator[str]:
    count = group.replicas or 1
    if count % 2 == 0:
        yield f"the control plane has {count} machines, an even number"


def _redundant(group: Group, _context: Context) -> Iterator[str]:
    count = group.replicas or 1
    if group.cluster.is_production and count < MAJORITY:
        yield f"the control plane of a production cluster has {count}, fewer than {MAJORITY}"


def _has_workers(cluster: Cluster, _context: Context) -> Iterator[str]:
    if cluster.is_production and not any(pool.replicas != 0 for pool in cluster.pools):
        yield "a production cluster has no worker machine"


def _has_two_workers(cluster: Cluster, _context: Context) -> Iterator[str]:
    if cluster.is_production:
        most = sum(PAIR if pool.replicas is None else pool.most for pool in cluster.pools)
        if most == 1:
            yield "a production cluster has one worker machine, and nothing beside it"


def _zones(cluster: Cluster, _context: Context) -> Iterator[str]:
    if cluster.is_production:
        zones = [pool.zone for pool in cluster.pools]
        if len(zones) > 1 and zones[0] and len(set(zones)) == 1:
            yield f"all worker pools of a production cluster are in {zones[0]}"


def _watched(group: Group, _context: Context) -> Iterator[str]:
    if not group.health_check:
        yield f"{group.title}: unhealthy machines are not replaced"


def _can_roll(pool: Group, _context: Context) -> Iterator[str]:
    surge = pool.rollout("maxSurge", 1, round_up=True)
    unavailable = pool.rollout("maxUnavailable", 0, round_up=False)
    if surge == 0 and unavailable == 0:  # a share that is less than one machine counts as one
        unavailable = min(pool.rollout("maxUnavailable", 0, round_up=True), 1)
    count = pool.replicas
    if count and surge == 0 and unavailable == 0:
        yield f"{pool.title}: no machine may be added and none may be missing, so none is replaced"
    elif count and pool.cluster.is_production and unavailable >= count:
        yield f"{pool.title}: a rollout may take all {count} machines away at once"


def _drains_end(group: Group, _context: Context) -> Iterator[str]:
    if group.cluster.is_production and group.drain_timeout == 0:
        yield f"{group.title}: a drain that a pod holds up waits for ever, and a rollout with it"


def _stays(group: Group, _context: Context) -> Iterator[str]:
    if group.variable(SPOT) is not None:
        yield "the control plane runs on machines that the cloud may take back"


def _apart(group: Group, _context: Context) -> Iterator[str]:
    several = (group.replicas or 1) > 1
    if group.cluster.is_production and several and group.variable(PLACEMENT) == ANYWHERE:
        yield "all control-plane machines of a production cluster may be on one host"


def _has_snapshots(cluster: Cluster, _context: Context) -> Iterator[str]:
    backed_up = cluster.labels.get(SNAPSHOTS_LABEL)
    if cluster.is_production and not backed_up and not cluster.is_simulated:
        yield "a production cluster has no schedule of etcd snapshots"


RULES: tuple[Rule[Cluster] | Rule[Group], ...] = (
    Rule(
        "control-plane-is-odd",
        "A control plane has an odd number of machines.",
        HIGH,
        MANDATORY,
        KUBERNETES,
        "Set `controlPlane.replicas` to 1, 3, 5 or 7: etcd needs a majority, and an even number "
        "adds a machine that may fail, not one that may be missing.",
        CONTROL_PLANES,
        _odd,
    ),
    Rule(
        "production-control-plane-is-redundant",
        "A production cluster has at least three control-plane machines.",
        HIGH,
        MANDATORY,
        KUBERNETES,
        "Set `controlPlane.replicas` to 3 or more, or take the label `tier: production` away.",
        CONTROL_PLANES,
        _redundant,
    ),
    Rule(
        "control-plane-is-not-spot",
        "A control plane does not run on spot machines.",
        HIGH,
        MANDATORY,
        KUBERNETES,
        "Remove `spot` from `controlPlane.machine`: machines that are taken back together take "
        "etcd's majority with them.",
        CONTROL_PLANES,
        _stays,
    ),
    Rule(
        "production-control-plane-is-spread",
        "The control-plane machines of a production cluster are on different hosts.",
        HIGH,
        MANDATORY,
        KUBERNETES,
        "Set `controlPlane.machine.placement` to `spread` or `strict-spread`.",
        CONTROL_PLANES,
        _apart,
    ),
    Rule(
        "production-has-workers",
        "A production cluster has worker machines.",
        MEDIUM,
        ADVISORY,
        KUBERNETES,
        "Add a pool to `workerPools`, so that what runs there can't starve the control plane.",
        CLUSTERS,
        _has_workers,
    ),
    Rule(
        "production-workers-are-redundant",
        "A production cluster has more than one worker machine.",
        MEDIUM,
        ADVISORY,
        KUBERNETES,
        "Set `replicas` of a pool to 2 or more, so that pods have a place while a machine is "
        "replaced.",
        CLUSTERS,
        _has_two_workers,
    ),
    Rule(
        "production-workers-span-zones",
        "The worker pools of a production cluster are not all in one zone.",
        MEDIUM,
        ADVISORY,
        KUBERNETES,
        "Give pools different values of `failureDomain`, or none.",
        CLUSTERS,
        _zones,
    ),
    Rule(
        "machines-are-health-checked",
        "Every group of machines has a health check.",
        MEDIUM,
        ADVISORY,
        CLUSTER_API,
        "Remove `enabled: false` from the `healthCheck` of the group.",
        GROUPS,
        _watched,
    ),
    Rule(
        "pools-can-roll",
        "A pool can replace its machines, and in production keeps some while it does.",
        HIGH,
        MANDATORY,
        CLUSTER_API,
        "Set `maxSurge` to 1 or more, and `maxUnavailable` below the number of machines.",
        POOLS,
        _can_roll,
    ),
    Rule(
        "production-drains-end",
        "In production a drain has a limit.",
        LOW,
        ADVISORY,
        CLUSTER_API,
        "Set `nodeDrainTimeout` of the group to more than `0s`.",
        GROUPS,
        _drains_end,
    ),
    Rule(
        "production-etcd-is-saved",
        "A production cluster saves its etcd on a schedule.",
        HIGH,
        ADVISORY,
        KUBERNETES,
        "Set `controlPlane.etcd.snapshots.bucket`, see docs/control-plane.md.",
        CLUSTERS,
        _has_snapshots,
    ),
)
