"""The foundation on AWS: what is registered is private, encrypted, tagged and spread."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from components.infrastructure.aws.foundation import AwsFoundation
from components.infrastructure.aws.names import bounded
from components.infrastructure.aws.policies import trust
from engine.program import Recording, run_program
from tests.unit.aws_stack import (
    REGION,
    VPC,
    cluster,
    existing,
    of_type,
    record,
    statements,
)

ROOT = Path(__file__).resolve().parents[2]
ZONES = {f"{REGION}{letter}" for letter in "abc"}
EVERYBODY = ("0.0.0.0/0", "::/0")
UNTAGGED = ("ssociation", "ttachment", "olicy", "oute:Route", "lias:", "aws:s3/bucket")
LONGEST_MANAGED_POLICY, LONGEST_INLINE_POLICIES = 6144, 10240


@pytest.fixture(scope="module")
def prod() -> Recording:
    return run_program("prod-aws", ROOT / "stacks" / "Pulumi.prod-aws.yaml")


def by_name(recording: Recording, kind: str) -> dict[str, dict[str, Any]]:
    return {each.name: each.inputs for each in of_type(recording, kind)}


@pytest.mark.slow
def test_private_and_public_subnets_in_three_zones(prod: Recording) -> None:
    subnets = by_name(prod, "ec2/subnet:Subnet").values()
    assert Counter(each["availabilityZone"] for each in subnets) == dict.fromkeys(ZONES, 2)
    cidrs = [each["cidrBlock"] for each in subnets]
    assert sorted(cidrs) == [
        *("10.40.0.0/18", "10.40.128.0/18", "10.40.192.0/20"),
        *("10.40.208.0/20", "10.40.224.0/20", "10.40.64.0/18"),
    ]
    assert not any(each["mapPublicIpOnLaunch"] for each in subnets)


def test_the_outputs_are_exported(prod: Recording) -> None:
    outputs = prod.outputs
    assert outputs["buckets"] == {
        "backups": "example-prod-etcd-backups",
        "logs": "example-prod-logs",
        "registry": "example-prod-registry",
    }
    assert {len(outputs[name]) for name in ("subnet_ids", "public_subnet_ids")} == {3}
    assert set(outputs) == {"clusters", "hostnames", *AwsFoundation.OUTPUTS}
    assert outputs["hostnames"] == ["*.shop.prod.example.com", "*.research.prod.example.com"]


@pytest.mark.slow
def test_a_copied_stack_file_behaves_the_same(prod: Recording, tmp_path: Path) -> None:
    """Under any name, and without `protect`, where a cluster is labelled as production."""
    text = (ROOT / "stacks" / "Pulumi.prod-aws.yaml").read_text()
    copy = tmp_path / "Pulumi.prod-eu.yaml"
    copy.write_text(text.replace("caas:protect: true", ""))
    found = run_program("prod-eu", copy)

    def protected(recording: Recording, stack: str) -> set[str]:
        return {each.name.removeprefix(stack) for each in recording.resources if each.protect}

    assert protected(found, "prod-eu") == protected(prod, "prod-aws") != set()
    assert len(found.resources) == len(prod.resources)
    copy.write_text(text.replace("caas:protect: true", "caas:protect: false"))
    assert not protected(run_program("prod-eu", copy), "prod-eu")


def test_subnets_say_what_they_are_for(prod: Recording) -> None:
    for name, subnet in by_name(prod, "ec2/subnet:Subnet").items():
        tags = subnet["tags"]
        role = "elb" if "public" in name else "internal-elb"
        assert tags[f"kubernetes.io/role/{role}"] == "1"
        assert tags["kubernetes.io/cluster/shop"] == "shared"


@pytest.mark.slow
def test_a_fleet_has_no_tags_per_cluster(tmp_path: Path) -> None:
    many = [cluster(f"c{number}") for number in range(26)]
    for subnet in by_name(record(tmp_path, *many), "ec2/subnet:Subnet").values():
        assert len(subnet["tags"]) <= 50
        assert not [tag for tag in subnet["tags"] if tag.startswith("kubernetes.io/cluster")]


@pytest.mark.parametrize(("nat", "gateways"), [("per-zone", 3), ("one", 1)])
def test_ways_out(tmp_path: Path, nat: str, gateways: int) -> None:
    recording = record(tmp_path, cluster(), network={"nat": nat})
    assert len(of_type(recording, "ec2/natGateway:NatGateway")) == gateways
    routes = by_name(recording, "ec2/route:Route")
    assert len(routes) == 1 + len(ZONES)


def test_no_way_out_but_endpoints(tmp_path: Path) -> None:
    services = ["s3", "ec2", "elasticloadbalancing", "secretsmanager", "sts"]
    recording = record(tmp_path, cluster(), network={"nat": "none", "endpoints": services})
    assert not of_type(recording, "ec2/natGateway:NatGateway")
    assert not of_type(recording, "ec2/eip:Eip")
    endpoints = by_name(recording, "ec2/vpcEndpoint:VpcEndpoint").values()
    assert {each["serviceName"].rpartition(".")[2] for each in endpoints} == set(services)


def test_no_open_security_group(prod: Recording) -> None:
    groups = by_name(prod, "ec2/securityGroup:SecurityGroup")
    assert {"prod-aws-shop-api", "prod-aws-endpoints"} <= set(groups)
    for group in groups.values():
        for rule in [*group["ingress"], *group.get("egress", [])]:
            assert not set(EVERYBODY) & set(rule.get("cidrBlocks", []))
            assert "ipv6CidrBlocks" not in rule
    (default,) = of_type(prod, "ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert default.inputs["ingress"] == default.inputs["egress"] == []


def test_a_public_api_lets_in_who_is_listed_and_the_machines(prod: Recording) -> None:
    public = by_name(prod, "ec2/securityGroup:SecurityGroup")["prod-aws-shop-api"]
    private = by_name(prod, "ec2/securityGroup:SecurityGroup")["prod-aws-research-api"]
    listed = [rule["cidrBlocks"] for rule in public["ingress"]]
    assert listed[:2] == [["10.40.0.0/16"], ["203.0.113.0/24"]]
    assert len(listed[2]) == 3, "the addresses of the NAT gateways"
    assert [rule["cidrBlocks"] for rule in private["ingress"]] == [["10.40.0.0/16"]]
    assert {rule["toPort"] for rule in public["ingress"]} == {6443}


def test_no_public_bucket(prod: Recording) -> None:
    buckets = by_name(prod, "s3/bucket:Bucket")
    assert {each["bucket"] for each in buckets.values()} == {
        f"example-prod-{purpose}" for purpose in ("etcd-backups", "logs", "registry")
    }
    parts = "bucketPublicAccessBlock:BucketPublicAccessBlock"
    for name in buckets:
        closed = by_name(prod, f"s3/{parts}")[name]
        assert all(closed[key] for key in closed if key != "bucket")
        assert len(closed) == 5
        owned = by_name(prod, "s3/bucketOwnershipControls:BucketOwnershipControls")[name]
        assert owned["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
        versions = by_name(prod, "s3/bucketVersioning:BucketVersioning")[name]
        assert versions["versioningConfiguration"] == {"status": "Enabled"}
        kind = "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
        (rule,) = by_name(prod, f"s3/{kind}")[name]["rules"]
        assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
        (rule,) = by_name(prod, "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")[
            name
        ]["rules"]
        assert rule["abortIncompleteMultipartUpload"]["daysAfterInitiation"] == 7


def test_buckets_speak_tls_only(prod: Recording) -> None:
    for policy in by_name(prod, "s3/bucketPolicy:BucketPolicy").values():
        first, *others = json.loads(policy["policy"])["Statement"]
        assert (first["Effect"], first["Principal"], first["Action"]) == ("Deny", "*", "s3:*")
        assert first["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for each in others:
            assert each["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
            assert each["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_the_key_is_replaced_every_year(prod: Recording) -> None:
    (key,) = of_type(prod, "kms/key:Key")
    assert key.inputs["enableKeyRotation"] is True
    principals = [each["Principal"] for each in json.loads(key.inputs["policy"])["Statement"]]
    assert {"AWS": "*"} not in principals
    assert "*" not in principals


def test_a_key_of_the_user(tmp_path: Path) -> None:
    arn = f"arn:aws:kms:{REGION}:123456789012:key/0a1b2c3d-0000-0000-0000-000000000000"
    recording = record(tmp_path, cluster(), encryption={"keyArn": arn})
    assert not of_type(recording, "kms/key:Key")
    used = [each for _, each in statements(recording) if "kms:Decrypt" in each["Action"]]
    assert used
    assert all(each["Resource"] == [arn] for each in used)


def test_what_holds_data_is_protected(prod: Recording, tmp_path: Path) -> None:
    kinds = {"Key", "Bucket", "Zone", "LogGroup"}
    for resource in prod.resources:
        if resource.type.startswith("aws:"):
            assert resource.protect is (resource.type.rpartition(":")[2] in kinds), resource.urn
    assert not any(each.protect for each in record(tmp_path, cluster()).resources)


def test_everything_bears_the_tags(prod: Recording) -> None:
    for resource in prod.resources:
        if not resource.type.startswith("aws:") or any(word in resource.type for word in UNTAGGED):
            continue
        tags = resource.inputs["tags"]
        assert tags["caas.dev/stack"] == "prod-aws", resource.urn
        assert tags["owner"] == "platform", resource.urn


def test_names_begin_with_the_stack(prod: Recording) -> None:
    names = [each.name for each in prod.resources if each.type.startswith("aws:")]
    assert all(name.startswith("prod-aws-") for name in names)


def test_no_wildcard_in_what_roles_may_do(prod: Recording) -> None:
    found = list(statements(prod))
    assert len(found) > 50
    for resource, statement in found:
        assert statement["Effect"] == "Allow"
        assert not [action for action in statement["Action"] if "*" in action], resource.urn
        if "*" in statement["Resource"]:
            change = [
                action
                for action in statement["Action"]
                if not action.partition(":")[2].startswith(("Describe", "Get", "List"))
                and not action.startswith(("ssm:", "ssmmessages:"))
            ]
            assert not change, resource.urn


def test_policies_are_not_too_long(prod: Recording) -> None:
    for policy in by_name(prod, "iam/policy:Policy").values():
        assert len(policy["policy"].replace(" ", "")) <= LONGEST_MANAGED_POLICY
    inline: Counter[str] = Counter()
    for policy in by_name(prod, "iam/rolePolicy:RolePolicy").values():
        inline[policy["role"]] += len(policy["policy"].replace(" ", ""))
    assert max(inline.values()) <= LONGEST_INLINE_POLICIES


def test_roles_are_of_machines_and_services_only(prod: Recording) -> None:
    for name, role in by_name(prod, "iam/role:Role").items():
        (statement,) = json.loads(role["assumeRolePolicy"])["Statement"]
        service = "vpc-flow-logs" if name.endswith("flow-logs") else "ec2"
        assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}
        assert role["path"] == "/caas/prod-aws/"


def test_there_are_no_static_keys(prod: Recording) -> None:
    kinds = {each.type for each in prod.resources}
    assert not {kind for kind in kinds if "accessKey" in kind or "iam/user" in kind}
    objects = json.dumps(prod.objects())
    assert "AWSClusterStaticIdentity" not in objects


def test_only_the_management_cluster_may_make_machines(prod: Recording) -> None:
    attached = by_name(prod, "iam/rolePolicyAttachment:RolePolicyAttachment")
    assert {each["role"] for each in attached.values()} == {"prod-aws-management-control-plane"}
    for resource, statement in statements(prod):
        if "ec2:RunInstances" in statement["Action"]:
            assert resource.type == "aws:iam/policy:Policy"


def test_machines_change_only_what_is_of_their_cluster(prod: Recording) -> None:
    policies = by_name(prod, "iam/rolePolicy:RolePolicy")
    shop = policies["prod-aws-shop-control-plane-cluster"]["policy"]
    assert "kubernetes.io/cluster/shop" in shop
    assert "research" not in shop
    node = policies["prod-aws-shop-node-machine"]["policy"]
    assert "CreateVolume" not in node
    assert "RunInstances" not in node


def test_control_planes_are_spread(prod: Recording) -> None:
    groups = by_name(prod, "ec2/placementGroup:PlacementGroup")
    assert set(groups) == {
        f"prod-aws-{name}-control-plane" for name in ("management", "shop", "research")
    }
    assert {each["strategy"] for each in groups.values()} == {"spread"}


def test_pools_get_the_placement_they_ask_for(tmp_path: Path) -> None:
    pools = [
        {"name": "near", "failureDomain": f"{REGION}a", "machine": {"placement": "pack"}},
        {"name": "far", "replicas": 3, "machine": {"placement": "strict-spread"}},
        {"name": "any"},
    ]
    recording = record(tmp_path, cluster(workerPools=pools))
    groups = by_name(recording, "ec2/placementGroup:PlacementGroup")
    assert {name: each["strategy"] for name, each in groups.items()} == {
        "unit-shop-control-plane": "spread",
        "unit-shop-pool-near": "cluster",
        "unit-shop-pool-far": "spread",
    }
    (made,) = [each for each in recording.objects() if each["kind"] == "Cluster"]
    variables = {each["name"]: each["value"] for each in made["spec"]["topology"]["variables"]}
    assert variables["awsMachines"]["poolGroups"] == {
        "near": "unit-shop-pool-near",
        "far": "unit-shop-pool-far",
    }


@pytest.mark.slow
def test_flow_logs(prod: Recording, tmp_path: Path) -> None:
    (group,) = of_type(prod, "cloudwatch/logGroup:LogGroup")
    assert group.inputs["kmsKeyId"]
    assert group.inputs["retentionInDays"] == 365
    assert of_type(prod, "ec2/flowLog:FlowLog")[0].inputs["trafficType"] == "ALL"
    to_bucket = record(tmp_path, cluster(), network={"flowLogs": {"to": "bucket"}})
    assert not of_type(to_bucket, "cloudwatch/logGroup:LogGroup")
    (log,) = of_type(to_bucket, "ec2/flowLog:FlowLog")
    assert log.inputs["logDestinationType"] == "s3"
    none = record(tmp_path, cluster(), network={"flowLogs": {"to": "none"}})
    assert not of_type(none, "ec2/flowLog:FlowLog")


def test_an_existing_vpc_makes_no_network(tmp_path: Path) -> None:
    network = existing("private-a", "private-b", "private-c")
    recording = record(tmp_path, cluster(), network=network)
    made = {each.type for each in recording.resources if each.type.startswith("aws:ec2/")}
    assert made == {"aws:ec2/securityGroup:SecurityGroup", "aws:ec2/placementGroup:PlacementGroup"}
    (group,) = of_type(recording, "ec2/securityGroup:SecurityGroup")
    assert group.inputs["vpcId"] == VPC


def test_clusters_know_the_network(prod: Recording) -> None:
    clusters = [each for each in prod.objects() if each["kind"] == "Cluster"]
    for each in clusters:
        name, variables = each["metadata"]["name"], each["spec"]["topology"]["variables"]
        values = {variable["name"]: variable["value"] for variable in variables}
        subnets = values["awsNetwork"]["subnets"]
        assert Counter(subnet["isPublic"] for subnet in subnets) == {True: 3, False: 3}
        assert values["awsNetwork"]["vpcId"]
        assert values["awsMachines"] == {
            "stack": "prod-aws",
            "key": "alias/prod-aws-data",
            "controlPlaneProfile": f"prod-aws-{name}-control-plane",
            "nodeProfile": f"prod-aws-{name}-node",
            "controlPlaneGroup": f"prod-aws-{name}-control-plane",
        }


def test_long_names_fit_and_differ() -> None:
    names = {bounded(f"{'x' * 80}{number}") for number in range(3)}
    assert len(names) == 3
    assert {len(name) for name in names} == {64}
    assert bounded("short") == "short"


def test_trust_names_one_service() -> None:
    (statement,) = json.loads(trust("ec2"))["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": ["sts:AssumeRole"],
        "Principal": {"Service": "ec2.amazonaws.com"},
    }


@pytest.mark.slow
def test_reading_a_stack_file_imports_no_sdk() -> None:
    code = (
        "import sys\n"
        "from components.infrastructure.aws import Aws\n"
        "Aws(provider='aws', region='eu-central-1', account='123456789012').class_parts()\n"
        "print({'pulumi', 'pulumi_aws'} & set(sys.modules))\n"
    )
    run = [sys.executable, "-c", code]
    result = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    assert result.stdout.strip() == "set()"
