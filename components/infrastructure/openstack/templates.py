"""The templates of the ClusterClass: OpenStackClusterTemplate and OpenStackMachineTemplate.

Shapes: cluster-api-provider-openstack v0.15, `v1beta2`. What is the same for every cluster of a
stack is here; what a cluster chooses, and what is called after its stack, is in `patches`.
"""

from __future__ import annotations

from typing import Any

from components.infrastructure.interface import INFRASTRUCTURE_GROUP, NodeRegistration, Template
from components.infrastructure.openstack.names import CLOUD, CREDENTIALS
from components.infrastructure.openstack.settings import OpenStackSettings

API_VERSION = f"{INFRASTRUCTURE_GROUP}/v1beta2"
CLUSTER_KIND = "OpenStackClusterTemplate"
MACHINE_KIND = "OpenStackMachineTemplate"
DEFAULT_DISK_GIB = 50  # components.cluster.machine.Disk

ETCD_DEVICE = "/dev/vdb"
"""The first disk after the root disk: the etcd disk comes before the data disks."""

NODES = NodeRegistration(
    name="{{ local_hostname }}",
    kubelet_extra_args=(
        {"name": "cloud-provider", "value": "external"},
        {"name": "provider-id", "value": "openstack:///'{{ instance_id }}'"},
    ),
)
"""cloud-init fills in the name and the id of the machine that boots."""

_CNI_PORTS = (
    ("Calico BGP", "tcp", 179),
    ("Calico Typha", "tcp", 5473),
    ("Calico VXLAN", "udp", 4789),
    ("Calico WireGuard", "udp", 51820),
    ("Cilium VXLAN", "udp", 8472),
    ("Cilium Geneve", "udp", 6081),
    ("Cilium WireGuard", "udp", 51871),
    ("Cilium health", "tcp", 4240),
    ("Cilium Hubble", "tcp", 4244),
    ("Node metrics", "tcp", 9100),
)


def lets_through(protocol: str, port: int) -> bool:
    """True if machines of a cluster can reach each other by a protocol at a port."""
    if protocol == "IP-in-IP":
        return True
    return any((protocol.lower(), port) == (known, number) for _, known, number in _CNI_PORTS)


def cluster_template(settings: OpenStackSettings) -> Template:
    """The template of the infrastructure cluster: network, load balancer, security groups."""
    existing = settings.network.existing
    credentials = settings.credentials
    spec: dict[str, Any] = {
        "identityRef": {
            "name": (credentials and credentials.secret) or CREDENTIALS,
            "cloudName": credentials.cloud if credentials else CLOUD,
            "region": settings.region,
        },
        "apiServer": {"enableFloatingIP": False, "managedLoadBalancer": _load_balancer(settings)},
        "managedSecurityGroups": {
            "allowAllInClusterTraffic": False,
            "clusterNodesSecurityGroupRules": _between_machines(),
        },
        "tags": ["caas", *settings.tags],
    }
    if settings.external_network:
        spec["externalNetwork"] = settings.external_network.selector
    else:
        spec["enableExternalNetwork"] = False
    if settings.zones:
        spec["controlPlaneAvailabilityZones"] = list(settings.zones)
    if existing:
        spec["network"] = existing.network.selector
        spec["subnets"] = [subnet.selector for subnet in existing.subnets]
        if existing.router:
            spec["router"] = existing.router.selector
    return Template(API_VERSION, CLUSTER_KIND, spec)


def machine_template(settings: OpenStackSettings) -> Template:
    """The template of machines; patches set image, flavor, disks and server group."""
    key = settings.ssh_key
    spec: dict[str, Any] = {
        "flavor": {"filter": {"name": settings.machine_type("medium")}},
        "image": {"filter": {"name": settings.images}},
        "rootVolume": {"sizeGiB": DEFAULT_DISK_GIB} | volume(settings),
        "configDrive": True,
    }
    if key and key.name:
        spec["sshKeyName"] = key.name
    return Template(API_VERSION, MACHINE_KIND, spec)


def volume(settings: OpenStackSettings) -> dict[str, Any]:
    """The type and the zone of volumes that name none."""
    zone = settings.volumes.zone
    chosen: dict[str, Any] = {"type": settings.volumes.type} if settings.volumes.type else {}
    if zone:
        named = {"from": "Machine"} if zone == "machine" else {"from": "Name", "name": zone}
        chosen["availabilityZone"] = named
    return chosen


def _load_balancer(settings: OpenStackSettings) -> dict[str, Any]:
    balancer = settings.load_balancer
    flavor = {"flavor": balancer.flavor} if balancer.flavor else {}
    return {"enabled": True, "provider": balancer.provider.value} | flavor


def _between_machines() -> list[dict[str, Any]]:
    """The rules of pod networks, between machines of the same cluster only."""
    ports: list[dict[str, Any]] = [
        {"name": name, "protocol": protocol, "portRangeMin": port, "portRangeMax": port}
        for name, protocol, port in _CNI_PORTS
    ]
    whole: list[dict[str, Any]] = [
        {"name": "Calico IP-in-IP", "protocol": "4"},
        {"name": "Reachability and packet sizes", "protocol": "icmp"},
    ]
    common: dict[str, Any] = {
        "direction": "ingress",
        "etherType": "IPv4",
        "remoteManagedGroups": ["controlplane", "worker"],
    }
    return [rule | common for rule in (*ports, *whole)]
