"""Admission plugins: the checks of the API server before it stores an object."""

from __future__ import annotations

from typing import Any

from components.cluster.control_plane_settings import Admission
from components.cluster.host_files import DIRECTORY, HostFile, yaml_file

FILE = "admission.yaml"
POD_SECURITY = "PodSecurity"
NODE_RESTRICTION = "NodeRestriction"
DENY_EXTERNAL_IPS = "DenyServiceExternalIPs"


def configuration(settings: Admission) -> dict[str, Any]:
    """The AdmissionConfiguration: pod security, and what the user configures."""
    levels = settings.pod_security
    defaults = {
        mode: level.value
        for mode, level in (
            ("enforce", levels.enforce),
            ("audit", levels.audit),
            ("warn", levels.warn),
        )
    }
    pod_security = {
        "apiVersion": "pod-security.admission.config.k8s.io/v1",
        "kind": "PodSecurityConfiguration",
        "defaults": defaults | {f"{mode}-version": "latest" for mode in defaults},
        "exemptions": {"namespaces": list(levels.exempt_namespaces)},
    }
    plugins = {POD_SECURITY: pod_security} | settings.configurations
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AdmissionConfiguration",
        "plugins": [{"name": name, "configuration": content} for name, content in plugins.items()],
    }


def files(settings: Admission) -> list[HostFile]:
    """The configuration as a file."""
    return [yaml_file(FILE, configuration(settings))]


def switched_on(settings: Admission) -> tuple[str, ...]:
    """The plugins that are on beside those that Kubernetes switches on by itself."""
    denied = (DENY_EXTERNAL_IPS,) if settings.deny_external_ips else ()
    return tuple(dict.fromkeys((NODE_RESTRICTION, *denied, *settings.plugins)))


def arguments(settings: Admission) -> dict[str, str]:
    """The kube-apiserver flags for admission; kubeadm's own plugin stays."""
    return {
        "admission-control-config-file": f"{DIRECTORY}/{FILE}",
        "enable-admission-plugins": ",".join(switched_on(settings)),
    }
