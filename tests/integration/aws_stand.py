"""A plane with the AWS provider's controller and a cluster as far as its instances, on a local AWS.

The stack file, the program and the plug-in are those of a stack like `prod-aws` that stands on a
VPC that is there. The cluster's API server is the plane's, at the address of the cluster's load
balancer, with the cluster's authority.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from joining import Machines, tags
from kubectl import Kubectl, eventually
from local_aws import (
    ACCOUNT,
    REGION,
    ZONES,
    LocalAws,
    Network,
    local_aws,
    make_image,
    make_key,
    make_network,
    make_profile,
)

from components.infrastructure.aws import Aws
from components.infrastructure.aws.variables import MACHINES, NETWORK
from engine.program import run_program
from plane import ports
from plane.binaries import ensure_binaries
from plane.plane import Plane
from plane.progress import Silent

STACK, CLUSTER, VERSION = "shop-aws", "shop", "v1.36.3"
OWNED = f"sigs.k8s.io/cluster-api-provider-aws/cluster/{CLUSTER}"
WORKERS = 3
IMAGE = f"capa-ami-ubuntu-24.04-{VERSION}-1700000000"
MADE_SECONDS = 240.0
APPLIED_SECONDS = 30.0
Object = dict[str, Any]


@dataclass(frozen=True)
class Stand:
    """Everything that the tests look at.

    Attributes:
        plane: it runs the provider's controller.
        aws: what the controller called.
        network: the foundation's.
        key: of volumes.
        profiles: the instance profile of each role; filled in as the Cluster is declared.
    """

    plane: Plane
    kubectl: Kubectl
    aws: LocalAws
    network: Network
    key: str
    profiles: dict[str, str] = field(default_factory=dict)

    def instances(self) -> list[Object]:
        """The instances of the cluster."""
        found = self.aws.client("ec2").describe_instances(
            Filters=[{"Name": f"tag:{OWNED}", "Values": ["owned"]}]
        )
        return [each for group in found["Reservations"] for each in group["Instances"]]

    def groups(self) -> list[Object]:
        """The security groups that the controller made."""
        found = self.aws.client("ec2").describe_security_groups(
            Filters=[{"Name": f"tag:{OWNED}", "Values": ["owned"]}]
        )
        return list(found["SecurityGroups"])

    def of_role(self, role: str) -> list[Object]:
        """The instances of a role, `control-plane` or `node`."""
        tag = "sigs.k8s.io/cluster-api-provider-aws/role"
        return [each for each in self.instances() if tags(each)[tag] == role]


@contextmanager
def running_stand(folder: Path) -> Iterator[Stand]:
    """The cluster, as far as its instances; its files are in `folder`."""
    plane = Plane(folder / "plane", providers=(Aws.PROVIDER,))
    address = ports.choose_address(plane.directory.resolve())
    binaries = ensure_binaries(Silent(), [Aws.PROVIDER])
    with pytest.MonkeyPatch.context() as patch, local_aws(address) as aws:
        for name, value in aws.environment.items():
            patch.setenv(name, value)
        try:
            plane.start(binaries, Silent())
            kubectl = Kubectl(binaries.kubectl, plane.kubeconfig)
            made = Stand(plane, kubectl, aws, make_network(aws), make_key(aws))
            make_image(aws, IMAGE)
            patch.setenv("CAAS_STACKS", str(folder))
            declare(made, folder)
            machines = Machines(kubectl, VERSION)
            eventually(lambda: all_made(made, machines), MADE_SECONDS, 1.0)
            yield made
        finally:
            plane.destroy()


def declare(made: Stand, folder: Path) -> None:
    """Applies what the program registers for the stack file."""
    file = folder / f"Pulumi.{STACK}.yaml"
    config = {f"caas:{key}": value for key, value in stack_file(made).items()}
    file.write_text(yaml.safe_dump({"config": config}))
    for wave in run_program(STACK, file).waves(secrets=True):
        for manifest in wave:
            if manifest["kind"] == "Cluster":
                with_foundation(made, manifest)
                give_authority(made, manifest["metadata"]["namespace"])
            apply(made.kubectl, manifest)


def apply(kubectl: Kubectl, manifest: Object) -> None:
    """Applies it; a Cluster waits until its class is read."""
    text, end = yaml.safe_dump(manifest), time.monotonic() + APPLIED_SECONDS
    while (result := kubectl.run("apply", "--server-side", "-f", "-", text=text)).returncode:
        assert time.monotonic() < end, result.stderr
        time.sleep(1)


def stack_file(made: Stand) -> Object:
    """A stack file like that of `prod-aws`."""
    zones = [(zone, made.network.public[zone], made.network.private[zone]) for zone in ZONES]
    subnets = [
        {"id": identifier, "zone": zone, "public": identifier == public}
        for zone, public, private in zones
        for identifier in (public, private)
    ]
    return {
        "management": {"namespace": STACK},
        "infrastructure": {
            "provider": "aws",
            "region": REGION,
            "account": ACCOUNT,
            "network": {"existing": {"vpcId": made.network.vpc, "subnets": subnets}},
            "encryption": {"keyArn": made.key},
            "images": {"owner": ACCOUNT},
            "tags": {"team": "shop"},
        },
        "clusters": [
            {
                "name": CLUSTER,
                "version": VERSION.removeprefix("v"),
                "controlPlane": {
                    "replicas": 3,
                    "etcd": {"external": {"endpoints": ["https://etcd.example.com:2379"]}},
                },
                "workerPools": [
                    {"name": f"pool-{zone[-1]}", "replicas": 1, "failureDomain": zone}
                    for zone in ZONES
                ],
            }
        ],
    }


def with_foundation(made: Stand, cluster: Object) -> None:
    """Makes what the foundation would, by the names in the Cluster, and fills in the ids.

    But for placement groups: moto takes their names as they come.
    """
    values = {each["name"]: each["value"] for each in cluster["spec"]["topology"]["variables"]}
    machines, ec2 = values[MACHINES], made.aws.client("ec2")
    made.profiles["control-plane"] = machines["controlPlaneProfile"]
    made.profiles["node"] = machines["nodeProfile"]
    for profile in made.profiles.values():
        make_profile(made.aws, profile)
    values[NETWORK]["apiSecurityGroup"] = ec2.create_security_group(
        GroupName=f"{CLUSTER}-api", Description="API", VpcId=made.network.vpc
    )["GroupId"]


def give_authority(made: Stand, namespace: str) -> None:
    """The plane's API server shall be the cluster's: so their authorities are the same one."""
    pki = made.plane.directory / "pki"

    def secret(purpose: str, certificate: str, key: str) -> Object:
        files = {"tls.crt": pki / f"{certificate}.crt", "tls.key": pki / f"{key}.key"}
        data = {n: base64.b64encode(file.read_bytes()).decode() for n, file in files.items()}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "cluster.x-k8s.io/secret",
            "metadata": {
                "name": f"{CLUSTER}-{purpose}",
                "namespace": namespace,
                "labels": {"cluster.x-k8s.io/cluster-name": CLUSTER},
            },
            "data": data,
        }

    client = "etcd-client"
    made.kubectl.apply(
        secret("ca", "ca", "ca"),
        secret("etcd", "ca", "ca"),
        secret("apiserver-etcd-client", client, client),
    )


def all_made(made: Stand, machines: Machines) -> bool:
    """Lets new instances join, and says whether all are there and known to Cluster API."""
    machines.join(made.instances())
    return len(machines.joined) == 3 + WORKERS
