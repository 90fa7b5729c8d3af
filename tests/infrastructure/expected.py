"""The objects that Cluster API must get for the larger example of every infrastructure.

Each line is a place in an object and its value: of the infrastructure cluster, of the template of
control-plane machines, of that of the pool `all`, and of what kubeadm does on the control plane.
"""

from __future__ import annotations

from typing import Any

CLUSTER, CONTROL_PLANE, WORKER, KUBEADM = "cluster", "control-plane", "worker", "kubeadm"
MACHINE = ("template", "spec")
Place = tuple[str | int, ...]
Line = tuple[str, Place, Any]


def looked_up(content: Any, place: Place) -> Any:
    """The value at a place; None where there is none."""
    for step in place:
        try:
            content = content[step]
        except (KeyError, IndexError, TypeError):
            return None
    return content


def machine(group: str, *place: str | int, value: Any) -> Line:
    return group, (*MACHINE, *place), value


SMALL: dict[str, tuple[Line, ...]] = {
    "in-memory": (),
    "docker": (
        machine(CONTROL_PLANE, "backend", "docker", "customImage", value="node:of-mine"),
        machine(WORKER, "backend", "docker", "customImage", value="node:of-mine"),
        (KUBEADM, ("kubeadmConfigSpec", "preKubeadmCommands"), ["systemctl daemon-reload"]),
    ),
    "aws": (machine(WORKER, "instanceType", value="m7i.xlarge"),),
    "openstack": (machine(WORKER, "flavor", "filter", "name", value="SCS-4V-16"),),
    "vsphere": (
        (CLUSTER, ("controlPlaneEndpoint", "host"), "192.0.2.10"),
        (CLUSTER, ("controlPlaneEndpoint", "port"), 6443),
        (CLUSTER, ("identityRef", "name"), "{namespace}-vsphere"),
        machine(CONTROL_PLANE, "template", value="ubuntu-2404-kube-v1.36.3"),
        machine(CONTROL_PLANE, "numCPUs", value=4),
        machine(WORKER, "memoryMiB", value=16384),
    ),
    "azure": (
        (CLUSTER, ("networkSpec", "apiServerLB", "type"), "Internal"),
        (CLUSTER, ("networkSpec", "apiServerLB", "frontendIPs", 0, "privateIP"), "10.0.0.100"),
        (CLUSTER, ("networkSpec", "controlPlaneOutboundLB", "frontendIPsCount"), 1),
        machine(WORKER, "vmSize", value="Standard_D4s_v5"),
        machine(WORKER, "image", value=None),
        machine(CONTROL_PLANE, "dataDisks", 0, "lun", value=0),
    ),
    "gcp": (
        (CLUSTER, ("network", "name"), "small"),
        (CLUSTER, ("loadBalancer", "loadBalancerType"), "Internal"),
        (CLUSTER, ("loadBalancer", "internalLoadBalancer", "subnet"), "small"),
        machine(WORKER, "image", value="projects/my-project/global/images/ubuntu-2404-v1-36-3"),
        machine(WORKER, "subnet", value="small"),
        machine(CONTROL_PLANE, "additionalDisks", 0, "deviceType", value="pd-ssd"),
    ),
}

FULL: dict[str, tuple[Line, ...]] = {
    "docker": (
        machine(CONTROL_PLANE, "backend", "docker", "customImage", value="an-image"),
        machine(WORKER, "backend", "docker", "customImage", value="an-image"),
        machine(
            WORKER,
            "backend",
            "docker",
            "preLoadImages",
            value=["ghcr.io/flannel-io/flannel:v0.28.9"],
        ),
    ),
    "in-memory": (
        (
            KUBEADM,
            ("kubeadmConfigSpec", "initConfiguration", "skipPhases"),
            ["addon/kube-proxy"],
        ),
    ),
    "aws": (
        machine(WORKER, "instanceType", value="m7i.4xlarge"),
        machine(WORKER, "ami", "id", value="ami-0123456789abcdef0"),
        machine(WORKER, "rootVolume", "size", value=80),
        machine(WORKER, "nonRootVolumes", 1, "size", value=30),
        machine(WORKER, "spotMarketOptions", "maxPrice", value="0.5"),
        machine(CONTROL_PLANE, "nonRootVolumes", 0, "size", value=20),
    ),
    "openstack": (
        machine(WORKER, "flavor", "filter", "name", value="m1.xlarge"),
        machine(WORKER, "image", "filter", "name", value="an-image"),
        machine(WORKER, "rootVolume", "sizeGiB", value=80),
        machine(WORKER, "additionalBlockDevices", 1, "sizeGiB", value=30),
        machine(CONTROL_PLANE, "additionalBlockDevices", 0, "name", value="etcd"),
    ),
    "vsphere": (
        (CLUSTER, ("failureDomainSelector", "matchLabels", "caas.dev/zones"), "{namespace}"),
        machine(CONTROL_PLANE, "template", value="an-image"),
        machine(CONTROL_PLANE, "numCPUs", value=6),
        machine(WORKER, "memoryMiB", value=24 * 1024),
        machine(WORKER, "diskGiB", value=80),
        machine(WORKER, "storagePolicyName", value="Thin"),
        machine(
            CONTROL_PLANE,
            "dataDisks",
            value=[
                {"name": "etcd", "sizeGiB": 20},
                {"name": "one", "sizeGiB": 20, "provisioningMode": "Thin"},
                {"name": "two", "sizeGiB": 30},
            ],
        ),
        machine(WORKER, "dataDisks", 0, "name", value="one"),
        machine(WORKER, "network", "devices", 0, "dhcp4", value=False),
    ),
    "azure": (
        (CLUSTER, ("resourceGroup",), "caas"),
        (CLUSTER, ("networkSpec", "apiServerLB", "type"), "Public"),
        (CLUSTER, ("networkSpec", "apiServerLB", "frontendIPs", 1, "privateIP"), "10.7.0.100"),
        (CLUSTER, ("networkSpec", "controlPlaneOutboundLB"), None),
        (CLUSTER, ("networkSpec", "vnet", "cidrBlocks"), ["10.7.0.0/20"]),
        (CLUSTER, ("networkSpec", "subnets", 0, "cidrBlocks"), ["10.7.0.0/24"]),
        (CLUSTER, ("networkSpec", "subnets", 1, "cidrBlocks"), ["10.7.8.0/21"]),
        (
            CLUSTER,
            ("networkSpec", "subnets", 0, "securityGroup", "securityRules", 0, "sources"),
            ["198.51.100.0/24"],
        ),
        machine(WORKER, "vmSize", value="Standard_E8s_v5"),
        machine(
            WORKER,
            "image",
            value={
                "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/own"
            },
        ),
        machine(WORKER, "osDisk", "diskSizeGB", value=80),
        machine(WORKER, "osDisk", "managedDisk", "storageAccountType", value="StandardSSD_LRS"),
        machine(WORKER, "dataDisks", 1, "lun", value=2),
        machine(WORKER, "dataDisks", 1, "managedDisk", "storageAccountType", value="Premium_LRS"),
        machine(WORKER, "spotVMOptions", value={"evictionPolicy": "Delete", "maxPrice": "0.5"}),
        machine(CONTROL_PLANE, "dataDisks", 0, "nameSuffix", value="etcd"),
        machine(CONTROL_PLANE, "dataDisks", 2, "diskSizeGB", value=30),
        machine(CONTROL_PLANE, "spotVMOptions", value=None),
    ),
    "gcp": (
        (CLUSTER, ("network", "subnets", 0, "cidrBlock"), "10.7.0.0/20"),
        (CLUSTER, ("loadBalancer", "loadBalancerType"), "External"),
        (
            CLUSTER,
            ("network", "firewall", "firewallRules", 0, "sourceRanges"),
            ["198.51.100.0/24"],
        ),
        (CLUSTER, ("credentialsRef", "namespace"), "{namespace}"),
        machine(WORKER, "instanceType", value="g2-standard-8"),
        machine(WORKER, "image", value="projects/my-project/global/images/own"),
        machine(WORKER, "rootDeviceSize", value=80),
        machine(WORKER, "rootDeviceType", value="pd-ssd"),
        machine(WORKER, "additionalDisks", 1, "deviceType", value="pd-balanced"),
        machine(WORKER, "provisioningModel", value="Spot"),
        machine(WORKER, "onHostMaintenance", value="Terminate"),
        machine(CONTROL_PLANE, "additionalDisks", 0, "size", value=20),
        machine(CONTROL_PLANE, "additionalDisks", 2, "size", value=30),
        machine(CONTROL_PLANE, "provisioningModel", value=None),
    ),
}
FILES: dict[str, tuple[str, ...]] = {
    "vsphere": ("/etc/kubernetes/manifests/kube-vip.yaml", "/etc/kube-vip.hosts"),
    "azure": ("/etc/kubernetes/azure.json", "/etc/caas/api-name", "/etc/caas/api-name.sh"),
}
"""Files of control-plane machines."""
