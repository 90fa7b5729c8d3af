"""What clusters are made of and cost: machines, disks, load balancers, and the rest.

Counted from Cluster objects, so that what runs and what shall be are counted alike. Prices are
those of the infrastructure's price list; what has none is named, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from components.cluster.machine import Disk, Machine
from components.cluster.pools import MAX_SIZE, MIN_SIZE
from components.cluster.settings import Cluster
from components.cluster.variables import (
    DATA_DISKS,
    ENDPOINT,
    ETCD_DISK,
    MACHINE_TYPE,
    ROOT_DISK,
    SPOT,
)
from components.infrastructure.interface import Infrastructure
from components.infrastructure.prices import HOURS_PER_MONTH, PriceList

DEFAULT_DISK = "default"
"""What a price list calls every disk type that it does not name."""


@dataclass(frozen=True, slots=True)
class Range:
    """Between two numbers: the autoscaler chooses how many machines there are."""

    low: float = 0
    high: float = 0

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.high + other.high)

    def __mul__(self, factor: float) -> Range:
        return Range(self.low * factor, self.high * factor)

    def as_json(self) -> float | dict[str, float]:
        """A number, or `{min, max}`."""
        low, high = round(self.low, 2), round(self.high, 2)
        return low if low == high else {"min": low, "max": high}


class Unit(IntEnum):
    """What is counted, in the order of the estimate."""

    MACHINE = 0
    GIB = 1
    LOAD_BALANCER = 2
    OTHER = 3


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One thing that is counted.

    Attributes:
        unit: what it is.
        name: machine type, disk type, or the key in the price list.
        spot: whether the cloud may take it back.
    """

    unit: Unit
    name: str = ""
    spot: bool = False


Count = dict[Item, Range]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the estimate.

    Attributes:
        what: in words.
        before: how many there are.
        after: how many there will be.
        monthly: what one costs in a month; None where no price is known.
    """

    item: Item
    what: str
    before: Range
    after: Range
    monthly: float | None

    def cost(self, count: Range) -> Range | None:
        """What so many cost in a month."""
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
class Estimate:
    """What there is and what there will be, and what it costs in a month.

    Attributes:
        lines: machines first.
        prices: None where the infrastructure has no price list.
    """

    lines: tuple[Line, ...]
    prices: PriceList | None

    @property
    def before(self) -> Range:
        """What everything that has a price costs now."""
        return sum((line.cost(line.before) or Range() for line in self.lines), Range())

    @property
    def after(self) -> Range:
        """What everything that has a price will cost."""
        return sum((line.cost(line.after) or Range() for line in self.lines), Range())

    @property
    def notes(self) -> list[str]:
        """What the numbers leave out, or assume."""
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
        return found

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
        }


def estimate(
    before: Iterable[Mapping[str, Any]],
    after: Iterable[Mapping[str, Any]],
    infrastructure: Infrastructure,
    settings: Iterable[Cluster],
) -> Estimate:
    """What two sets of clusters are made of, and cost.

    Args:
        before: the Cluster objects that there are.
        after: the Cluster objects that there will be.
        infrastructure: what their machines are.
        settings: what the stack file says about the clusters; the foundation is priced by them.

    Raises:
        CaasError: CAAS-3028 when the price file can't be used.
    """
    prices = infrastructure.price_list()
    known = tuple(settings)
    words: dict[Item, str] = {}
    counts = [
        count(clusters, infrastructure) | _foundation(clusters, infrastructure, known, words)
        for clusters in (tuple(before), tuple(after))
    ]
    lines = [
        Line(
            item,
            words.get(item) or _words(item),
            counts[0].get(item, Range()),
            counts[1].get(item, Range()),
            _monthly(item, prices),
        )
        for item in sorted({*counts[0], *counts[1]})
    ]
    return Estimate(tuple(lines), prices)


def count(clusters: Iterable[Mapping[str, Any]], infrastructure: Infrastructure) -> Count:
    """What Cluster objects are made of; of simulated machines nothing but these is there."""
    total: Count = {}
    real = infrastructure.PROVIDER is not None
    for cluster in clusters:
        for item, number in _cluster(cluster["spec"]["topology"], infrastructure):
            if real or item.unit is Unit.MACHINE:
                total[item] = total.get(item, Range()) + number
    return {item: number for item, number in total.items() if number.high}


def _cluster(
    topology: Mapping[str, Any], infrastructure: Infrastructure
) -> Iterator[tuple[Item, Range]]:
    shared = {entry["name"]: entry["value"] for entry in topology.get("variables", ())}
    control_plane = topology["controlPlane"]
    variables = shared | _overrides(control_plane)
    number = _replicas(control_plane)
    yield from _machines(number, variables, infrastructure)
    if disk := variables.get(ETCD_DISK):
        yield _disk(number, disk)
    for pool in topology.get("workers", {}).get("machineDeployments", ()):
        yield from _machines(_replicas(pool), shared | _overrides(pool), infrastructure)
    endpoint = shared.get(ENDPOINT)
    if not (isinstance(endpoint, Mapping) and endpoint.get("host")):
        yield Item(Unit.LOAD_BALANCER), Range(1, 1)


def _overrides(group: Mapping[str, Any]) -> dict[str, Any]:
    entries = group.get("variables", {}).get("overrides", ())
    return {entry["name"]: entry["value"] for entry in entries}


def _replicas(group: Mapping[str, Any]) -> Range:
    annotations = group.get("metadata", {}).get("annotations", {})
    if MIN_SIZE in annotations and MAX_SIZE in annotations:
        return Range(int(annotations[MIN_SIZE]), int(annotations[MAX_SIZE]))
    number = group.get("replicas", 0)
    return Range(number, number) if isinstance(number, int) else Range()


def _machines(
    number: Range, variables: Mapping[str, Any], infrastructure: Infrastructure
) -> Iterator[tuple[Item, Range]]:
    kind = variables.get(MACHINE_TYPE) or infrastructure.machine_type(Machine().type)
    yield Item(Unit.MACHINE, kind, SPOT in variables), number
    root = variables.get(ROOT_DISK) or {"sizeGiB": Disk().size_gib}
    for disk in (root, *variables.get(DATA_DISKS, ())):
        yield _disk(number, disk)


def _disk(number: Range, disk: Mapping[str, Any]) -> tuple[Item, Range]:
    return Item(Unit.GIB, disk.get("type", DEFAULT_DISK)), number * disk["sizeGiB"]


def _foundation(
    clusters: Iterable[Mapping[str, Any]],
    infrastructure: Infrastructure,
    settings: tuple[Cluster, ...],
    words: dict[Item, str],
) -> Count:
    """What the foundation of these clusters costs beside; none where there are no clusters."""
    names = {cluster["metadata"]["name"] for cluster in clusters}
    standing = [cluster for cluster in settings if cluster.name in names]
    found: Count = {}
    for priced in infrastructure.priced(standing) if names else ():
        item = Item(Unit.OTHER, priced.item)
        words[item] = priced.what
        found[item] = found.get(item, Range()) + Range(priced.count, priced.count)
    return found


def _words(item: Item) -> str:
    match item.unit:
        case Unit.MACHINE:
            return f"machine {item.name}{' (spot)' if item.spot else ''}"
        case Unit.GIB:
            return "GiB of disk" if item.name == DEFAULT_DISK else f"GiB of disk {item.name}"
        case Unit.LOAD_BALANCER:
            return "load balancer"
        case Unit.OTHER:
            return item.name


def _monthly(item: Item, prices: PriceList | None) -> float | None:
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
