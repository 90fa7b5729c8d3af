"""Permissions of roles: statements of IAM policies, as data.

Every action is spelled out. Where AWS lets an action be limited to resources or tags, it is: what
the controllers make carries the tag of the stack, what a cluster makes the tag of the cluster.
Actions that only describe can't be limited. What the provider needs was read from its own
permissions (`clusterawsadm bootstrap iam`) and its calls, without what the foundation does in its
place (networks) and what is switched off (EKS, machine pools, Ignition).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.infrastructure.aws.variables import STACK_TAG

Statement = dict[str, Any]
VERSION = "2012-10-17"


@dataclass(frozen=True, slots=True)
class Account:
    """The partition, region and account of a stack, for the names of resources.

    Attributes:
        stack: the stack's name.
        partition: `aws`.
        region: `eu-central-1`.
        number: of the account.
    """

    stack: str
    partition: str
    region: str
    number: str

    @property
    def path(self) -> str:
        """The path of the stack's roles and policies in IAM."""
        return f"/caas/{self.stack}/"

    @property
    def root(self) -> str:
        """The account itself, which stands for every principal that its IAM policies allow."""
        return f"arn:{self.partition}:iam::{self.number}:root"

    @property
    def roles(self) -> str:
        """All roles of the stack."""
        return f"arn:{self.partition}:iam::{self.number}:role{self.path}*"

    def arn(self, service: str, *resources: str) -> list[str]:
        """Resources of the region and account: `arn("ec2", "instance/*")`."""
        place = f"arn:{self.partition}:{service}:{self.region}:{self.number}"
        return [f"{place}:{resource}" for resource in resources]

    def linked_role(self, service: str, name: str) -> str:
        """A role that AWS makes for one of its services."""
        start = f"arn:{self.partition}:iam::{self.number}:role/aws-service-role"
        return f"{start}/{service}.amazonaws.com/{name}"


def document(*statements: Statement) -> str:
    """The policy of these statements."""
    return json.dumps({"Version": VERSION, "Statement": list(statements)}, sort_keys=True)


def allow(actions: Sequence[str], resources: Sequence[str], **conditions: Any) -> Statement:
    """A statement that allows; conditions are operators with their keys and values."""
    condition = {"Condition": conditions} if conditions else {}
    return {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": list(resources),
        **condition,
    }


def trust(service: str, account: str = "") -> str:
    """The trust policy of a role: a service of AWS, if given on behalf of `account`."""
    condition = {"Condition": {"StringEquals": {"aws:SourceAccount": account}}} if account else {}
    principal = {"Service": f"{service}.amazonaws.com"}
    return document(
        {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": principal, **condition}
    )


def on_service(service: str, *actions: str) -> list[str]:
    """Actions of one service: `on_service("ec2", "RunInstances")`."""
    return [f"{service}:{action}" for action in actions]


def use_of_key(account: Account, key: str) -> list[Statement]:
    """Encrypting and decrypting volumes and objects with the stack's key.

    Args:
        account: where.
        key: the ARN of a key, or an alias.
    """
    actions = on_service("kms", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey")
    actions += on_service("kms", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo")
    resources, alias = [key], {}
    if key.startswith("alias/"):
        resources = account.arn("kms", "key/*")
        alias = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": key}}
    grant = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [
        allow(actions, resources, **alias),
        allow(["kms:CreateGrant"], resources, **alias, **grant),
    ]


def controllers(account: Account, key: str) -> dict[str, list[Statement]]:
    """The provider's controllers: machines, security groups and load balancers of the stack.

    In two parts, as AWS limits the length of a policy.

    Args:
        account: where.
        key: encrypts the machines' volumes.
    """
    return {
        "machines": [*_machines(account), *use_of_key(account, key)],
        "load-balancers": _load_balancers(account),
    }


def _machines(account: Account) -> list[Statement]:
    asked = {"StringEquals": {f"aws:RequestTag/{STACK_TAG}": account.stack}}
    tagged = {"StringEquals": {f"aws:ResourceTag/{STACK_TAG}": account.stack}}
    made = account.arn("ec2", "instance/*", "volume/*", "network-interface/*")
    images = f"arn:{account.partition}:ec2:{account.region}::image/*"
    used = account.arn(
        "ec2",
        "subnet/*",
        "security-group/*",
        "key-pair/*",
        f"placement-group/{account.stack}-*",
        "spot-instances-request/*",
    )
    groups = account.arn("ec2", "security-group/*")
    secrets = account.arn("secretsmanager", "secret:aws.cluster.x-k8s.io/*")
    spot = account.linked_role("spot", "AWSServiceRoleForEC2Spot")
    return [
        allow(["tag:GetResources"], ["*"]),
        allow(
            on_service(
                "ec2",
                *("DescribeAddresses", "DescribeAvailabilityZones", "DescribeDhcpOptions"),
                *("DescribeImages", "DescribeInstances", "DescribeInstanceTypes"),
                *("DescribeInternetGateways", "DescribeKeyPairs", "DescribeNatGateways"),
                *("DescribeNetworkInterfaces", "DescribeNetworkInterfaceAttribute"),
                *("DescribeRouteTables", "DescribeSecurityGroups", "DescribeSubnets"),
                *("DescribeTags", "DescribeVolumes", "DescribeVpcs", "DescribeVpcAttribute"),
                *("DescribeVpcEndpoints", "GetSecurityGroupsForVpc"),
            ),
            ["*"],
        ),
        allow(["ec2:RunInstances"], made, **asked),
        allow(["ec2:RunInstances"], [images, *used]),
        allow(["ec2:CreateSecurityGroup"], groups, **asked),
        allow(["ec2:CreateSecurityGroup"], account.arn("ec2", "vpc/*")),
        allow(["ec2:CreateTags"], [*made, *groups], **asked),
        allow(
            on_service(
                "ec2",
                *("CreateTags", "DeleteTags", "TerminateInstances", "ModifyInstanceAttribute"),
                *("ModifyInstanceMetadataOptions", "ModifyNetworkInterfaceAttribute"),
                *("AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"),
                *("RevokeSecurityGroupEgress", "DeleteSecurityGroup", "DeleteNetworkInterface"),
            ),
            [*made, *groups],
            **tagged,
        ),
        allow(
            ["iam:PassRole"],
            [account.roles],
            StringEquals={"iam:PassedToService": "ec2.amazonaws.com"},
        ),
        allow(
            ["iam:CreateServiceLinkedRole"],
            [spot],
            StringEquals={"iam:AWSServiceName": "spot.amazonaws.com"},
        ),
        allow(on_service("secretsmanager", "CreateSecret", "DeleteSecret", "TagResource"), secrets),
    ]


def _load_balancers(account: Account) -> list[Statement]:
    asked = {"StringEquals": {f"aws:RequestTag/{STACK_TAG}": account.stack}}
    tagged = {"StringEquals": {f"aws:ResourceTag/{STACK_TAG}": account.stack}}
    # What a Service of a cluster left behind, and nothing else, carries this tag.
    of_service = {"Null": {"aws:ResourceTag/kubernetes.io/service-name": "false"}}
    all_of_them = account.arn("elasticloadbalancing", "loadbalancer/*", "targetgroup/*")
    listeners = account.arn("elasticloadbalancing", "listener/*")
    linked = account.linked_role("elasticloadbalancing", "AWSServiceRoleForElasticLoadBalancing")
    return [
        allow(on_service("elasticloadbalancing", *_DESCRIBE_LOAD_BALANCERS), ["*"]),
        allow(
            on_service(
                "elasticloadbalancing",
                *("AddTags", "CreateListener", "CreateLoadBalancer", "CreateTargetGroup"),
            ),
            [*all_of_them, *listeners],
            **asked,
        ),
        allow(
            on_service(
                "elasticloadbalancing",
                *("AddTags", "RemoveTags", "DeleteListener", "DeleteLoadBalancer"),
                *("DeleteTargetGroup", "DeregisterTargets", "RegisterTargets"),
                *("ModifyLoadBalancerAttributes", "ModifyTargetGroupAttributes"),
                *("SetSecurityGroups", "SetSubnets"),
            ),
            [*all_of_them, *listeners],
            **tagged,
        ),
        allow(
            on_service("elasticloadbalancing", "DeleteLoadBalancer", "DeleteTargetGroup"),
            all_of_them,
            **of_service,
        ),
        allow(
            ["iam:CreateServiceLinkedRole"],
            [linked],
            StringEquals={"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"},
        ),
    ]


_DESCRIBE_LOAD_BALANCERS = (
    "DescribeListeners",
    "DescribeLoadBalancerAttributes",
    "DescribeLoadBalancers",
    "DescribeTags",
    "DescribeTargetGroupAttributes",
    "DescribeTargetGroups",
    "DescribeTargetHealth",
)
