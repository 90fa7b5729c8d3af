"""The network of a stack: made with its router, or none where there is one; a security group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_openstack import networking

if TYPE_CHECKING:
    from components.infrastructure.openstack.foundation import OpenStackFoundation

Made = pulumi.Output[str]
"""An output of something that is made; its value is known from the start."""


def tags(foundation: OpenStackFoundation) -> list[str]:
    """The tags of everything of the stack."""
    return ["caas", f"caas.stack={foundation.name}", *foundation.settings.tags]


def external_network(foundation: OpenStackFoundation) -> pulumi.Input[str] | None:
    """The id of the network with the floating IPs; looked up where only its name is given."""
    reference = foundation.settings.external_network
    if reference is None or reference.id:
        return reference.id if reference else None
    return networking.get_network_output(
        name=reference.name,
        tags=list(reference.tags) or None,
        external=True,
        region=foundation.settings.region,
        opts=pulumi.InvokeOptions(parent=foundation, provider=foundation.provider),
    ).id


def network(foundation: OpenStackFoundation) -> list[Made]:
    """The network with its subnet and the router; nothing where the stack file has one."""
    settings = foundation.settings
    wanted = settings.network
    if wanted.existing:
        return []
    name, region, below = foundation.name, settings.region, foundation.below
    made = networking.Network(
        f"{name}-network",
        name=name,
        mtu=wanted.mtu,
        port_security_enabled=True,
        region=region,
        tags=tags(foundation),
        opts=below,
    )
    subnet = networking.Subnet(
        f"{name}-subnet",
        name=name,
        network_id=made.id,
        cidr=str(wanted.cidr),
        ip_version=wanted.cidr.network.version,
        dns_nameservers=list(wanted.dns_nameservers),
        region=region,
        tags=tags(foundation),
        opts=below,
    )
    router = networking.Router(
        f"{name}-router",
        name=name,
        external_network_id=foundation.external,
        region=region,
        tags=tags(foundation),
        opts=below,
    )
    interface = networking.RouterInterface(
        f"{name}-router-interface",
        router_id=router.id,
        subnet_id=subnet.id,
        region=region,
        opts=below,
    )
    return [made.name, subnet.name, router.name, interface.region]


def security_group(foundation: OpenStackFoundation) -> Made:
    """A group of all machines of the stack; Cluster API makes those of each cluster.

    Its machines may send each other ICMP, which finds the size of packets and says what cannot be
    reached. Nothing is let in from outside, and nobody by SSH.
    """
    name, region, below = foundation.name, foundation.settings.region, foundation.below
    group = networking.SecGroup(
        f"{name}-machines",
        name=name,
        description=f"All machines of the stack {name}",
        region=region,
        tags=tags(foundation),
        opts=below,
    )
    rule = networking.SecGroupRule(
        f"{name}-machines-icmp",
        description="ICMP between machines of the stack",
        direction="ingress",
        ethertype="IPv4",
        protocol="icmp",
        security_group_id=group.id,
        remote_group_id=group.id,
        region=region,
        opts=below,
    )
    return pulumi.Output.all(group.name, rule.region).apply(lambda made: str(made[0]))
