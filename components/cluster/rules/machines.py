"""Rules about the machines of a cluster: how many, how they roll, what marks them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from components.cluster.machine import Taint
from components.cluster.settings import Cluster, HealthCheck, WorkerPool
from components.finding import Finding
from errors import stack_file, stack_rules

SHORTEST_STARTUP_SECONDS = 30  # Cluster API's webhook refuses less, except 0
RESERVED = ("kubernetes.io", "k8s.io", "cluster.x-k8s.io")
FREE_ON_MACHINES = (
    "node-role.kubernetes.io",
    "node-restriction.kubernetes.io",
    "node.cluster.x-k8s.io",
)
FREE_ON_CLUSTERS = ("app.kubernetes.io",)

CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
# What Cluster API's webhook refuses: internal/util/taints of sigs.k8s.io/cluster-api.
RESERVED_TAINTS = (
    "node.cluster.x-k8s.io/uninitialized",
    "node.cluster.x-k8s.io/outdated-revision",
    "node-role.kubernetes.io/master",
)
RESERVED_TAINT_DOMAINS = ("node.kubernetes.io", "node.cloudprovider.kubernetes.io")
FREE_TAINT = "node.kubernetes.io/out-of-service"


def check(cluster: Cluster) -> Iterator[Finding]:
    """EVEN_CONTROL_PLANE, NO_ROLLING_ROOM, OUT_OF_RANGE and the rules of labels and taints."""
    plane = cluster.control_plane
    yield from _labels(cluster.labels, FREE_ON_CLUSTERS)
    for finding in (
        *_odd(plane.replicas),
        *_labels(plane.labels, FREE_ON_MACHINES),
        *_taints(plane.taints),
        *_health(plane.health_check),
    ):
        yield finding.below("controlPlane")
    for index, pool in enumerate(cluster.worker_pools):
        for finding in (
            *_labels(pool.labels, FREE_ON_MACHINES),
            *_taints(pool.taints, workers=True),
            *_health(pool.health_check),
            *_rollout(pool),
        ):
            yield finding.below("workerPools", index)


def _odd(replicas: int) -> Iterator[Finding]:
    if replicas % 2 == 0:
        yield Finding(
            stack_rules.EVEN_CONTROL_PLANE,
            ("replicas",),
            f"{replicas} control-plane machines survive no more than {replicas - 1} do",
            why="etcd needs more than half of its members",
            fix=f"Use {replicas - 1} or {replicas + 1}.",
        )


def _rollout(pool: WorkerPool) -> Iterator[Finding]:
    nothing = pool.max_surge.of(100, round_up=True) == pool.max_unavailable.of(100, round_up=True)
    if nothing and pool.max_surge.of(100, round_up=True) == 0:
        yield Finding(
            stack_rules.NO_ROLLING_ROOM,
            ("maxSurge",),
            f"the pool `{pool.name}` can never replace a machine",
            why="maxSurge and maxUnavailable are both zero",
        )


def _health(check: HealthCheck) -> Iterator[Finding]:
    if 0 < check.node_startup_timeout.seconds < SHORTEST_STARTUP_SECONDS:
        yield Finding(
            stack_file.OUT_OF_RANGE,
            ("healthCheck", "nodeStartupTimeout"),
            f"`{check.node_startup_timeout}` is out of range",
            why="Cluster API refuses less than 30s",
            fix="At least `30s`, or `0s` to wait for ever.",
        )


def _within(domain: str, domains: Sequence[str]) -> bool:
    return any(domain == other or domain.endswith(f".{other}") for other in domains)


def _labels(labels: Mapping[str, str], free: Sequence[str]) -> Iterator[Finding]:
    for key in labels:
        domain = key.rpartition("/")[0]
        if _within(domain, RESERVED) and not _within(domain, free):
            yield Finding(
                stack_rules.RESERVED_LABEL,
                ("labels", key),
                f"the label `{key}` belongs to Kubernetes or Cluster API",
                fix=f"Use a key of your own, or one of {', '.join(free)}.",
                key=True,
            )


def _taints(taints: Sequence[Taint], *, workers: bool = False) -> Iterator[Finding]:
    seen = set()
    for index, taint in enumerate(taints):
        if _is_reserved(taint.key) or (workers and taint.key == CONTROL_PLANE):
            what = f"the taint `{taint.key}` belongs to Kubernetes or Cluster API"
            yield Finding(stack_rules.RESERVED_TAINT, ("taints", index, "key"), what)
        if (taint.key, taint.effect) in seen:
            what = f"the taint `{taint.key}` with effect {taint.effect} is written twice"
            yield Finding(stack_rules.DUPLICATE_TAINT, ("taints", index), what)
        seen.add((taint.key, taint.effect))


def _is_reserved(key: str) -> bool:
    domain = key.rpartition("/")[0]
    return key in RESERVED_TAINTS or (domain in RESERVED_TAINT_DOMAINS and key != FREE_TAINT)
