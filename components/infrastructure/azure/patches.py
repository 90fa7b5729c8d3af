"""The ClusterClass patches of Azure."""

from __future__ import annotations

from typing import Any

import yaml

from components.cluster_object import (
    DATA_DISKS,
    ENDPOINT,
    ETCD_DISK,
    IMAGE,
    MACHINE_TYPE,
    ROOT_DISK,
    SPOT,
)
from components.infrastructure.azure.api_name import address, public_name
from components.infrastructure.azure.network import DEFAULT, VARIABLE, Ranges
from components.infrastructure.azure.settings import AzureNetwork
from components.infrastructure.patches import (
    Kinds,
    Patch,
    add,
    add_template,
    add_variable,
    has,
    image_of,
    on_control_plane_config,
    on_worker_config,
    patch,
    patch_if,
    patch_of,
    remove,
)

DISK_TYPES = (
    "Premium_LRS",
    "Premium_ZRS",
    "StandardSSD_LRS",
    "StandardSSD_ZRS",
    "Standard_LRS",
    "PremiumV2_LRS",
)
DEFAULT_DISK = "Premium_LRS"

PORT = 6443
"""Of the Kubernetes API."""
_CLUSTER = "{{ .builtin.cluster.name }}"

_NETWORK = "/networkSpec"
_INSIDE = "VirtualNetwork"
"""Azure's word for a network, its peers and its load balancers."""
_ETCD_LUN = 0


def image_template(image: str) -> str:
    """The image of a machine: a resource id, or `publisher:offer:sku:version` of the marketplace.

    Args:
        image: a Go template of its name.
    """
    return f"""{{{{- $image := {image} }}}}
{{{{- if hasPrefix "/" $image }}}}
id: {{{{ $image }}}}
{{{{- else }}}}
{{{{- $part := splitList ":" $image }}}}
marketplace:
  publisher: {{{{ index $part 0 }}}}
  offer: {{{{ index $part 1 }}}}
  sku: {{{{ index $part 2 }}}}
  version: {{{{ index $part 3 }}}}
{{{{- end }}}}
"""


def _of_version(pattern: str, role: str) -> Patch:
    rendered = image_of(pattern, role)
    if pattern.startswith("/"):
        return add_template("/image", f"id: {rendered}\n")
    keys = zip(("publisher", "offer", "sku", "version"), rendered.split(":"), strict=False)
    lines = "".join(f'  {key}: "{value}"\n' for key, value in keys)
    return add_template("/image", f"marketplace:\n{lines}")


def _disks(encryption_set: str | None, etcd: bool) -> str:
    """The Go template of the data disks; that of etcd is the first."""
    encrypted = ""
    if encryption_set:
        encrypted = f"\n    diskEncryptionSet:\n      id: {encryption_set}"
    first = f"""{{{{- if hasKey . "{ETCD_DISK}" }}}}
- nameSuffix: etcd
  lun: {_ETCD_LUN}
  cachingType: None
  diskSizeGB: {{{{ .{ETCD_DISK}.sizeGiB }}}}
  managedDisk:
    storageAccountType: {{{{ if hasKey .{ETCD_DISK} "type" }}}}{{{{ .{ETCD_DISK}.type }}}}\
{{{{ else }}}}{DEFAULT_DISK}{{{{ end }}}}{encrypted}
{{{{- end }}}}
"""
    rest = f"""{{{{- if hasKey . "{DATA_DISKS}" }}}}
{{{{- range $index, $disk := .{DATA_DISKS} }}}}
- nameSuffix: {{{{ $disk.name }}}}
  lun: {{{{ add $index {_ETCD_LUN + 1} }}}}
  cachingType: None
  diskSizeGB: {{{{ $disk.sizeGiB }}}}
  managedDisk:
    storageAccountType: {{{{ if hasKey $disk "type" }}}}{{{{ $disk.type }}}}\
{{{{ else }}}}{DEFAULT_DISK}{{{{ end }}}}{encrypted}
{{{{- end }}}}
{{{{- end }}}}
"""
    return first + rest if etcd else rest


def _azure_json(name: str, key: str) -> str:
    """The file of the cloud provider; the provider makes a Secret with it for each template."""
    return f"""path: /etc/kubernetes/azure.json
owner: root:root
permissions: "0600"
contentFrom:
  secret:
    name: {{{{ {name} }}}}-azure-json
    key: {key}
"""


def machine_patches(
    kinds: Kinds, image: str | None, encryption_set: str | None
) -> tuple[Patch, ...]:
    """Those of the machines."""
    found: tuple[Patch, ...] = ()
    if image:
        found = (
            patch(
                "imageOfVersion",
                kinds.on_control_plane(_of_version(image, "controlPlane")),
                kinds.on_workers(_of_version(image, "worker")),
            ),
        )
    own_image = add_template("/image", image_template(f".{IMAGE}"))
    disk_type = add_variable("/osDisk/managedDisk/storageAccountType", f"{ROOT_DISK}.type")
    return (
        *found,
        patch_of(IMAGE, *kinds.on_machines(own_image)),
        patch_of(MACHINE_TYPE, *kinds.on_machines(add_variable("/vmSize", MACHINE_TYPE))),
        patch_of(
            ROOT_DISK,
            *kinds.on_machines(add_variable("/osDisk/diskSizeGB", f"{ROOT_DISK}.sizeGiB")),
        ),
        patch_if("rootDiskType", has(ROOT_DISK, "type"), *kinds.on_machines(disk_type)),
        patch_if(
            "controlPlaneDisks",
            f"or {has(ETCD_DISK)} {has(DATA_DISKS)}",
            kinds.on_control_plane(add_template("/dataDisks", _disks(encryption_set, etcd=True))),
        ),
        patch_of(
            DATA_DISKS,
            kinds.on_workers(add_template("/dataDisks", _disks(encryption_set, etcd=False))),
        ),
        patch_of(SPOT, kinds.on_workers(add("/spotVMOptions", {"evictionPolicy": "Delete"}))),
        patch_if(
            "spotMaxPrice",
            has(SPOT, "maxPrice"),
            kinds.on_workers(add_variable("/spotVMOptions/maxPrice", f"{SPOT}.maxPrice")),
        ),
        patch("azureJson", *_azure_json_files()),
    )


def _azure_json_files() -> tuple[Patch, Patch]:
    plane = ".builtin.controlPlane.machineTemplate.infrastructureRef.name"
    worker = ".builtin.machineDeployment.infrastructureRef.name"
    return (
        on_control_plane_config(
            add_template(
                "/kubeadmConfigSpec/files/-", _azure_json(plane, "control-plane-azure.json")
            )
        ),
        on_worker_config(add_template("/files/-", _azure_json(worker, "worker-node-azure.json"))),
    )


def cluster_patches(
    kinds: Kinds,
    *,
    resource_group: str | None,
    network: AzureNetwork | None,
    location: str,
    suffix: str,
) -> tuple[Patch, ...]:
    """Those of the cluster's network and load balancer.

    AzureClusterTemplate has fewer fields than AzureCluster: the resource group, names of what is
    made and the load balancer's addresses are not among them. Patches work on what will become the
    AzureCluster, and may set them.
    """
    outbound = f"{_NETWORK}/controlPlaneOutboundLB"
    fixed = [add(outbound, {"frontendIPsCount": 1})]
    if resource_group:
        fixed.append(add("/resourceGroup", resource_group))
    if network:
        found = {"resourceGroup": network.resource_group, "name": network.name}
        fixed.append(add(f"{_NETWORK}/vnet", found))
    else:
        fixed += [
            add_template(f"{_NETWORK}/vnet/name", f"{_CLUSTER}-vnet"),
            add_template(f"{_NETWORK}/vnet/cidrBlocks", f"- {_range('range', DEFAULT)}\n"),
            add_template(f"{_NETWORK}/subnets", _subnets_template()),
        ]
    private = f'- name: api-private\n  privateIP: "{address()}"\n'
    public = f"""- name: api-public
  publicIP:
    name: {_CLUSTER}-api
    dnsName: {public_name(location, suffix)}
"""
    frontends = f"{_NETWORK}/apiServerLB/frontendIPs"
    return (
        patch("network", kinds.on_cluster(*fixed, add_template(frontends, private))),
        patch_if(
            "publicEndpoint",
            has(ENDPOINT, "public"),
            kinds.on_cluster(
                add(f"{_NETWORK}/apiServerLB/type", "Public"),
                add_template(frontends, public + private),
                # A public load balancer is the way out too.
                remove(outbound),
            ),
        ),
    )


def network_spec(network: AzureNetwork | None, peerings: list[dict[str, str]]) -> dict[str, Any]:
    """`networkSpec` of the template: a private load balancer, and who may reach what.

    Args:
        network: one that is there already.
        peerings: of a new one.
    """
    plane: dict[str, Any] = {"role": "control-plane"}
    workers: dict[str, Any] = {"role": "node"}
    spec: dict[str, Any] = {"apiServerLB": {"type": "Internal"}, "subnets": [plane, workers]}
    if network:
        plane["name"], workers["name"] = network.control_plane_subnet, network.worker_subnet
        return spec | {"vnet": {}}
    ranges = Ranges(DEFAULT)
    spec["subnets"] = _subnets(str(ranges.control_plane), str(ranges.workers))
    vnet = {"cidrBlocks": [str(ranges.whole)]} | ({"peerings": peerings} if peerings else {})
    return spec | {"vnet": vnet}


def _range(name: str, default: object) -> str:
    """The Go template of a range of the cluster's own network."""
    own = f"{{{{ .{VARIABLE}.{name} }}}}"
    return f'"{{{{ if {has(VARIABLE)} }}}}{own}{{{{ else }}}}{default}{{{{ end }}}}"'


def _subnets_template() -> str:
    """The Go template of the subnets: a patch can't change an entry of a list, but the first."""
    ranges = Ranges(DEFAULT)
    either = {
        "CONTROL_PLANE": _range("controlPlane", ranges.control_plane),
        "WORKERS": _range("workers", ranges.workers),
        f"source: {_INSIDE}": f"""{{{{ if {has(ENDPOINT, "allowed")} -}}}}
        sources: {{{{ toJson .{ENDPOINT}.allowed }}}}
        {{{{- else -}}}}
        source: {_INSIDE}
        {{{{- end }}}}""",
    }
    subnets = _subnets("CONTROL_PLANE", "WORKERS")
    for subnet in subnets:
        subnet.setdefault("securityGroup", {})["name"] = f"{_CLUSTER}-{subnet['name']}"
        if "natGateway" in subnet:
            subnet["natGateway"]["name"] = f"{_CLUSTER}-{subnet['name']}"
    text: str = yaml.safe_dump(subnets, sort_keys=False)
    for written, template in either.items():
        text = text.replace(written, template)
    return text


def _subnets(control_plane: str, workers: str) -> list[dict[str, Any]]:
    return [
        {
            "name": "control-plane",
            "role": "control-plane",
            "cidrBlocks": [control_plane],
            "securityGroup": {"securityRules": _rules()},
        },
        {
            "name": "workers",
            "role": "node",
            "cidrBlocks": [workers],
            "natGateway": {"name": "workers"},
        },
    ]


def _rules() -> list[dict[str, Any]]:
    everywhere = {"sourcePorts": "*", "destination": "*", "direction": "Inbound", "protocol": "Tcp"}
    return [
        {
            "name": "allow_api",
            "description": "The Kubernetes API",
            "action": "Allow",
            "priority": 2200,
            "source": _INSIDE,
            "destinationPorts": str(PORT),
        }
        | everywhere,
        # Without a rule for port 22 the provider opens it to all addresses.
        {
            "name": "deny_ssh",
            "description": "No SSH from outside",
            "action": "Deny",
            "priority": 2201,
            "source": "Internet",
            "destinationPorts": "22",
        }
        | everywhere,
    ]
