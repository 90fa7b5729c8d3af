"""Rules about networks: who reaches what."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import combinations
from typing import Any

from components.cluster_object import DeclaredCluster
from components.mappings import entries, section, texts
from policies.clouds.way import ALL_PORTS, Way
from policies.rules.frameworks import CAAS, KUBERNETES, cis_aws, nsa
from policies.rules.rule import (
    ADVISORY,
    CRITICAL,
    HIGH,
    LOW,
    MANDATORY,
    MEDIUM,
    Context,
    Rule,
)
from policies.settings import Parameter
from policies.subjects.addresses import POOLS, AddressSpan
from policies.subjects.cluster import CLUSTERS
from policies.subjects.firewall import WAYS_IN
from policies.subjects.resource import Item, Kind
from policies.subjects.subject import (
    RegisteredStack,
    StackSubject,
    Subject,
    itself,
    objects,
    resources,
)

TITLE = "Networks"
API_PORTS = (6443,)
LOGIN_PORTS = (22, 3389)
DATABASE_PORTS = (2379, 2380, 10250, 5432, 3306, 6379, 9200, 27017)
SERVICES = Subject("Services", objects("Service", group="core"), itself)
INGRESSES = Subject("Ingresses", objects("Ingress", patches=False), itself)
DEFAULT_GROUPS = Subject(
    "default security groups on AWS", resources("aws", "DefaultSecurityGroup"), itself
)


def _open(way: Way, ports: tuple[int, ...]) -> int | None:
    """The first of the ports that everyone reaches; whole ranges are another rule's."""
    if (way.first, way.last) == ALL_PORTS:
        return None
    port = next((port for port in ports if way.reaches(port)), None)
    return port if port and way.is_for_everyone else None


def _api_closed(way: Way, _context: Context) -> Iterator[str]:
    if port := _open(way, API_PORTS):
        yield f"{way.title} lets the whole internet reach the API at port {port}"


def _login_closed(way: Way, _context: Context) -> Iterator[str]:
    if port := _open(way, LOGIN_PORTS):
        yield f"{way.title} lets the whole internet log in at port {port}"


def _data_closed(way: Way, _context: Context) -> Iterator[str]:
    if port := _open(way, DATABASE_PORTS):
        yield f"{way.title} lets the whole internet reach port {port}"


def _not_everything(way: Way, _context: Context) -> Iterator[str]:
    if (way.first, way.last) == ALL_PORTS and way.is_for_everyone:
        yield f"{way.title} lets the whole internet reach every port"


def _default_closed(group: Item, _context: Context) -> Iterator[str]:
    for direction in ("ingress", "egress"):
        if entries(group.props, direction):
            yield f"the default security group has {direction} rules"


def _close_default(_kind: Kind, props: Any) -> bool:
    opened = [name for name in ("ingress", "egress") if props.get(name)]
    for name in opened:
        props[name] = []
    return bool(opened)


def _vpcs(stack: RegisteredStack) -> Iterator[tuple[Item, int]]:
    logs = sum(1 for _ in stack.of("FlowLog", provider="aws"))
    for position, vpc in enumerate(stack.of("Vpc", provider="aws")):
        yield vpc, logs - position


def _logged(logs_left: int, _context: Context) -> Iterator[str]:
    if logs_left < 1:
        yield "the connections in the VPC are not recorded"


def _ranges(cluster: DeclaredCluster) -> Iterator[tuple[str, IPv4Network | IPv6Network]]:
    network = section(cluster.props, "spec", "clusterNetwork")
    for name in ("pods", "services"):
        for text in texts(network, name, "cidrBlocks"):
            try:
                yield name, ip_network(text, strict=False)
            except ValueError:
                continue  # Cluster API's webhook says so


def _apart(cluster: DeclaredCluster, _context: Context) -> Iterator[str]:
    for (one, first), (other, second) in combinations(_ranges(cluster), 2):
        if first.version == second.version and first.overlaps(second):
            yield f"the range {first} of {one} overlaps {second} of {other}"


def _pools_apart(pair: tuple[AddressSpan, AddressSpan], _context: Context) -> Iterator[str]:
    one, other = pair
    if other.first <= one.last:
        yield f"{other.text} of the pool {other.pool} overlaps {one.text} of {one.pool}"


def _no_external_addresses(service: Item, _context: Context) -> Iterator[str]:
    if texts(service.spec, "externalIPs"):
        yield "it claims addresses that may belong to others: `externalIPs` is set"


def _limited(service: Item, _context: Context) -> Iterator[str]:
    spec = service.spec
    if spec.get("type") == "LoadBalancer" and not service.kind.is_patch:
        sources = texts(spec, "loadBalancerSourceRanges")
        if not sources or {"0.0.0.0/0", "::/0"} & set(sources):
            yield "every address may connect: `loadBalancerSourceRanges` is not set"


def _no_node_port(service: Item, context: Context) -> Iterator[str]:
    if service.spec.get("type") == "NodePort" and service.namespace not in context["namespaces"]:
        yield "it opens a port on every machine"


def _has_tls(ingress: Item, _context: Context) -> Iterator[str]:
    if not entries(ingress.spec, "tls"):
        yield "its traffic is not encrypted: `tls` is not set"


RULES: tuple[
    Rule[Way]
    | Rule[Item]
    | Rule[int]
    | Rule[DeclaredCluster]
    | Rule[tuple[AddressSpan, AddressSpan]],
    ...,
] = (
    Rule(
        "api-is-not-open-to-the-world",
        "The Kubernetes API is not open to the whole internet.",
        CRITICAL,
        MANDATORY,
        nsa("Network separation and hardening"),
        "Set the ranges that may reach it: `controlPlane.endpoint.allowed`, or those of the rule.",
        WAYS_IN,
        _api_closed,
    ),
    Rule(
        "login-is-not-open-to-the-world",
        "SSH and remote desktops are not open to the whole internet.",
        CRITICAL,
        MANDATORY,
        cis_aws("5.2", "5.3"),
        "Remove the rule, or write who may use it.",
        WAYS_IN,
        _login_closed,
    ),
    Rule(
        "data-is-not-open-to-the-world",
        "etcd, kubelets and databases are not open to the whole internet.",
        CRITICAL,
        MANDATORY,
        nsa("Network separation and hardening"),
        "Remove the rule, or write who may use it.",
        WAYS_IN,
        _data_closed,
    ),
    Rule(
        "no-rule-opens-every-port",
        "No rule opens every port to the whole internet.",
        CRITICAL,
        MANDATORY,
        cis_aws("5.2", "5.3"),
        "Write the ports that are needed, and the ranges that may use them.",
        WAYS_IN,
        _not_everything,
    ),
    Rule(
        "default-security-group-is-closed",
        "The default security group lets nothing in and nothing out.",
        MEDIUM,
        MANDATORY,
        cis_aws("5.4"),
        "Remove the rules of the default group; resources that are created without a group get it.",
        DEFAULT_GROUPS,
        _default_closed,
        fix=_close_default,
    ),
    Rule(
        "vpc-traffic-is-logged",
        "A VPC has a flow log.",
        MEDIUM,
        ADVISORY,
        cis_aws("3.7"),
        "Set `network.flowLogs` of the infrastructure, or declare a flow log.",
        StackSubject("VPCs of a stack", _vpcs),
        _logged,
    ),
    Rule(
        "cluster-ranges-are-apart",
        "The address ranges of a cluster don't overlap.",
        HIGH,
        MANDATORY,
        KUBERNETES,
        "Choose another range in `network.pods` or `network.services`.",
        CLUSTERS,
        _apart,
    ),
    Rule(
        "address-pools-are-apart",
        "No address belongs to two pools.",
        HIGH,
        MANDATORY,
        KUBERNETES,
        "Use different addresses in each pool, over all clusters of the network.",
        POOLS,
        _pools_apart,
    ),
    Rule(
        "services-claim-no-external-addresses",
        "A Service claims no external addresses.",
        HIGH,
        MANDATORY,
        nsa("Network separation and hardening"),
        "Remove `externalIPs`, and use a Service of type LoadBalancer.",
        SERVICES,
        _no_external_addresses,
    ),
    Rule(
        "load-balancers-are-limited",
        "A load balancer limits the addresses that may connect.",
        LOW,
        ADVISORY,
        nsa("Network separation and hardening"),
        "Set `loadBalancerSourceRanges`, or exempt Services that are public on purpose.",
        SERVICES,
        _limited,
    ),
    Rule(
        "services-open-no-node-ports",
        "No Service opens a port on every machine.",
        LOW,
        ADVISORY,
        nsa("Network separation and hardening"),
        "Use a Service of type LoadBalancer or ClusterIP, or a Gateway.",
        SERVICES,
        _no_node_port,
        (Parameter("namespaces", tuple[str, ...], ("kube-system",), "where they are allowed"),),
    ),
    Rule(
        "ingresses-are-encrypted",
        "The traffic of an Ingress is encrypted.",
        MEDIUM,
        ADVISORY,
        CAAS,
        "Set `tls` with a Secret that cert-manager fills.",
        INGRESSES,
        _has_tls,
    ),
)
