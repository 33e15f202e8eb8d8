"""The report on a plan: the answer first, then dates, money, power, gates, drivers, sources."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from stargate.programme.result import PlanResult
from stargate.view import gate_charts
from stargate.view import plan_charts as charts
from stargate.view import plan_tables as tables
from stargate.view.answer import Answer, answers, budget, sources
from stargate.view.cash import cash_answers, cash_section, footprint_more
from stargate.view.figures.style import Chart
from stargate.view.options import option_answers, option_section
from stargate.view.page import (
    Markup,
    Section,
    answered,
    bullets,
    chart_markup,
    command,
    heading,
    key_figures,
    page,
    paragraph,
)
from stargate.view.slips import slip_section
from stargate.view.wording import long_day, money, month, percent, power


def plan_report(result: PlanResult, path: Path, *, command_line: str = "") -> None:
    """Write the report as one HTML file that opens without a network."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(plan_page(result, command_line=command_line), encoding="utf-8")


def plan_page(result: PlanResult, *, command_line: str = "") -> str:
    """The report as one text; the same result gives the same bytes."""
    return page(
        result.name,
        kicker=(
            f"Programme plan · known to {long_day(result.data_date)} · "
            f"{result.n_samples:,} sampled futures"
        ),
        opening=[_key_figures(result), answered(_answers(result))],
        sections=_sections(result, command_line),
        footer=f"Stargate {result.version} · spec {result.spec_hash[:12]} · seed {result.seed}",
    )


def _answers(result: PlanResult) -> list[Answer]:
    """What a planner asks, in the order of asking."""
    return [
        *answers(result),
        *option_answers(result),
        *cash_answers(result),
        sources(result),
    ]


def _key_figures(result: PlanResult) -> Markup:
    last = result.phases[-1]
    capex = result.finance.capex
    online = month(result.day(last.online.p50)) if math.isfinite(last.online.p50) else "not built"
    entries = [
        (f"{last.name}, on line", online, f"P80 {month(result.day(last.online.p80))}"),
        ("Capital, whole programme", money(capex.p50), f"P80 {money(capex.p80)}"),
        (
            "Power of the last phase",
            power(last.facility_w),
            f"facility; IT load {power(last.it_w)}",
        ),
    ]
    if last.target is not None and last.probability_by_target is not None:
        odds = percent(last.probability_by_target)
        entries.insert(1, ("Odds of its target date", odds, long_day(last.target)))
    for gate in [gate for gate in result.gates if gate.opens][-1:]:
        first = gate.attempts[0].probability_passed_by_now if gate.attempts else math.nan
        opens = percent(gate.probability_pass)
        entries.append(("Gate opens", opens, f"{percent(first)} at first attempt"))
    if (best := result.best_option) is not None:
        entries.append(("The decision that buys most", f"+{money(best.value_usd)}", best.name))
    return key_figures(entries)


def _sections(result: PlanResult, command_line: str) -> list[Section]:
    found = (
        Section("since", "Since the plan", _since(result)),
        Section("phases", "Phases and dates", _dates(result)),
        Section("money", "Money", _money(result)),
        Section("power", "Power, accelerators, energy", _power(result)),
        Section("gates", "Gates and the next model", _gates(result)),
        Section("drivers", "What moves the answer", _drivers(result)),
        Section("options", "What may still be decided", option_section(result)),
        Section("assumptions", "What was assumed", _assumptions(result)),
        Section("facts", "Facts and sources", _facts(result)),
        Section("reproduce", "How to reproduce this", _reproduce(result, command_line)),
    )
    return [section for section in found if section.parts]


def _since(result: PlanResult) -> list[Markup]:
    tracking = result.tracking
    tracked = tracking is not None and tracking.slips
    return list(slip_section(result, tracking)) if tracking is not None and tracked else []


def _drawn(*found: Chart | None) -> list[Markup]:
    return [chart_markup(chart) for chart in found if chart is not None]


def _dates(result: PlanResult) -> list[Markup]:
    return [
        tables.phase_dates(result),
        tables.deadlines(result),
        *_drawn(charts.online_chart(result), charts.schedule_chart(result)),
        tables.tasks(result),
    ]


def _money(result: PlanResult) -> list[Markup]:
    return [
        tables.phase_costs(result),
        *_drawn(charts.spend_chart(result), charts.spend_by_year_chart(result)),
        *_drawn(charts.joint_chart(result)),
        tables.money(result),
        *cash_section(result),
    ]


def _power(result: PlanResult) -> list[Markup]:
    return [
        tables.phase_sizes(result),
        *_drawn(charts.power_chart(result), charts.accelerators_chart(result)),
        *_drawn(*charts.footprint_charts(result)),
        *footprint_more(result),
    ]


def _gates(result: PlanResult) -> list[Markup]:
    parts: list[Markup] = []
    for gate in result.gates:
        parts += [
            heading(gate.name),
            tables.criteria(gate),
            *_drawn(*gate_charts.gate_charts(result, gate)),
            tables.attempts(result, gate),
        ]
    if result.runs:
        parts += [*_drawn(gate_charts.run_chart(result)), tables.runs(result)]
        parts += [paragraph(tables.uptime(run)) for run in result.runs if math.isfinite(run.mtbf_s)]
    return parts


def _drivers(result: PlanResult) -> list[Markup]:
    return _drawn(*charts.driver_charts(result))


def _assumptions(result: PlanResult) -> list[Markup]:
    return [*_listed(result.warnings), *_listed(result.assumptions)]


def _listed(lines: Iterable[str]) -> list[Markup]:
    found = list(lines)
    return [bullets(found)] if found else []


def _facts(result: PlanResult) -> list[Markup]:
    if not result.facts:
        return []
    words = (
        "Every number that is not the planner's own, with its source. Assumed and recalled values "
        "stand first: they are the ones to replace."
    )
    return [paragraph(words), tables.facts(result.facts)]


def _reproduce(result: PlanResult, command_line: str) -> list[Markup]:
    last = result.phases[-1]
    held_against = (
        f" The budget of {last.name} is {budget(last)}: {last.budget_source}."
        if last.budget_source
        else ""
    )
    words = (
        f"The same file, seed and version give the same bytes. Version {result.version}, seed "
        f"{result.seed}, {result.n_samples:,} samples, spec hash {result.spec_hash}.{held_against}"
    )
    default = f"stargate plan FILE --seed {result.seed} --samples {result.n_samples} -o report.html"
    return [command(command_line or default), paragraph(words)]
