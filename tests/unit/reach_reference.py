"""A second, naive evaluator of network policies, written apart from the first for comparison.

It expands each policy to the set of all (side, own pod, peer, protocol, port) that it names, in a
world so small that the sets can be written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

Manifest = dict[str, Any]
Tuple = tuple[str, str, str, int]
"""Own pod, peer, protocol, port of the destination."""


@dataclass(frozen=True)
class Someone:
    """A pod of the small world."""

    name: str
    namespace: str
    labels: tuple[tuple[str, str], ...]
    around: tuple[tuple[str, str], ...]
    address: str
    named: tuple[tuple[str, str, int], ...]


def chosen(selector: Manifest, labels: tuple[tuple[str, str], ...]) -> bool:
    have = dict(labels)
    tests = [have.get(key, "") == value for key, value in selector.get("matchLabels", {}).items()]
    for each in selector.get("matchExpressions", []):
        key, wanted = each["key"], each.get("values", [])
        tests.append(
            {
                "In": have.get(key, "-none-") in wanted,
                "NotIn": have.get(key, "-none-") not in wanted,
                "Exists": key in have,
                "DoesNotExist": key not in have,
            }[each["operator"]]
        )
    return all(tests)


def peers(rule: Manifest, key: str, home: str, world: list[Someone]) -> set[str]:
    """The names of those that a rule of either kind means."""
    if not rule.get(key):
        return {each.name for each in world}
    found = set()
    for each in world:
        for peer in rule[key]:
            if "ipBlock" in peer:
                spans = [peer["ipBlock"]["cidr"]], peer["ipBlock"].get("except", [])
                inside, not_inside = (
                    any(ip_address(each.address) in ip_network(span) for span in group)
                    for group in spans
                )
                matched = inside and not not_inside
            elif "networks" in peer:
                matched = any(
                    ip_address(each.address) in ip_network(span) for span in peer["networks"]
                )
            elif "namespaces" in peer:
                matched = bool(each.namespace) and chosen(peer["namespaces"], each.around)
            else:
                pair = peer.get("pods", peer)
                there = (
                    chosen(pair["namespaceSelector"], each.around)
                    if "namespaceSelector" in pair
                    else "pods" in peer or each.namespace == home
                )
                matched = (
                    bool(each.namespace)
                    and there
                    and chosen(pair.get("podSelector", {}), each.labels)
                )
            if matched:
                found.add(each.name)
    return found


def fits(rule: Manifest, end: Someone, protocol: str, port: int) -> bool:
    named = {(name, of): number for name, of, number in end.named}
    if rule.get("ports"):
        for each in rule["ports"]:
            if each.get("protocol", "TCP") != protocol:
                continue
            wanted = each.get("port")
            if isinstance(wanted, str):
                wanted = named.get((wanted, protocol), -1)
            if wanted is None or wanted <= port <= each.get("endPort", wanted):
                return True
        return False
    if rule.get("protocols"):
        for each in rule["protocols"]:
            if "destinationNamedPort" in each:
                if named.get((each["destinationNamedPort"], protocol)) == port:
                    return True
            elif protocol.lower() in each:
                asked = each[protocol.lower()]["destinationPort"]
                span = asked.get(
                    "range", {"start": asked.get("number"), "end": asked.get("number")}
                )
                if span["start"] <= port <= span["end"]:
                    return True
        return False
    return True


def side_allows(
    policies: list[Manifest], side: str, own: Someone, peer: Someone, asked: tuple[str, int]
) -> bool:
    """The decision of one side, by the order of tiers; asked are protocol and port."""
    protocol, port = asked
    world, key = [own, peer], "to" if side == "egress" else "from"
    end = peer if side == "egress" else own
    if not own.namespace or own.name == peer.name:
        return True

    def tier(name: str) -> str | None:
        ranked = sorted(
            (each for each in policies if each["spec"].get("tier") == name),
            key=lambda each: each["spec"]["priority"],
        )
        for policy in ranked:
            subject = {"from": [policy["spec"]["subject"]]}
            if own.name not in peers(subject, "from", "", [own]):
                continue
            for rule in policy["spec"].get(side, []):
                if peer.name in peers(rule, key, "", world) and fits(rule, end, protocol, port):
                    return str(rule["action"])
        return None

    if (first := tier("Admin")) in ("Accept", "Deny"):
        return first == "Accept"
    isolated = False
    for policy in policies:
        spec = policy["spec"]
        if "tier" in spec or policy["metadata"]["namespace"] != own.namespace:
            continue
        default = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
        if side.capitalize() not in (spec.get("policyTypes") or default):
            continue
        if chosen(spec["podSelector"], own.labels):
            isolated = True
            for rule in spec.get(side, []):
                names = peers(rule, key, own.namespace, world)
                if peer.name in names and fits(rule, end, protocol, port):
                    return True
    return not isolated and tier("Baseline") != "Deny"


def reaches(
    policies: list[Manifest], source: Someone, target: Someone, protocol: str, port: int
) -> bool:
    """The answer to a connection."""
    return side_allows(policies, "egress", source, target, (protocol, port)) and side_allows(
        policies, "ingress", target, source, (protocol, port)
    )
