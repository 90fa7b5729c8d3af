"""Google Cloud: machines over the zones of a region, a load balancer before the Kubernetes API.

Source of the shapes: the v1beta1 types of cluster-api-provider-gcp 1.12.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from packaging.version import Version
from pydantic import Field

from components.addresses import Cidr
from components.cluster.machine import WorkerMachine
from components.cluster.settings import ApiEndpoint, Cluster
from components.fields import Flag
from components.finding import Finding
from components.infrastructure.gcp import failures
from components.infrastructure.gcp.patches import (
    DEFAULT_DISK,
    DISK_TYPES,
    RANGE,
    RANGE_DEFINITION,
    cluster_patches,
    machine_patches,
)
from components.infrastructure.gcp.settings import (
    GcpImage,
    GcpNetwork,
    GcpZone,
    KmsKey,
    Project,
    Region,
    ServiceAccount,
)
from components.infrastructure.groups import (
    Group,
    check_disks,
    check_types,
    check_zones,
    groups,
    range_taken,
)
from components.infrastructure.interface import (
    INFRASTRUCTURE_GROUP,
    ClassParts,
    Infrastructure,
    NodeRegistration,
    Placed,
    Provider,
    Template,
)
from components.infrastructure.patches import Kinds, image_name
from components.infrastructure.question import Question
from errors import clouds

API_VERSION = f"{INFRASTRUCTURE_GROUP}/v1beta1"
PORT = 6443
DEFAULT_RANGE = IPv4Network("10.0.0.0/20")
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_KINDS = Kinds(API_VERSION, "GCPClusterTemplate", "GCPMachineTemplate")


class Gcp(Infrastructure):
    """Machines on Google Cloud, in a network per cluster or in one that is there."""

    FAILURE_SIGNS: ClassVar = failures.SIGNS
    SIZES: ClassVar = {
        "small": "n2-standard-2",
        "medium": "n2-standard-4",
        "large": "n2-standard-8",
        "xlarge": "n2-standard-16",
    }
    PROVIDER: ClassVar = Provider("gcp", "capg-system", "v1beta1", {}, "gcp-variables")
    BALANCES_SERVICES: ClassVar = True
    IDENTITY_OF_MACHINES: ClassVar = "gcp"
    IDENTITY_OF_PODS: ClassVar = "gcp"
    DATA: ClassVar = Path(__file__).parent

    provider: Literal["gcp"]
    project: Project
    """The project that everything is made in."""
    region: Region
    """The region: `europe-west1`."""
    zones: Annotated[tuple[GcpZone, ...], Field(min_length=1)] = ("b", "c", "d")
    """The zones of the control plane, by their last letter; not every region has all."""
    network: GcpNetwork | None = None
    """A network that is there; without it each cluster gets a separate one."""
    credentials_secret: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """The Secret with the key `credentials`, where the clusters live; without it the provider
    logs in as what it runs as, such as by workload identity."""
    control_plane_service_account: ServiceAccount
    """The service account of control-plane machines, which their cloud controller manager uses."""
    worker_service_account: ServiceAccount
    """The service account of workers; it needs to pull images and write logs."""
    architecture: Literal["amd64", "arm64"] = "amd64"
    """Of the image."""
    default_image: GcpImage
    """The image of machines: `{version}` is `1.36.3`, `{dashed}` `1-36-3`."""
    disk_encryption_key: KmsKey | None = None
    """Encrypts disks with your key; without it Google's own key does."""
    secure_boot: Flag = True
    """Secure boot: machines refuse unsigned kernels and drivers."""
    unlimited_public_api: Flag = False
    """Allows a public API endpoint although access to it cannot be restricted."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Of everything in Google Cloud."""

    @classmethod
    def questions(cls, management: str) -> Sequence[Question]:
        """The project, the image, the service accounts, and the network of all clusters."""
        account = "{}@my-project.iam.gserviceaccount.com"
        return (
            Question(("project",), "Google Cloud project", "my-project"),
            Question(("region",), "region", "europe-west1"),
            Question(
                ("defaultImage",),
                "image of machines; {dashed} stands for the Kubernetes version, 1-36-3",
                "projects/my-project/global/images/cluster-api-ubuntu-2404-v{dashed}",
            ),
            Question(
                ("controlPlaneServiceAccount",),
                "service account of control-plane machines",
                account.format("control-plane"),
            ),
            Question(
                ("workerServiceAccount",), "service account of workers", account.format("workers")
            ),
            Question(("network", "name"), "VPC network, which exists", "default"),
            Question(("network", "subnet"), "subnet of machines, with Cloud NAT", "machines"),
        )

    def class_parts(self) -> ClassParts:
        """GCPCluster and GCPMachine templates; the API's load balancer is a private one."""
        return ClassParts(
            cluster=Template(API_VERSION, "GCPClusterTemplate", self._cluster()),
            control_plane_machine=self._machine(self.control_plane_service_account),
            worker_machine=self._machine(self.worker_service_account),
            node_registration=NodeRegistration(
                name='{{ ds.meta_data.local_hostname.split(".")[0] }}',
                kubelet_extra_args=({"name": "cloud-provider", "value": "external"},),
            ),
            etcd_device="/dev/disk/by-id/google-persistent-disk-1",
            variables=(RANGE_DEFINITION,),
            patches=(
                *machine_patches(
                    _KINDS, self.default_image, self.disk_encryption_key, self.network
                ),
                *cluster_patches(_KINDS, self.network, self.credentials_secret),
            ),
        )

    def cluster_variables(self, cluster: Cluster) -> Mapping[str, Any]:
        """The address range of the cluster's own network."""
        given = _ipv4(cluster.network.machines)
        return {RANGE: str(given[0])} if given and not self.network else {}

    @property
    def network_mtu(self) -> int | None:
        """Of a network that is made: https://cloud.google.com/vpc/docs/mtu; of others unknown."""
        return None if self.network else 1460

    @property
    def price_region(self) -> str:
        """The region of the stack."""
        return self.region

    def failure_domains(self) -> tuple[str, ...]:
        """The zones' whole names, `europe-west1-b`."""
        return tuple(f"{self.region}-{zone}" for zone in self.zones)

    def image(self, version: Version) -> str:
        """The image's name for a version."""
        return image_name(self.default_image, version)

    def check(self, clusters: Sequence[Placed]) -> Iterator[Finding]:
        """Settings that Google Cloud and its provider do not support."""
        for place, cluster in clusters:
            yield from self._endpoint(place, cluster.control_plane.endpoint)
            if not self.network and not _ipv4(cluster.network.machines):
                yield from range_taken((*place, "network"), cluster, DEFAULT_RANGE)
        for group in groups(clusters):
            name = self.machine_type(group.machine.type)
            yield from check_types(group, name, self.known_machine_types(), self.architecture)
            yield from check_disks(group, DISK_TYPES, ", ".join(DISK_TYPES))
            yield from check_zones(group, self.failure_domains())
            yield from _price(group)

    def _endpoint(self, place: tuple[str | int, ...], endpoint: ApiEndpoint) -> Iterator[Finding]:
        """ENDPOINT_NOT_OFFERED, PUBLIC_NOT_LIMITED."""
        below = (*place, "controlPlane", "endpoint")
        if endpoint.port != PORT:
            what = f"the load balancer leads to the API server's own port, {PORT}"
            yield Finding(clouds.ENDPOINT_NOT_OFFERED, (*below, "port"), what)
        if endpoint.host:
            what = "the load balancer gets an address of Google's choice"
            yield Finding(clouds.ENDPOINT_NOT_OFFERED, (*below, "host"), what)
        if endpoint.public and not self.unlimited_public_api:
            what = "access to the API would not be limited"
            yield Finding(clouds.PUBLIC_NOT_LIMITED, (*below, "public"), what)

    def _cluster(self) -> dict[str, Any]:
        internal: dict[str, Any] = {"name": "api-internal"}
        network: dict[str, Any] = {"autoCreateSubnetworks": False}
        subnet: dict[str, Any] = {"region": self.region, "purpose": "PRIVATE"}
        if self.network:
            internal["subnet"] = subnet["name"] = self.network.subnet
            network["name"] = self.network.name
            if self.network.host_project:
                network["hostProject"] = self.network.host_project
        else:
            subnet |= {
                "cidrBlock": str(DEFAULT_RANGE),
                "privateGoogleAccess": True,
                "enableFlowLogs": True,
            }
        return {
            "project": self.project,
            "region": self.region,
            "failureDomains": list(self.failure_domains()),
            "network": network
            | {"subnets": [subnet], "firewall": {"defaultRulesManagement": "Managed"}},
            "loadBalancer": {"loadBalancerType": "Internal", "internalLoadBalancer": internal},
        } | self._labels()

    def _machine(self, account: str) -> Template:
        spec: dict[str, Any] = {
            "instanceType": self.machine_type("medium"),
            "rootDeviceSize": 50,
            "rootDeviceType": DEFAULT_DISK,
            "publicIP": False,
            "serviceAccounts": {"email": account, "scopes": [SCOPE]},
            "shieldedInstanceConfig": {
                "secureBoot": "Enabled" if self.secure_boot else "Disabled",
                "virtualizedTrustedPlatformModule": "Enabled",
                "integrityMonitoring": "Enabled",
            },
        }
        if self.disk_encryption_key:
            key = {"kmsKeyName": self.disk_encryption_key}
            spec["rootDiskEncryptionKey"] = {"keyType": "Managed", "managedKey": key}
        if self.network:
            spec["subnet"] = self.network.subnet
        return Template(API_VERSION, "GCPMachineTemplate", spec | self._labels())

    def _labels(self) -> dict[str, Any]:
        return {"additionalLabels": dict(self.labels)} if self.labels else {}


def _ipv4(ranges: Sequence[Cidr]) -> list[IPv4Network]:
    return [each.network for each in ranges if isinstance(each.network, IPv4Network)]


def _price(group: Group) -> Iterator[Finding]:
    """SPOT_NOT_OFFERED."""
    if isinstance(group.machine, WorkerMachine) and group.machine.spot_max_price:
        what = "Google Cloud has no highest price for spot machines"
        yield Finding(clouds.SPOT_NOT_OFFERED, group.at("spotMaxPrice"), what)
