"""The costs of the tenants of a stack file."""

from __future__ import annotations

from dataclasses import dataclass, field

from components.cluster.workload_cluster import cluster_manifest
from components.infrastructure.prices import PriceList
from components.tenancy.costs import CostSplitter, Quotas, SplitCosts, Tenants
from components.tenancy.tenant import TenantSettings
from stacks.settings.stack import Stack
from stacks.settings.tenants import tenant_addons


@dataclass(frozen=True, slots=True)
class StackCosts:
    """The costs of the tenants of a stack.

    Attributes:
        prices: of the infrastructure; None where it has no price list.
        costs: of each tenant; none without prices.
    """

    prices: PriceList | None
    costs: SplitCosts = field(default_factory=SplitCosts)


def costs_of(stack: Stack) -> StackCosts:
    """The costs of all tenants, with the machines that the stack file has.

    Raises:
        CaasError: CAAS-3028 when the price file can't be used.
    """
    machines = stack.infrastructure
    prices = machines.price_list()
    if prices is None:
        return StackCosts(None)
    tenants = _quotas(stack)
    clusters = (
        cluster_manifest(each, machines, "", registries=stack.registries_of(each))
        for each in stack.clusters
        if each.name in tenants
    )
    return StackCosts(prices, CostSplitter(machines, prices).split(clusters, tenants))


def _quotas(stack: Stack) -> Tenants:
    """The quotas of each tenant, by cluster."""
    found: dict[str, dict[str, Quotas]] = {}
    for cluster in stack.clusters:
        for each in tenant_addons(stack.tenants, stack.tenant_defaults, cluster).values():
            if isinstance(each, TenantSettings):
                found.setdefault(cluster.name, {})[each.tenant] = Quotas.of(each)
    return found
