"""The log of every connection in the VPC, to CloudWatch or to the bucket for logs."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.infrastructure.aws.building import Site
from components.infrastructure.aws.network import Vpc
from components.infrastructure.aws.network_settings import FlowLogTarget
from components.infrastructure.aws.policies import allow, document, on_service, trust
from components.infrastructure.aws.storage import StackBuckets

INTERVAL = 60
"""Seconds over which connections are put together."""


def make_flow_logs(site: Site, vpc: Vpc, buckets: StackBuckets, key: pulumi.Input[str]) -> None:
    """The flow log of a new VPC.

    Args:
        site: where.
        vpc: the network.
        buckets: the one for logs takes flow logs too.
        key: the ARN of the key that encrypts them.
    """
    target = site.settings.network.flow_logs.to
    name = site.name("flow-logs")
    if target is FlowLogTarget.BUCKET:
        aws.ec2.FlowLog(
            name,
            vpc_id=vpc.id,
            traffic_type="ALL",
            log_destination_type="s3",
            log_destination=pulumi.Output.concat(buckets.logs.arn, "/flow-logs"),
            max_aggregation_interval=INTERVAL,
            tags=site.tags(name),
            opts=site.options(depends_on=[buckets.logs_policy]),
        )
    elif target is FlowLogTarget.CLOUD_WATCH:
        group = aws.cloudwatch.LogGroup(
            name,
            name=f"/caas/{site.stack}/flow-logs",
            kms_key_id=key,
            retention_in_days=site.settings.network.flow_logs.days,
            tags=site.tags(name),
            opts=site.options(data=True),
        )
        aws.ec2.FlowLog(
            name,
            vpc_id=vpc.id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=_role(site, name).arn,
            max_aggregation_interval=INTERVAL,
            tags=site.tags(name),
            opts=site.options(),
        )


def _role(site: Site, name: str) -> aws.iam.Role:
    account = site.account
    role = aws.iam.Role(
        name,
        name=name,
        path=account.path,
        assume_role_policy=trust("vpc-flow-logs", account.number),
        tags=site.tags(name),
        opts=site.options(),
    )
    group = f"log-group:/caas/{site.stack}/flow-logs"
    writes = on_service("logs", "CreateLogStream", "PutLogEvents", "DescribeLogStreams")
    aws.iam.RolePolicy(
        name,
        name="write",
        role=role.name,
        policy=document(
            allow(writes, account.arn("logs", group, f"{group}:*")),
            allow(["logs:DescribeLogGroups"], account.arn("logs", "log-group:*")),
        ),
        opts=site.options(),
    )
    return role
