"""Rules about staying available: while machines fail, and while they are replaced."""

from __future__ import annotations

from collections.abc import Iterator

from components.cluster_object import (
    PLACEMENT,
    SNAPSHOTS_LABEL,
    SPOT,
    DeclaredCluster,
    DeclaredGroup,
)
from policies.rules.frameworks import CLUSTER_API, KUBERNETES
from policies.rules.rule import ADVISORY, HIGH, LOW, MANDATORY, MEDIUM, Context, Rule
from policies.subjects.cluster import ANYWHERE, CLUSTERS, CONTROL_PLANES, GROUPS, POOLS, TOPOLOGIES

TITLE = "Availability"
MAJORITY = 3
"""The fewest control-plane machines of which one may fail."""
PAIR = 2


def _odd(group: DeclaredGroup, _context: Context) -> Iterator[str]:
    count = group.replicas or 1
    if count % 2 == 0:
        yield f"the control plane has {count} machines, an even number"


def _redundant(group: DeclaredGroup, _context: Context) -> Iterator[str]:
    count = group.replicas or 1
    if group.cluster.is_production and count < MAJORITY:
        yield f"the control plane of a production cluster has {count}, fewer than {MAJORITY}"


def _has_workers(cluster: DeclaredCluster, _context: Context) -> Iterator[str]:
    if cluster.is_production and not any(pool.replicas != 0 for pool in cluster.pools):
        yield "a production cluster has no worker machine"


def _has_two_workers(cluster: DeclaredCluster, _context: Context) -> Iterator[str]:
    if cluster.is_production:
        most = sum(PAIR if pool.replicas is None else pool.most for pool in cluster.pools)
        if most == 1:
            yield "a production cluster has only one worker machine"


def _takes_pods(cluster: DeclaredCluster, _context: Context) -> Iterator[str]:
    if cluster.is_simulated or any(group.takes_any_pod for group in cluster.groups):
        return
    yield (
        f"no machine of {cluster.name} accepts pods without tolerations: each of its pools is "
        "tainted or has no machine, and what add-ons bring stays Pending"
    )


def _zones(cluster: DeclaredCluster, _context: Context) -> Iterator[str]:
    if cluster.is_production:
        zones = [pool.failure_domain for pool in cluster.pools]
        if len(zones) > 1 and zones[0] and len(set(zones)) == 1:
            yield f"all worker pools of a production cluster are in {zones[0]}"


def _watched(group: DeclaredGroup, _context: Context) -> Iterator[str]:
    if not group.is_health_checked:
        yield f"{group.title}: unhealthy machines are not replaced"


def _can_roll(pool: DeclaredGroup, _context: Context) -> Iterator[str]:
    surge = pool.machines(pool.max_surge, round_up=True)
    unavailable = pool.machines(pool.max_unavailable, round_up=False)
    if surge == 0 and unavailable == 0:  # a share that is less than one machine counts as one
        unavailable = min(pool.machines(pool.max_unavailable, round_up=True), 1)
    count = pool.replicas
    if count and surge == 0 and unavailable == 0:
        yield f"{pool.title}: no machine may be added and none may be missing, so none is replaced"
    elif count and pool.cluster.is_production and unavailable >= count:
        yield f"{pool.title}: a rollout may take all {count} machines away at once"


def _drains_end(group: DeclaredGroup, _context: Context) -> Iterator[str]:
    if group.cluster.is_production and group.drain_timeout == 0:
        yield f"{group.title}: a drain that a pod blocks never ends, and neither does the rollout"


def _stays(group: DeclaredGroup, _context: Context) -> Iterator[str]:
    if group.variable(SPOT) is not None:
        yield "the control plane runs on machines that the cloud may reclaim"


def _apart(group: DeclaredGroup, _context: Context) -> Iterator[str]:
    several = (group.replicas or 1) > 1
    if group.cluster.is_production and several and group.variable(PLACEMENT) == ANYWHERE:
        yield "all control-plane machines of a production cluster may be on one host"


def _has_snapshots(cluster: DeclaredCluster, _context: Context) -> Iterator[str]:
    backed_up = cluster.labels.get(SNAPSHOTS_LABEL)
    if cluster.is_production and not backed_up and not cluster.is_simulated:
        yield "a production cluster has no schedule of etcd snapshots"


RULES: tuple[Rule[DeclaredCluster] | Rule[DeclaredGroup], ...] = (
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
        "Remove `spot` from `controlPlane.machine`: machines that are reclaimed together "
        "cost etcd its majority.",
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
        "Add a pool to `workerPools`, so that workloads can't starve the control plane.",
        CLUSTERS,
        _has_workers,
    ),
    Rule(
        "clusters-take-pods",
        "A cluster has a machine for pods without tolerations.",
        MEDIUM,
        ADVISORY,
        KUBERNETES,
        "Add a pool without taints and GPUs that has a machine, or set `taints: []` of "
        "`controlPlane`.",
        TOPOLOGIES,
        _takes_pods,
    ),
    Rule(
        "production-workers-are-redundant",
        "A production cluster has more than one worker machine.",
        MEDIUM,
        ADVISORY,
        KUBERNETES,
        "Set `replicas` of a pool to 2 or more, so that pods can run while a machine is replaced.",
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
        "A production cluster takes snapshots of etcd on a schedule.",
        HIGH,
        ADVISORY,
        KUBERNETES,
        "Set `controlPlane.etcd.snapshots.bucket`, see docs/control-plane.md.",
        CLUSTERS,
        _has_snapshots,
    ),
)
