"""The cost estimate of a stack on the screen."""

from __future__ import annotations

from cli import console
from components.estimate import TENANT_RULE, Estimate, Line, Range, Unit

COLUMNS = ("What", "Before", "After", "Monthly before", "Monthly after")


def show(found: Estimate) -> None:
    """The estimate as a table, with its sum, the age of its prices, and what it leaves out."""
    if not found.lines:
        return
    console.say()
    if found.prices is None:
        counted = [(line.what, _count(line.before), _count(line.after)) for line in found.lines]
        console.table(COLUMNS[:3], counted, title="Estimate")
        if any(line.item.unit is not Unit.MACHINE for line in found.lines):  # real machines
            console.say("There is no price list; set `infrastructure.prices` to a price file.")
        return
    currency = found.prices.currency
    sums = ("together", "", "", money(found.before), money(found.after))
    rows = [*map(_row, found.lines), sums]
    console.table(COLUMNS, rows, title=f"Estimate, in {currency}")
    console.say(f"Prices of {found.prices.on}: {found.prices.source}")
    for note in found.notes:
        console.say(f"{note}.")
    if found.tenants:
        rows = [
            (each.tenant, money(each.before), money(each.after))
            for each in (*found.tenants, found.platform)
        ]
        console.say()
        console.table(("Tenant", *COLUMNS[3:]), rows, title=f"By tenant, in {currency}")
        console.say(f"{TENANT_RULE}.")


def line(found: Estimate) -> str:
    """The estimate in a line; empty where there are no prices."""
    if found.prices is None:
        return ""
    unpriced = any(each.monthly is None for each in found.lines)
    return (
        f"estimated cost per month: {money(found.before)} → {money(found.after)} "
        f"{found.prices.currency} (prices of {found.prices.on}"
        f"{', some items have no price' if unpriced else ''})"
    )


def money(cost: Range | None) -> str:
    """An amount, `1,234.50`, or two."""
    if cost is None:
        return "no price"
    low, high = f"{cost.low:,.2f}", f"{cost.high:,.2f}"
    return low if low == high else f"{low} to {high}"


def _row(each: Line) -> tuple[str, ...]:
    counts = (_count(each.before), _count(each.after))
    return (each.what, *counts, money(each.cost(each.before)), money(each.cost(each.after)))


def _count(number: Range) -> str:
    low, high = f"{number.low:,g}", f"{number.high:,g}"
    return low if low == high else f"{low} to {high}"
