"""NetworkPolicies of a tenant's namespace: everything is closed but what its entries open.

A connection between two tenants takes a policy on each side. The side that opens it makes the one
for its egress, from `connections`; the other side makes the one for its ingress, from `accepts`.
One of them alone opens nothing.

Each namespace always has the same policies, by name. What delivers objects to clusters changes
them in place and removes none: an entry that leaves the file has to close its connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

from components.addresses import Cidr
from components.mappings import Manifest
from components.network.policies import API_VERSION, NAMESPACE_LABEL, dns_rule
from components.tenancy.names import CONNECTIONS_ANNOTATION, PREFIX, TENANT_LABEL
from components.tenancy.settings import (
    INTERNET,
    AcceptedConnection,
    AppOpening,
    Connection,
    Destination,
    PortSettings,
)

PRIVATE = {
    "0.0.0.0/0": (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
    ),
    "::/0": ("fc00::/7", "fe80::/10"),
}
"""The addresses of the internet, and the private ones among them: no peer `internet` reaches the
network of machines or the metadata service of a cloud."""

INSTANCE = "app.kubernetes.io/instance"
"""The label with the name of a release, which the pods of a chart carry."""
SEPARATOR = "; "
"""Between the entries of the annotation with connections in words."""
NONE = "none"
"""That annotation without entries."""
PROMETHEUS = {"app.kubernetes.io/name": "prometheus"}
"""The label that the Prometheus operator gives the pods of Prometheus."""


def policies(
    tenant: str,
    namespace: str,
    *,
    connections: Sequence[Connection] = (),
    accepts: Sequence[AcceptedConnection] = (),
    reaches: Sequence[Destination] = (),
    gateways: Sequence[str] = (),
    inside: Sequence[Cidr] = (),
    open_within: bool = False,
    scraped_from: str = "",
) -> list[Manifest]:
    """The NetworkPolicies of a namespace.

    Args:
        tenant: the name of its tenant.
        namespace: its name.
        connections: of the tenant; those of other namespaces are left aside.
        accepts: of the tenant; those of other namespaces are left aside.
        reaches: destinations of all tenants.
        gateways: namespaces of the cluster's Gateways.
        inside: ranges of the cluster's pods, Services and machines, which are not the internet.
        open_within: whether pods of the namespace reach each other.
        scraped_from: the namespace of the cluster's Prometheus, which reaches all pods; none if
            empty.
    """
    egress, ingress, words = [], [], []
    for each in connections:
        if each.source == namespace:
            egress.append({"to": _peers(tenant, each.to, inside), "ports": _ports(each)})
            words.append(in_words(f"to {each.to}", each))
        if each.to in (namespace, f"{tenant}/{namespace}"):
            ingress.append({"from": [_peer(tenant, each.source)], "ports": _ports(each)})
            words.append(in_words(f"from {each.source}", each))
    for accepted in accepts:
        if accepted.to == namespace:
            ingress.append({"from": [_peer(tenant, accepted.source)], "ports": _ports(accepted)})
            words.append(in_words(f"from {accepted.source}", accepted))
    for reached in reaches:
        egress.append({"to": _peers(tenant, reached.to, inside), "ports": _ports(reached)})
        words.append(in_words(f"to {reached.to}", reached))
    served = [{"from": [_namespace_peer(each) for each in sorted(gateways)]}] if gateways else []
    own = [_peer(tenant, namespace)] if open_within else []
    scraped = [{"from": [_namespace_peer(scraped_from, pods=PROMETHEUS)]}] if scraped_from else []
    both = ["Ingress", "Egress"]
    within = {
        "policyTypes": both,
        "ingress": [{"from": own}] if own else [],
        "egress": [{"to": own}] if own else [],
    }
    return [
        _policy(tenant, namespace, "default-deny", {"policyTypes": both}),
        _policy(tenant, namespace, "dns", {"policyTypes": ["Egress"], "egress": [dns_rule()]}),
        _policy(tenant, namespace, "gateway", {"policyTypes": ["Ingress"], "ingress": served}),
        _policy(tenant, namespace, "metrics", {"policyTypes": ["Ingress"], "ingress": scraped}),
        _policy(tenant, namespace, "within", within),
        _policy(
            tenant,
            namespace,
            "connections",
            {"policyTypes": both, "ingress": ingress, "egress": egress},
            SEPARATOR.join(words) or NONE,
        ),
    ]


def app_policies(tenant: str, namespace: str, openings: Sequence[AppOpening]) -> list[Manifest]:
    """The NetworkPolicies of applications in a namespace whose pods do not reach each other.

    The ingress is that of the application's pods alone; the other pods may begin such connections,
    which end at pods that let them in.
    """
    found = []
    for name in dict.fromkeys(each.name for each in openings):
        own = {"matchLabels": {INSTANCE: name}}
        ingress = [
            {"from": [{"podSelector": own if each.itself else {}}], "ports": _ports(each)}
            for each in openings
            if each.name == name
        ]
        rules = {"podSelector": own, "policyTypes": ["Ingress"], "ingress": ingress}
        found.append(_policy(tenant, namespace, f"{name}-app", rules))
    if found:
        ports = [
            {"to": [{"podSelector": {"matchLabels": {INSTANCE: each.name}}}], "ports": _ports(each)}
            for each in openings
        ]
        egress = {"policyTypes": ["Egress"], "egress": ports}
        found.append(_policy(tenant, namespace, "to-apps", egress))
    return found


def in_words(end: str, ports: PortSettings) -> str:
    """An entry as the annotation of its policy has it, `to payments/pay-api on TCP 8443`."""
    return f"{end} on {ports.protocol.value} {', '.join(map(str, ports.ports))}"


def _ports(found: PortSettings) -> list[dict[str, Any]]:
    return [{"protocol": found.protocol.value, "port": each} for each in found.ports]


def _peers(tenant: str, to: str, inside: Sequence[Cidr]) -> list[dict[str, Any]]:
    """The peers of a destination."""
    if to == INTERNET:
        return [{"ipBlock": {"cidr": cidr, "except": _excepted(cidr, inside)}} for cidr in PRIVATE]
    if is_namespace(to):
        return [_peer(tenant, to)]
    return [{"ipBlock": {"cidr": str(ip_network(to))}}]


def is_namespace(to: str) -> bool:
    """True for a destination that is a namespace, and no range of addresses."""
    return to != INTERNET and "." not in to and ":" not in to


def owned(named: str, tenant: str) -> tuple[str, str]:
    """The tenant and the namespace that an end means.

    Args:
        named: `namespace` or `tenant/namespace`.
        tenant: the tenant that a namespace alone belongs to.
    """
    owner, _, namespace = named.rpartition("/")
    return owner or tenant, namespace


def _excepted(cidr: str, inside: Sequence[Cidr]) -> list[str]:
    """The ranges that are not the internet, without those that another one contains."""
    whole = ip_network(cidr)
    ranges = [ip_network(each) for each in (*PRIVATE[cidr], *map(str, inside))]
    found = {each for each in ranges if each.version == whole.version}
    kept = [
        each
        for each in found
        # All are of one version, which their common type does not tell.
        if not any(each != other and each.subnet_of(other) for other in found)  # type: ignore[arg-type]
    ]
    return [str(each) for each in sorted(kept, key=lambda each: (each.network_address, each))]


def _peer(tenant: str, named: str) -> dict[str, Any]:
    """A namespace, of this tenant or of the named one."""
    owner, namespace = owned(named, tenant)
    return _namespace_peer(namespace, {TENANT_LABEL: owner})


def _namespace_peer(
    namespace: str, labels: dict[str, str] | None = None, *, pods: dict[str, str] | None = None
) -> dict[str, Any]:
    wanted = {NAMESPACE_LABEL: namespace, **(labels or {})}
    chosen = {"podSelector": {"matchLabels": pods}} if pods else {}
    return {"namespaceSelector": {"matchLabels": wanted}, **chosen}


def _policy(
    tenant: str, namespace: str, name: str, rules: dict[str, Any], words: str = ""
) -> Manifest:
    metadata: dict[str, Any] = {
        "name": f"{PREFIX}{name}",
        "namespace": namespace,
        "labels": {TENANT_LABEL: tenant},
    }
    if words:
        metadata["annotations"] = {CONNECTIONS_ANNOTATION: words}
    return {
        "apiVersion": API_VERSION,
        "kind": "NetworkPolicy",
        "metadata": metadata,
        "spec": {"podSelector": {}, **rules},
    }
