"""Advice about a stack file: what stops nothing, and is seldom meant."""

from __future__ import annotations

from collections.abc import Iterator

from components.cluster.settings import Cluster
from components.finding import Finding
from errors.tenants import CLUSTER_WITHOUT_ISSUER
from stacks.settings.stack import Stack
from stacks.settings.tenants import StackTenant
from stacks.settings.whole_clusters import clusters_for


def advice(stack: Stack) -> Iterator[Finding]:
    """CLUSTER_WITHOUT_ISSUER for tenants whose people cannot log in to a cluster."""
    closed = [each for each in stack.clusters if not _logs_in(each)]
    for index, tenant in enumerate(stack.tenants if closed else ()):
        groups = [each for each in _people(tenant) if not each.startswith(("user:", "system:"))]
        here = clusters_for(tenant, closed, stack.tenants) if groups else []
        names = [
            each.name
            for each in here
            if each.name in tenant.clusters or any(one.place.has(each) for one in tenant.namespaces)
        ]
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            what = f"the group `{groups[0]}` of `{tenant.name}` cannot log in to `{names[0]}`{more}"
            why = "no issuer makes groups there"
            yield Finding(CLUSTER_WITHOUT_ISSUER, ("tenants", index, "people"), what, why, key=True)


def _logs_in(cluster: Cluster) -> bool:
    """True if people log in at an issuer."""
    authentication = cluster.control_plane.authentication
    return bool(authentication.issuers or authentication.secret)


def _people(tenant: StackTenant) -> tuple[str, ...]:
    people = tenant.people
    return () if tenant.leaving else (*people.owners, *people.members, *people.viewers)
