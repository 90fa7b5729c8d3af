"""A stack for every infrastructure: with no more than it needs, and with all that there is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from components.infrastructure.registry import BUILT_IN, infrastructure

Settings = dict[str, Any]

IDENTITIES = (
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
)
UUID = "00000000-0000-0000-0000-00000000000"


@dataclass(frozen=True)
class Example:
    """The settings that tests use for one infrastructure.

    Attributes:
        least: the smallest settings that are valid.
        most: more settings.
        zone: of the pool.
        type: a machine type of the infrastructure's own.
        image: of a group.
        disk: a disk type.
        placements: of the control plane and of workers, other than the default; None where there
            is none.
        spot: of the pool; empty where the infrastructure has no spot machines.
        endpoint: of the larger cluster.
        host: what every cluster's endpoint needs.
        etcd_disk: whether control-plane machines have a disk for etcd.
        disks_beside_etcd: whether they may have data disks as well.
        disks: whether machines have disks of a size.
        network: of the larger cluster.
    """

    least: Settings
    most: Settings
    type: str = "large"
    zone: str | None = None
    image: str = "an-image"
    disk: str | None = None
    placements: tuple[str | None, str | None] = ("any", "spread")
    spot: Settings = field(default_factory=dict)
    endpoint: Settings = field(default_factory=dict)
    host: Settings = field(default_factory=dict)
    etcd_disk: bool = True
    disks_beside_etcd: bool = True
    disks: bool = True
    network: Settings = field(default_factory=dict)

    def clusters(self, *, full: bool) -> list[Settings]:
        """One cluster."""
        return [self._full() if full else self._small()]

    def _small(self) -> Settings:
        endpoint = {"endpoint": self.host} if self.host else {}
        return {
            "name": "small",
            "version": "1.36.3",
            "controlPlane": {"replicas": 3, **endpoint},
            "workerPools": [{"name": "general"}],
        }

    def _full(self) -> Settings:
        kind = {"type": self.disk} if self.disk else {}
        disks = [{"name": "one", "sizeGiB": 20} | kind, {"name": "two", "sizeGiB": 30}]
        machine: Settings = {"type": self.type, "image": self.image}
        if self.disks:
            machine |= {"disk": {"sizeGiB": 80} | kind, "dataDisks": disks}
        plane, workers = ({"placement": each} if each else {} for each in self.placements)
        zone = {"failureDomain": self.zone} if self.zone else {}
        endpoint = self.host | self.endpoint
        return {
            "name": "full",
            "version": "1.36.1",
            "network": {"machines": ["10.7.0.0/20"]} | self.network,
            "controlPlane": {
                "replicas": 5,
                "machine": machine | plane | ({} if self.disks_beside_etcd else {"dataDisks": []}),
            }
            | ({"endpoint": endpoint} if endpoint else {})
            | ({"etcd": {"disk": {"sizeGiB": 20}}} if self.etcd_disk else {}),
            "workerPools": [
                {"name": "all", "replicas": 2, "machine": machine | workers | self.spot} | zone,
                {"name": "plain"},
            ],
        }


EXAMPLES: dict[str, Example] = {
    "in-memory": Example(
        {}, {"machineStartup": "0s"}, etcd_disk=False, network={"kubeProxy": False}
    ),
    "docker": Example(
        {"customImage": "node:of-mine"},
        {"preLoadImages": ["ghcr.io/flannel-io/flannel:v0.28.9"]},
        type="medium",
        placements=(None, None),
        etcd_disk=False,
        disks=False,
    ),
    "aws": Example(
        {"region": "eu-central-1", "account": "123456789012"},
        {"tags": {"team": "platform"}},
        disks_beside_etcd=False,
        type="m7i.4xlarge",
        image="ami-0123456789abcdef0",
        disk="gp3",
        zone="eu-central-1b",
        spot={"spot": True, "spotMaxPrice": "0.5"},
        endpoint={"public": True, "allowed": ["198.51.100.0/24"]},
    ),
    "openstack": Example(
        {
            "cloud": "one",
            "region": "RegionOne",
            "authUrl": "https://keystone.example.com:5000/v3",
            "externalNetwork": {"name": "internet"},
        },
        {"zones": ["az1", "az2", "az3"], "volumes": {"type": "ssd", "zone": "machine"}},
        type="m1.xlarge",
        zone="az2",
        disk="nvme",
        endpoint={"public": True, "allowed": ["198.51.100.0/24"]},
    ),
    "vsphere": Example(
        {
            "server": "vcenter.example.com",
            "credentialsSecret": "vcenter",
            "datacenter": "dc1",
            "network": "vlan10",
            "template": "ubuntu-2404-kube-v{version}",
        },
        {
            "thumbprint": ":".join(["AB"] * 20),
            "datastore": "ssd",
            "storagePolicy": "encrypted",
            "addressPool": "machines",
            "folder": "caas",
            "resourcePool": "caas",
            "cloneMode": "linkedClone",
            "interface": "eth0",
            "zones": [
                {
                    "name": f"zone-{letter}",
                    "region": {"tag": "r", "category": "k8s-region", "kind": "Datacenter"},
                    "zone": {"tag": letter, "category": "k8s-zone", "kind": "HostGroup"},
                    "computeCluster": "cluster1",
                    "hosts": {"hostGroup": f"hosts-{letter}", "vmGroup": f"vms-{letter}"},
                    "datastore": f"ssd-{letter}",
                    "network": "vlan10",
                }
                for letter in "abc"
            ],
        },
        type="6cpu-24gib",
        disk="Thin",
        zone="zone-b",
        host={"host": "192.0.2.10"},
    ),
    "azure": Example(
        {
            "subscription": f"{UUID}1",
            "location": "westeurope",
            "identity": {"clientId": f"{UUID}2", "tenantId": f"{UUID}3"},
            "controlPlaneIdentity": f"{IDENTITIES}/control-plane",
            "workerIdentity": f"{IDENTITIES}/workers",
        },
        {
            "resourceGroup": "caas",
            "identity": {
                "type": "service-principal",
                "clientId": f"{UUID}2",
                "tenantId": f"{UUID}3",
                "secret": "azure",
            },
            "peerings": [{"resourceGroup": "hub", "name": "hub"}],
            "diskEncryptionSet": "/subscriptions/s/resourceGroups/g/providers/"
            "Microsoft.Compute/diskEncryptionSets/d",
            "trustedLaunch": True,
            "defaultImage": "acme:kubernetes:v{version}:latest",
            "tags": {"team": "platform"},
        },
        type="Standard_E8s_v5",
        image="/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/own",
        disk="StandardSSD_LRS",
        zone="2",
        spot={"spot": True, "spotMaxPrice": "0.5"},
        endpoint={"public": True, "allowed": ["198.51.100.0/24"]},
    ),
    "gcp": Example(
        {
            "project": "my-project",
            "region": "europe-west1",
            "controlPlaneServiceAccount": "plane@my-project.iam.gserviceaccount.com",
            "workerServiceAccount": "workers@my-project.iam.gserviceaccount.com",
            "defaultImage": "projects/my-project/global/images/ubuntu-2404-v{dashed}",
        },
        {
            "credentialsSecret": "google",
            "diskEncryptionKey": "projects/p/locations/l/keyRings/r/cryptoKeys/k",
            "unlimitedPublicApi": True,
            "labels": {"team": "platform"},
        },
        type="g2-standard-8",
        image="projects/my-project/global/images/own",
        disk="pd-ssd",
        zone="europe-west1-c",
        spot={"spot": True},
        endpoint={"public": True, "allowed": ["198.51.100.0/24"]},
    ),
}
assert set(EXAMPLES) == set(BUILT_IN), "an example for every infrastructure"
WITH_PROVIDER = [name for name in EXAMPLES if infrastructure(name).PROVIDER]
"""Those that have a Cluster API provider."""


def write_stack(folder: Path, name: str, *, full: bool, namespace: str) -> Path:
    """Writes the stack file of an example; returns its path."""
    example = EXAMPLES[name]
    more = example.most if full else {}
    config = {
        "caas:management": {"namespace": namespace},
        "caas:infrastructure": {"provider": name, **example.least, **more},
        "caas:clusters": example.clusters(full=full),
    }
    file = folder / f"Pulumi.{namespace}.yaml"
    file.write_text(yaml.safe_dump({"config": config}, sort_keys=False))
    return file
