"""From settings to the topology of a Cluster: the control plane, the pools, their health checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.cluster import encryption, kubeadm
from components.cluster.etcd import has_disk
from components.cluster.host_files import HostFile
from components.cluster.kinds import WORKER_CLASS
from components.cluster.machine import Disk, Machine, Taint, WorkerMachine
from components.cluster.pools import marked
from components.cluster.settings import (
    CONTROL_PLANE_TAINT,
    ClusterNetwork,
    ControlPlane,
    HealthCheck,
    KubeletOptions,
    MachineGroup,
    WorkerHealthCheck,
    WorkerPool,
)
from components.cluster_object import (
    DATA_DISKS,
    ENCRYPTION,
    ENDPOINT,
    ETCD_DISK,
    IMAGE,
    KUBELET,
    MACHINE_TYPE,
    PLACEMENT,
    ROOT_DISK,
    SKIP_PHASES,
    SPOT,
    TAINTS,
)
from components.infrastructure.interface import ClassParts, Infrastructure

KUBE_PROXY_PHASE = "addon/kube-proxy"
DEFAULT_TAINTS = (CONTROL_PLANE_TAINT,)


def control_plane(settings: ControlPlane, infrastructure: Infrastructure) -> dict[str, Any]:
    """`spec.topology.controlPlane`."""
    # kubeadm gives the default taint by itself; an empty list takes it away.
    taints = None if settings.taints == DEFAULT_TAINTS else settings.taints
    return {
        "replicas": settings.replicas,
        "healthCheck": _health_check(settings.health_check),
    } | _machine_group(
        settings, taints, infrastructure, machine_variables(settings.machine, infrastructure)
    )


def worker_pool(settings: WorkerPool, infrastructure: Infrastructure) -> dict[str, Any]:
    """One entry of `spec.topology.workers.machineDeployments`.

    Cluster API's webhook refuses a pool with `replicas` and the autoscaler's bounds: it begins with
    the fewest machines, and keeps from then on the number that the autoscaler chose.
    """
    settings = marked(settings, infrastructure)
    replicas = {} if settings.autoscaling else {"replicas": settings.replicas}
    placement = {"failureDomain": settings.failure_domain} if settings.failure_domain else {}
    return (
        {
            "class": WORKER_CLASS,
            "name": settings.name,
            "minReadySeconds": settings.min_ready.seconds,
            "rollout": {
                "strategy": {
                    "type": "RollingUpdate",
                    "rollingUpdate": {
                        "maxSurge": settings.max_surge.as_json(),
                        "maxUnavailable": settings.max_unavailable.as_json(),
                    },
                }
            },
            "healthCheck": _health_check(settings.health_check),
        }
        | replicas
        | placement
        | _machine_group(
            settings,
            settings.taints or None,
            infrastructure,
            machine_variables(settings.machine, infrastructure),
        )
    )


def machine_variables(machine: Machine, infrastructure: Infrastructure) -> dict[str, Any]:
    """The standard variables of a group's machines that are not the default."""
    values: dict[str, Any] = {}
    standard = type(machine)()
    if machine.type != standard.type:
        values[MACHINE_TYPE] = infrastructure.machine_type(machine.type)
    if machine.image:
        values[IMAGE] = machine.image
    if machine.disk != standard.disk:
        values[ROOT_DISK] = _disk(machine.disk)
    if machine.data_disks:
        values[DATA_DISKS] = [{"name": disk.name} | _disk(disk) for disk in machine.data_disks]
    if machine.placement is not standard.placement:
        values[PLACEMENT] = machine.placement.value
    if isinstance(machine, WorkerMachine) and machine.spot:
        price = machine.spot_max_price
        values[SPOT] = {"maxPrice": price} if price else {}
    return values


def _disk(disk: Disk) -> dict[str, Any]:
    kind = {"type": disk.type} if disk.type else {}
    return {"sizeGiB": disk.size_gib} | kind


def cluster_variables(
    settings: ControlPlane,
    parts: ClassParts,
    own: Mapping[str, Any],
    files: Sequence[HostFile] = (),
) -> list[dict[str, Any]]:
    """`spec.topology.variables`: the options that are not the default.

    Args:
        settings: the control plane's settings.
        parts: what the infrastructure gave to the ClusterClass.
        own: values of the infrastructure's own variables; they may be outputs.
        files: more files of every machine, of workers too.
    """
    disk = settings.etcd.disk if has_disk(settings.etcd, parts.etcd_device) else None
    values: dict[str, Any] = {
        **kubeadm.differing(settings, parts, files),
        ENCRYPTION: encryption.variable(settings.encryption),
        ETCD_DISK: _disk(disk) if disk else None,
        ENDPOINT: settings.endpoint.model_dump(mode="json", exclude_defaults=True) or None,
    }
    return _variables(values | dict(own))


def skipped_phases(network: ClusterNetwork) -> dict[str, Any]:
    """The variable that leaves kube-proxy out of a new cluster, where something takes its place."""
    return {} if network.kube_proxy else {SKIP_PHASES: [KUBE_PROXY_PHASE]}


def _taint(taint: Taint) -> dict[str, str]:
    value = {"value": taint.value} if taint.value else {}
    return {"key": taint.key, "effect": taint.effect.value} | value


def _variables(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items() if value is not None]


def _machine_group(
    settings: MachineGroup,
    taints: tuple[Taint, ...] | None,
    infrastructure: Infrastructure,
    machine: Mapping[str, Any],
) -> dict[str, Any]:
    """The common fields of control plane and pools: metadata, deletion timeouts, kubelet, taints,
    machines.

    `taints` is None where they are not set; `machine` are the variables of the machines.
    """
    parts = infrastructure.class_parts()
    flags = kubeadm.kubelet_arguments(settings.kubelet, parts)
    usual = kubeadm.kubelet_arguments(KubeletOptions(), parts)
    overrides = _variables(
        {
            KUBELET: flags if flags != usual else None,
            TAINTS: None if taints is None else [_taint(taint) for taint in taints],
            **machine,
        }
    )
    metadata = {"labels": settings.labels, "annotations": settings.annotations}
    metadata = {key: dict(value) for key, value in metadata.items() if value}
    group: dict[str, Any] = {
        "deletion": {
            "nodeDrainTimeoutSeconds": settings.node_drain_timeout.seconds,
            "nodeVolumeDetachTimeoutSeconds": settings.node_volume_detach_timeout.seconds,
            "nodeDeletionTimeoutSeconds": settings.node_deletion_timeout.seconds,
        }
    }
    if metadata:
        group["metadata"] = metadata
    if overrides:
        group["variables"] = {"overrides": overrides}
    return group


def _health_check(settings: HealthCheck) -> dict[str, Any]:
    if not settings.enabled:
        return {"enabled": False}
    timeout = settings.unhealthy_timeout.seconds
    remediation: dict[str, Any] = {
        "triggerIf": {
            "unhealthyLessThanOrEqualTo": settings.unhealthy_less_than_or_equal_to.as_json()
        }
    }
    if isinstance(settings, WorkerHealthCheck):
        remediation["maxInFlight"] = settings.max_in_flight.as_json()
    return {
        "enabled": True,
        "checks": {
            "nodeStartupTimeoutSeconds": settings.node_startup_timeout.seconds,
            "unhealthyNodeConditions": [
                {"type": "Ready", "status": status, "timeoutSeconds": timeout}
                for status in ("Unknown", "False")
            ],
        },
        "remediation": remediation,
    }
