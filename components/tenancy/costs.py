"""The cost of clusters by tenant, by the rule of `components.estimate.TENANT_RULE`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from components.cluster.machine import Machine
from components.cluster_object import MACHINE_TYPE, DeclaredCluster
from components.estimate import UNKNOWN, Counts, Estimate, Range, TenantCost, cluster_cost
from components.infrastructure.interface import Infrastructure
from components.infrastructure.prices import PriceList
from components.tenancy.tenant import TenantSettings

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Quotas:
    """The quotas of a tenant's namespaces in a cluster together.

    Attributes:
        cpu: CPUs.
        memory: bytes.
        whole_cluster: whether the cluster is the tenant's as a whole.
    """

    cpu: int = 0
    memory: int = 0
    whole_cluster: bool = False

    @classmethod
    def of(cls, settings: TenantSettings) -> Quotas:
        """The quotas of a tenant as a cluster gets it."""
        amounts = [each.quota.amounts() for each in settings.namespaces]
        cpu, memory = (sum(each[key] for each in amounts) for key in ("cpu", "memory"))
        return cls(cpu, memory, settings.whole_cluster)


Tenants = Mapping[str, Mapping[str, Quotas]]
"""The quotas of each tenant, by the name of the cluster."""


@dataclass(frozen=True, slots=True)
class SplitCosts:
    """The costs of tenants.

    Attributes:
        monthly: by the name of the tenant.
        unsplit: clusters whose workers have a size that is not known, or none.
    """

    monthly: Mapping[str, Range] = field(default_factory=dict)
    unsplit: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """The clusters whose cost is not split, in words."""
        return _unsplit(set(self.unsplit))


class CostSplitter:
    """Splits the costs of clusters among their tenants.

    Args:
        infrastructure: what the machines of the clusters are.
        prices: its price list.
    """

    def __init__(self, infrastructure: Infrastructure, prices: PriceList) -> None:
        self._infrastructure, self._prices = infrastructure, prices

    def split(
        self,
        clusters: Iterable[Mapping[str, Any]],
        tenants: Tenants,
        counts: Counts = UNKNOWN,
    ) -> SplitCosts:
        """The cost of each tenant.

        Args:
            clusters: the Cluster objects.
            tenants: of the clusters.
            counts: how many machines pools have now.
        """
        monthly: dict[str, Range] = {}
        unsplit: list[str] = []
        for manifest in clusters:
            cluster = DeclaredCluster(manifest)
            if here := tenants.get(cluster.name):
                shares = self._shares(cluster, here, counts)
                if shares is None:
                    unsplit.append(cluster.name)
                    shares = dict.fromkeys(here, 0.0)
                cost = cluster_cost(cluster, self._infrastructure, self._prices, counts)
                for tenant, share in shares.items():
                    monthly[tenant] = monthly.get(tenant, Range()) + cost * share
        return SplitCosts(monthly, tuple(unsplit))

    def _shares(
        self, cluster: DeclaredCluster, tenants: Mapping[str, Quotas], counts: Counts
    ) -> dict[str, float] | None:
        """The share of each tenant of a cluster; None where the size of the workers is not
        known."""
        if holder := next((name for name, each in tenants.items() if each.whole_cluster), ""):
            return {name: float(name == holder) for name in tenants}
        cpu, memory = self._workers(cluster, counts)
        if not cpu or not memory:
            return None
        shares = {name: max(each.cpu / cpu, each.memory / memory) for name, each in tenants.items()}
        most = max(1.0, sum(shares.values()))
        return {name: share / most for name, share in shares.items()}

    def _workers(self, cluster: DeclaredCluster, counts: Counts) -> tuple[float, float]:
        """The CPUs and bytes of memory of the workers; zero where a size is not known."""
        cpu = memory = 0.0
        for group in cluster.groups:
            if group.is_control_plane:
                continue
            named = group.variable(MACHINE_TYPE)
            machine = self._types.get(named or self._infrastructure.machine_type(Machine().type))
            if machine is None:
                return 0, 0
            most = max(group.most, counts.get((cluster.namespace, cluster.name, group.name), 0))
            cpu += machine.cpu * most
            memory += machine.memory_gib * GIB * most
        return cpu, memory

    @cached_property
    def _types(self) -> Mapping[str, Any]:
        return self._infrastructure.known_machine_types()


@dataclass(frozen=True, slots=True)
class CostSide:
    """The clusters and tenants of a stack at one time.

    Attributes:
        clusters: the Cluster objects.
        tenants: of the clusters.
        counts: how many machines pools have.
    """

    clusters: Sequence[Mapping[str, Any]]
    tenants: Tenants
    counts: Counts = field(default_factory=dict)


def with_tenants(
    found: Estimate, infrastructure: Infrastructure, before: CostSide, after: CostSide
) -> Estimate:
    """An estimate with the costs of tenants; the same without a price list."""
    if found.prices is None or not (before.tenants or after.tenants):
        return found
    splitter = CostSplitter(infrastructure, found.prices)
    old, new = (
        splitter.split(side.clusters, side.tenants, side.counts) for side in (before, after)
    )
    costs = tuple(
        TenantCost(name, old.monthly.get(name, Range()), new.monthly.get(name, Range()))
        for name in sorted({*old.monthly, *new.monthly})
    )
    return replace(found, tenants=costs, unsplit=_unsplit({*old.unsplit, *new.unsplit}))


def _unsplit(names: set[str]) -> tuple[str, ...]:
    if not names:
        return ()
    first = f"`{min(names)}`"
    which = first if len(names) == 1 else f"{len(names)} clusters, such as {first},"
    return (f"Workers of {which} are none, or of a size that is not known: tenants there cost 0",)
