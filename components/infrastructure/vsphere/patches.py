"""The ClusterClass patches of vSphere."""

from __future__ import annotations

from typing import Any

from components.cluster_object import (
    DATA_DISKS,
    ENDPOINT,
    ETCD_DISK,
    IMAGE,
    MACHINE_TYPE,
    ROOT_DISK,
)
from components.infrastructure.patches import (
    Kinds,
    add,
    add_template,
    add_variable,
    has,
    image_of,
    on_control_plane_config,
    patch,
    patch_if,
    patch_of,
)
from components.infrastructure.vsphere.kube_vip import manifest_template

TYPE = r"([1-9][0-9]{0,2})cpu-([1-9][0-9]{0,4})gib"
"""The pattern of a machine type's name: CPUs, memory in GiB."""
ZONE_LABEL = "caas.dev/zones"
"""The label of failure domains; its value is the namespace of the clusters that use them. These
objects have no namespace, and neither has the identity, so stacks keep theirs apart by it."""
DISK_MODES = ("Thin", "Thick", "EagerlyZeroed")
"""The provisioning type of a data disk."""

_CPUS = f'{{{{ regexFind "^[0-9]+" .{MACHINE_TYPE} }}}}'
_MEMORY = f'{{{{ mul 1024 (regexFind "[0-9]+gib" .{MACHINE_TYPE} | trimSuffix "gib" | int) }}}}'
_ETCD = f"""{{{{- if hasKey . "{ETCD_DISK}" }}}}
- name: etcd
  sizeGiB: {{{{ .{ETCD_DISK}.sizeGiB }}}}
{{{{- end }}}}
"""
_DATA = f"""{{{{- if hasKey . "{DATA_DISKS}" }}}}
{{{{- range .{DATA_DISKS} }}}}
- name: {{{{ .name }}}}
  sizeGiB: {{{{ .sizeGiB }}}}
{{{{- if hasKey . "type" }}}}
  provisioningMode: {{{{ .type }}}}
{{{{- end }}}}
{{{{- end }}}}
{{{{- end }}}}
"""


def patches(
    api_version: str, template: str, interface: str, *, zoned: bool
) -> tuple[dict[str, Any], ...]:
    """All of them.

    Args:
        api_version: of vSphere's kinds.
        template: the pattern of the template's name.
        interface: that holds the API's address; empty for the default route's.
        zoned: whether there are failure domains.
    """
    kinds = Kinds(api_version, "VSphereClusterTemplate", "VSphereMachineTemplate")
    pod = add_template("/kubeadmConfigSpec/files/-", manifest_template(interface))
    namespace = "{{ .builtin.cluster.namespace }}"
    zones = add_template("/failureDomainSelector", f'matchLabels:\n  {ZONE_LABEL}: "{namespace}"\n')
    return (
        patch(
            "ofNamespace",
            kinds.on_cluster(
                add_template("/identityRef/name", f"{namespace}-vsphere"),
                *((zones,) if zoned else ()),
            ),
        ),
        patch(
            "templateOfVersion",
            kinds.on_control_plane(add_template("/template", image_of(template, "controlPlane"))),
            kinds.on_workers(add_template("/template", image_of(template, "worker"))),
        ),
        patch_of(IMAGE, *kinds.on_machines(add_variable("/template", IMAGE))),
        patch_of(
            MACHINE_TYPE,
            *kinds.on_machines(
                add_template("/numCPUs", _CPUS), add_template("/memoryMiB", _MEMORY)
            ),
        ),
        patch_of(ROOT_DISK, *kinds.on_machines(add_variable("/diskGiB", f"{ROOT_DISK}.sizeGiB"))),
        patch_if(
            "storagePolicy",
            has(ROOT_DISK, "type"),
            *kinds.on_machines(add_variable("/storagePolicyName", f"{ROOT_DISK}.type")),
        ),
        patch_if(
            "controlPlaneDisks",
            f"or {has(ETCD_DISK)} {has(DATA_DISKS)}",
            kinds.on_control_plane(add_template("/dataDisks", _ETCD + _DATA)),
        ),
        patch_of(DATA_DISKS, kinds.on_workers(add_template("/dataDisks", _DATA))),
        patch_if(
            ENDPOINT,
            has(ENDPOINT, "host"),
            kinds.on_cluster(
                add("/controlPlaneEndpoint", {"port": 6443}),
                add_variable("/controlPlaneEndpoint/host", f"{ENDPOINT}.host"),
            ),
            on_control_plane_config(pod),
        ),
    )
