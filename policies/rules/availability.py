"""Rules about staying available: while machines fail, and while they are replaced."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pulumi_policy import EnforcementLevel, Severity

from policies.rules.cluster import Cluster, Group
from policies.rules.rule import CLUSTER_API, KUBERNETES, Rule, control_plane, groups, itself, pools

MAJORITY = 3
"""The fewest control-plane machines of which one may fail."""


def _odd(group: Group, _on: date) -> Iterator[str]:
    count = group.replicas or 1
    if count % 2 == 0:
        yield f"the control plane has {count} machines, an even number"


def _redundant(group: Group, _on: date) -> Iterator[str]:
    count = group.replicas or 1
    if group.cluster.is_production and count < MAJORITY:
        yield f"the control plane of a production cluster has {count}, fewer than {MAJORITY}"


def _has_workers(cluster: Cluster, _on: date) -> Iterator[str]:
    if cluster.is_production and not any(pool.replicas != 0 for pool in cluster.pools):
        yield "a production cluster has no worker machine"


def _watched(group: Group, _on: date) -> Iterator[str]:
    if not group.health_check:
        yield f"{group.title}: unhealthy machines are not replaced"


def _can_roll(pool: Group, _on: date) -> Iterator[str]:
    surge = pool.rollout("maxSurge", 1, round_up=True)
    unavailable = pool.rollout("maxUnavailable", 0, round_up=False)
    count = pool.replicas
    if count and surge == 0 and unavailable == 0:
        yield f"{pool.title}: no machine may be added and none may be missing, so none is replaced"
    elif count and pool.cluster.is_production and unavailable >= count:
        yield f"{pool.title}: a rollout may take all {count} machines away at once"


def _drains_end(group: Group, _on: date) -> Iterator[str]:
    if group.cluster.is_production and group.drain_timeout == 0:
        yield f"{group.title}: a drain that a pod holds up waits for ever, and a rollout with it"


RULES: tuple[Rule[Cluster] | Rule[Group], ...] = (
    Rule(
        "control-plane-is-odd",
        "A control plane has an odd number of machines.",
        Severity.HIGH,
        EnforcementLevel.MANDATORY,
        KUBERNETES,
        "Set `controlPlane.replicas` to 1, 3, 5 or 7: etcd needs a majority, and an even number "
        "adds a machine that may fail, not one that may be missing.",
        control_plane,
        _odd,
    ),
    Rule(
        "production-control-plane-is-redundant",
        "A production cluster has at least three control-plane machines.",
        Severity.HIGH,
        EnforcementLevel.MANDATORY,
        KUBERNETES,
        "Set `controlPlane.replicas` to 3 or more, or take the label `tier: production` away.",
        control_plane,
        _redundant,
    ),
    Rule(
        "production-has-workers",
        "A production cluster has worker machines.",
        Severity.MEDIUM,
        EnforcementLevel.ADVISORY,
        KUBERNETES,
        "Add a pool to `workerPools`, so that what runs there can't starve the control plane.",
        itself,
        _has_workers,
    ),
    Rule(
        "machines-are-health-checked",
        "Every group of machines has a health check.",
        Severity.MEDIUM,
        EnforcementLevel.ADVISORY,
        CLUSTER_API,
        "Remove `enabled: false` from the `healthCheck` of the group.",
        groups,
        _watched,
    ),
    Rule(
        "pools-can-roll",
        "A pool can replace its machines, and in production keeps some while it does.",
        Severity.HIGH,
        EnforcementLevel.MANDATORY,
        CLUSTER_API,
        "Set `maxSurge` to 1 or more, and `maxUnavailable` below the number of machines.",
        pools,
        _can_roll,
    ),
    Rule(
        "production-drains-end",
        "In production a drain has a limit.",
        Severity.LOW,
        EnforcementLevel.ADVISORY,
        CLUSTER_API,
        "Set `nodeDrainTimeout` of the group to more than `0s`.",
        groups,
        _drains_end,
    ),
)
