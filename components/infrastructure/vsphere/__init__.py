"""vSphere: machines cloned from templates, kube-vip as the way to the Kubernetes API.

Source of the shapes: the v1beta2 types of cluster-api-provider-vsphere 1.16.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from packaging.version import Version
from pydantic import Field

from components.chart import Chart
from components.cluster.machine import WorkerMachine
from components.cluster.settings import ApiEndpoint
from components.fields import Domain
from components.finding import Finding
from components.infrastructure.groups import Group, check_disks, groups, not_placed
from components.infrastructure.interface import (
    INFRASTRUCTURE_GROUP,
    ClassParts,
    Infrastructure,
    NodeRegistration,
    Placed,
    Provider,
    Template,
)
from components.infrastructure.machine_types import MachineType
from components.infrastructure.patches import image_name
from components.infrastructure.question import Question, api_address
from components.infrastructure.vsphere import failures, kube_vip
from components.infrastructure.vsphere.patches import DISK_MODES, TYPE, ZONE_LABEL, patches
from components.infrastructure.vsphere.settings import CloneMode, Inventory, Zone
from components.mappings import Manifest
from errors import clouds

API_VERSION = f"{INFRASTRUCTURE_GROUP}/v1beta2"
NAMESPACE = "capv-system"
PORT = 6443


class VSphere(Infrastructure):
    """Machines on vSphere, in a vCenter with a template per Kubernetes version."""

    FAILURE_SIGNS: ClassVar = failures.SIGNS
    SIZES: ClassVar = {
        "small": "2cpu-8gib",
        "medium": "4cpu-16gib",
        "large": "8cpu-32gib",
        "xlarge": "16cpu-64gib",
    }
    PROVIDER: ClassVar = Provider(
        "vsphere", NAMESPACE, "v1beta2", {"NodeAntiAffinity": True}, "vsphere-variables"
    )

    provider: Literal["vsphere"]
    server: Domain
    """vCenter's name or address."""
    thumbprint: Annotated[str, Field(pattern=r"^([0-9A-F]{2}:){19,31}[0-9A-F]{2}$")] | None = None
    """Of vCenter's certificate; without it the certificate must be signed by a known authority."""
    credentials_secret: Annotated[str, Field(min_length=1, max_length=253)]
    """The Secret with `username` and `password`, in the namespace `capv-system` of the management
    cluster."""
    datacenter: Inventory
    """The datacenter."""
    datastore: Inventory | None = None
    """The datastore of machines; without it the storage policy chooses."""
    storage_policy: Inventory | None = None
    """The storage policy of machines' disks; one that encrypts makes encrypted disks."""
    network: Inventory
    """The network of machines."""
    address_pool: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """The InClusterIPPool that gives machines their addresses; without it DHCP does."""
    folder: Inventory | None = None
    """The folder of machines."""
    resource_pool: Inventory | None = None
    """The resource pool of machines."""
    template: Inventory
    """The template that machines are cloned from: `{version}` is `1.36.3`, `{dashed}` `1-36-3`."""
    clone_mode: CloneMode = CloneMode.FULL
    """`linkedClone` is faster, but the template's disk can't grow and must stay."""
    interface: Annotated[str, Field(pattern=r"^[a-z][a-z0-9.]{0,14}$")] | None = None
    """The network interface that holds the API's address; without it the default route's."""
    zones: tuple[Zone, ...] = ()
    """Failure domains; without any, machines spread over the hosts of one compute cluster."""

    @classmethod
    def questions(cls, management: str) -> Sequence[Question]:
        """The vCenter, the template of machines, and an address for each cluster's API."""
        return (
            Question(("server",), "name of the vCenter server", "vcenter.example.com"),
            Question(
                ("credentialsSecret",),
                "Secret with the vCenter login, in capv-system of the management cluster",
                "vcenter",
                default="vcenter",
            ),
            Question(("datacenter",), "datacenter", "dc1"),
            Question(("network",), "network of machines, with DHCP", "vlan10"),
            Question(
                ("template",),
                "template of machines; {version} stands for the Kubernetes version",
                "ubuntu-2404-kube-v{version}",
                default="ubuntu-2404-kube-v{version}",
            ),
            api_address("a free address of the network, outside of DHCP"),
        )

    def class_parts(self) -> ClassParts:
        """VSphereCluster and VSphereMachine templates, and kube-vip on the control plane."""
        machine = self._machine()
        return ClassParts(
            cluster=Template(API_VERSION, "VSphereClusterTemplate", self._cluster()),
            control_plane_machine=machine,
            worker_machine=machine,
            node_registration=NodeRegistration(
                name="{{ local_hostname }}",
                kubelet_extra_args=({"name": "cloud-provider", "value": "external"},),
            ),
            etcd_device="/dev/sdb",
            control_plane_files=kube_vip.FILES,
            pre_kubeadm_commands=(
                'hostnamectl set-hostname "{{ ds.meta_data.hostname }}"',
                'echo "127.0.0.1 {{ ds.meta_data.hostname }}" >>/etc/hosts',
                kube_vip.COMMAND,
            ),
            patches=patches(
                API_VERSION, self.template, self.interface or "", zoned=bool(self.zones)
            ),
        )

    def objects(self, namespace: str) -> Sequence[Manifest]:
        """The identity that clusters log in with, and the failure domains."""
        allowed = {"selector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
        identity = _object(
            "VSphereClusterIdentity",
            f"{namespace}-{self.name}",
            {"secretName": self.credentials_secret, "allowedNamespaces": allowed},
        )
        zones = (each for zone in self.zones for each in self._zone(zone, namespace))
        return [identity, *zones]

    def failure_domains(self) -> tuple[str, ...]:
        """The zones' names."""
        return tuple(zone.name for zone in self.zones)

    def charts(self) -> Sequence[Chart]:
        """The cloud provider; there is no chart of VMware's for its CSI driver."""
        values = {
            "config": {
                "enabled": True,
                "vcenter": self.server,
                "datacenter": self.datacenter.strip("/").split("/")[0],
                "secret": {"create": False, "name": "vsphere-cloud-secret"},
            }
        }
        return [Chart("vsphere-cpi", "kube-system", values)]

    def image(self, version: Version) -> str:
        """The template's name for a version."""
        return image_name(self.template, version)

    def known_machine_types(self) -> Mapping[str, MachineType]:
        """Every type says itself what it is; these are the usual ones, and those of the file."""
        usual = [
            f"{cpu}cpu-{cpu * each}gib" for cpu in (2, 4, 8, 16, 32, 64) for each in (1, 2, 4, 8)
        ]
        named = {*usual, *self.SIZES.values(), *self.machine_types.values()}
        return {name: found for name in sorted(named) if (found := machine_of(name))}

    def check(self, clusters: Sequence[Placed]) -> Iterator[Finding]:
        """Settings that vSphere and its provider do not support."""
        for place, cluster in clusters:
            yield from _endpoint(place, cluster.control_plane.endpoint)
        for group in groups(clusters):
            yield from self._group(group)

    def _group(self, group: Group) -> Iterator[Finding]:
        machine = group.machine
        name = self.machine_type(machine.type)
        if not machine_of(name):
            what = f"`{name}` is no machine type of vSphere"
            yield Finding(clouds.MACHINE_TYPE_UNREADABLE, group.at("type"), what)
        if isinstance(machine, WorkerMachine) and machine.spot:
            yield Finding(clouds.SPOT_NOT_OFFERED, group.at("spot"), "vSphere has no spot machines")
        yield from not_placed(group)
        for finding in check_disks(group, DISK_MODES, ", ".join(DISK_MODES)):
            if "dataDisks" in finding.path:  # of the disk itself the type is a storage policy
                yield finding

    def _cluster(self) -> dict[str, Any]:
        spec: dict[str, Any] = {
            "server": self.server,
            "identityRef": {"kind": "VSphereClusterIdentity", "name": self.name},
        }
        if self.thumbprint:
            spec["thumbprint"] = self.thumbprint
        return spec

    def _machine(self) -> Template:
        medium = machine_of(self.machine_type("medium")) or MachineType("", 4, 16)
        device: dict[str, Any] = {"networkName": self.network, "dhcp4": self.address_pool is None}
        if self.address_pool:
            pool = {"apiGroup": "ipam.cluster.x-k8s.io", "kind": "InClusterIPPool"}
            device["addressesFromPools"] = [pool | {"name": self.address_pool}]
        chosen = {
            "thumbprint": self.thumbprint,
            "datastore": self.datastore,
            "storagePolicyName": self.storage_policy,
            "folder": self.folder,
            "resourcePool": self.resource_pool,
        }
        spec = {
            "server": self.server,
            "datacenter": self.datacenter,
            "template": self.template,
            "cloneMode": self.clone_mode.value,
            "numCPUs": medium.cpu,
            "memoryMiB": int(medium.memory_gib * 1024),
            "diskGiB": 50,
            "os": "Linux",
            "powerOffMode": "trySoft",
            "network": {"devices": [device]},
        } | {key: value for key, value in chosen.items() if value}
        return Template(API_VERSION, "VSphereMachineTemplate", spec)

    def _zone(self, zone: Zone, namespace: str) -> list[Manifest]:
        """The failure domain, and the place in it for machines."""
        topology: dict[str, Any] = {"datacenter": zone.datacenter or self.datacenter}
        if zone.compute_cluster:
            topology["computeCluster"] = zone.compute_cluster
        if zone.hosts:
            groups = {"hostGroupName": zone.hosts.host_group, "vmGroupName": zone.hosts.vm_group}
            topology["hosts"] = groups
        if zone.datastore:
            topology["datastore"] = zone.datastore
        if zone.network:
            topology["networks"] = [zone.network]
        tags = {
            key: {"name": tagged.tag, "tagCategory": tagged.category, "type": tagged.kind.value}
            for key, tagged in (("region", zone.region), ("zone", zone.zone))
        }
        placed = {
            "folder": zone.folder or self.folder,
            "resourcePool": zone.resource_pool or self.resource_pool,
        }
        placement = {key: value for key, value in placed.items() if value}
        place = {
            "server": self.server,
            "failureDomain": zone.name,
            "controlPlane": zone.control_plane,
        }
        if placement:
            place["placementConstraint"] = placement
        return [
            _object("VSphereFailureDomain", zone.name, tags | {"topology": topology}),
            _object("VSphereDeploymentZone", zone.name, place, {ZONE_LABEL: namespace}),
        ]


def _object(
    kind: str, name: str, spec: dict[str, Any], labels: dict[str, str] | None = None
) -> Manifest:
    """An object of the whole management cluster."""
    metadata: dict[str, Any] = {"name": name, "labels": dict(labels)} if labels else {"name": name}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}


def machine_of(name: str) -> MachineType | None:
    """The CPUs and memory in a machine type's name, `4cpu-16gib`; None for other names."""
    found = re.fullmatch(TYPE, name)
    return MachineType(name, int(found[1]), int(found[2])) if found else None


def _endpoint(place: tuple[str | int, ...], endpoint: ApiEndpoint) -> Iterator[Finding]:
    """ENDPOINT_HOST_MISSING, ENDPOINT_NOT_OFFERED."""
    below = (*place, "controlPlane", "endpoint")
    if not endpoint.host:
        what = "kube-vip needs an address of the machines' network for the API"
        yield Finding(clouds.ENDPOINT_HOST_MISSING, below[:-1], what)
    if endpoint.port != PORT:
        what = f"kube-vip leads to the API server's own port, {PORT}"
        yield Finding(clouds.ENDPOINT_NOT_OFFERED, (*below, "port"), what)
    if endpoint.public or endpoint.allowed:
        key = "public" if endpoint.public else "allowed"
        what = "there is no load balancer that could be public, or limited"
        fix = "Limit who reaches the address with your network's firewall."
        yield Finding(clouds.ENDPOINT_NOT_OFFERED, (*below, key), what, fix=fix)
