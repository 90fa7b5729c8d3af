"""The foundation on OpenStackSettings: everything that Cluster API expects to exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pulumi
from pulumi_openstack import Provider, compute

from components.cluster.machine import Placement
from components.cluster.settings import Cluster
from components.infrastructure.foundation import Foundation
from components.infrastructure.openstack.access import credential, key_pair, secrets
from components.infrastructure.openstack.gate import quotas
from components.infrastructure.openstack.names import POLICIES, server_groups
from components.infrastructure.openstack.network import external_network, network, security_group
from components.infrastructure.openstack.patches import FOUNDATION
from components.infrastructure.openstack.settings import OpenStackSettings
from components.infrastructure.openstack.site import OpenStackSite
from components.infrastructure.openstack.storage import containers, dns_zone
from components.mappings import Manifest


class OpenStackFoundation(Foundation):
    """Makes the network, groups, key, credentials, containers and DNS zone of a stack.

    Quotas are read before anything is made. Everything is called after the stack, so that Cluster
    API finds it by name.

    Args:
        name: the stack's name.
        settings: the infrastructure of the stack file.
        clusters: every cluster that will stand on it; their server groups are made.
        protect: whether Pulumi refuses to delete containers and the DNS zone.

    Outputs:
        network_id: the network, made or existing; none where the stack file gives only its name.
        subnet_ids: its subnets, as far as their ids are known.
        router_id: the router, made or existing, if its id is known.
        security_group_id: the security group of all machines.
        containers: the names of the containers by purpose: `etcd-backups`, `logs`, `registry`.
        dns_zone_id: the zone; none without `dnsZone`.

    Raises:
        pulumi.RunError: QUOTA_TOO_SMALL, at deployment.
    """

    OUTPUTS: ClassVar = (
        "network_id",
        "subnet_ids",
        "router_id",
        "security_group_id",
        "containers",
        "dns_zone_id",
    )

    def __init__(
        self,
        name: str,
        settings: OpenStackSettings,
        clusters: Sequence[Cluster],
        *,
        protect: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        self.settings = settings
        provider = Provider(
            f"{name}-openstack",
            cloud=settings.cloud,
            region=settings.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        site = OpenStackSite(name, settings, self, provider, protect=protect)
        if settings.quota_checks:
            site = replace(site, checked=quotas(site, clusters))
        self.external = external_network(site)
        group, made = security_group(site), network(site, self.external)
        self.common = [group.name, *made.made, *key_pair(site)]
        self.groups = {
            cluster.name: [
                _server_group(site, *group) for group in server_groups(name, cluster).items()
            ]
            for cluster in clusters
        }
        self.credential = credential(site)
        self.network_id, self.router_id = made.id, made.router_id
        self.subnet_ids = list(made.subnet_ids)
        self.security_group_id = group.id
        self.containers = containers(site)
        self.dns_zone_id = dns_zone(site)
        self.register_outputs({name: getattr(self, name) for name in self.OUTPUTS})

    def cluster_variables(self, cluster: Cluster) -> Mapping[str, Any]:
        """The stack's name, known from the start, once everything of that name is there."""
        made = pulumi.Output.all(*self.common, *self.groups[cluster.name])
        return {FOUNDATION: made.apply(lambda _: self.name)}

    def objects(self, namespace: str) -> Sequence[Manifest]:
        """The Secrets with the application credential, for Cluster API and for the clusters."""
        return secrets(self.settings, self.credential, self.external, namespace)


def _server_group(site: OpenStackSite, name: str, placement: Placement) -> pulumi.Output[str]:
    group = compute.ServerGroup(
        name, name=name, policies=POLICIES[placement], region=site.region, opts=site.options()
    )
    return group.name
