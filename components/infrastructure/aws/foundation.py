"""The foundation on AWS: everything that Cluster API expects to exist and does not make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi
import pulumi_aws as aws

from components.cluster.settings import Cluster
from components.infrastructure.aws.api_access import make_api_group
from components.infrastructure.aws.building import Site
from components.infrastructure.aws.flow_logs import make_flow_logs
from components.infrastructure.aws.identity import make_controllers_policies, make_profiles
from components.infrastructure.aws.keys import make_key
from components.infrastructure.aws.network import Vpc, existing, make_vpc
from components.infrastructure.aws.placement import make_control_plane_group, make_pool_groups
from components.infrastructure.aws.settings import AwsSettings
from components.infrastructure.aws.storage import make_buckets
from components.infrastructure.aws.variables import MACHINES, NETWORK
from components.infrastructure.foundation import Foundation


class AwsFoundation(Foundation):
    """Creates the network, keys, buckets, DNS zone and roles, and the parts of each cluster.

    Args:
        name: the stack's name.
        settings: of the infrastructure.
        clusters: every cluster of the stack.
        protect: whether Pulumi refuses to delete what holds data.

    Outputs:
        vpc_id: the VPC, made or existing.
        subnet_ids: its private subnets, where machines are.
        public_subnet_ids: its public subnets, where load balancers with addresses of the internet
            are.
        nat_addresses: the ranges from which machines reach the internet.
        key: the key that encrypts volumes, buckets and logs, an alias or an ARN.
        buckets: the names of the buckets by purpose: `backups`, `logs`, `registry`.
        name_servers: of the DNS zone, which the domain above must point to; none without a zone.
        controllers_policies: the ARNs of the policies that the identity of the provider's
            controllers needs.
    """

    OUTPUTS: ClassVar = (
        "vpc_id",
        "subnet_ids",
        "public_subnet_ids",
        "nat_addresses",
        "key",
        "buckets",
        "name_servers",
        "controllers_policies",
    )

    def __init__(
        self,
        name: str,
        settings: AwsSettings,
        clusters: Sequence[Cluster],
        *,
        protect: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(f"{name}-foundation", opts)
        provider = aws.Provider(
            f"{name}-aws",
            region=settings.region,
            allowed_account_ids=[settings.account],
            opts=self.child(),
        )
        site = Site(name, settings, self, provider, protect)
        key = make_key(site)
        buckets = make_buckets(site, key.arn)
        if settings.network.existing:
            vpc = existing(settings.network.existing)
        else:
            vpc = make_vpc(site, clusters)
            make_flow_logs(site, vpc, buckets, key.arn)
        controllers = make_controllers_policies(site, key)
        self.variables: dict[str, dict[str, Any]] = {}
        for cluster in clusters:
            profiles = make_profiles(site, cluster, key, controllers)
            machines: dict[str, Any] = {
                "stack": name,
                "key": key.name,
                "controlPlaneProfile": profiles.control_plane,
                "nodeProfile": profiles.node,
            }
            if group := make_control_plane_group(site, cluster):
                machines["controlPlaneGroup"] = group
            if groups := make_pool_groups(site, cluster):
                machines["poolGroups"] = groups
            network = vpc.variable() | {"apiSecurityGroup": make_api_group(site, vpc, cluster)}
            self.variables[cluster.name] = {NETWORK: network, MACHINES: machines}
        zone = _dns_zone(site, settings.dns_zone) if settings.dns_zone else None
        self.vpc_id = pulumi.Output.from_input(vpc.id)
        self.subnet_ids = _ids(vpc, public=False)
        self.public_subnet_ids = _ids(vpc, public=True)
        self.nat_addresses = list(vpc.nat_addresses)
        self.key = key.name
        self.buckets = {
            "backups": buckets.backups.bucket,
            "logs": buckets.logs.bucket,
            "registry": buckets.registry.bucket,
        }
        self.name_servers = zone.name_servers if zone else []
        self.controllers_policies = [policy.arn for policy in controllers]
        self.register_outputs({name: getattr(self, name) for name in self.OUTPUTS})

    def cluster_variables(self, cluster: Cluster) -> Mapping[str, Any]:
        """The network and the names that the cluster's templates refer to."""
        return self.variables[cluster.name]


def _ids(vpc: Vpc, *, public: bool) -> list[pulumi.Input[str]]:
    return [subnet.id for subnet in vpc.subnets if subnet.public is public]


def _dns_zone(site: Site, domain: str) -> aws.route53.Zone:
    return aws.route53.Zone(
        site.name("zone"),
        name=domain,
        comment=f"The stack {site.stack}",
        tags=site.tags(domain),
        opts=site.options(data=True),
    )
