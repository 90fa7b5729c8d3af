"""Access to a cluster's Kubernetes API: the security group of its load balancer."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from components.cluster.settings import Cluster
from components.infrastructure.aws.building import Site
from components.infrastructure.aws.network import Vpc
from components.infrastructure.aws.templates import API_PORT


def make_api_group(site: Site, vpc: Vpc, cluster: Cluster) -> pulumi.Output[str]:
    """The group: the VPC, the ranges that the stack file allows, and of a public API the machines.

    The machines reach a public load balancer through their NAT gateways.
    """
    name = site.name(cluster.name, "api")
    inside = str(site.settings.network.cidr)
    endpoint = cluster.control_plane.endpoint
    rules = [_rule("The VPC", [inside])]
    for family, field in ((4, "cidr_blocks"), (6, "ipv6_cidr_blocks")):
        ranges = [str(cidr) for cidr in endpoint.allowed if cidr.network.version == family]
        if ranges:
            rules.append(_rule("Who the stack file allows", ranges, field))
    if endpoint.public and vpc.nat_addresses:
        rules.append(_rule("Machines, through NAT", vpc.nat_addresses))
    group = aws.ec2.SecurityGroup(
        name,
        name=name,
        description=f"Load balancer of the Kubernetes API of {cluster.name}",
        vpc_id=vpc.id,
        ingress=rules,
        egress=[_rule("The control plane", [inside])],
        tags=site.tags(name, {"caas.dev/cluster": cluster.name}),
        opts=site.options(),
    )
    made: pulumi.Output[str] = group.id
    return made


def _rule(what: str, ranges: Any, field: str = "cidr_blocks") -> dict[str, Any]:
    return {
        "description": what,
        "protocol": "tcp",
        "from_port": API_PORT,
        "to_port": API_PORT,
        field: ranges,
    }
