"""Resources of AWS, and the kinds of its Cluster API provider."""

from __future__ import annotations

from collections.abc import Iterator

from components.mappings import Props, entries, section
from policies.clouds.cloud import CloudResources
from policies.clouds.way import API_PORT, SSH_PORT, Way, everyone, named_or_everyone, way
from policies.subjects.resource import Item
from policies.subjects.subject import objects, resources, templated

BLOCKS = ("cidrBlocks", "ipv6CidrBlocks")


def _group(item: Item) -> Iterator[Way]:
    for rule in entries(item.props, "ingress"):
        yield from _ports("a rule", rule, *BLOCKS)


def _rule(item: Item) -> Iterator[Way]:
    if item.props.get("type", "ingress") == "ingress":
        yield from _ports("the rule", item.props, *BLOCKS, "cidrIpv4", "cidrIpv6")


def _ports(title: str, rule: Props, *sources: str) -> Iterator[Way]:
    yield from way(title, rule, "fromPort", "toPort", *sources)


def _cluster(item: Item) -> Iterator[Way]:
    spec = templated(item)
    balancer = section(spec, "controlPlaneLoadBalancer")
    balancer_rules = entries(balancer, "ingressRules")
    for rule in balancer_rules:
        yield from _ports("the load balancer", rule, *BLOCKS)
    if balancer.get("scheme") == "internet-facing" and not balancer_rules:
        yield Way("the load balancer", API_PORT, API_PORT, everyone)
    for key in ("additionalControlPlaneIngressRules", "additionalNodeIngressRules"):
        for rule in entries(spec, "network", key):
            yield from _ports(f"`{key}`", rule, *BLOCKS)
    bastion = section(spec, "bastion")
    if bastion.get("enabled"):
        sources = named_or_everyone(bastion, "allowedCIDRBlocks")
        yield Way("the bastion", SSH_PORT, SSH_PORT, sources)


AWS = CloudResources(
    "aws",
    hold_data=(
        "s3/bucket",
        "s3/bucketV2",
        "kms/key",
        "route53/zone",
        "ebs/volume",
        "efs/fileSystem",
        "rds/instance",
        "rds/cluster",
        "dynamodb/table",
        "ecr/repository",
        "cloudwatch/logGroup",
    ),
    ways_in=(
        (resources("aws", "SecurityGroup", "DefaultSecurityGroup"), _group),
        (resources("aws", "SecurityGroupRule", "SecurityGroupIngressRule"), _rule),
        (objects("AWSClusterTemplate", "AWSCluster"), _cluster),
    ),
)
