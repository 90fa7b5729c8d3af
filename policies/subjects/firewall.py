"""Who is let in: rules of security groups and load balancers, wherever they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from policies.subjects.cluster import ENDPOINT, Cluster
from policies.subjects.cluster import concerns as is_cluster
from policies.subjects.resource import Item, Props, entries, number, section, texts
from policies.subjects.subject import Subject, either, objects, resources

EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})
ALL_PORTS = (0, 65535)
NODE_PORTS = (30000, 32767)
API_PORT = 6443
GROUP = "infrastructure.cluster.x-k8s.io"
ALL_PROTOCOLS = frozenset({"-1", "all", "None", ""})
WITH_PORTS = ALL_PROTOCOLS | {"tcp", "udp", "6", "17"}


@dataclass(frozen=True, slots=True)
class Way:
    """A rule that lets traffic in.

    Attributes:
        title: what a message calls it.
        first: the lowest port.
        last: the highest port.
        sources: reads the address ranges that may use it; they may not be known yet.
    """

    title: str
    first: int
    last: int
    sources: Callable[[], list[str]]

    def reaches(self, port: int) -> bool:
        """Whether a port is among its ports."""
        return self.first <= port <= self.last

    @property
    def is_for_everyone(self) -> bool:
        """Whether the whole internet may use it."""
        return not EVERYWHERE.isdisjoint(self.sources())


def _way(title: str, rule: Props, first: str, last: str, *sources: str) -> Iterator[Way]:
    """A rule with ports; none for ICMP and the like."""
    protocol = str(rule.get("protocol", rule.get("ipProtocol")))
    if protocol not in WITH_PORTS:
        return
    low, high = number(rule.get(first)), number(rule.get(last))
    whole = protocol in ALL_PROTOCOLS or low is None
    ports = ALL_PORTS if whole else (low or 0, high if high is not None else low or 0)
    yield Way(title, *ports, lambda: [text for key in sources for text in texts(rule, key)])


def _aws_group(item: Item) -> Iterator[Way]:
    for rule in entries(item.props, "ingress"):
        yield from _way("a rule", rule, "fromPort", "toPort", "cidrBlocks", "ipv6CidrBlocks")


def _aws_rule(item: Item) -> Iterator[Way]:
    rule = item.props
    if rule.get("type", "ingress") == "ingress":
        sources = ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6")
        yield from _way("the rule", rule, "fromPort", "toPort", *sources)


def _openstack_rule(item: Item) -> Iterator[Way]:
    rule = item.props
    # The group itself need not be known, only that there is one.
    if rule.get("direction") == "ingress" and "remoteGroupId" not in set(rule):
        yield from _openstack("the rule", rule, "remoteIpPrefix")


def _openstack(title: str, rule: Props, prefix: str) -> Iterator[Way]:
    """Without a prefix everyone is meant."""
    for way in _way(title, rule, "portRangeMin", "portRangeMax", prefix):
        yield Way(title, way.first, way.last, lambda: texts(rule, prefix) or ["0.0.0.0/0"])


def _template(item: Item) -> Iterator[Way]:
    spec = section(item.spec, "template", "spec") if "template" in item.spec else item.spec
    balancer = section(spec, "controlPlaneLoadBalancer")
    balancer_rules = entries(balancer, "ingressRules")
    for rule in balancer_rules:
        yield from _way(
            "the load balancer", rule, "fromPort", "toPort", "cidrBlocks", "ipv6CidrBlocks"
        )
    if balancer.get("scheme") == "internet-facing" and not balancer_rules:
        yield Way("the load balancer", API_PORT, API_PORT, lambda: ["0.0.0.0/0"])
    network = section(spec, "network")
    for key in ("additionalControlPlaneIngressRules", "additionalNodeIngressRules"):
        for rule in entries(network, key):
            yield from _way(f"`{key}`", rule, "fromPort", "toPort", "cidrBlocks", "ipv6CidrBlocks")
    if section(spec, "bastion").get("enabled"):
        allowed = section(spec, "bastion")
        yield Way(
            "the bastion", 22, 22, lambda: texts(allowed, "allowedCIDRBlocks") or ["0.0.0.0/0"]
        )
    yield from _openstack_template(spec)


def _openstack_template(spec: Props) -> Iterator[Way]:
    for key, rules in section(spec, "managedSecurityGroups").items():
        if not key.endswith("SecurityGroupRules") or isinstance(rules, str | Mapping):
            continue
        for rule in rules:
            inward = rule.get("direction") == "ingress"
            if inward and not rule.get("remoteManagedGroups") and not rule.get("remoteGroupID"):
                yield from _openstack(f"`{key}`", rule, "remoteIPPrefix")
    if section(spec, "apiServer").get("enableFloatingIP"):
        balancer = section(spec, "apiServer", "managedLoadBalancer")
        sources: Callable[[], list[str]] = lambda: texts(balancer, "allowedCIDRs") or ["0.0.0.0/0"]  # noqa: E731 - as the others
        yield Way("the load balancer", API_PORT, API_PORT, sources)


def _cluster(item: Item) -> Iterator[Way]:
    """The endpoint of a cluster, where it is public."""
    endpoint = Cluster.at(item).variable(ENDPOINT)
    if isinstance(endpoint, Mapping) and endpoint.get("public"):
        yield Way(
            "the API", API_PORT, API_PORT, lambda: texts(endpoint, "allowed") or ["0.0.0.0/0"]
        )


_is_aws_group = resources("aws", "SecurityGroup", "DefaultSecurityGroup")
_is_aws_rule = resources("aws", "SecurityGroupRule", "SecurityGroupIngressRule")
_is_openstack_rule = resources("openstack", "SecGroupRule")
_is_template = objects(
    "AWSClusterTemplate",
    "AWSCluster",
    "OpenStackClusterTemplate",
    "OpenStackCluster",
    group=GROUP,
)
_READERS: tuple[tuple[Callable[..., bool], Callable[[Item], Iterator[Way]]], ...] = (
    (_is_aws_group, _aws_group),
    (_is_aws_rule, _aws_rule),
    (_is_openstack_rule, _openstack_rule),
    (_is_template, _template),
    (is_cluster, _cluster),
)


def _ways(item: Item) -> Iterator[Way]:
    for concerns, read in _READERS:
        if concerns(item.kind):
            yield from read(item)


WAYS_IN = Subject(
    "rules of security groups and load balancers",
    either(*(concerns for concerns, _ in _READERS)),
    _ways,
)
