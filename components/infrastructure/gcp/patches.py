"""The ClusterClass patches of Google Cloud."""

from __future__ import annotations

from components.cluster_object import (
    DATA_DISKS,
    ENDPOINT,
    ETCD_DISK,
    IMAGE,
    MACHINE_TYPE,
    ROOT_DISK,
    SPOT,
)
from components.infrastructure.gcp.settings import GcpNetwork
from components.infrastructure.patches import (
    Kinds,
    Patch,
    add,
    add_template,
    add_variable,
    has,
    image_of,
    patch,
    patch_if,
    patch_of,
)

DISK_TYPES = ("pd-balanced", "pd-ssd", "pd-standard", "hyperdisk-balanced")
DEFAULT_DISK = "pd-balanced"
RANGE = "gcpRange"
"""The variable with the address range of a cluster's own network."""
RANGE_DEFINITION = {
    "name": RANGE,
    "required": False,
    "schema": {"openAPIV3Schema": {"type": "string"}},
}
ACCELERATED = "^(a[2-4]|g[24])-"
"""Machine types with GPUs; these can't be moved to another host while they run."""

_NAME = "{{ .builtin.cluster.name }}"
_CONTROL_PLANE_TAG = f"{_NAME}-control-plane"


def _disks(key: str | None, etcd: bool) -> str:
    """The Go template of the data disks; that of etcd is the first."""
    encrypted = ""
    if key:
        encrypted = (
            f"\n  encryptionKey:\n    keyType: Managed\n    managedKey:\n      kmsKeyName: {key}"
        )
    first = f"""{{{{- if hasKey . "{ETCD_DISK}" }}}}
- size: {{{{ .{ETCD_DISK}.sizeGiB }}}}
  deviceType: {{{{ if hasKey .{ETCD_DISK} "type" }}}}{{{{ .{ETCD_DISK}.type }}}}\
{{{{ else }}}}pd-ssd{{{{ end }}}}{encrypted}
{{{{- end }}}}
"""
    rest = f"""{{{{- if hasKey . "{DATA_DISKS}" }}}}
{{{{- range .{DATA_DISKS} }}}}
- size: {{{{ .sizeGiB }}}}
  deviceType: {{{{ if hasKey . "type" }}}}{{{{ .type }}}}\
{{{{ else }}}}{DEFAULT_DISK}{{{{ end }}}}{encrypted}
{{{{- end }}}}
{{{{- end }}}}
"""
    return first + rest if etcd else rest


def machine_patches(
    kinds: Kinds, image: str, key: str | None, network: GcpNetwork | None
) -> tuple[Patch, ...]:
    """Those of the machines."""
    stays = add("/onHostMaintenance", "Terminate")
    own = () if network else (patch("subnet", *kinds.on_machines(add_template("/subnet", _NAME))),)
    return (
        *own,
        patch(
            "imageOfVersion",
            kinds.on_control_plane(add_template("/image", image_of(image, "controlPlane"))),
            kinds.on_workers(add_template("/image", image_of(image, "worker"))),
        ),
        patch_of(IMAGE, *kinds.on_machines(add_variable("/image", IMAGE))),
        patch_of(MACHINE_TYPE, *kinds.on_machines(add_variable("/instanceType", MACHINE_TYPE))),
        patch_if(
            "accelerated",
            f'and {has(MACHINE_TYPE)} (regexMatch "{ACCELERATED}" .{MACHINE_TYPE})',
            *kinds.on_machines(stays),
        ),
        patch_of(
            ROOT_DISK,
            *kinds.on_machines(add_variable("/rootDeviceSize", f"{ROOT_DISK}.sizeGiB")),
        ),
        patch_if(
            "rootDiskType",
            has(ROOT_DISK, "type"),
            *kinds.on_machines(add_variable("/rootDeviceType", f"{ROOT_DISK}.type")),
        ),
        patch_if(
            "controlPlaneDisks",
            f"or {has(ETCD_DISK)} {has(DATA_DISKS)}",
            kinds.on_control_plane(add_template("/additionalDisks", _disks(key, etcd=True))),
        ),
        patch_of(
            DATA_DISKS,
            kinds.on_workers(add_template("/additionalDisks", _disks(key, etcd=False))),
        ),
        patch_of(SPOT, kinds.on_workers(add("/provisioningModel", "Spot"), stays)),
    )


def cluster_patches(
    kinds: Kinds, network: GcpNetwork | None, credentials: str | None
) -> tuple[Patch, ...]:
    """Those of the cluster's network and load balancer."""
    subnet = "/network/subnets/0"
    own = (
        patch(
            "network",
            kinds.on_cluster(
                add_template("/network/name", _NAME),
                add_template(f"{subnet}/name", _NAME),
                add_template("/loadBalancer/internalLoadBalancer/subnet", _NAME),
            ),
        ),
        patch_of(RANGE, kinds.on_cluster(add_variable(f"{subnet}/cidrBlock", RANGE))),
    )
    secret = f'name: {credentials}\nnamespace: "{{{{ .builtin.cluster.namespace }}}}"\n'
    login = patch("credentials", kinds.on_cluster(add_template("/credentialsRef", secret)))
    # The private load balancer passes packets on as they are, so the firewall sees the caller.
    rule = f"""- name: {_NAME}-api
  description: The Kubernetes API
  direction: Ingress
  allowed:
  - IPProtocol: TCP
    ports: ["6443"]
  sourceRanges:
  {{{{- range .{ENDPOINT}.allowed }}}}
  - {{{{ . }}}}
  {{{{- end }}}}
  targetTags: ["{_CONTROL_PLANE_TAG}"]
"""
    return (
        *(() if network else own),
        *((login,) if credentials else ()),
        patch_if(
            "publicEndpoint",
            has(ENDPOINT, "public"),
            kinds.on_cluster(add("/loadBalancer/loadBalancerType", "External")),
        ),
        patch_if(
            "allowedToEndpoint",
            has(ENDPOINT, "allowed"),
            kinds.on_cluster(add_template("/network/firewall/firewallRules", rule)),
        ),
    )
