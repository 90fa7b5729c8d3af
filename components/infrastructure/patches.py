"""ClusterClass patches in few words, for plug-ins.

A plug-in's patches put the standard variables of `components.cluster.variables` into its templates.
Those of a cluster's description (`{{ .builtin... }}`) are known in every patch template.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from packaging.version import Version

from components.cluster.kinds import BOOTSTRAP_API, CONTROL_PLANE_API, WORKER_CLASS

Patch = dict[str, Any]

SPEC = "/spec/template/spec"
"""The prefix of the path of every patch."""

VERSION = {
    "controlPlane": ".builtin.controlPlane.version",
    "worker": ".builtin.machineDeployment.version",
}
"""The Kubernetes version of the machines of a role, `v1.36.3`, for patch templates."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds of an infrastructure, of which patches select templates."""

    api_version: str
    cluster: str
    machine: str

    def on_cluster(self, *changes: Patch) -> Patch:
        """Changes the template of the infrastructure cluster."""
        return _definition(self.api_version, self.cluster, {"infrastructureCluster": True}, changes)

    def on_control_plane(self, *changes: Patch) -> Patch:
        """Changes the template of control-plane machines."""
        return _definition(self.api_version, self.machine, {"controlPlane": True}, changes)

    def on_workers(self, *changes: Patch) -> Patch:
        """Changes the template of worker machines."""
        return _definition(self.api_version, self.machine, _WORKERS, changes)

    def on_machines(self, *changes: Patch) -> tuple[Patch, Patch]:
        """Changes the templates of all machines."""
        return self.on_control_plane(*changes), self.on_workers(*changes)


_WORKERS = {"machineDeploymentClass": {"names": [WORKER_CLASS]}}


def on_control_plane_config(*changes: Patch) -> Patch:
    """Changes what kubeadm and cloud-init do on control-plane machines."""
    kind = "KubeadmControlPlaneTemplate"
    return _definition(CONTROL_PLANE_API, kind, {"controlPlane": True}, changes)


def on_worker_config(*changes: Patch) -> Patch:
    """Changes what kubeadm and cloud-init do on worker machines."""
    return _definition(BOOTSTRAP_API, "KubeadmConfigTemplate", _WORKERS, changes)


def _definition(api: str, kind: str, match: Patch, changes: tuple[Patch, ...]) -> Patch:
    selector = {"apiVersion": api, "kind": kind, "matchResources": match}
    return {"selector": selector, "jsonPatches": list(changes)}


def add(path: str, value: object) -> Patch:
    """Sets `path` below the template's spec to a constant."""
    return {"op": "add", "path": SPEC + path, "value": value}


def add_variable(path: str, variable: str) -> Patch:
    """Sets `path` below the template's spec to a variable, `rootDisk.sizeGiB`."""
    return {"op": "add", "path": SPEC + path, "valueFrom": {"variable": variable}}


def add_template(path: str, template: str) -> Patch:
    """Sets `path` below the template's spec to what a Go template renders, which is YAML."""
    return {"op": "add", "path": SPEC + path, "valueFrom": {"template": template}}


def remove(path: str) -> Patch:
    """Takes away `path` below the template's spec, which must be there."""
    return {"op": "remove", "path": SPEC + path}


def patch(name: str, *definitions: Patch) -> Patch:
    """A patch of every cluster; `name` is unique in the class."""
    return {"name": name, "definitions": list(definitions)}


def patch_if(name: str, condition: str, *definitions: Patch) -> Patch:
    """A patch of the clusters or groups for which a condition of Go templates is true."""
    enabled = f"{{{{ if {condition} }}}}true{{{{ end }}}}"
    return {"name": name, "enabledIf": enabled, "definitions": list(definitions)}


def patch_of(variable: str, *definitions: Patch) -> Patch:
    """A patch that is there where a variable is set; it has the variable's name."""
    return patch_if(variable, has(variable), *definitions)


def has(variable: str, *fields: str) -> str:
    """The condition that a variable is set, and fields of it, one below the other."""
    conditions, place = [], "."
    for name in (variable, *fields):
        conditions.append(f'(hasKey {place} "{name}")')
        place = f"{place.rstrip('.')}.{name}"
    return conditions[0] if len(conditions) == 1 else f"and {' '.join(conditions)}"


def image_name(pattern: str, version: Version) -> str:
    """The image for a version; `pattern` as of `image_of`."""
    return pattern.replace("{version}", str(version)).replace(
        "{dashed}", str(version).replace(".", "-")
    )


def image_of(pattern: str, role: str) -> str:
    """The Go template that renders an image for the version of a role's machines.

    Args:
        pattern: with `{version}`, `1.36.3`, or `{dashed}`, `1-36-3`.
        role: of the machines, `controlPlane` or `worker`.
    """
    plain = f'trimPrefix "v" {VERSION[role]}'
    dashed = f'{plain} | replace "." "-"'
    return pattern.replace("{version}", f"{{{{ {plain} }}}}").replace(
        "{dashed}", f"{{{{ {dashed} }}}}"
    )
