"""Azure: machines over its zones, its load balancer before the Kubernetes API.

Source of the shapes: the v1beta1 types of cluster-api-provider-azure 1.26.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from packaging.version import Version
from pydantic import Field

from components.addresses import Cidr
from components.chart import CLUSTER_NAME, Chart
from components.cluster.settings import ApiEndpoint, Cluster
from components.cluster_volumes import SnapshotDriver, Volumes
from components.fields import Flag
from components.finding import Finding
from components.infrastructure.azure import api_name, failures, network
from components.infrastructure.azure.patches import (
    DEFAULT_DISK,
    DISK_TYPES,
    PORT,
    cluster_patches,
    machine_patches,
    network_spec,
)
from components.infrastructure.azure.settings import (
    AzureImage,
    AzureNetwork,
    AzureZone,
    Identity,
    IdentityType,
    Location,
    Peering,
    ResourceId,
    ResourceName,
    Uuid,
)
from components.infrastructure.groups import check_disks, check_types, check_zones, groups
from components.infrastructure.image_tags import tag_of, tag_template
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
from components.infrastructure.question import Question, api_address
from components.mappings import Manifest
from errors import clouds

API_VERSION = f"{INFRASTRUCTURE_GROUP}/v1beta1"
_KINDS = Kinds(API_VERSION, "AzureClusterTemplate", "AzureMachineTemplate")

_CONTROLLER_MANAGER = "cloud-provider-azure"
_PODS = '{{ .Cluster.spec.clusterNetwork.pods.cidrBlocks | join "," }}'
"""The template of the add-on provider for the addresses of a cluster's pods."""


class Azure(Infrastructure):
    """Machines on Azure, in a virtual network per cluster or in one that is there."""

    FAILURE_SIGNS: ClassVar = failures.SIGNS
    SIZES: ClassVar = {
        "small": "Standard_D2s_v5",
        "medium": "Standard_D4s_v5",
        "large": "Standard_D8s_v5",
        "xlarge": "Standard_D16s_v5",
    }
    # Machines keep to the private address of a public endpoint.
    PROVIDER: ClassVar = Provider(
        "azure", "capz-system", "v1beta1", feature_gates={"APIServerILB": True}
    )
    BALANCES_SERVICES: ClassVar = True
    IDENTITY_OF_MACHINES: ClassVar = "azure"
    IDENTITY_OF_PODS: ClassVar = "azure"
    DATA: ClassVar = Path(__file__).parent

    provider: Literal["azure"]
    subscription: Uuid
    """The subscription that everything is made in."""
    location: Location
    """The location: `westeurope`."""
    resource_group: ResourceName | None = None
    """An existing resource group; without it each cluster gets a separate one."""
    identity: Identity
    """The provider's identity."""
    control_plane_identity: ResourceId
    """The managed identity of control-plane machines; their cloud controller manager uses it."""
    worker_identity: ResourceId
    """The managed identity of workers; it needs to pull images, and little else."""
    network: AzureNetwork | None = None
    """A virtual network that is there; without it each cluster gets a separate one."""
    peerings: tuple[Peering, ...] = ()
    """Networks that a cluster's own network is joined to, the management cluster's among them."""
    zones: tuple[AzureZone, ...] = ("1", "2", "3")
    """The availability zones of the control plane."""
    architecture: Literal["amd64", "arm64"] = "amd64"
    """Of the images."""
    default_image: AzureImage | None = None
    """A resource id, or `publisher:offer:sku:version`; `{version}` is `1.36.3`, `{dashed}`
    `1-36-3`. Without it the provider takes its own reference image of the version."""
    encryption_at_host: Flag = True
    """Encrypts disks on the host too; the subscription must have the feature enabled."""
    disk_encryption_set: ResourceId | None = None
    """Encrypts disks with your key; without it Azure's own key does."""
    trusted_launch: Flag = False
    """Secure boot and a virtual TPM; the image must be made for it."""
    tags: dict[str, str] = Field(default_factory=dict)
    """Of everything in Azure."""

    @classmethod
    def questions(cls, management: str) -> Sequence[Question]:
        """The subscription, the identities, and the network that all clusters stand in."""
        uuid = "00000000-0000-0000-0000-000000000000"
        identity = (
            "/subscriptions/…/resourceGroups/…/providers/"
            "Microsoft.ManagedIdentity/userAssignedIdentities/…"
        )
        return (
            Question(("subscription",), "id of the Azure subscription", uuid),
            Question(("location",), "Azure location", "westeurope"),
            Question(("identity", "clientId"), "client id of the provider's identity", uuid),
            Question(("identity", "tenantId"), "id of the directory (tenant)", uuid),
            Question(
                ("controlPlaneIdentity",), "managed identity of control-plane machines", identity
            ),
            Question(("workerIdentity",), "managed identity of workers", identity),
            Question(("network", "resourceGroup"), "resource group of the virtual network", "hub"),
            Question(("network", "name"), "virtual network, which exists", "hub"),
            Question(("network", "controlPlaneSubnet"), "subnet of the control plane", "control"),
            Question(("network", "workerSubnet"), "subnet of workers, with a NAT gateway", "work"),
            api_address("a free address of the control plane's subnet"),
        )

    def class_parts(self) -> ClassParts:
        """AzureCluster and AzureMachine templates; the API's load balancer is a private one."""
        peerings = [
            {"resourceGroup": each.resource_group, "remoteVnetName": each.name}
            for each in self.peerings
        ]
        cluster = {
            "subscriptionID": self.subscription,
            "location": self.location,
            "identityRef": {
                "apiVersion": API_VERSION,
                "kind": "AzureClusterIdentity",
                "name": self.name,
            },
            "networkSpec": network_spec(self.network, peerings),
            "failureDomains": {zone: {"controlPlane": True} for zone in self.zones},
        } | self._tags()
        patches = (
            *machine_patches(_KINDS, self.default_image, self.disk_encryption_set),
            *cluster_patches(
                _KINDS,
                resource_group=self.resource_group,
                network=self.network,
                location=self.location,
                suffix=self._suffix,
            ),
            *api_name.patches(self.location, self._suffix),
        )
        return ClassParts(
            cluster=Template(API_VERSION, "AzureClusterTemplate", cluster),
            control_plane_machine=self._machine(self.control_plane_identity),
            worker_machine=self._machine(self.worker_identity),
            node_registration=NodeRegistration(
                name='{{ ds.meta_data["local_hostname"] }}',
                kubelet_extra_args=({"name": "cloud-provider", "value": "external"},),
            ),
            etcd_device="/dev/disk/azure/scsi1/lun0",
            files=api_name.FILES,
            pre_kubeadm_commands=(api_name.COMMAND,),
            variables=(network.DEFINITION,),
            patches=patches,
        )

    def cluster_variables(self, cluster: Cluster) -> Mapping[str, Any]:
        """The address ranges of the cluster's own network."""
        if self.network or not cluster.network.machines:
            return {}
        return {network.VARIABLE: network.Ranges.of(cluster).value()}

    def objects(self, namespace: str) -> Sequence[Manifest]:
        """The identity that the provider logs in with; a password stays in its Secret."""
        spec: dict[str, Any] = {
            "type": "WorkloadIdentity",
            "clientID": self.identity.client_id,
            "tenantID": self.identity.tenant_id,
            "allowedNamespaces": {"list": [namespace]},
        }
        if self.identity.type is IdentityType.SERVICE_PRINCIPAL:
            secret = {"name": self.identity.secret, "namespace": namespace}
            spec |= {"type": "ServicePrincipal", "clientSecret": secret}
        metadata = {
            "name": self.name,
            "namespace": namespace,
            "labels": {"clusterctl.cluster.x-k8s.io/move-hierarchy": "true"},
        }
        return [
            {
                "apiVersion": API_VERSION,
                "kind": "AzureClusterIdentity",
                "metadata": metadata,
                "spec": spec,
            }
        ]

    @property
    def network_mtu(self) -> int | None:
        """See https://learn.microsoft.com/azure/virtual-network/how-to-virtual-machine-mtu."""
        return 1500

    @property
    def price_region(self) -> str:
        """The location of the stack."""
        return self.location

    def failure_domains(self) -> tuple[str, ...]:
        """The zones."""
        return self.zones

    def lets_through(self, protocol: str, port: int) -> bool:
        """Everything inside a network but IP-in-IP, which Azure drops."""
        return protocol != "IP-in-IP"

    def charts(self) -> Sequence[Chart]:
        """The cloud controller manager and the CSI driver for disks; both read azure.json."""
        return [
            Chart(
                _CONTROLLER_MANAGER,
                "kube-system",
                {
                    "infra": {"clusterName": CLUSTER_NAME},
                    "cloudControllerManager": {
                        "clusterCIDR": _PODS,
                        "logVerbosity": 2,
                        "imageTag": tag_template(_CONTROLLER_MANAGER),
                    },
                    "cloudNodeManager": {"imageTag": tag_template(_CONTROLLER_MANAGER)},
                },
            ),
            Chart(
                "azuredisk-csi-driver",
                "kube-system",
                {"controller": {"replicas": 2, "runOnControlPlane": True}},
            ),
        ]

    def filled_in(
        self, stack: str, cluster: str, version: Version, pods: Sequence[Cidr]
    ) -> Mapping[str, str]:
        """The cluster's name, the addresses of its pods, and the image tag of its minor."""
        return {
            **super().filled_in(stack, cluster, version, pods),
            _PODS: ",".join(map(str, pods)),
            tag_template(_CONTROLLER_MANAGER): tag_of(_CONTROLLER_MANAGER, version),
        }

    def cluster_volumes(self) -> Volumes:
        """Disks take snapshots; their driver's chart makes no class."""
        return Volumes(
            snapshots=(SnapshotDriver("disk.csi.azure.com", "azuredisk", {"incremental": "true"}),)
        )

    def image(self, version: Version) -> str:
        """The image's name for a version; empty for the provider's own."""
        return image_name(self.default_image or "", version)

    def check(self, clusters: Sequence[Placed]) -> Iterator[Finding]:
        """Settings that Azure and its provider do not support."""
        if self.identity.type is IdentityType.SERVICE_PRINCIPAL and not self.identity.secret:
            what = "the password of the service principal is nowhere"
            yield Finding(clouds.IDENTITY_SECRET_MISSING, ("infrastructure", "identity"), what)
        for place, cluster in clusters:
            yield from self._endpoint(place, cluster.control_plane.endpoint)
            if not self.network:
                yield from network.check(place, cluster)
        for group in groups(clusters):
            name = self.machine_type(group.machine.type)
            yield from check_types(group, name, self.known_machine_types(), self.architecture)
            yield from check_disks(group, DISK_TYPES, ", ".join(DISK_TYPES))
            yield from check_zones(group, self.zones)

    def _endpoint(self, place: tuple[str | int, ...], endpoint: ApiEndpoint) -> Iterator[Finding]:
        """ENDPOINT_HOST_MISSING, ENDPOINT_NOT_OFFERED."""
        below = (*place, "controlPlane", "endpoint")
        if self.network and not endpoint.host:
            what = "the API's load balancer needs a free address of the control plane's subnet"
            yield Finding(clouds.ENDPOINT_HOST_MISSING, below[:-1], what)
        if endpoint.port != PORT:
            what = f"the load balancer leads to the API server's own port, {PORT}"
            yield Finding(clouds.ENDPOINT_NOT_OFFERED, (*below, "port"), what)

    @property
    def _suffix(self) -> str:
        """Makes names unique in a location, and does not change."""
        return hashlib.sha256(self.subscription.lower().encode()).hexdigest()[:8]

    def _tags(self) -> dict[str, Any]:
        return {"additionalTags": dict(self.tags)} if self.tags else {}

    def _machine(self, identity: str) -> Template:
        disk: dict[str, Any] = {"storageAccountType": DEFAULT_DISK}
        if self.disk_encryption_set:
            disk["diskEncryptionSet"] = {"id": self.disk_encryption_set}
        security: dict[str, Any] = {"encryptionAtHost": self.encryption_at_host}
        if self.trusted_launch:
            security["securityType"] = "TrustedLaunch"
            security["uefiSettings"] = {"secureBootEnabled": True, "vTpmEnabled": True}
        spec = {
            "vmSize": self.machine_type("medium"),
            "osDisk": {"osType": "Linux", "diskSizeGB": 50, "managedDisk": disk},
            "identity": "UserAssigned",
            "userAssignedIdentities": [{"providerID": f"azure://{identity}"}],
            "securityProfile": security,
            "allocatePublicIP": False,
        } | self._tags()
        return Template(API_VERSION, "AzureMachineTemplate", spec)
