"""Selectors, blocks of addresses and ports, as Kubernetes matches them."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal

from components.mappings import Props, entries, number, section, texts
from components.network.policies import NAMESPACE_LABEL
from components.network.reach.ends import Address, FlowEnd, Labels

EVERY = range(1, 65536)
"""All port numbers."""
PeerKind = Literal["matches", "differs", "unknown"]


def selects(selector: Props, labels: Labels) -> bool:
    """True if a label selector matches; an empty one matches everything."""
    wanted = section(selector, "matchLabels")
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_holds(each, labels) for each in entries(selector, "matchExpressions"))


def named_namespace(selector: Props) -> str | None:
    """The only namespace that a selector of namespaces can match; None if it names none."""
    name = section(selector, "matchLabels").get(NAMESPACE_LABEL)
    return None if name is None else str(name)


def _holds(expression: Props, labels: Labels) -> bool:
    """One comparison; `NotIn` holds for a label that is missing."""
    key, values = str(expression.get("key")), texts(expression, "values")
    match expression.get("operator"):
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False


@lru_cache(maxsize=4096)
def _block(cidr: str) -> IPv4Network | IPv6Network:
    return ip_network(cidr, strict=False)


def in_block(cidr: str, address: Address | None) -> bool:
    """True if an address is in a block of the same family."""
    if address is None:
        return False
    block = _block(cidr)
    return block.version == address.version and address in block


def network_policy_peer(peer: Props, namespace: str, end: FlowEnd, address: Address | None) -> bool:
    """True if an entry of `from` or `to` of a NetworkPolicy matches an end.

    Args:
        peer: the entry.
        namespace: of the policy; a pod selector that stands alone selects in it.
        end: the other side.
        address: of the other side in this connection.
    """
    if "ipBlock" in peer:
        block = section(peer, "ipBlock")
        inside = in_block(str(block.get("cidr")), address)
        return inside and not any(in_block(each, address) for each in texts(block, "except"))
    if not end.selectable or not {"podSelector", "namespaceSelector"} & set(peer):
        return False
    if "namespaceSelector" not in peer:
        in_namespace = end.namespace == namespace
    else:
        in_namespace = selects(section(peer, "namespaceSelector"), end.namespace_labels)
    return in_namespace and selects(section(peer, "podSelector"), end.labels)


def cluster_policy_peer(peer: Props, end: FlowEnd, address: Address | None) -> PeerKind:
    """The answer of an entry of `from`, `to` or `subject` of a ClusterNetworkPolicy to an end.

    `unknown` is the answer of an entry of a newer version, with a field that is not known.
    """
    if "namespaces" in peer:
        found = end.selectable and selects(section(peer, "namespaces"), end.namespace_labels)
    elif "pods" in peer:
        found = (
            end.selectable
            and selects(section(peer, "pods", "namespaceSelector"), end.namespace_labels)
            and selects(section(peer, "pods", "podSelector"), end.labels)
        )
    elif "networks" in peer:
        found = any(in_block(each, address) for each in texts(peer, "networks"))
    else:
        return "unknown"
    return "matches" if found else "differs"


def network_policy_ports(port: Props, protocol: str, end: FlowEnd) -> range:
    """The ports of a destination that an entry of `ports` of a NetworkPolicy allows."""
    if (port.get("protocol") or "TCP") != protocol:
        return range(0)
    first = port.get("port")
    if first is None:
        return EVERY
    if isinstance(first, str) and not first.isdecimal():
        named = end.port(first, protocol)
        return range(0) if named is None else range(named, named + 1)
    start = int(first)
    return range(start, (number(port.get("endPort")) or start) + 1)


def cluster_policy_ports(entry: Props, protocol: str, end: FlowEnd) -> range:
    """The ports of a destination that an entry of `protocols` of a ClusterNetworkPolicy means."""
    if "destinationNamedPort" in entry:
        named = end.port(str(entry["destinationNamedPort"]), protocol)
        return range(0) if named is None else range(named, named + 1)
    if protocol.lower() not in entry:
        return range(0)
    port = section(entry, protocol.lower(), "destinationPort")
    if "range" in port:
        bounds = section(port, "range")
        return range(number(bounds.get("start")) or 0, (number(bounds.get("end")) or -1) + 1)
    single = number(port.get("number"))
    return EVERY if single is None else range(single, single + 1)
