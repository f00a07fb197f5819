"""
Costs and quotas as text for people, and as JSON.

In: a load, its costs and usages. Out: lines, or one JSON value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from livebus.capacity.cost import Cost
from livebus.capacity.figures import OTHER_PRICES, PRICES, QUOTAS, Figure
from livebus.capacity.load import Load
from livebus.capacity.quotas import Usage
from livebus.terminal.table import table, wrapped

# The marks of how a figure is known.
MARKS = {"verified": "", "documented": "d", "unsure": "?"}


def lines(load: Load, costs: Sequence[Cost], usages: Sequence[Usage], width: int | None = None) -> Iterator[str]:
    """Both tables, and what is to be known about them, in lines of so many columns at the most (None: no bound)."""
    yield from wrapped("Cost in USD, for a month of 30 days", width)
    yield from table(
        [("", "a month", "price", "USD a month", "USD per million events", ""), *_cost_rows(costs)], "<>>>><", width
    )
    yield ""
    yield from wrapped(f"Quotas in {load.region}, the nearest first", width)
    yield from table(
        [("", "used", "quota", "%", "", "beyond it", "raised on request"), *map(_usage_row, usages)], "<>>><<<", width
    )
    yield ""
    yield from wrapped(
        "d documented, and not read again; ? AWS's pages differ or say nothing. --figures names the page of each figure.",
        width,
    )
    if load.region != "us-east-1":
        yield from wrapped(f"Prices are those of us-east-1; {load.region} may be dearer.", width)


def _cost_rows(costs: Sequence[Cost]) -> Iterator[tuple[str, ...]]:
    line = [cost for cost in costs if cost.in_line]
    beside = [cost for cost in costs if not cost.in_line and cost.quantity]
    yield from map(_cost_row, line)
    yield ("the line", "", "", *_sums(line), "")
    yield from map(_cost_row, beside)
    yield ("all", "", "", *_sums(costs), "")


def _cost_row(cost: Cost) -> tuple[str, ...]:
    figure = cost.figure
    price = _priced(figure) + (", then less" if figure.tiers else "")
    return figure.name, _count(cost.quantity), price, *_sums([cost]), MARKS[figure.known]


def _sums(costs: Sequence[Cost]) -> tuple[str, str]:
    month, per_million = total(costs)
    return f"{month:,.2f}", "" if per_million is None else f"{per_million:,.2f}"


def total(costs: Sequence[Cost]) -> tuple[float, float | None]:
    """The sum of items: in a month, and for a million events."""
    parts = [cost.per_million_events for cost in costs]
    known = [part for part in parts if part is not None]
    return sum(cost.month for cost in costs), sum(known) if known else None


def _usage_row(usage: Usage) -> tuple[str, ...]:
    figure = usage.figure
    return (
        figure.name,
        _count(usage.used),
        f"{_count(usage.quota)} {figure.unit}",
        f"{usage.percent:,.0f}" if usage.percent >= 1 or not usage.used else "<1",
        MARKS[figure.known],
        f"{usage.beyond}: {usage.then}",
        "yes" if usage.adjustable else "no",
    )


def _count(value: float) -> str:
    """A count without a fraction, where it is large enough for that."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.2f}"


def _price(value: float) -> str:
    return f"{value:.2f}" if round(value, 2) == value else f"{value:g}"


def as_json(load: Load, costs: Sequence[Cost], usages: Sequence[Usage]) -> dict[str, Any]:
    """The same with every figure's page, date and confidence, and numbers that are not rounded."""
    month, per_million = total(costs)
    line_month, line_per_million = total([cost for cost in costs if cost.in_line])
    return {
        "load": {**dict(load.values), "region": load.region},
        "costs": [
            {
                **_figure(cost.figure, "price"),
                "quantity": cost.quantity,
                "month": cost.month,
                "perMillionEvents": cost.per_million_events,
                "inLine": cost.in_line,
            }
            for cost in costs
        ],
        "line": {"month": line_month, "perMillionEvents": line_per_million},
        "total": {"month": month, "perMillionEvents": per_million},
        "quotas": [
            {
                **_figure(usage.figure, "quota"),
                "quota": usage.quota,
                "used": usage.used,
                "percent": usage.percent,
                "exceeded": usage.exceeded,
                "beyond": usage.beyond,
                "then": usage.then,
                "adjustable": usage.adjustable,
            }
            for usage in usages
        ],
    }


def _figure(figure: Figure, value: str) -> dict[str, Any]:
    return {
        "name": figure.name,
        value: figure.value,
        "unit": figure.unit,
        "known": figure.known,
        "read": figure.read or None,
        "source": figure.source,
        "note": figure.note,
    }


def figure_lines() -> Iterator[str]:
    """Every figure: what it is, how it is known, when it was read, and where it stands."""
    for title, figures, shown in (
        ("Prices in us-east-1, in USD", PRICES, _priced),
        ("Prices that a load does not decide", OTHER_PRICES, _priced),
        ("Quotas, as they are by default", QUOTAS, _counted),
    ):
        yield title
        for figure in figures:
            known = f"{figure.known}, read on {figure.read}" if figure.read else figure.known
            yield f"  {figure.name}: {shown(figure)} ({known})"
            yield f"    {figure.source}"
            if figure.by_region:
                regions = (f"{region} {number:,.0f}" for region, number in sorted(figure.by_region.items()))
                yield f"    {'; '.join(regions)}; others as above"
            if figure.note:
                yield f"    {figure.note}"
        yield ""


def _priced(figure: Figure) -> str:
    return f"{_price(figure.value)} per {figure.unit}"


def _counted(figure: Figure) -> str:
    return f"{_count(figure.value)} {figure.unit}"
