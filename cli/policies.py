"""The policies as a stack file configures them, and what they say about a plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from catalog.admission import known_registries
from components.infrastructure.prices import HOURS_PER_MONTH
from errors import Where
from policies import Configuration
from policies.rules.addons import MIRRORS, OF_CATALOG
from policies.rules.money import CEILING, MACHINE_PRICES, MONTHLY_CEILING
from policies.rules.workloads import FROM_KNOWN, REGISTRIES
from stacks.settings import Source, Stack, read


def today() -> date:
    """The day that end-of-life dates and exemptions are compared with."""
    return datetime.now(UTC).date()


def configuration(settings: Stack, file: Path) -> Configuration:
    """The policy settings of a stack file, on the screen.

    Where it sets a ceiling and no prices, those of the infrastructure's price list are filled in;
    so is its mirror, as a place that charts and images may come from.

    Args:
        settings: the stack file.
        file: where it is, for the places of problems.

    Raises:
        CaasError: CAAS-4010, CAAS-4011 or CAAS-4012 for what names no rule or is not of its form.
    """
    said = settings.policies

    @cache
    def source() -> Source:
        return read(file)

    def where(steps: tuple[str | int, ...]) -> Where:
        return source().where(("policies", *steps))

    return Configuration.of(
        levels={name: level.value for name, level in said.levels.items()},
        parameters=_mirrored(_priced(said.parameters, settings), settings),
        exemptions=[exemption.model_dump() for exemption in said.exemptions],
        on=today(),
        where=where,
    )


def _priced(
    parameters: Mapping[str, Mapping[str, Any]], settings: Stack
) -> Mapping[str, Mapping[str, Any]]:
    ceiling = parameters.get(CEILING, {})
    if MONTHLY_CEILING not in ceiling or MACHINE_PRICES in ceiling:
        return parameters
    prices = settings.infrastructure.price_list()
    if prices is None:
        return parameters
    monthly = {name: price * HOURS_PER_MONTH for name, price in prices.machines.items()}
    return {**parameters, CEILING: {**ceiling, MACHINE_PRICES: monthly}}


def _mirrored(
    parameters: Mapping[str, Mapping[str, Any]], settings: Stack
) -> Mapping[str, Mapping[str, Any]]:
    if settings.mirror is None:
        return parameters
    places = {
        OF_CATALOG: {MIRRORS: [settings.mirror.charts]},
        FROM_KNOWN: {REGISTRIES: [*known_registries(), settings.mirror.registry]},
    }
    filled = {name: {**place, **parameters.get(name, {})} for name, place in places.items()}
    return {**parameters, **filled}
