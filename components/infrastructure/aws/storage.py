"""Buckets of S3: snapshots of etcd, logs, and the layers of a registry; none of them public."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.infrastructure.aws.building import Site
from components.infrastructure.aws.policies import Statement, document

BACKUPS, LOGS, REGISTRY = "etcd-backups", "logs", "registry"
UNFINISHED_DAYS = 7
"""After how many days an upload that never ended is thrown away."""
KEPT_VERSIONS_DAYS = 30
"""The retention of overwritten and deleted objects."""
COLD_DAYS = 30
"""After how many days logs move to cheaper storage; the fewest that S3 allows."""

Rule = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StackBuckets:
    """The buckets.

    Attributes:
        backups: snapshots of etcd.
        logs: logs of clusters, and the flow logs of the VPC where they go to a bucket.
        logs_policy: who may write to `logs`.
        registry: images and charts.
    """

    backups: aws.s3.Bucket
    logs: aws.s3.Bucket
    logs_policy: aws.s3.BucketPolicy
    registry: aws.s3.Bucket


def bucket_name(site: Site, purpose: str) -> str:
    """The name of a bucket, which is globally unique."""
    prefix = site.settings.buckets.prefix or f"{site.stack}-{site.settings.account}"
    return f"{prefix}-{purpose}"


def make_buckets(site: Site, key: pulumi.Input[str]) -> StackBuckets:
    """The buckets, encrypted with the key of this ARN."""
    settings = site.settings.buckets
    backups, _ = _bucket(site, BACKUPS, key, {"expiration": {"days": settings.backup_days}})
    moving = {
        "expiration": {"days": settings.log_days},
        "transitions": [{"days": COLD_DAYS, "storage_class": "STANDARD_IA"}],
    }
    logs, policy = _bucket(
        site,
        LOGS,
        key,
        moving if settings.log_days > COLD_DAYS else {"expiration": {"days": settings.log_days}},
        _flow_logs(site, bucket_name(site, LOGS)),
    )
    registry, _ = _bucket(site, REGISTRY, key, {})
    return StackBuckets(backups, logs, policy, registry)


def _bucket(
    site: Site,
    purpose: str,
    key: pulumi.Input[str],
    lifecycle: Rule,
    more: list[Statement] | None = None,
) -> tuple[aws.s3.Bucket, aws.s3.BucketPolicy]:
    resource, name = site.name(purpose), bucket_name(site, purpose)
    bucket = aws.s3.Bucket(
        resource, bucket=name, tags=site.tags(name), opts=site.options(data=True)
    )
    aws.s3.BucketOwnershipControls(
        resource,
        bucket=bucket.bucket,
        rule={"object_ownership": "BucketOwnerEnforced"},
        opts=site.options(),
    )
    closed = aws.s3.BucketPublicAccessBlock(
        resource,
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=site.options(),
    )
    versions = aws.s3.BucketVersioning(
        resource,
        bucket=bucket.bucket,
        versioning_configuration={"status": "Enabled"},
        opts=site.options(),
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        resource,
        bucket=bucket.bucket,
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": key,
                },
                "bucket_key_enabled": True,
            }
        ],
        opts=site.options(),
    )
    aws.s3.BucketLifecycleConfiguration(
        resource,
        bucket=bucket.bucket,
        rules=[
            {
                "id": purpose,
                "status": "Enabled",
                "filter": {"prefix": ""},
                "abort_incomplete_multipart_upload": {"days_after_initiation": UNFINISHED_DAYS},
                "noncurrent_version_expiration": {"noncurrent_days": KEPT_VERSIONS_DAYS},
                **lifecycle,
            }
        ],
        opts=site.options(depends_on=[versions]),
    )
    policy = aws.s3.BucketPolicy(
        resource,
        bucket=bucket.bucket,
        policy=document(_only_encrypted(site, name), *(more or [])),
        opts=site.options(depends_on=[closed]),
    )
    return bucket, policy


def _arn(site: Site, bucket: str) -> str:
    return f"arn:{site.settings.partition}:s3:::{bucket}"


def _only_encrypted(site: Site, bucket: str) -> Statement:
    """Denies every principal every action without TLS."""
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [_arn(site, bucket), f"{_arn(site, bucket)}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _flow_logs(site: Site, bucket: str) -> list[Statement]:
    """The service that writes flow logs, of this account's VPCs.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html
    """
    service = {"Service": "delivery.logs.amazonaws.com"}
    ours = {"StringEquals": {"aws:SourceAccount": site.settings.account}}
    objects = f"{_arn(site, bucket)}/flow-logs/*"
    return [
        {
            "Effect": "Allow",
            "Principal": service,
            "Action": ["s3:PutObject"],
            "Resource": [objects],
            "Condition": ours,
        },
        {
            "Effect": "Allow",
            "Principal": service,
            "Action": ["s3:GetBucketAcl", "s3:ListBucket"],
            "Resource": [_arn(site, bucket)],
            "Condition": ours,
        },
    ]
