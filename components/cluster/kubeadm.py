"""kubeadm's configuration of control-plane machines, from the settings of a control plane.

The ClusterClass holds it for the default settings; a Cluster sets those of its variables that
differ. Both are made here, so they cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from components.cluster import admission, audit, authentication, encryption, etcd, kubelet
from components.cluster.host_files import DIRECTORY, HostFile
from components.cluster.settings import ControlPlane, ExtraArg, KubeletOptions
from components.cluster_object import (
    API_SERVER,
    CERT_SANS,
    CONTROL_PLANE_FILES,
    CONTROLLER_MANAGER,
    ETCD,
    REMEDIATION,
    ROLLOUT,
    SCHEDULER,
    WORKER_FILES,
)

if TYPE_CHECKING:
    from components.infrastructure.interface import ClassParts

_TLS = {"tls-min-version": kubelet.TLS_MIN_VERSION, "tls-cipher-suites": ",".join(kubelet.CIPHERS)}
_COMPONENT = {"profiling": "false"} | _TLS
"""CIS Kubernetes Benchmark 1.2.15, 1.3.2 and 1.4.1: no profiling endpoint on the control plane."""
GARBAGE_THRESHOLD = 1000
"""The number of terminated pods that are kept; CIS 1.3.1."""

VOLUMES = (
    {
        "name": "caas",
        "hostPath": DIRECTORY,
        "mountPath": DIRECTORY,
        "readOnly": True,
        "pathType": "DirectoryOrCreate",
    },
    {
        "name": "audit-log",
        "hostPath": audit.LOG_DIRECTORY,
        "mountPath": audit.LOG_DIRECTORY,
        "pathType": "DirectoryOrCreate",
    },
)
"""Host paths of the API server; they always exist, so that a setting changes only files."""


def values(settings: ControlPlane, parts: ClassParts) -> dict[str, Any]:
    """The content of the control plane's templates, by variable; KUBELET belongs to each group."""
    options = settings.kubeadm
    return {
        API_SERVER: _arguments(_api_server(settings), options.api_server.extra_args),
        CONTROLLER_MANAGER: _arguments(
            _COMPONENT | {"terminated-pod-gc-threshold": str(GARBAGE_THRESHOLD)},
            options.controller_manager.extra_args,
        ),
        SCHEDULER: _arguments(_COMPONENT, options.scheduler.extra_args),
        CERT_SANS: [*parts.cert_sans, *options.api_server.cert_sans],
        CONTROL_PLANE_FILES: _files(settings, parts),
        ETCD: etcd.configuration(settings.etcd, parts.etcd_device),
        ROLLOUT: _rollout(settings),
        REMEDIATION: _remediation(settings),
    }


def differing(
    settings: ControlPlane, parts: ClassParts, files: Sequence[HostFile] = ()
) -> dict[str, Any]:
    """The values that are not those of the ClusterClass.

    Args:
        settings: of the control plane.
        parts: what the infrastructure gave to the ClusterClass.
        files: more files of every machine, of workers too.
    """
    standard, wanted = values(ControlPlane(), parts), values(settings, parts)
    if files:
        wanted[CONTROL_PLANE_FILES] = [*wanted[CONTROL_PLANE_FILES], *files]
    found = {name: value for name, value in wanted.items() if value != standard[name]}
    return found | ({WORKER_FILES: [*_worker_files(parts), *files]} if files else {})


def kubelet_arguments(settings: KubeletOptions, parts: ClassParts) -> list[dict[str, str]]:
    """The kubelet's flags: the infrastructure's, the settings', the user's own."""
    needed = {each["name"]: each["value"] for each in parts.node_registration.kubelet_extra_args}
    return _arguments(needed | kubelet.arguments(settings), settings.extra_args)


def control_plane_spec(parts: ClassParts) -> dict[str, Any]:
    """`spec.template.spec` of the KubeadmControlPlaneTemplate."""
    default = values(ControlPlane(), parts)
    joining = _node(parts)
    cluster: dict[str, Any] = {
        "apiServer": {
            "extraArgs": default[API_SERVER],
            "extraVolumes": list(VOLUMES),
        }
        | ({"certSANs": default[CERT_SANS]} if default[CERT_SANS] else {}),
        "controllerManager": {"extraArgs": default[CONTROLLER_MANAGER]},
        "scheduler": {"extraArgs": default[SCHEDULER]},
        "etcd": default[ETCD],
    }
    return {
        "rollout": default[ROLLOUT],
        "remediation": default[REMEDIATION],
        "kubeadmConfigSpec": {
            "clusterConfiguration": cluster,
            "initConfiguration": joining,
            "joinConfiguration": joining,
            "files": default[CONTROL_PLANE_FILES],
            "preKubeadmCommands": _commands(parts),
        },
    }


def worker_spec(parts: ClassParts) -> dict[str, Any]:
    """`spec.template.spec` of the KubeadmConfigTemplate."""
    return {
        "joinConfiguration": _node(parts),
        "files": _worker_files(parts),
        "preKubeadmCommands": _commands(parts),
    }


def _worker_files(parts: ClassParts) -> list[HostFile]:
    return [*kubelet.files(parts), *parts.files]


def _node(parts: ClassParts) -> dict[str, Any]:
    registration: dict[str, Any] = {"criSocket": parts.node_registration.cri_socket}
    if parts.node_registration.name:
        registration["name"] = parts.node_registration.name
    flags = kubelet_arguments(KubeletOptions(), parts)
    if flags:
        registration["kubeletExtraArgs"] = flags
    return {
        "nodeRegistration": registration,
        "patches": {"directory": kubelet.PATCHES_DIRECTORY},
    }


def _commands(parts: ClassParts) -> list[str]:
    return [*kubelet.commands(parts), *parts.pre_kubeadm_commands]


def _api_server(settings: ControlPlane) -> dict[str, str]:
    return (
        _COMPONENT
        | {"service-account-lookup": "true"}
        | admission.arguments(settings.admission)
        | authentication.arguments()
        | audit.arguments(settings.audit)
        | encryption.arguments(settings.encryption)
    )


def _files(settings: ControlPlane, parts: ClassParts) -> list[HostFile]:
    """All but the encryption's, whose name has the cluster's in it: a patch adds that."""
    return [
        *kubelet.files(parts),
        *admission.files(settings.admission),
        *authentication.files(settings.authentication),
        *audit.files(settings.audit),
        *parts.files,
        *parts.control_plane_files,
    ]


def _rollout(settings: ControlPlane) -> dict[str, Any]:
    rollout = settings.rollout
    return {
        "before": {"certificatesExpiryDays": rollout.certificates_expiry_days},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": rollout.max_surge}},
    }


def _remediation(settings: ControlPlane) -> dict[str, Any]:
    remediation = settings.remediation
    limit = {} if remediation.max_retry is None else {"maxRetry": remediation.max_retry}
    return limit | {
        "retryPeriodSeconds": remediation.retry_period.seconds,
        "minHealthyPeriodSeconds": remediation.min_healthy_period.seconds,
    }


def _arguments(defaults: Mapping[str, str], given: Iterable[ExtraArg]) -> list[dict[str, str]]:
    """The defaults that the user's arguments do not replace, then these."""
    wanted = {argument.name: argument.value for argument in given}
    kept = {name: value for name, value in defaults.items() if name not in wanted}
    return [{"name": name, "value": value} for name, value in (kept | wanted).items()]
