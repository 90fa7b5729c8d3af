"""Cases of rules about clouds: machines, networks, permissions, buckets."""

from __future__ import annotations

import json

from tests.policies.case import GONE, Case, R, case
from tests.policies.samples import CLUSTER, aws, document, machine_template, obj, openstack

MACHINE = machine_template()
SPEC = "spec.template.spec"
INSTANCE = aws(
    "ec2/instance:Instance",
    instanceType="m7i.large",
    metadataOptions={"httpTokens": "required"},
    rootBlockDevice={"encrypted": True, "volumeSize": 50},
    associatePublicIpAddress=False,
)
LAUNCH_TEMPLATE = aws(
    "ec2/launchTemplate:LaunchTemplate",
    metadataOptions={"httpTokens": "required"},
    blockDeviceMappings=[{"deviceName": "/dev/sda1", "ebs": {"encrypted": "true"}}],
    networkInterfaces=[{"associatePublicIpAddress": "false"}],
)
VOLUME = aws("ebs/volume:Volume", encrypted=True, size=10)
OFFICE = "203.0.113.0/24"


def group(port: int, *sources: str, **changes: object) -> R:
    rule = {"protocol": "tcp", "fromPort": port, "toPort": port, "cidrBlocks": list(sources)}
    return aws("ec2/securityGroup:SecurityGroup", ingress=[rule | changes])


def secgroup(port: int, prefix: str | None = OFFICE, **changes: object) -> R:
    prefixed = {"remoteIpPrefix": prefix} if prefix else {}
    ports = {"portRangeMin": port, "portRangeMax": port}
    return openstack(
        "networking/secGroupRule:SecGroupRule",
        **{"direction": "ingress", "protocol": "tcp", **ports, **prefixed, **changes},
    )


def aws_cluster(**spec: object) -> R:
    kind = "infrastructure.cluster.x-k8s.io/v1beta2:AWSClusterTemplate"
    return obj(kind, spec={"template": {"spec": spec}})


def openstack_cluster(**spec: object) -> R:
    kind = "infrastructure.cluster.x-k8s.io/v1beta2:OpenStackClusterTemplate"
    return obj(kind, spec={"template": {"spec": spec}})


WORLD = "0.0.0.0/0"
RULE = {"protocol": "tcp", "fromPort": 6443, "toPort": 6443, "cidrBlocks": [WORLD]}
ENDPOINT = CLUSTER.put(
    "spec.topology.variables", [{"name": "endpoint", "value": {"public": True, "allowed": []}}]
)
VPC = aws("ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")
ROLE = aws("iam/role:Role", assumeRolePolicy=document(Principal={"Service": "ec2.amazonaws.com"}))
POLICY = aws(
    "iam/policy:Policy",
    policy=document(Action=["ec2:RunInstances"], Resource="arn:aws:ec2:eu:1:instance/*"),
)
KEY = aws("kms/key:Key", enableKeyRotation=True, deletionWindowInDays=30)
CREDENTIAL = openstack(
    "identity/applicationCredential:ApplicationCredential", unrestricted=False, roles=["member"]
)

CASES: dict[str, Case] = {
    "instance-metadata-needs-a-token": case(
        MACHINE,
        f"{SPEC}.instanceMetadataOptions",
        {"httpTokens": "optional", "httpEndpoint": "enabled"},
        "httpTokens is not `required`",
        passes=(
            INSTANCE,
            LAUNCH_TEMPLATE,
            MACHINE.put(f"{SPEC}.instanceMetadataOptions", {"httpEndpoint": "disabled"}),
        ),
        fails=(
            (INSTANCE.put("metadataOptions", GONE), "httpTokens"),
            (LAUNCH_TEMPLATE.put("metadataOptions.httpTokens", "optional"), "httpTokens"),
        ),
    ),
    "disks-are-encrypted": case(
        MACHINE,
        f"{SPEC}.rootVolume.encrypted",
        False,
        "the root disk is not encrypted",
        passes=(INSTANCE, LAUNCH_TEMPLATE, VOLUME),
        fails=(
            (MACHINE.put(f"{SPEC}.rootVolume", GONE), "the root disk"),
            (
                MACHINE.put(f"{SPEC}.nonRootVolumes", [{"deviceName": "/dev/sdb"}]),
                "the disk /dev/sdb is not encrypted",
            ),
            (INSTANCE.put("rootBlockDevice", GONE), "the root disk"),
            (LAUNCH_TEMPLATE.put("blockDeviceMappings.0.ebs", {}), "the disk /dev/sda1"),
            (VOLUME.put("encrypted", GONE), "the volume"),
        ),
    ),
    "machines-have-no-public-address": case(
        MACHINE,
        f"{SPEC}.publicIP",
        True,
        "`publicIP` is true",
        passes=(INSTANCE, LAUNCH_TEMPLATE),
        fails=(
            (INSTANCE.put("associatePublicIpAddress", True), "associatePublicIpAddress"),
            (
                LAUNCH_TEMPLATE.put("networkInterfaces.0.associatePublicIpAddress", "true"),
                "a network interface",
            ),
            (
                MACHINE.of(
                    "kubernetes:infrastructure.cluster.x-k8s.io/v1beta2:OpenStackMachineTemplate"
                ).put(f"{SPEC}.floatingIPPoolRef", {"name": "public"}),
                "a floating address",
            ),
        ),
    ),
    "subnets-give-no-public-address": case(
        aws("ec2/subnet:Subnet", mapPublicIpOnLaunch=False),
        "mapPublicIpOnLaunch",
        True,
        "every machine in the subnet",
    ),
    "machine-images-have-a-known-owner": case(
        MACHINE,
        f"{SPEC}.imageLookupOrg",
        "000000000000",
        "the account 000000000000, which is not listed",
        passes=(MACHINE.put(f"{SPEC}.imageLookupOrg", GONE).put(f"{SPEC}.ami", {"id": "ami-1"}),),
        fails=((MACHINE.put(f"{SPEC}.imageLookupOrg", GONE), "publisher is not named"),),
    ),
    "machine-images-name-their-release": case(
        MACHINE, f"{SPEC}.imageLookupFormat", "capa-ami-*", "`capa-ami-*` finds the newest image"
    ),
    "api-is-not-open-to-the-world": case(
        group(6443, OFFICE),
        "ingress.0.cidrBlocks",
        [WORLD],
        "reach the API at port 6443",
        passes=(
            group(443, WORLD),
            secgroup(6443),
            secgroup(6443, None, remoteGroupId="g"),
            CLUSTER,
            aws_cluster(controlPlaneLoadBalancer={"scheme": "internal"}),
            openstack_cluster(apiServer={"enableFloatingIP": False}),
            ENDPOINT.put("spec.topology.variables.0.value.allowed", [OFFICE]),
            aws("ec2/securityGroupRule:SecurityGroupRule", **{**RULE, "type": "egress"}),
        ),
        fails=(
            (group(6443, OFFICE, ipv6CidrBlocks=["::/0"]), "6443"),
            (secgroup(6443, WORLD), "6443"),
            (secgroup(6443, None), "6443"),
            (ENDPOINT, "the API lets the whole internet"),
            (
                aws(
                    "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
                    ipProtocol="tcp",
                    fromPort=6000,
                    toPort=7000,
                    cidrIpv4=WORLD,
                ),
                "6443",
            ),
            (aws("ec2/securityGroupRule:SecurityGroupRule", **{**RULE, "type": "ingress"}), "6443"),
            (aws_cluster(controlPlaneLoadBalancer={"scheme": "internet-facing"}), "load balancer"),
            (aws_cluster(controlPlaneLoadBalancer={"ingressRules": [RULE]}), "load balancer"),
            (aws_cluster(network={"additionalControlPlaneIngressRules": [RULE]}), "additional"),
            (openstack_cluster(apiServer={"enableFloatingIP": True}), "load balancer"),
        ),
    ),
    "login-is-not-open-to-the-world": case(
        group(22, OFFICE),
        "ingress.0.cidrBlocks",
        [WORLD],
        "log in at port 22",
        fails=(
            (secgroup(3389, "::/0"), "log in at port 3389"),
            (aws_cluster(bastion={"enabled": True}), "the bastion"),
            (
                openstack_cluster(
                    managedSecurityGroups={
                        "clusterNodesSecurityGroupRules": [
                            {"direction": "ingress", "protocol": "tcp", "portRangeMin": 22}
                        ]
                    }
                ),
                "clusterNodesSecurityGroupRules",
            ),
        ),
        passes=(
            aws_cluster(bastion={"enabled": True, "allowedCIDRBlocks": [OFFICE]}),
            openstack_cluster(
                managedSecurityGroups={
                    "clusterNodesSecurityGroupRules": [
                        {
                            "direction": "ingress",
                            "protocol": "tcp",
                            "portRangeMin": 22,
                            "remoteManagedGroups": ["worker"],
                        }
                    ]
                }
            ),
        ),
    ),
    "data-is-not-open-to-the-world": case(
        group(2379, OFFICE), "ingress.0.cidrBlocks", [WORLD], "reach port 2379"
    ),
    "no-rule-opens-every-port": case(
        group(0, OFFICE, protocol="-1"),
        "ingress.0.cidrBlocks",
        [WORLD],
        "every port",
        passes=(group(0, WORLD, protocol="icmp"),),
        fails=((openstack("networking/secGroupRule:SecGroupRule", direction="ingress"), "every"),),
    ),
    "default-security-group-is-closed": case(
        aws("ec2/defaultSecurityGroup:DefaultSecurityGroup", ingress=[], egress=[]),
        "ingress",
        [RULE],
        "has ingress rules",
    ),
    "iam-actions-are-named": case(
        POLICY,
        "policy",
        document(Action=["s3:*"], Resource="arn:aws:s3:::a"),
        "everything of s3",
        passes=(ROLE, POLICY.put("policy", document(Effect="Deny", Action="*", Resource="*"))),
        fails=(
            (POLICY.put("policy", document(Action="*", Resource="*")), "it allows everything"),
            (POLICY.put("policy", document(NotAction=["iam:*"], Resource="*")), "everything"),
            (
                aws("iam/rolePolicy:RolePolicy", policy=json.loads(document(Action="ec2:*"))),
                "everything of ec2",
            ),
            (
                ROLE.put("inlinePolicies", [{"policy": document(Action="ec2:*")}]),
                "everything of ec2",
            ),
        ),
    ),
    "iam-resources-are-named": case(
        POLICY,
        "policy",
        document(Action=["ec2:TerminateInstances", "ec2:DescribeInstances"], Resource="*"),
        "ec2:TerminateInstances on every resource",
        passes=(
            POLICY.put("policy", document(Action=["ec2:DescribeInstances"], Resource="*")),
            POLICY.put("policy", document(Action=["ssmmessages:OpenDataChannel"], Resource=["*"])),
            POLICY.put(
                "policy",
                document(
                    Action="ec2:RunInstances", Resource="*", Condition={"Bool": {"a": "true"}}
                ),
            ),
            POLICY.put("policy", "not JSON"),
        ),
    ),
    "users-have-no-access-keys": Case(
        (ROLE,), (aws("iam/accessKey:AccessKey", user="ci"),), "a key that does not expire", None
    ),
    "users-have-no-policies": Case(
        (POLICY,),
        (aws("iam/userPolicyAttachment:UserPolicyAttachment", user="ci"),),
        "a user gets permissions",
        None,
    ),
    "trust-names-its-caller": case(
        ROLE,
        "assumeRolePolicy",
        document(Principal={"AWS": "*"}, Action="sts:AssumeRole"),
        "any principal may sts:AssumeRole",
        passes=(
            ROLE.put(
                "assumeRolePolicy", document(Principal="*", Condition={"StringEquals": {"a": "b"}})
            ),
            aws("s3/bucketPolicy:BucketPolicy", policy=document(Effect="Deny", Principal="*")),
        ),
        fails=(
            (
                aws(
                    "s3/bucketPolicy:BucketPolicy", policy=document(Principal="*", Action="s3:Get")
                ),
                "any principal may s3:Get",
            ),
        ),
    ),
    "kms-keys-rotate": case(
        KEY,
        "enableKeyRotation",
        GONE,
        "is never rotated",
        unknown="enableKeyRotation",
        passes=(KEY.put("enableKeyRotation", GONE).put("customerMasterKeySpec", "RSA_2048"),),
    ),
    "keys-end-slowly": case(
        KEY,
        "deletionWindowInDays",
        7,
        "after 7 days",
        passes=(KEY.put("deletionWindowInDays", GONE),),
    ),
    "application-credentials-are-restricted": case(
        CREDENTIAL, "unrestricted", True, "can create further ones"
    ),
    "clusters-use-roles-not-keys": Case(
        (obj("infrastructure.cluster.x-k8s.io/v1beta2:AWSClusterControllerIdentity"),),
        (obj("infrastructure.cluster.x-k8s.io/v1beta2:AWSClusterStaticIdentity"),),
        "a key that does not expire",
        None,
    ),
    "vpc-traffic-is-logged": Case(
        (VPC, aws("ec2/flowLog:FlowLog", vpcId="vpc-1")), (VPC,), "are not recorded", None
    ),
    "bucket-acls-are-private": case(
        aws("s3/bucket:Bucket", acl="private"),
        "acl",
        "public-read",
        "the ACL is public-read",
        fails=((aws("s3/bucketAcl:BucketAcl", acl="public-read-write"), "public-read-write"),),
    ),
    "public-access-blocks-are-complete": case(
        aws(
            "s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            blockPublicAcls=True,
            blockPublicPolicy=True,
            ignorePublicAcls=True,
            restrictPublicBuckets=True,
            bucket="logs",
        ),
        "blockPublicPolicy",
        False,
        "blockPublicPolicy is not true",
    ),
    "object-containers-are-private": case(
        openstack("objectstorage/container:Container", containerRead="project:*", versioning=True),
        "containerRead",
        ".r:*,.rlistings",
        "everyone may read",
    ),
    "object-containers-are-versioned": case(
        openstack("objectstorage/container:Container", versioning=True),
        "versioning",
        False,
        "`versioning` is not true",
    ),
    "logs-are-kept-for-a-while": case(
        aws("cloudwatch/logGroup:LogGroup", retentionInDays=365),
        "retentionInDays",
        30,
        "30 days, fewer than 90",
        fails=((aws("cloudwatch/logGroup:LogGroup"), "never deleted"),),
    ),
    "buckets-are-not-emptied": case(
        aws("s3/bucket:Bucket", forceDestroy=False),
        "forceDestroy",
        True,
        "with all that is in it",
        fails=((openstack("objectstorage/container:Container", forceDestroy=True), "all that"),),
    ),
}
