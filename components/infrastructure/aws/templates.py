"""The templates of AWSCluster and AWSMachine, with the defaults of an AWS stack.

Shapes: `api/v1beta2` of sigs.k8s.io/cluster-api-provider-aws/v2, v2.13.
"""

from __future__ import annotations

from typing import Any

from components.cluster.machine import Disk, Machine
from components.infrastructure.aws.objects import API_VERSION, identity_reference
from components.infrastructure.aws.patches import PATCHES
from components.infrastructure.aws.settings import AwsSettings
from components.infrastructure.aws.variables import DEFINITIONS
from components.infrastructure.interface import ClassParts, NodeRegistration, Template

API_PORT = 6443
"""The port of the provider's network load balancers, which is fixed."""
ETCD_DEVICE = "/dev/nvme1n1"
"""The etcd disk as a control-plane machine sees it.

EC2 is asked for `/dev/sdb`, which every type accepts. On Nitro, that is on every type since 2018,
disks are NVMe devices in the order in which they are found: the root disk is nvme0n1, and the one
other disk is nvme1n1. The name that was asked for is a link that some images make, and not before
cloud-init formats disks. `rules` refuses what makes the order uncertain: local disks of the type,
and further disks.
"""
VOLUME_TYPE = "gp3"
HOPS_OF_CONTROL_PLANE = 2
"""Pods there take the machine's role: the provider's controllers, the volume driver's."""
HOPS_OF_WORKER = 1
"""Pods never get at the role of a worker."""
MANAGED_BY = {"app.kubernetes.io/managed-by": "caas"}


def class_parts(settings: AwsSettings) -> ClassParts:
    """The ClusterClass parts; what the foundation alone knows comes through variables."""
    return ClassParts(
        cluster=Template(API_VERSION, "AWSClusterTemplate", _cluster(settings)),
        control_plane_machine=_machine(settings, HOPS_OF_CONTROL_PLANE),
        worker_machine=_machine(settings, HOPS_OF_WORKER),
        node_registration=NodeRegistration(
            # The cloud controller manager finds an instance by its private DNS name.
            name="{{ ds.meta_data.local_hostname }}",
            kubelet_extra_args=({"name": "cloud-provider", "value": "external"},),
        ),
        etcd_device=ETCD_DEVICE,
        variables=DEFINITIONS,
        patches=PATCHES,
    )


def _cluster(settings: AwsSettings) -> dict[str, Any]:
    inside = str(settings.network.cidr)
    return {
        "region": settings.region,
        "partition": settings.partition,
        "identityRef": identity_reference(settings.identity.role_arn),
        "additionalTags": settings.tags | MANAGED_BY,
        # Left out, it would be a key pair named `default`.
        "sshKeyName": settings.ssh_key_name or "",
        "bastion": {"enabled": False, "disableIngressRules": True},
        "controlPlaneLoadBalancer": {
            "loadBalancerType": "nlb",
            "scheme": "internal",
            "crossZoneLoadBalancing": True,
            "healthCheckProtocol": "HTTPS",
            # If there is no group for it; without a rule the provider would allow all addresses.
            "ingressRules": [
                {
                    "description": "Kubernetes API",
                    "protocol": "tcp",
                    "fromPort": API_PORT,
                    "toPort": API_PORT,
                    "cidrBlocks": [inside],
                }
            ],
        },
        "network": {
            "cni": {
                "cniIngressRules": [
                    {
                        "description": rule.description,
                        "protocol": rule.protocol.value,
                        "fromPort": rule.from_port,
                        "toPort": rule.to_port,
                    }
                    for rule in settings.machine_rules
                ]
            },
            # Load balancers come from here; without it node ports are open to all addresses.
            "nodePortIngressRuleCidrBlocks": [inside],
        },
    }


def _machine(settings: AwsSettings, hops: int) -> Template:
    images = settings.images
    groups = [{"id": each} for each in settings.security_groups]
    spec = {
        "instanceType": settings.machine_type(Machine().type),
        "imageLookupOrg": images.owner,
        "imageLookupFormat": images.format,
        "imageLookupBaseOS": images.base_os,
        "sshKeyName": settings.ssh_key_name or "",
        "publicIP": False,
        "instanceMetadataOptions": {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            "httpPutResponseHopLimit": hops,
            "instanceMetadataTags": "disabled",
        },
        "rootVolume": {"size": Disk().size_gib, "type": VOLUME_TYPE, "encrypted": True},
        # What a machine joins with waits for it in Secrets Manager, never in its user data.
        "cloudInit": {
            "insecureSkipSecretsManager": False,
            "secureSecretsBackend": "secrets-manager",
        },
    }
    return Template(
        API_VERSION,
        "AWSMachineTemplate",
        spec | ({"additionalSecurityGroups": groups} if groups else {}),
    )
