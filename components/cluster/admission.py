"""What the API server checks before it stores an object: its admission plugins."""

from __future__ import annotations

from typing import Any

from components.cluster.control_plane_settings import Admission
from components.cluster.host_files import DIRECTORY, HostFile, yaml_file

FILE = "admission.yaml"
POD_SECURITY = "PodSecurity"
NODE_RESTRICTION = "NodeRestriction"


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


def arguments(settings: Admission) -> dict[str, str]:
    """What the API server is told; kubeadm's own plugin stays."""
    plugins = dict.fromkeys((NODE_RESTRICTION, *settings.plugins))
    return {
        "admission-control-config-file": f"{DIRECTORY}/{FILE}",
        "enable-admission-plugins": ",".join(plugins),
    }
