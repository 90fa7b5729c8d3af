"""The permissions of one cluster's machines; they cannot change resources of other clusters."""

from __future__ import annotations

from typing import Any

from components.infrastructure.aws.policies import (
    Account,
    Statement,
    allow,
    on_service,
    use_of_key,
)

Condition = dict[str, Any]
OWNED = "owned"


def cluster_tag(cluster: str) -> str:
    """The tag of what belongs to a cluster; its value is `owned` or `shared`."""
    return f"kubernetes.io/cluster/{cluster}"


def any_machine(account: Account, *, session_manager: bool) -> list[Statement]:
    """Every machine: reads what it joins with, and images of the account's registry.

    Args:
        account: where.
        session_manager: whether one may log in by Session Manager.
    """
    secrets = account.arn("secretsmanager", "secret:aws.cluster.x-k8s.io/*")
    statements = [
        allow(on_service("secretsmanager", "GetSecretValue", "DeleteSecret"), secrets),
        allow(on_service("ec2", "DescribeInstances", "DescribeRegions"), ["*"]),
        allow(["ecr:GetAuthorizationToken"], ["*"]),
        allow(
            on_service(
                "ecr", "BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"
            ),
            account.arn("ecr", "repository/*"),
        ),
    ]
    if session_manager:
        channels = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel")
        statements += [
            allow(
                [
                    "ssm:UpdateInstanceInformation",
                    *on_service("ssmmessages", *channels, "OpenDataChannel"),
                ],
                ["*"],
            )
        ]
    return statements


def control_plane(account: Account, cluster: str, key: str, backups: str) -> list[Statement]:
    """A control-plane machine: cloud controller manager, volume driver, snapshots of etcd.

    Args:
        account: where.
        cluster: its name.
        key: encrypts volumes and snapshots.
        backups: the bucket of the snapshots.
    """
    return [
        *_load_balancers(account, cluster),
        *_volumes(account, cluster),
        *_backups(account, cluster, backups),
        *use_of_key(account, key),
    ]


def _owned(cluster: str) -> Condition:
    return {"StringEquals": {f"aws:ResourceTag/{cluster_tag(cluster)}": OWNED}}


def _load_balancers(account: Account, cluster: str) -> list[Statement]:
    """Source: https://cloud-provider-aws.sigs.k8s.io/prerequisites/, as far as tags reach."""
    with_tag = {"Null": {f"aws:RequestTag/{cluster_tag(cluster)}": "false"}}
    groups = account.arn("ec2", "security-group/*")
    balancers = account.arn("elasticloadbalancing", "loadbalancer/*", "targetgroup/*")
    listeners = account.arn("elasticloadbalancing", "listener/*")
    return [
        allow(
            on_service(
                "ec2",
                *("DescribeAvailabilityZones", "DescribeInstances", "DescribeInstanceTopology"),
                *("DescribeRegions", "DescribeRouteTables", "DescribeSecurityGroups"),
                *("DescribeSubnets", "DescribeVpcs"),
            )
            + on_service(
                "elasticloadbalancing",
                *("DescribeListeners", "DescribeLoadBalancerAttributes", "DescribeLoadBalancers"),
                *("DescribeLoadBalancerPolicies", "DescribeTags", "DescribeTargetGroups"),
                *("DescribeTargetGroupAttributes", "DescribeTargetHealth"),
            ),
            ["*"],
        ),
        allow(["ec2:CreateSecurityGroup"], [*groups, *account.arn("ec2", "vpc/*")]),
        allow(["ec2:CreateTags"], groups, **with_tag),
        allow(
            on_service(
                "ec2",
                *("AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"),
                "DeleteSecurityGroup",
            ),
            groups,
            **_owned(cluster),
        ),
        allow(
            on_service("elasticloadbalancing", "AddTags", "CreateLoadBalancer"),
            balancers,
            **with_tag,
        ),
        # Target groups get their tags after they are made, listeners get none.
        allow(["elasticloadbalancing:CreateTargetGroup"], balancers),
        allow(on_service("elasticloadbalancing", "DeleteListener", "ModifyListener"), listeners),
        allow(
            on_service(
                "elasticloadbalancing",
                *("ApplySecurityGroupsToLoadBalancer", "AttachLoadBalancerToSubnets"),
                *("ConfigureHealthCheck", "CreateListener", "CreateLoadBalancerListeners"),
                *("CreateLoadBalancerPolicy", "DeleteLoadBalancer"),
                *("DeleteLoadBalancerListeners", "DeleteTargetGroup"),
                *("DeregisterInstancesFromLoadBalancer", "DeregisterTargets"),
                *("DetachLoadBalancerFromSubnets", "ModifyLoadBalancerAttributes"),
                *("ModifyTargetGroup", "ModifyTargetGroupAttributes"),
                *("RegisterInstancesWithLoadBalancer", "RegisterTargets", "SetSecurityGroups"),
                *("SetLoadBalancerPoliciesForBackendServer", "SetLoadBalancerPoliciesOfListener"),
                "SetSubnets",
            ),
            balancers,
            **_owned(cluster),
        ),
    ]


def _volumes(account: Account, cluster: str) -> list[Statement]:
    """Source: docs/example-iam-policy.json of kubernetes-sigs/aws-ebs-csi-driver."""
    asked = {"StringEquals": {f"aws:RequestTag/{cluster_tag(cluster)}": OWNED}}
    volumes, snapshots = account.arn("ec2", "volume/*"), account.arn("ec2", "snapshot/*")
    any_snapshot = f"arn:{account.partition}:ec2:{account.region}::snapshot/*"
    created = {"StringEquals": {"ec2:CreateAction": ["CreateVolume", "CreateSnapshot"]}}
    instances = account.arn("ec2", "instance/*")
    of_region = [any_snapshot, *snapshots]
    return [
        allow(
            on_service(
                "ec2",
                *("DescribeSnapshots", "DescribeTags", "DescribeVolumes"),
                *("DescribeVolumesModifications", "DescribeVolumeStatus"),
            ),
            ["*"],
        ),
        allow(["ec2:CreateVolume"], volumes, **asked),
        allow(["ec2:CreateVolume"], of_region),
        allow(["ec2:CreateSnapshot"], volumes, **_owned(cluster)),
        allow(["ec2:CreateSnapshot"], of_region, **asked),
        allow(["ec2:CreateTags"], [*volumes, *of_region], **created),
        allow(
            on_service("ec2", "AttachVolume", "DetachVolume"),
            [*volumes, *instances],
            **_owned(cluster),
        ),
        allow(
            on_service(
                "ec2",
                *("CreateTags", "DeleteTags", "DeleteSnapshot", "DeleteVolume", "ModifyVolume"),
            ),
            [*volumes, *of_region],
            **_owned(cluster),
        ),
    ]


def _backups(account: Account, cluster: str, bucket: str) -> list[Statement]:
    """Snapshots of etcd lie below `<prefix>/<cluster>/`."""
    whole = f"arn:{account.partition}:s3:::{bucket}"
    own = f"{whole}/*/{cluster}/*"
    return [
        allow(on_service("s3", "GetObject", "PutObject", "DeleteObject"), [own]),
        allow(["s3:ListBucket"], [whole], StringLike={"s3:prefix": [f"*/{cluster}/*"]}),
    ]
