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
from collections.abc import Iterator

import psutil
import pytest
from aws_refusals import Refusals, refusing_machines
from aws_stand import OWNED, STACK, WORKERS, Stand, running_stand
from joining import tags
from local_aws import CREDENTIALS, ZONES

from components.infrastructure.aws import Aws
from components.infrastructure.aws.variables import STACK_TAG
from errors import Code
from errors import cloud_failures as codes
from plane.binaries import ensure_binaries
from plane.progress import Silent

pytestmark = pytest.mark.plane

API_PORT = 6443
GZIP = b"\x1f\x8b"


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """The cluster, as far as its instances."""
    with running_stand(tmp_path_factory.mktemp("aws")) as made:
        yield made


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
        assert not stand.plane.start(ensure_binaries(Silent(), [Aws.PROVIDER]), Silent())
    assert stand.plane.processes() == before


@pytest.fixture(scope="module")
def refusals(stand: Stand) -> Iterator[Refusals]:
    """A machine more, which AWS refuses in one way after the other, and never makes."""
    with refusing_machines(stand) as refused:
        yield refused


@pytest.mark.parametrize(
    ("answer", "message", "code"),
    [
        ("VcpuLimitExceeded", "You have requested more vCPU capacity", codes.QUOTA_EXCEEDED),
        ("InsufficientInstanceCapacity", "no sufficient capacity", codes.CAPACITY_EXHAUSTED),
        ("UnauthorizedOperation", "You are not authorized", codes.PERMISSION_MISSING),
        ("Unsupported", "The instance type is not supported", codes.MACHINE_TYPE_UNAVAILABLE),
        ("InsufficientFreeAddressesInSubnet", "not enough addresses", codes.ADDRESSES_EXHAUSTED),
        ("InvalidSubnetID.NotFound", "The subnet ID does not exist", codes.OBJECT_MISSING),
        ("InvalidBlockDeviceMapping", "The volume is too small", codes.MACHINE_REFUSED),
    ],
)
def test_diagnosis_names_what_aws_refuses(
    refusals: Refusals, answer: str, message: str, code: Code
) -> None:
    found = refusals.diagnosed(code, answer, message)
    assert [name.kind for name in found.chain] == [
        "Cluster",
        "MachineDeployment",
        "MachineSet",
        "Machine",
        "AWSMachine",
    ]
    assert f"api error {answer}: {message}" in found.why


def test_diagnosis_names_an_image_that_is_missing(refusals: Refusals) -> None:
    with refusals.without_image():
        assert "found no AMIs with name" in refusals.diagnosed(codes.IMAGE_NOT_FOUND).why


def test_diagnosis_names_a_machine_that_was_stopped(refusals: Refusals) -> None:
    with refusals.stopped_machine() as name:
        found = refusals.diagnosed(codes.INSTANCE_STOPPED, about=name)
        assert found.object.name == name


def test_diagnosis_names_credentials_that_are_refused(refusals: Refusals) -> None:
    with refusals.wrong_credentials():
        found = refusals.diagnosed(
            codes.CREDENTIALS_REFUSED, about=refusals.cluster, kind="AWSCluster"
        )
        assert "AuthFailure" in found.why
