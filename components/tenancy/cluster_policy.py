"""The ClusterNetworkPolicy of a namespace, which has precedence over all NetworkPolicies.

It denies what comes from and goes to other tenants, and passes the entries of the stack file on to
the NetworkPolicies of the namespaces. A further NetworkPolicy in a namespace does not open it to
another tenant.

Source: https://network-policy-api.sigs.k8s.io/reference/spec/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from components.mappings import Manifest
from components.network.policies import NAMESPACE_LABEL
from components.tenancy.names import PREFIX, TENANT_LABEL, tenant_key

API_VERSION = "policy.networking.k8s.io/v1alpha2"
HELD_BY = ("calico",)
"""Network plug-ins of the catalog whose charts define ClusterNetworkPolicy."""
PRIORITY = 500
MOST_PEERS = 25
"""Peers of a rule, by the definition."""
Rules = list[dict[str, Any]]


def cluster_policy(
    tenant: str, namespace: str, sources: Iterable[str], targets: Iterable[str]
) -> Manifest:
    """The policy of a tenant's namespace in the tier Admin.

    Args:
        tenant: its name.
        namespace: its name, which no other tenant has in the cluster.
        sources: namespaces of other tenants that it accepts, `tenant/namespace`.
        targets: namespaces of other tenants that it connects to.
    """
    return {
        "apiVersion": API_VERSION,
        "kind": "ClusterNetworkPolicy",
        "metadata": {
            "name": f"{PREFIX}{tenant_key(namespace)}",
            "labels": {TENANT_LABEL: tenant},
        },
        "spec": {
            "tier": "Admin",
            "priority": PRIORITY,
            "subject": {"namespaces": _selector(f"{tenant}/{namespace}")},
            "ingress": _rules("from", tenant, sorted(set(sources))),
            "egress": _rules("to", tenant, sorted(set(targets))),
        },
    }


def _rules(side: str, tenant: str, others: Sequence[str]) -> Rules:
    """Rules that pass the tenant and its entries on, and deny all other tenants."""
    groups = [others[at : at + MOST_PEERS] for at in range(0, len(others), MOST_PEERS)]
    every_tenant = {"matchExpressions": [{"key": TENANT_LABEL, "operator": "Exists"}]}
    return [
        _rule("own", "Pass", side, [{"matchLabels": {TENANT_LABEL: tenant}}]),
        *(_rule("entries", "Pass", side, [_selector(each) for each in group]) for group in groups),
        _rule("other-tenants", "Deny", side, [every_tenant]),
    ]


def _selector(named: str) -> dict[str, Any]:
    owner, _, namespace = named.partition("/")
    return {"matchLabels": {NAMESPACE_LABEL: namespace, TENANT_LABEL: owner}}


def _rule(name: str, action: str, side: str, selectors: Sequence[Any]) -> dict[str, Any]:
    return {"name": name, "action": action, side: [{"namespaces": each} for each in selectors]}
