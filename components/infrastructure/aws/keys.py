"""The key of KMS that encrypts volumes, buckets and logs."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.infrastructure.aws.building import Site
from components.infrastructure.aws.names import key_alias
from components.infrastructure.aws.policies import Statement, document, on_service

DELETION_DAYS = 30
"""The period in which a deleted key can be restored; the longest of KMS."""


@dataclass(frozen=True, slots=True)
class KmsKey:
    """The key.

    Attributes:
        arn: for services that want the key itself.
        name: by which EC2 and policies know it beforehand: an alias, or the ARN of the user's key.
        known: the same, as text.
    """

    arn: pulumi.Input[str]
    name: pulumi.Input[str]
    known: str


def make_key(site: Site) -> KmsKey:
    """The user's key, or a new one."""
    given = site.settings.encryption.key_arn
    if given:
        return KmsKey(given, given, given)
    name = site.name("data")
    key = aws.kms.Key(
        name,
        description=f"Volumes, buckets and logs of the stack {site.stack}",
        enable_key_rotation=True,
        deletion_window_in_days=DELETION_DAYS,
        policy=document(*_policy(site)),
        tags=site.tags(name),
        opts=site.options(data=True),
    )
    alias = key_alias(site.stack)
    made = aws.kms.Alias(name, name=alias, target_key_id=key.key_id, opts=site.options())
    return KmsKey(key.arn, made.name, alias)


def _policy(site: Site) -> list[Statement]:
    """The key policy: the account's policies decide, and the services that write logs may use the
    key."""
    account = site.account
    use = on_service("kms", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey")
    use += on_service("kms", "ReEncryptFrom", "ReEncryptTo")
    groups = account.arn("logs", f"log-group:/caas/{site.stack}/*")
    context = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}}
    delivery = {"StringEquals": {"aws:SourceAccount": account.number}}
    return [
        # Without this KMS ignores the policies of IAM, and the key cannot be managed.
        _statement("kms:*", {"AWS": account.root}),
        _statement(use, {"Service": f"logs.{site.settings.region}.amazonaws.com"}, context),
        _statement(use, {"Service": "delivery.logs.amazonaws.com"}, delivery),
    ]


def _statement(
    actions: str | list[str], principal: dict[str, str], condition: Statement | None = None
) -> Statement:
    return {
        "Effect": "Allow",
        "Action": actions,
        "Principal": principal,
        "Resource": "*",  # in the policy of a key it stands for this key
        **({"Condition": condition} if condition else {}),
    }
