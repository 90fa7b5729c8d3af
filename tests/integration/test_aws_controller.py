"""The AWS provider's controller on a real plane, against a local AWS.

The stack file, the program and the plug-in are those of a stack like `prod-aws` that stands on a
VPC that is there. Cluster API and the provider are real, and so are their calls; moto answers them.
The cluster's API server is real too: the plane's, at the address of the cluster's load balancer,
with the cluster's authority. Machines do not boot: what they would do then is in `joining`. As
there are no members of etcd to ask, etcd is external.
"""

from __future__ import annotations

import base64
import gzip
import ipaddress
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from joining import Machines, tags
from kubectl import Kubectl, eventually
from local_aws import (
    ACCOUNT,
    CREDENTIALS,
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
from components.infrastructure.aws.variables import MACHINES, NETWORK, STACK_TAG
from embedded import ports
from embedded.binaries import ensure_binaries
from embedded.plane import Plane
from embedded.program import run_program
from embedded.progress import Silent

pytestmark = pytest.mark.plane

STACK, CLUSTER, VERSION = "shop-aws", "shop", "v1.36.3"
OWNED = f"sigs.k8s.io/cluster-api-provider-aws/cluster/{CLUSTER}"
WORKERS = 3
MADE_SECONDS = 240.0
APPLIED_SECONDS = 30.0
API_PORT = 6443
GZIP = b"\x1f\x8b"
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


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """The cluster, as far as its instances."""
    folder = tmp_path_factory.mktemp("aws")
    plane = Plane(folder / "plane", providers=(Aws.PROVIDER,))
    address = ports.choose_address(plane.directory.resolve())
    binaries = ensure_binaries(Silent(), ["aws"])
    with pytest.MonkeyPatch.context() as patch, local_aws(address) as aws:
        for name, value in aws.environment.items():
            patch.setenv(name, value)
        try:
            plane.start(binaries, Silent())
            kubectl = Kubectl(binaries.kubectl, plane.kubeconfig)
            made = Stand(plane, kubectl, aws, make_network(aws), make_key(aws))
            make_image(aws, f"capa-ami-ubuntu-24.04-{VERSION}-1700000000")
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


@pytest.mark.parametrize("role", ["control-plane", "node"])
def test_machines_are_spread_over_three_zones(stand: Stand, role: str) -> None:
    found = stand.of_role(role)
    assert sorted(each["Placement"]["AvailabilityZone"] for each in found) == list(ZONES)
    for each in found:
        assert each["SubnetId"] == stand.network.private[each["Placement"]["AvailabilityZone"]]
        assert not each.get("PublicIpAddress")


@pytest.mark.parametrize(("role", "hops"), [("control-plane", 2), ("node", 1)])
def test_machines_take_their_role_by_tokens_only(stand: Stand, role: str, hops: int) -> None:
    for each in stand.of_role(role):
        assert each["MetadataOptions"]["HttpTokens"] == "required"
        assert each["MetadataOptions"]["HttpPutResponseHopLimit"] == hops
        assert each["IamInstanceProfile"]["Arn"].rpartition("/")[2] == stand.profiles[role]
        assert not each.get("KeyName")


def test_volumes_are_encrypted_with_the_stacks_key(stand: Stand) -> None:
    volumes = [
        mapping["Ebs"]["VolumeId"]
        for each in stand.instances()
        for mapping in each["BlockDeviceMappings"]
    ]
    assert len(volumes) >= 3 + WORKERS
    for volume in stand.aws.client("ec2").describe_volumes(VolumeIds=volumes)["Volumes"]:
        assert volume["Encrypted"]
        assert volume["KmsKeyId"] == stand.key
        assert (volume["VolumeType"], volume["Size"]) == ("gp3", 50)


def test_everything_has_the_stacks_tags(stand: Stand) -> None:
    wanted = {"team": "shop", STACK_TAG: STACK, OWNED: "owned"}.items()
    for each in (*stand.instances(), *stand.groups()):
        assert wanted <= tags(each).items()


def test_the_balancer_is_internal_and_leads_to_the_control_plane(stand: Stand) -> None:
    elb = stand.aws.client("elbv2")
    (balancer,) = elb.describe_load_balancers()["LoadBalancers"]
    assert (balancer["Type"], balancer["Scheme"]) == ("network", "internal")
    subnets = {zone["SubnetId"] for zone in balancer["AvailabilityZones"]}
    assert subnets == set(stand.network.private.values())
    arn = balancer["LoadBalancerArn"]
    (listener,) = elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    assert (listener["Protocol"], listener["Port"]) == ("TCP", API_PORT)
    (group,) = elb.describe_target_groups(LoadBalancerArn=arn)["TargetGroups"]
    assert group["HealthCheckProtocol"] == "HTTPS"
    health = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
    targets = {each["Target"]["Id"] for each in health["TargetHealthDescriptions"]}
    assert targets == {each["InstanceId"] for each in stand.of_role("control-plane")}


def test_no_group_lets_the_world_in(stand: Stand) -> None:
    assert len(stand.groups()) >= 3
    for group in stand.groups():
        for rule in group["IpPermissions"]:
            assert all(each["CidrIp"] != "0.0.0.0/0" for each in rule["IpRanges"])
            assert not rule["Ipv6Ranges"]


def test_the_network_is_left_as_it_was(stand: Stand) -> None:
    ec2 = stand.aws.client("ec2")
    network = stand.network
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])
    assert {each["SubnetId"] for each in subnets["Subnets"]} == {
        *network.public.values(),
        *network.private.values(),
    }
    assert not any(each.get("Tags") for each in subnets["Subnets"])
    owned = [{"Name": f"tag:{OWNED}", "Values": ["owned"]}]
    assert not ec2.describe_vpcs(Filters=owned)["Vpcs"]


def test_what_machines_join_with_is_not_in_their_user_data(stand: Stand) -> None:
    ec2 = stand.aws.client("ec2")
    for each in stand.instances():
        found = ec2.describe_instance_attribute(InstanceId=each["InstanceId"], Attribute="userData")
        data = base64.b64decode(found["UserData"]["Value"])
        text = gzip.decompress(data) if data[:2] == GZIP else data
        assert b"secretsmanager" in text
        assert b"PRIVATE KEY" not in text
        assert b"kubeadm" not in text


def test_the_controller_listens_to_this_machine_only(stand: Stand) -> None:
    (manager,) = [each for each in stand.plane.processes() if each.name == "aws-manager"]
    listening = [
        each.laddr.ip
        for each in psutil.Process(manager.pid).net_connections("inet")
        if each.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert all(ipaddress.ip_address(each).is_loopback for each in listening)


def test_credentials_stay_in_the_environment(stand: Stand) -> None:
    (manager,) = [each for each in stand.plane.processes() if each.name == "aws-manager"]
    process = psutil.Process(manager.pid)
    secret = CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
    assert process.environ()["AWS_SECRET_ACCESS_KEY"] == secret
    assert secret not in " ".join(process.cmdline())
    folder = stand.plane.directory
    for path in (folder / "plane.json", *(folder / "logs").iterdir()):
        assert secret not in path.read_text(errors="replace")


def test_a_run_without_credentials_leaves_the_controller_alone(stand: Stand) -> None:
    before = stand.plane.processes()
    with pytest.MonkeyPatch.context() as patch:
        for name in stand.aws.environment:
            patch.delenv(name, raising=False)
        assert not stand.plane.start(ensure_binaries(Silent(), ["aws"]), Silent())
    assert stand.plane.processes() == before
