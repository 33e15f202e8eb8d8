"""Earned value in words and a table: for the terminal and the report."""

from __future__ import annotations

from stargate.programme.result import PlanResult
from stargate.programme.tracking import EarnedValue, Tracking
from stargate.view.page import Column, Markup, table
from stargate.view.wording import billions, money, month

EARNED_COLUMNS = ("Budget $B", "Planned", "Earned", "Spent", "SPI", "SPI(t)", "CPI", "At this pace")


def earned_cells(result: PlanResult, row: EarnedValue) -> tuple[str, ...]:
    """Value planned, earned and spent in billions, the indices, and the end at the pace so far."""
    spent = "–" if row.spent_usd is None else _billions(row.spent_usd)
    end = "done" if row.done else "–" if row.end_s is None else month(result.day(row.end_s))
    values = (row.budget_usd, row.planned_usd, row.earned_usd)
    indices = (row.schedule_index, row.schedule_index_of_time, row.cost_index)
    return (*map(_billions, values), spent, *map(_index, indices), end)


def _billions(usd: float) -> str:
    """With two decimals where one would hide the number."""
    return billions(usd) if usd >= 10e9 else f"{usd / 1e9:.2f}"


def _index(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def earned_sentences(tracking: Tracking) -> list[str]:
    """Where the works stand, and what they cost in the end if money goes on buying as much."""
    if not tracking.earned:
        return []
    whole = tracking.earned[-1]
    told = (
        f"By now works worth {money(whole.planned_usd)} were planned and works worth "
        f"{money(whole.earned_usd)} are done, at the plan's prices"
    )
    costs = [row for row in tracking.earned if row.cost_index is not None and row.id]
    ends = [
        f"{row.name} has cost {money(row.spent_usd or 0)} for works worth {money(row.earned_usd)}; "
        f"at that rate it costs {money(row.at_completion_usd or 0)} in the end"
        for row in costs
    ]
    return [f"{sentence}." for sentence in (told, *ends)]


def earned_table(result: PlanResult, tracking: Tracking) -> Markup:
    """Every phase, and all of them."""
    rows = [(row.name, *earned_cells(result, row)) for row in tracking.earned]
    caption = (
        f"In {result.price_base} dollars at the plan's prices. Planned: to be done by now (PV). "
        "Earned: is done (EV). Spent: what it has cost (AC), where the file says so. SPI is EV / "
        "PV, CPI is EV / AC; below 1 is late, or dear. SPI(t) is by time: how long the plan took "
        "to earn as much, over how long it has taken (Lipke 2003). The last column goes on at that "
        "pace; the forecast above draws what is left instead."
    )
    columns = [Column("Value of"), *(Column(name, number=True) for name in EARNED_COLUMNS)]
    return table(columns, rows, caption)
