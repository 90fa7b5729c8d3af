"""Resources of OpenStack, and the kinds of its Cluster API provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.mappings import Props, section
from policies.clouds.cloud import CloudResources
from policies.clouds.way import API_PORT, SSH_PORT, Way, everyone, named_or_everyone, way
from policies.subjects.resource import Item
from policies.subjects.subject import objects, resources, templated


def _rule(item: Item) -> Iterator[Way]:
    rule = item.props
    # The group itself need not be known, only that there is one.
    if rule.get("direction") == "ingress" and "remoteGroupId" not in set(rule):
        yield from _ports("the rule", rule, "remoteIpPrefix")


def _ports(title: str, rule: Props, prefix: str) -> Iterator[Way]:
    """Without a prefix everyone is meant."""
    for each in way(title, rule, "portRangeMin", "portRangeMax", prefix):
        yield Way(title, each.first, each.last, named_or_everyone(rule, prefix))


def _cluster(item: Item) -> Iterator[Way]:
    spec = templated(item)
    for key, rules in section(spec, "managedSecurityGroups").items():
        if not key.endswith("SecurityGroupRules") or isinstance(rules, str | Mapping):
            continue
        for rule in rules:
            inward = rule.get("direction") == "ingress"
            if inward and not rule.get("remoteManagedGroups") and not rule.get("remoteGroupID"):
                yield from _ports(f"`{key}`", rule, "remoteIPPrefix")
    if section(spec, "apiServer").get("enableFloatingIP"):
        balancer = section(spec, "apiServer", "managedLoadBalancer")
        sources = named_or_everyone(balancer, "allowedCIDRs")
        yield Way("the load balancer", API_PORT, API_PORT, sources)
    if section(spec, "bastion").get("enabled"):
        yield Way("the bastion", SSH_PORT, SSH_PORT, everyone)


OPENSTACK = CloudResources(
    "openstack",
    hold_data=(
        "objectstorage/container",
        "blockstorage/volume",
        "dns/zone",
        "keymanager/secretV1",
        "sharedfilesystem/share",
        "database/instance",
    ),
    ways_in=(
        (resources("openstack", "SecGroupRule"), _rule),
        (objects("OpenStackClusterTemplate", "OpenStackCluster"), _cluster),
    ),
)
