"""A plan on a terminal: the verdict, tables, and the answer in words.

`rich` leaves colour out when the output is piped or NO_COLOR is set, and keeps to the width that
COLUMNS or the terminal gives; a pipe without one gets room for every column.
"""

from __future__ import annotations

import math
import os
import sys
from typing import TextIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from stargate.programme.cash_result import CashResult
from stargate.programme.result import PlanResult
from stargate.units import MONTH_S
from stargate.view.answer import answers, sources, strongest, verdict
from stargate.view.cash import PARTY_COLUMNS, cash_answers, party_cells, told_parties
from stargate.view.earned import EARNED_COLUMNS, earned_cells, earned_sentences
from stargate.view.options import (
    ADDED_COLUMNS,
    OPTION_COLUMNS,
    added_rows,
    by_value,
    option_answers,
    option_cells,
    together_sentence,
)
from stargate.view.slips import SLIP_COLUMNS, slip_cells, slip_sentences, told
from stargate.view.wording import (
    billions,
    count,
    long_day,
    megawatts,
    month,
    months,
    percent,
    relation,
)

_PIPE_WIDTH = 110
_DRIVERS_SHOWN = 6
_OUTCOMES = (("s", "date", "months", MONTH_S), ("USD", "cost", "$B", 1e9))


def console(file: TextIO | None = None) -> Console:
    """A console for results: standard output unless `file` is given."""
    out = file or sys.stdout
    free = not out.isatty() and "COLUMNS" not in os.environ
    return Console(file=out, width=_PIPE_WIDTH if free else None, highlight=False, soft_wrap=False)


def print_plan(result: PlanResult, out: Console | None = None) -> None:
    """The plan in short: the verdict, its phases, gates and drivers, the answer in words."""
    (out or console()).print(plan_summary(result))


def plan_summary(result: PlanResult) -> RenderableType:
    """Everything that `stargate plan` shows."""
    known = (
        f"known to {long_day(result.data_date)} · {result.n_samples:,} sampled futures · "
        f"seed {result.seed} · {result.price_base} dollars"
    )
    parts: list[RenderableType] = [
        Text(result.name, style="bold"),
        Text(known, style="dim"),
        Text(""),
        *map(Text, verdict(result)),
        Text(""),
        _dates(result),
        _sizes(result),
        *([_gates(result)] if result.gates else []),
        *([_drivers(result)] if result.drivers else []),
        *([_parties(result, result.cash)] if result.cash and result.cash.has_revenue else []),
        *([_options(result)] if result.options else []),
        *_together(result),
        *_since_the_plan(result),
        *(Text(f"{sentence}\n") for sentence in _told(result)),
    ]
    return Group(*parts)


def _told(result: PlanResult) -> tuple[str, ...]:
    found = (*answers(result), *cash_answers(result), *option_answers(result), sources(result))
    return tuple(told for _, told in found)


def plain_table(title: str, first: str, *numbers: str) -> Table:
    """A table without lines but one under its head: names left, numbers right."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    table.add_column(first, overflow="fold")
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _dates(result: PlanResult) -> Table:
    table = plain_table("On line by", "Phase", "P10", "P50", "P80", "P90", "Target", "Odds")
    for phase in result.phases:
        q, odds = phase.online, phase.probability_by_target
        table.add_row(
            phase.name + (" (assumed)" if phase.assumed else ""),
            *(month(result.day(at)) for at in (q.p10, q.p50, q.p80, q.p90)),
            "–" if phase.target is None else month(phase.target),
            "–" if odds is None else percent(odds),
        )
    return table


def _sizes(result: PlanResult) -> Table:
    capital = ("$B P10", "$B P50", "$B P80")
    table = plain_table(
        "Capital and size", "Phase", *capital, "IT MW", "Facility MW", "Accelerators"
    )
    for phase in result.phases:
        table.add_row(
            phase.name,
            *(billions(usd) for usd in (phase.capex.p10, phase.capex.p50, phase.capex.p80)),
            megawatts(phase.it_w),
            megawatts(phase.facility_w),
            count(phase.accelerators),
        )
    return table


def _gates(result: PlanResult) -> Table:
    table = plain_table("Gates", "Gate", "Asks for", "First attempt", "At some attempt", "Wait P50")
    for gate in result.gates:
        asked = [f"{c.metric} {relation(c.relation)} {c.threshold:,.4g}" for c in gate.criteria]
        first = gate.attempts[0].probability_passed_by_now if gate.attempts else math.nan
        odds = (percent(first), percent(gate.probability_pass))
        table.add_row(gate.name, "\n".join(asked), *odds, months(gate.wait.p50))
    return table


def _drivers(result: PlanResult) -> Table:
    table = plain_table("What moves it", "Input", "Outcome", "Rank corr.", "At P10", "At P90")
    for unit, outcome, shown, scale in _OUTCOMES:
        for effect in strongest(result, unit)[:_DRIVERS_SHOWN]:
            ends = [(end - effect.base) / scale for end in (effect.low, effect.high)]
            moved = [f"{end:+,.1f} {shown}" if math.isfinite(end) else "–" for end in ends]
            table.add_row(effect.label, outcome, f"{effect.rank_correlation:+.2f}", *moved)
    return table


def _parties(result: PlanResult, cash: CashResult) -> Table:
    table = plain_table("Money by party", "Party", *PARTY_COLUMNS)
    for party in told_parties(cash):
        table.add_row(party.name, *party_cells(result, party))
    return table


def _options(result: PlanResult) -> Table:
    table = plain_table("What may still be decided", "Option", *OPTION_COLUMNS)
    for option in by_value(result):
        table.add_row(option.name, *option_cells(option))
    return table


def _together(result: PlanResult) -> list[RenderableType]:
    """Where several options are exercised at all; else the table above says it all."""
    if sum(option.probability_exercised > 0 for option in result.options) < 2:
        return []
    table = plain_table("All options together", "Option", *ADDED_COLUMNS)
    for cells in added_rows(result):
        table.add_row(*cells)
    return [table, Text(f"{together_sentence(result)}\n")]


def _since_the_plan(result: PlanResult) -> list[RenderableType]:
    tracking = result.tracking
    if tracking is None or not tracking.slips:
        return []
    table = plain_table(
        f"Since the plan of {long_day(tracking.planned)}", "Activity", *SLIP_COLUMNS
    )
    for slip in told(tracking):
        table.add_row(f"{slip.name} ({slip.state})", *slip_cells(result, slip))
    earned = plain_table("Earned value", "Phase", *EARNED_COLUMNS)
    for row in tracking.earned:
        earned.add_row(row.name, *earned_cells(result, row))
    sentences = (*slip_sentences(result, tracking), *earned_sentences(tracking))
    return [table, earned, *(Text(f"{sentence}\n") for sentence in (*sentences, *result.warnings))]
