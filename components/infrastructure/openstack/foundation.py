"""What Cluster API expects to exist on OpenStack, made by pulumi-openstack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_openstack import Provider, compute

from components.cluster.settings import Cluster
from components.infrastructure.foundation import Foundation
from components.infrastructure.openstack.access import credential, key_pair, secrets
from components.infrastructure.openstack.gate import quotas
from components.infrastructure.openstack.names import POLICIES, server_groups
from components.infrastructure.openstack.network import external_network, network, security_group
from components.infrastructure.openstack.patches import FOUNDATION
from components.infrastructure.openstack.storage import containers, dns_zone
from components.manifest import Manifest

if TYPE_CHECKING:
    from components.infrastructure.openstack.plugin import OpenStack


class OpenStackFoundation(Foundation):
    """Makes the network, groups, key, credentials, containers and DNS zone of a stack.

    Quotas are read before anything is made. Everything is called after the stack, so that Cluster
    API finds it by name.

    Args:
        name: the stack's name.
        settings: the infrastructure of the stack file.
        clusters: every cluster that will stand on it; their server groups are made.
        protect: whether Pulumi refuses to delete containers and the DNS zone.

    Raises:
        pulumi.RunError: QUOTA_TOO_SMALL, at deployment.
    """

    def __init__(
        self,
        name: str,
        settings: OpenStack,
        clusters: Sequence[Cluster],
        *,
        protect: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        self.settings = settings
        self.provider = Provider(
            f"{name}-openstack",
            cloud=settings.cloud,
            region=settings.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        checked = quotas(self, clusters) if settings.quota_checks else None
        self.below = self.child(provider=self.provider, depends_on=checked)
        self.holds_data = self.child(provider=self.provider, depends_on=checked, protect=protect)
        self.external = external_network(self)
        self.common = [security_group(self), *network(self), *key_pair(self)]
        self.groups = {
            cluster.name: [
                self._server_group(*group) for group in server_groups(name, cluster).items()
            ]
            for cluster in clusters
        }
        self.credential = credential(self)
        containers(self)
        dns_zone(self)
        self.register_outputs({"name": name})

    def _server_group(self, name: str, placement: Any) -> pulumi.Output[str]:
        policy = POLICIES[placement]
        region = self.settings.region
        group = compute.ServerGroup(
            name, name=name, policies=policy, region=region, opts=self.below
        )
        return group.name

    def cluster_variables(self, cluster: Cluster) -> Mapping[str, Any]:
        """The stack's name, known from the start, once everything of that name is there."""
        made = pulumi.Output.all(*self.common, *self.groups[cluster.name])
        return {FOUNDATION: made.apply(lambda _: self.name)}

    def objects(self, namespace: str) -> Sequence[Manifest]:
        """The Secrets with the application credential, for Cluster API and for the clusters."""
        return secrets(self, namespace)
