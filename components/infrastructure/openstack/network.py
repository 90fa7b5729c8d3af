"""The network of a stack: made with its router, or none where there is one; a security group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_openstack import networking

from components.infrastructure.openstack.site import OpenStackSite

Made = pulumi.Output[str]
"""An output of something that is made; its value is known from the start."""


@dataclass(frozen=True, slots=True)
class OpenStackNetwork:
    """The network of the stack, or what the stack file says of an existing one.

    Attributes:
        id: of the network; None where the stack file gives only a name.
        subnet_ids: of its subnets, as far as their ids are known.
        router_id: of the router; None where the stack file gives no id.
        made: known once everything of it is there; empty for an existing network.
    """

    id: pulumi.Input[str] | None
    subnet_ids: Sequence[pulumi.Input[str]]
    router_id: pulumi.Input[str] | None
    made: Sequence[Made] = ()


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """The security group of all machines of the stack.

    Attributes:
        id: of the group.
        name: known once its rules are there.
    """

    id: pulumi.Output[str]
    name: Made


def external_network(site: OpenStackSite) -> pulumi.Input[str] | None:
    """The id of the network with the floating IPs; looked up where only its name is given."""
    reference = site.settings.external_network
    if reference is None or reference.id:
        return reference.id if reference else None
    return networking.get_network_output(
        name=reference.name,
        tags=list(reference.tags) or None,
        external=True,
        region=site.region,
        opts=site.invoke_options(),
    ).id


def network(site: OpenStackSite, external: pulumi.Input[str] | None) -> OpenStackNetwork:
    """The network with its subnet and the router; made where the stack file has none.

    Args:
        site: where it is made.
        external: the id of the network that the router leads to.
    """
    settings = site.settings
    wanted = settings.network
    if there := wanted.existing:
        known = [subnet.id for subnet in there.subnets if subnet.id]
        return OpenStackNetwork(there.network.id, known, there.router.id if there.router else None)
    name, region, below = site.stack, site.region, site.options()
    made = networking.Network(
        f"{name}-network",
        name=name,
        mtu=wanted.mtu,
        port_security_enabled=True,
        region=region,
        tags=site.tags,
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
        tags=site.tags,
        opts=below,
    )
    router = networking.Router(
        f"{name}-router",
        name=name,
        external_network_id=external,
        region=region,
        tags=site.tags,
        opts=below,
    )
    interface = networking.RouterInterface(
        f"{name}-router-interface",
        router_id=router.id,
        subnet_id=subnet.id,
        region=region,
        opts=below,
    )
    return OpenStackNetwork(
        made.id, [subnet.id], router.id, [made.name, subnet.name, router.name, interface.region]
    )


def security_group(site: OpenStackSite) -> SecurityGroup:
    """A group of all machines of the stack; Cluster API makes those of each cluster.

    Its machines may send each other ICMP, which finds the size of packets and says what cannot be
    reached. Nothing is allowed from outside, also no SSH.
    """
    name, region, below = site.stack, site.region, site.options()
    group = networking.SecGroup(
        f"{name}-machines",
        name=name,
        description=f"All machines of the stack {name}",
        region=region,
        tags=site.tags,
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
    name_once_made = pulumi.Output.all(group.name, rule.region).apply(lambda made: str(made[0]))
    return SecurityGroup(group.id, name_once_made)
