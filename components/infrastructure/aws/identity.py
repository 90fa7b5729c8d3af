"""Roles and instance profiles: of each cluster's control plane and nodes, and of the controllers.

Machines get what they may do from their role; there are no access keys anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.cluster.settings import Cluster
from components.infrastructure.aws import cluster_policies, policies
from components.infrastructure.aws.building import Site
from components.infrastructure.aws.keys import KmsKey
from components.infrastructure.aws.names import bounded
from components.infrastructure.aws.policies import Statement
from components.infrastructure.aws.storage import BACKUPS, bucket_name

CONTROL_PLANE, NODE = "control-plane", "node"


@dataclass(frozen=True, slots=True)
class Profiles:
    """The instance profiles of a cluster's machines, by name."""

    control_plane: pulumi.Output[str]
    node: pulumi.Output[str]


def make_controllers_policies(site: Site, key: KmsKey) -> Sequence[aws.iam.Policy]:
    """The permissions of the provider's controllers."""
    parts = policies.controllers(site.account, key.known)
    return [
        aws.iam.Policy(
            site.name("controllers", part),
            name=site.name("controllers", part),
            path=site.account.path,
            description=f"The controllers of Cluster API for the stack {site.stack}: {part}",
            policy=policies.document(*statements),
            tags=site.tags(site.name("controllers", part)),
            opts=site.options(),
        )
        for part, statements in parts.items()
    ]


def make_profiles(
    site: Site, cluster: Cluster, key: KmsKey, controllers: Sequence[aws.iam.Policy]
) -> Profiles:
    """The roles of a cluster's machines.

    Args:
        site: where.
        cluster: whose machines.
        key: encrypts their volumes and snapshots.
        controllers: what the control plane may do beside, where it runs the controllers.
    """
    account = site.account
    every = cluster_policies.any_machine(account, session_manager=site.settings.session_manager)
    plane = cluster_policies.control_plane(
        account, cluster.name, key.known, bucket_name(site, BACKUPS)
    )
    own = controllers if site.settings.controller_cluster == cluster.name else ()
    return Profiles(
        _profile(site, cluster, CONTROL_PLANE, {"machine": every, "cluster": plane}, own),
        _profile(site, cluster, NODE, {"machine": every}),
    )


def _profile(
    site: Site,
    cluster: Cluster,
    kind: str,
    parts: dict[str, list[Statement]],
    attached: Sequence[aws.iam.Policy] = (),
) -> pulumi.Output[str]:
    """The name of the profile, known once its role may do everything it must."""
    name = site.name(cluster.name, kind)
    role = aws.iam.Role(
        name,
        name=bounded(name),
        path=site.account.path,
        description=f"Machines of the cluster {cluster.name}: {kind}",
        assume_role_policy=policies.trust("ec2"),
        tags=site.tags(name),
        opts=site.options(),
    )
    needed: list[pulumi.Resource] = [
        aws.iam.RolePolicy(
            f"{name}-{part}",
            name=part,
            role=role.name,
            policy=policies.document(*statements),
            opts=site.options(),
        )
        for part, statements in parts.items()
    ]
    needed += [
        aws.iam.RolePolicyAttachment(
            f"{name}-controllers-{index}",
            role=role.name,
            policy_arn=policy.arn,
            opts=site.options(),
        )
        for index, policy in enumerate(attached)
    ]
    profile = aws.iam.InstanceProfile(
        name,
        name=bounded(name),
        path=site.account.path,
        role=role.name,
        tags=site.tags(name),
        opts=site.options(depends_on=needed),
    )
    made: pulumi.Output[str] = profile.name
    return made
