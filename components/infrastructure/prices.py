"""The prices of an infrastructure: `prices.yaml` of a plug-in, or a file of the user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from errors import CaasError, Problem, Where
from errors.program import PRICES_INVALID

HOURS_PER_MONTH = 730


@dataclass(frozen=True, slots=True)
class Priced:
    """Something that costs money beside machines, disks and load balancers.

    Attributes:
        item: its key below `other` in the price file, `nat-gateway`.
        count: how many of it.
        what: a word for it in the estimate, `NAT gateway`.
    """

    item: str
    count: int
    what: str


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices on one day.

    Attributes:
        source: where they come from.
        on: the day they were read.
        currency: `USD`.
        machines: per hour, by machine type.
        disks: per GiB and month, by disk type; `default` for the others.
        load_balancer: per hour.
        other: per hour, by item.
        region: the region that the prices are of; empty where they do not depend on it.
        regions: machines per hour in other regions, by region.
    """

    source: str
    on: date
    currency: str
    machines: Mapping[str, float] = field(default_factory=dict)
    disks: Mapping[str, float] = field(default_factory=dict)
    load_balancer: float | None = None
    other: Mapping[str, float] = field(default_factory=dict)
    region: str = ""
    regions: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def of_region(self, region: str) -> PriceList:
        """The same list with the machines of a region; where it has none, the source says so.

        A machine type that the region does not have has no price there.
        """
        if region in ("", self.region) or not self.region:
            return self
        if region not in self.regions:
            source = f"{self.source}; no prices of {region}, so these are those of {self.region}"
            return replace(self, source=source)
        return replace(self, machines=self.regions[region])


Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Prices = dict[str, Price]
Text = Annotated[str, Field(min_length=1)]


class _File(BaseModel):
    """The schema of a price file."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, strict=True)

    source: Text
    date: date
    currency: Text
    machines: Prices = Field(default_factory=dict)
    disks: Prices = Field(default_factory=dict)
    load_balancer: Price | None = None
    other: Prices = Field(default_factory=dict)
    region: str = ""
    regions: dict[str, Prices] = Field(default_factory=dict)


def load_prices(folder: Path | None, own: str | None, region: str = "") -> PriceList | None:
    """The price list of a plug-in's folder, or of the user's own file; None where there is none.

    Args:
        folder: of the plug-in, with its `prices.yaml`.
        own: the user's file, which replaces the plug-in's.
        region: where the machines are; empty where the infrastructure has no regions.

    Raises:
        CaasError: CAAS-3028, with every place of the file that is wrong.
    """
    file = Path(own).expanduser() if own else folder / "prices.yaml" if folder else None
    return _read(file).of_region(region) if file and (own or file.exists()) else None


@lru_cache
def _read(file: Path) -> PriceList:
    try:
        text = file.read_text()
        data = yaml.load(text, yaml.CSafeLoader)
        found = _File.model_validate(data)
    except ValidationError as error:
        raise CaasError.of(_problems(error, file, text)) from error
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise CaasError(
            PRICES_INVALID, "The price file can't be read", where=Where(file=str(file)), why=why
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = Where(str(file), mark.line + 1, mark.column + 1) if mark else Where(str(file))
        why = getattr(error, "problem", None) or str(error)
        raise CaasError(
            PRICES_INVALID, "The price file is not YAML", where=where, why=why
        ) from error
    return PriceList(
        source=found.source,
        on=found.date,
        currency=found.currency,
        machines=found.machines,
        disks=found.disks,
        load_balancer=found.load_balancer,
        other=found.other,
        region=found.region,
        regions=found.regions,
    )


def _problems(error: ValidationError, file: Path, text: str) -> Iterator[Problem]:
    root = yaml.compose(text, yaml.CSafeLoader)
    for each in error.errors():
        path = ".".join(map(str, each["loc"]))
        what = f"`{path}` of the price file is wrong" if path else "The price file is no mapping"
        line, column = _place(root, each["loc"])
        where = Where(str(file), line, column, path or None)
        yield Problem(PRICES_INVALID, what, where, why=each["msg"])


def _place(node: Any, path: tuple[Any, ...]) -> tuple[int | None, int | None]:
    """Line and column of a value, or of the nearest mapping that it should be in."""
    for step in path:
        entries = node.value if isinstance(node, yaml.MappingNode) else ()
        found = [value for key, value in entries if key.value == str(step)]
        if not found:
            break
        node = found[0]
    return (node.start_mark.line + 1, node.start_mark.column + 1) if node else (None, None)
