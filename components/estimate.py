"""The resources and costs of clusters: machines, disks, load balancers, and others.

Counted from Cluster objects, so that what runs and what shall be are counted alike. Prices are
those of the infrastructure's price list; what has none is named, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from components.cluster.machine import Disk, Machine
from components.cluster.settings import Cluster
from components.cluster_object import (
    DATA_DISKS,
    ENDPOINT,
    ETCD_DISK,
    MACHINE_TYPE,
    ROOT_DISK,
    SPOT,
    DeclaredCluster,
    DeclaredGroup,
)
from components.infrastructure.interface import Infrastructure
from components.infrastructure.prices import HOURS_PER_MONTH, PriceList

DEFAULT_DISK = "default"
"""The entry of a price list for disk types that it does not name."""


PLATFORM = "(platform)"
"""The name of what no tenant costs, in a list of tenants."""
TENANT_RULE = (
    "A whole cluster costs its tenant all of it. A shared cluster costs a tenant the larger of its "
    "shares of CPU and memory: the quotas of its namespaces there, of the workers of the cluster, "
    "with as many as autoscaling may make. Quotas above the workers share the cluster in "
    "proportion. The rest is the platform's. This splits the estimate by quotas; it does not "
    "measure use, and traffic and volumes are not in it"
)

Counts = Mapping[tuple[str, str, str], int]
"""Machines that pools have now, by namespace, cluster and pool."""
UNKNOWN: Counts = {}


@dataclass(frozen=True, slots=True)
class Range:
    """Between two numbers: the autoscaler chooses how many machines there are."""

    low: float = 0
    high: float = 0

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.high + other.high)

    def __mul__(self, factor: float) -> Range:
        return Range(self.low * factor, self.high * factor)

    def without(self, parts: Iterable[Range]) -> Range:
        """The rest after parts of it are taken out."""
        taken = sum(parts, Range())
        return Range(max(0.0, self.low - taken.low), max(0.0, self.high - taken.high))

    def as_json(self) -> float | dict[str, float]:
        """A number, or `{min, max}`."""
        low, high = round(self.low, 2), round(self.high, 2)
        return low if low == high else {"min": low, "max": high}


class Unit(IntEnum):
    """The kinds of items, in the order of the estimate."""

    MACHINE = 0
    GIB = 1
    LOAD_BALANCER = 2
    OTHER = 3


@dataclass(frozen=True, slots=True, order=True)
class CostItem:
    """One thing that is counted.

    Attributes:
        unit: what it is.
        name: machine type, disk type, or the key in the price list.
        spot: whether the cloud may take it back.
    """

    unit: Unit
    name: str = ""
    spot: bool = False


Count = dict[CostItem, Range]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the estimate.

    Attributes:
        what: in words.
        before: how many there are.
        after: how many there will be.
        monthly: what one costs in a month; None where no price is known.
    """

    item: CostItem
    what: str
    before: Range
    after: Range
    monthly: float | None

    def cost(self, count: Range) -> Range | None:
        """The monthly cost of a number of items."""
        return None if self.monthly is None else count * self.monthly

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        costs = {"monthlyBefore": self.cost(self.before), "monthlyAfter": self.cost(self.after)}
        return {
            "what": self.what,
            "kind": self.item.unit.name.lower(),
            "name": self.item.name,
            "spot": self.item.spot,
            "before": self.before.as_json(),
            "after": self.after.as_json(),
        } | {name: cost.as_json() if cost else None for name, cost in costs.items()}


@dataclass(frozen=True, slots=True)
class TenantCost:
    """The monthly cost of a tenant.

    Attributes:
        tenant: its name.
        before: the current cost.
        after: the future cost.
    """

    tenant: str
    before: Range
    after: Range

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        return {
            "name": self.tenant,
            "monthlyBefore": self.before.as_json(),
            "monthlyAfter": self.after.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Estimate:
    """The current and the future number of an item, and its monthly cost.

    Attributes:
        lines: machines first.
        prices: None where the infrastructure has no price list.
        tenants: the parts of the cost that are of tenants; empty without prices.
        unsplit: clusters that cost no tenant anything although they have some, and why.
    """

    lines: tuple[Line, ...]
    prices: PriceList | None
    tenants: tuple[TenantCost, ...] = ()
    unsplit: tuple[str, ...] = ()

    @property
    def before(self) -> Range:
        """The current cost of all items with a price."""
        return sum((line.cost(line.before) or Range() for line in self.lines), Range())

    @property
    def after(self) -> Range:
        """The future cost of all items with a price."""
        return sum((line.cost(line.after) or Range() for line in self.lines), Range())

    @property
    def platform(self) -> TenantCost:
        """The cost that is of no tenant."""
        before = self.before.without(each.before for each in self.tenants)
        after = self.after.without(each.after for each in self.tenants)
        return TenantCost(PLATFORM, before, after)

    @property
    def notes(self) -> list[str]:
        """The omissions and assumptions of the figures."""
        if self.prices is None:
            return []
        found = [
            f"{_number(line.after if line.after.high else line.before)} {line.what}: no price"
            for line in self.lines
            if line.monthly is None
        ]
        if any(line.item.spot for line in self.lines):
            found.append("Spot machines are counted at the list price, the most they can cost")
        if any(line.after.low != line.after.high for line in self.lines):
            found.append("Ranges: the autoscaler chooses between its bounds")
        if any(line.before.low != line.before.high for line in self.lines):
            found.append("The current number of machines was not read from a management cluster")
        return [*found, *self.unsplit]

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        prices = self.prices
        return {
            "lines": [line.as_dict() for line in self.lines],
            "monthlyBefore": self.before.as_json() if prices else None,
            "monthlyAfter": self.after.as_json() if prices else None,
            "currency": prices.currency if prices else None,
            "pricesOf": prices.on.isoformat() if prices else None,
            "source": prices.source if prices else None,
            "notes": self.notes,
            "tenants": [each.as_dict() for each in self.tenants],
            "platform": self.platform.as_dict() if self.tenants else None,
            "tenantRule": TENANT_RULE if self.tenants else None,
        }


def estimate(
    before: Iterable[Mapping[str, Any]],
    after: Iterable[Mapping[str, Any]],
    infrastructure: Infrastructure,
    settings: Iterable[Cluster],
    counts: Counts = UNKNOWN,
) -> Estimate:
    """The resources and costs of two sets of clusters.

    Args:
        before: the Cluster objects that there are.
        after: the Cluster objects that there will be.
        infrastructure: what their machines are.
        settings: what the stack file says about the clusters; the foundation is priced by them.
        counts: how many machines pools have now, where an autoscaler or a hand decides.

    Raises:
        CaasError: CAAS-3028 when the price file can't be used.
    """
    prices = infrastructure.price_list()
    known = tuple(settings)
    words: dict[CostItem, str] = {}
    found = [
        count(clusters, infrastructure, now) | _foundation(clusters, infrastructure, known, words)
        for clusters, now in ((tuple(before), counts), (tuple(after), UNKNOWN))
    ]
    lines = [
        Line(
            item,
            words.get(item) or _words(item),
            found[0].get(item, Range()),
            found[1].get(item, Range()),
            _monthly(item, prices),
        )
        for item in sorted({*found[0], *found[1]})
    ]
    return Estimate(tuple(lines), prices)


def count(
    clusters: Iterable[Mapping[str, Any]],
    infrastructure: Infrastructure,
    counts: Counts = UNKNOWN,
) -> Count:
    """The items of Cluster objects; those on this computer have machines only.

    Args:
        clusters: the Cluster objects.
        infrastructure: what their machines are.
        counts: how many machines pools have now; without it an autoscaled pool is a range.
    """
    total: Count = {}
    real = infrastructure.PROVIDER is not None
    for cluster in clusters:
        for item, number in _cluster(DeclaredCluster(cluster), infrastructure, counts):
            if real or item.unit is Unit.MACHINE:
                total[item] = total.get(item, Range()) + number
    return {item: number for item, number in total.items() if number.high}


def cluster_cost(
    cluster: DeclaredCluster,
    infrastructure: Infrastructure,
    prices: PriceList,
    counts: Counts = UNKNOWN,
) -> Range:
    """The monthly cost of the items of a cluster that have a price."""
    found = Range()
    for item, number in _cluster(cluster, infrastructure, counts):
        found += number * (_monthly(item, prices) or 0)
    return found


def _cluster(
    cluster: DeclaredCluster, infrastructure: Infrastructure, counts: Counts
) -> Iterator[tuple[CostItem, Range]]:
    for group in cluster.groups:
        now = counts.get((cluster.namespace, cluster.name, group.name))
        variables, number = group.variables, _machine_count(group, now)
        yield from _machines(number, variables, infrastructure)
        if group.is_control_plane and (disk := variables.get(ETCD_DISK)):
            yield _disk(number, disk)
    endpoint = cluster.variable(ENDPOINT)
    if not (isinstance(endpoint, Mapping) and endpoint.get("host")):
        yield CostItem(Unit.LOAD_BALANCER), Range(1, 1)


def _machine_count(group: DeclaredGroup, now: int | None) -> Range:
    """The number of machines: those there are where no number is declared, or the bounds."""
    if now is not None and group.replicas is None:
        return Range(now, now)
    return Range(group.fewest, group.most)


def _machines(
    number: Range, variables: Mapping[str, Any], infrastructure: Infrastructure
) -> Iterator[tuple[CostItem, Range]]:
    kind = variables.get(MACHINE_TYPE) or infrastructure.machine_type(Machine().type)
    yield CostItem(Unit.MACHINE, kind, SPOT in variables), number
    root = variables.get(ROOT_DISK) or {"sizeGiB": Disk().size_gib}
    for disk in (root, *variables.get(DATA_DISKS, ())):
        yield _disk(number, disk)


def _disk(number: Range, disk: Mapping[str, Any]) -> tuple[CostItem, Range]:
    return CostItem(Unit.GIB, disk.get("type", DEFAULT_DISK)), number * disk["sizeGiB"]


def _foundation(
    clusters: Iterable[Mapping[str, Any]],
    infrastructure: Infrastructure,
    settings: tuple[Cluster, ...],
    words: dict[CostItem, str],
) -> Count:
    """The other costs of the clusters' foundation; none without clusters."""
    names = {DeclaredCluster(cluster).name for cluster in clusters}
    standing = [cluster for cluster in settings if cluster.name in names]
    found: Count = {}
    for priced in infrastructure.priced(standing) if names else ():
        item = CostItem(Unit.OTHER, priced.item)
        words[item] = priced.what
        found[item] = found.get(item, Range()) + Range(priced.count, priced.count)
    return found


def _words(item: CostItem) -> str:
    match item.unit:
        case Unit.MACHINE:
            return f"machine {item.name}{' (spot)' if item.spot else ''}"
        case Unit.GIB:
            return "GiB of disk" if item.name == DEFAULT_DISK else f"GiB of disk {item.name}"
        case Unit.LOAD_BALANCER:
            return "load balancer"
        case Unit.OTHER:
            return item.name


def _monthly(item: CostItem, prices: PriceList | None) -> float | None:
    if prices is None:
        return None
    if item.unit is Unit.GIB:
        return prices.disks.get(item.name, prices.disks.get(DEFAULT_DISK))
    hourly = {
        Unit.MACHINE: prices.machines.get(item.name),
        Unit.LOAD_BALANCER: prices.load_balancer,
        Unit.OTHER: prices.other.get(item.name),
    }[item.unit]
    return None if hourly is None else hourly * HOURS_PER_MONTH


def _number(count: Range) -> str:
    low, high = f"{count.low:g}", f"{count.high:g}"
    return low if low == high else f"{low} to {high}"
