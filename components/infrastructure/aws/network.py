"""The VPC: subnets over the zones, the ways in and out, and the log of what passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, cast

import pulumi
import pulumi_aws as aws

from components.cluster.settings import Cluster
from components.infrastructure.aws.building import Site
from components.infrastructure.aws.cluster_policies import cluster_tag
from components.infrastructure.aws.network_settings import Endpoint, ExistingVpc, Nat
from components.infrastructure.aws.subnets import subnets

ANYWHERE = "0.0.0.0/0"
HTTPS = 443
MOST_TAGGED = 25
"""AWS lets a subnet have 50 tags. Beyond this many clusters they bear none for clusters, and the
cloud controller manager takes every subnet that has none."""


@dataclass(frozen=True, slots=True)
class MadeSubnet:
    """A subnet that machines or load balancers may use.

    Attributes:
        zone: `eu-central-1a`.
        public: whether it leads to the internet directly.
        id: known once its routes are in place.
    """

    zone: str
    public: bool
    id: pulumi.Input[str]


@dataclass(frozen=True, slots=True)
class Vpc:
    """The network of the stack.

    Attributes:
        id: of the VPC.
        subnets: private ones first.
        nat_addresses: ranges from which machines reach the internet.
        route_tables: those of the subnets.
    """

    id: pulumi.Input[str]
    subnets: Sequence[MadeSubnet]
    nat_addresses: Sequence[pulumi.Input[str]]
    route_tables: Sequence[aws.ec2.RouteTable] = ()

    def variable(self) -> dict[str, Any]:
        """As the clusters' variable has it."""
        return {
            "vpcId": self.id,
            "subnets": [
                {"id": each.id, "availabilityZone": each.zone, "isPublic": each.public}
                for each in self.subnets
            ],
        }


def existing(vpc: ExistingVpc) -> Vpc:
    """A VPC that is there; nothing is made."""
    found = [MadeSubnet(each.zone, each.public, each.id) for each in vpc.subnets]
    return Vpc(
        vpc.vpc_id,
        sorted(found, key=lambda subnet: subnet.public),
        [str(each) for each in vpc.nat_addresses],
    )


def make_vpc(site: Site, clusters: Sequence[Cluster]) -> Vpc:
    """A new VPC with a private and a public subnet in every zone."""
    settings = site.settings.network
    vpc = aws.ec2.Vpc(
        site.name("vpc"),
        cidr_block=str(settings.cidr),
        enable_dns_hostnames=True,
        enable_dns_support=True,
        tags=site.tags(site.name("vpc")),
        opts=site.options(),
    )
    # The group that AWS puts everything into that names none: without a rule, nothing passes.
    aws.ec2.DefaultSecurityGroup(
        site.name("default"),
        vpc_id=vpc.id,
        ingress=[],
        egress=[],
        tags=site.tags(site.name("default")),
        opts=site.options(),
    )
    zones = site.settings.failure_domains()
    private, public = subnets(cast(IPv4Network, settings.cidr.network), len(zones))
    shared = _cluster_tags(clusters)
    gateway = aws.ec2.InternetGateway(
        site.name("internet"),
        vpc_id=vpc.id,
        tags=site.tags(site.name("internet")),
        opts=site.options(),
    )
    table = _table(site, vpc, "public")
    out = _route(site, "public", table, gateway_id=gateway.id)
    tags = shared | {_ROLE_PUBLIC: "1"}
    outside = {
        zone: _subnet(site, table, out, zone=zone, cidr=str(cidr), tags=tags, public=True)
        for zone, cidr in zip(zones, public, strict=True)
    }
    gateways, addresses = _nat(site, outside)
    inside, tables = [], [table]
    tags = shared | {_ROLE_PRIVATE: "1"}
    for index, (zone, cidr) in enumerate(zip(zones, private, strict=True)):
        own = _table(site, vpc, f"private-{zone}")
        tables.append(own)
        nat = gateways[index % len(gateways)] if gateways else None
        way = _route(site, f"private-{zone}", own, nat_gateway_id=nat.id) if nat else None
        inside.append(_subnet(site, own, way, zone=zone, cidr=str(cidr), tags=tags))
    made = Vpc(vpc.id, [*inside, *outside.values()], addresses, tables)
    _endpoints(site, made)
    return made


_ROLE_PUBLIC, _ROLE_PRIVATE = "kubernetes.io/role/elb", "kubernetes.io/role/internal-elb"


def _cluster_tags(clusters: Sequence[Cluster]) -> dict[str, str]:
    if len(clusters) > MOST_TAGGED:
        return {}
    return {cluster_tag(cluster.name): "shared" for cluster in clusters}


def _table(site: Site, vpc: aws.ec2.Vpc, which: str) -> aws.ec2.RouteTable:
    name = site.name(which)
    return aws.ec2.RouteTable(name, vpc_id=vpc.id, tags=site.tags(name), opts=site.options())


def _route(
    site: Site, which: str, table: aws.ec2.RouteTable, **target: pulumi.Input[str]
) -> aws.ec2.Route:
    return aws.ec2.Route(
        site.name(which),
        route_table_id=table.id,
        destination_cidr_block=ANYWHERE,
        opts=site.options(),
        **target,
    )


def _subnet(
    site: Site,
    table: aws.ec2.RouteTable,
    way_out: aws.ec2.Route | None,
    *,
    zone: str,
    cidr: str,
    tags: Mapping[str, str],
    public: bool = False,
) -> MadeSubnet:
    name = site.name("public" if public else "private", zone)
    subnet = aws.ec2.Subnet(
        name,
        vpc_id=table.vpc_id,
        cidr_block=cidr,
        availability_zone=zone,
        map_public_ip_on_launch=False,
        tags=site.tags(name, dict(tags)),
        opts=site.options(),
    )
    routed = aws.ec2.RouteTableAssociation(
        name,
        subnet_id=subnet.id,
        route_table_id=table.id,
        opts=site.options(depends_on=[way_out] if way_out else []),
    )
    return MadeSubnet(zone, public, routed.subnet_id.apply(str))


def _nat(
    site: Site, outside: Mapping[str, MadeSubnet]
) -> tuple[Sequence[aws.ec2.NatGateway], Sequence[pulumi.Output[str]]]:
    """The NAT gateways, and the ranges of their addresses."""
    nat = site.settings.network.nat
    zones = {Nat.PER_ZONE: list(outside), Nat.ONE: list(outside)[:1], Nat.NONE: []}[nat]
    gateways, ranges = [], []
    for zone in zones:
        name = site.name("nat", zone)
        address = aws.ec2.Eip(name, domain="vpc", tags=site.tags(name), opts=site.options())
        gateways.append(
            aws.ec2.NatGateway(
                name,
                allocation_id=address.allocation_id,
                subnet_id=outside[zone].id,
                tags=site.tags(name),
                opts=site.options(),
            )
        )
        ranges.append(pulumi.Output.concat(address.public_ip, "/32"))
    return gateways, ranges


def _endpoints(site: Site, vpc: Vpc) -> None:
    """Endpoints of AWS services; those of S3 stand in the route tables, others in the subnets."""
    settings = site.settings
    wanted = dict.fromkeys(settings.network.endpoints)
    interfaces = [each for each in wanted if each is not Endpoint.S3]
    if Endpoint.S3 in wanted:
        aws.ec2.VpcEndpoint(
            site.name("s3"),
            vpc_id=vpc.id,
            service_name=_service(site, Endpoint.S3),
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in vpc.route_tables],
            tags=site.tags(site.name("s3")),
            opts=site.options(),
        )
    if not interfaces:
        return
    name = site.name("endpoints")
    group = aws.ec2.SecurityGroup(
        name,
        name=name,
        description="Endpoints of AWS services, for the machines of the VPC",
        vpc_id=vpc.id,
        ingress=[
            {
                "description": "HTTPS from the VPC",
                "protocol": "tcp",
                "from_port": HTTPS,
                "to_port": HTTPS,
                "cidr_blocks": [str(settings.network.cidr)],
            }
        ],
        egress=[],
        tags=site.tags(name),
        opts=site.options(),
    )
    for each in interfaces:
        name = site.name(each.value.replace(".", "-"))
        aws.ec2.VpcEndpoint(
            name,
            vpc_id=vpc.id,
            service_name=_service(site, each),
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=[subnet.id for subnet in vpc.subnets if not subnet.public],
            security_group_ids=[group.id],
            tags=site.tags(name),
            opts=site.options(),
        )


def _service(site: Site, endpoint: Endpoint) -> str:
    start = "cn.com.amazonaws" if site.settings.partition == "aws-cn" else "com.amazonaws"
    return f"{start}.{site.settings.region}.{endpoint.value}"
