"""The checks of `caas doctor STACK` for machines in containers of Docker."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from cli.checks import GIB, CheckResult, existing, fail, ok, warn
from components.cluster.settings import Cluster
from errors import CaasError
from errors import containers as codes
from plane import containers

CONTROL_PLANE_MEMORY, WORKER_MEMORY, PLANE_MEMORY = 1.2, 0.5, 1.1
"""GiB that one takes after some minutes, as measured."""
CONTROL_PLANE_DISK, WORKER_DISK, IMAGES_DISK = 1.0, 0.5, 3.0
"""GiB of its volume, and of the images of nodes."""
INSTANCES = 1024
RESOURCE_CAPABILITY = 24
"""The bit of CAP_SYS_RESOURCE."""
USUAL_RUNTIME = "runc"
STATUS = Path("/proc/1/status")
INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")

Facts = Mapping[str, Any]


def container_checks(clusters: Sequence[Cluster]) -> dict[str, CheckResult]:
    """Every check by name with its result; without Docker there is only that result.

    Args:
        clusters: of the stack.
    """
    try:
        with containers.connected() as client:
            facts = client.info() | {"ApiVersion": client.version()["ApiVersion"]}
    except CaasError as error:
        problem = error.problems[0]
        why = f": {problem.why}" if problem.why else ""
        return {"docker": fail(problem.code, problem.what + why, problem.fix)}
    checks: dict[str, Callable[[], CheckResult]] = {
        "docker": lambda: ok(f"{facts.get('ServerVersion')}, API {facts['ApiVersion']}"),
        "cgroups": lambda: cgroups(facts),
        "privileges": lambda: privileges(facts),
        "inotify": inotify,
        "node memory": lambda: memory(clusters),
        "node disk": lambda: disk(clusters, Path(facts.get("DockerRootDir") or "/var/lib/docker")),
    }
    return {name: check() for name, check in checks.items()}


def cgroups(facts: Facts) -> CheckResult:
    """The version of cgroups that Docker sees; releases that do not tell it have the first."""
    version = str(facts.get("CgroupVersion") or 1)
    return ok(f"version {version}") if version != "1" else warn(codes.CGROUPS_OLD, "version 1")


def privileges(facts: Facts) -> CheckResult:
    """Checks that privileged containers get every capability."""
    if any("rootless" in option for option in facts.get("SecurityOptions") or ()):
        return fail(codes.PRIVILEGES_MISSING, "Docker runs without root")
    bound = next((line for line in _text(STATUS).splitlines() if line.startswith("CapBnd")), "")
    if bound and not int(bound.split()[1], 16) >> RESOURCE_CAPABILITY & 1:
        what = "this computer has no CAP_SYS_RESOURCE to give"
        runtime = facts.get("DefaultRuntime") or USUAL_RUNTIME
        if runtime == USUAL_RUNTIME:
            return fail(codes.PRIVILEGES_MISSING, what)
        # Another one may leave it out; nodes do without.
        return warn(codes.PRIVILEGES_MISSING, f"{what}; `{runtime}` has to leave it out")
    return ok("privileged containers")


def inotify() -> CheckResult:
    """Checks the limit of inotify instances."""
    found = _text(INOTIFY).strip()
    if found.isdecimal() and int(found) < INSTANCES:
        return warn(codes.FEW_INOTIFY_INSTANCES, f"fs.inotify.max_user_instances is {found}")
    return ok(found or "not limited")


def memory(clusters: Sequence[Cluster]) -> CheckResult:
    """Free memory, compared with that of the stack's nodes and the plane."""
    needed = PLANE_MEMORY + _of_nodes(clusters, CONTROL_PLANE_MEMORY, WORKER_MEMORY)
    free = psutil.virtual_memory().available / GIB
    text = f"{free:.1f} GiB free, nodes take {needed:.1f}"
    return ok(text) if free >= needed else warn(codes.LITTLE_MEMORY_FOR_NODES, text)


def disk(clusters: Sequence[Cluster], folder: Path) -> CheckResult:
    """Free space where Docker keeps its data, compared with that of the stack's nodes."""
    needed = IMAGES_DISK + _of_nodes(clusters, CONTROL_PLANE_DISK, WORKER_DISK)
    free = shutil.disk_usage(existing(folder)).free / GIB
    text = f"{free:.1f} GiB free, nodes take {needed:.1f}"
    return ok(text) if free >= needed else warn(codes.LITTLE_DISK_FOR_NODES, text)


def _of_nodes(clusters: Sequence[Cluster], control_plane: float, worker: float) -> float:
    return sum(
        cluster.control_plane.replicas * control_plane
        + sum(pool.fewest for pool in cluster.worker_pools) * worker
        for cluster in clusters
    )


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
