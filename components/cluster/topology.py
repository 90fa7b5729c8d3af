"""From settings to the topology of a Cluster: the control plane, the pools, their health checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from components.cluster.kinds import WORKER_CLASS
from components.cluster.settings import (
    CONTROL_PLANE_TAINT,
    ControlPlane,
    ExtraArg,
    HealthCheck,
    MachineGroup,
    Taint,
    WorkerHealthCheck,
    WorkerPool,
)
from components.cluster.variables import (
    API_SERVER,
    CERT_SANS,
    CONTROLLER_MANAGER,
    KUBELET,
    NO_PROFILING,
    SCHEDULER,
    TAINTS,
)

DEFAULT_TAINTS = (CONTROL_PLANE_TAINT,)


def control_plane(settings: ControlPlane) -> dict[str, Any]:
    """`spec.topology.controlPlane`."""
    # kubeadm gives the default taint by itself; an empty list takes it away.
    taints = None if settings.taints == DEFAULT_TAINTS else settings.taints
    return {
        "replicas": settings.replicas,
        "healthCheck": _health_check(settings.health_check),
    } | _machine_group(settings, taints)


def worker_pool(settings: WorkerPool) -> dict[str, Any]:
    """One entry of `spec.topology.workers.machineDeployments`."""
    placement = {"failureDomain": settings.failure_domain} if settings.failure_domain else {}
    return (
        {
            "class": WORKER_CLASS,
            "name": settings.name,
            "replicas": settings.replicas,
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
        | placement
        | _machine_group(settings, settings.taints or None)
    )


def cluster_variables(settings: ControlPlane, cert_sans: Iterable[str]) -> list[dict[str, Any]]:
    """`spec.topology.variables`: the kubeadm options that are not the default.

    Args:
        settings: the control plane's settings.
        cert_sans: names that the infrastructure puts into the API server's certificate.
    """
    kubeadm = settings.kubeadm
    values: dict[str, list[Any] | None] = {
        API_SERVER: _with_defaults(kubeadm.api_server.extra_args),
        CONTROLLER_MANAGER: _with_defaults(kubeadm.controller_manager.extra_args),
        SCHEDULER: _with_defaults(kubeadm.scheduler.extra_args),
        CERT_SANS: [*cert_sans, *kubeadm.api_server.cert_sans]
        if kubeadm.api_server.cert_sans
        else None,
    }
    return _variables(values)


def _with_defaults(given: tuple[ExtraArg, ...]) -> list[dict[str, str]] | None:
    """The user's arguments after the defaults that they do not replace; None for no change."""
    if not given:
        return None
    names = {argument.name for argument in given}
    defaults = [argument for argument in NO_PROFILING if argument["name"] not in names]
    return [*defaults, *_extra_args(given)]


def _extra_args(given: tuple[ExtraArg, ...]) -> list[dict[str, str]]:
    return [{"name": argument.name, "value": argument.value} for argument in given]


def _taint(taint: Taint) -> dict[str, str]:
    value = {"value": taint.value} if taint.value else {}
    return {"key": taint.key, "effect": taint.effect.value} | value


def _variables(values: Mapping[str, list[Any] | None]) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items() if value is not None]


def _machine_group(settings: MachineGroup, taints: tuple[Taint, ...] | None) -> dict[str, Any]:
    """What control plane and pools share: metadata, deletion timeouts, kubelet and taints.

    `taints` is None where they are not set.
    """
    overrides = _variables(
        {
            KUBELET: _extra_args(settings.kubelet.extra_args) or None,
            TAINTS: None if taints is None else [_taint(taint) for taint in taints],
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
