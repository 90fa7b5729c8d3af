"""The quotas of tenants in the clusters of a stack, from what is delivered to them."""

from __future__ import annotations

from functools import cache

from components.mappings import section
from components.tenancy.costs import Quotas, Tenants
from components.tenancy.settings import size
from engine.plan.tenant_delivery import TenantDelivery


def tenant_quotas(delivery: TenantDelivery) -> Tenants:
    """The quotas of each tenant, by cluster; those of alike clusters are read once."""

    @cache
    def quotas(name: str) -> Quotas:
        terms = delivery.terms(name) or {}
        cpu = memory = 0
        for each in delivery.read(name).manifests:
            if each["kind"] == "ResourceQuota":
                hard = section(each, "spec", "hard")
                cpu += int(hard.get("requests.cpu", 0))
                memory += size(hard.get("requests.memory", "0Mi"))
        return Quotas(cpu, memory, bool(terms.get("wholeCluster")))

    return {
        cluster: {tenant: quotas(name) for tenant, name in sets.items()}
        for cluster, sets in delivery.clusters()
        if sets
    }
