"""A plan's charts: which columns of the result go into which figure, and on what they rest."""

from __future__ import annotations

import math
from datetime import date

import numpy as np

from stargate.programme.result import PhaseResult, PlanResult, TaskResult
from stargate.programme.sampled import DriverEffect, FloatArray, Series
from stargate.units import DAY_S, HOUR_S, MONTH_S
from stargate.view.answer import budget, strongest
from stargate.view.figures.bands import (
    Band,
    accelerators_over_time,
    power_over_time,
    spend_over_time,
)
from stargate.view.figures.joint import joint_confidence
from stargate.view.figures.money import spend_by_year
from stargate.view.figures.online import PhaseDates, online_dates
from stargate.view.figures.schedule import TaskBar, schedule
from stargate.view.figures.style import Chart, Days
from stargate.view.figures.tornado import Swing, tornado
from stargate.view.figures.yearly import Yearly, yearly

_TASKS_SHOWN = 28
_DRIVERS_SHOWN = 10
_CAPITAL_FLOWS = "spend_usd:"
_RUNNING_FLOW = "running_usd"
_NEVER = np.datetime64("NaT", "D")


def days_of(data_date: date, time_s: FloatArray) -> Days:
    """Calendar days of times in seconds since the data date; NaT for never."""
    finite = np.isfinite(time_s)
    offset = np.floor(np.where(finite, time_s, 0.0) / DAY_S).astype("timedelta64[D]")
    days = np.datetime64(data_date, "D") + offset
    return np.where(finite, days, _NEVER)


def _day(result: PlanResult, time_s: float) -> np.datetime64:
    return np.datetime64(result.day(time_s), "D") if math.isfinite(time_s) else _NEVER


def basis(result: PlanResult, rests_on: str) -> str:
    """What a chart rests on: its inputs, how many futures, and how many inputs are assumed."""
    assumed = sum(fact.confidence == "assumed" for fact in result.facts)
    return (
        f"{rests_on} {result.n_samples:,} sampled futures; {assumed} of {len(result.facts)} facts "
        "are assumed, see “Facts and sources”."
    )


def online_chart(result: PlanResult) -> Chart:
    """The S-curve of every phase that is not done."""
    return online_dates(
        [_phase_dates(result, phase) for phase in result.phases if phase.status != "done"],
        basis=basis(result, "Basis: durations, links, drivers, risks and gates of the plan."),
    )


def _phase_dates(result: PlanResult, phase: PhaseResult) -> PhaseDates:
    q = phase.online
    return PhaseDates(
        name=phase.name,
        online=days_of(result.data_date, phase.online_s),
        target=None if phase.target is None else np.datetime64(phase.target, "D"),
        marks={p: _day(result, at) for p, at in ((10, q.p10), (50, q.p50), (80, q.p80))},
        probability_by_target=phase.probability_by_target,
    )


def schedule_chart(result: PlanResult) -> Chart | None:
    """The most critical tasks, in the order in which they start."""
    dated = [task for task in result.tasks if math.isfinite(task.finish.p50)]
    if not dated:
        return None
    ranked = sorted(dated, key=lambda task: (-task.criticality, -task.duration.p50))
    shown = sorted(ranked[:_TASKS_SHOWN], key=lambda task: (task.start.p50, task.finish.p50))
    return schedule(
        [_task_bar(result, task) for task in shown],
        n_tasks=len(result.tasks),
        basis=basis(result, "Basis: the task network of each site."),
    )


def _task_bar(result: PlanResult, task: TaskResult) -> TaskBar:
    never = np.datetime64(result.horizon, "D")
    late = _day(result, task.finish.p90)
    return TaskBar(
        name=task.name,
        start=_day(result, task.start.p50),
        finish=_day(result, task.finish.p50),
        finish_p10=_day(result, task.finish.p10),
        finish_p90=never if np.isnat(late) else late,
        criticality=task.criticality,
    )


def power_chart(result: PlanResult) -> Chart:
    """IT and facility power on line."""
    return power_over_time(
        _band(result, result.series_of("it_w"), "IT load", 1e6),
        _band(result, result.series_of("facility_w"), "facility", 1e6),
        basis=basis(result, "Basis: blocks as planned, on line when accepted."),
    )


def accelerators_chart(result: PlanResult) -> Chart:
    """Accelerators in service."""
    band = _band(result, result.series_of("accelerators"), "accelerators", 1.0)
    return accelerators_over_time(
        band, basis=basis(result, "Basis: IT power by IT watts for each accelerator.")
    )


def spend_chart(result: PlanResult) -> Chart:
    """Cumulative capital, against the budget of the last phase."""
    last = result.phases[-1]
    low, high = last.budget_low_usd, last.budget_high_usd
    return spend_over_time(
        _band(result, result.series_of("capex_cumulative_usd"), "cumulative spend", 1e9),
        budget_usd=(low, high) if low is not None and high is not None else None,
        basis=basis(result, "Basis: cost by MW and by accelerator, spend curves, escalation."),
        source=_budget_source(last),
    )


def _budget_source(phase: PhaseResult) -> str:
    if phase.budget_high_usd is None:
        return ""
    by = f" ({phase.budget_source})" if phase.budget_source else ", as stated in the plan"
    return f"Budget of {phase.name}: {budget(phase)}{by}."


def _band(result: PlanResult, series: Series, name: str, unit: float) -> Band:
    days = days_of(result.data_date, series.time_s)
    return Band(name, days, series.p10 / unit, series.p50 / unit, series.p90 / unit)


def spend_by_year_chart(result: PlanResult) -> Chart | None:
    """Mean spend a calendar year, by category: capital by cost, and what running it costs."""
    flows = [series for series in result.series if series.id.startswith(_CAPITAL_FLOWS)]
    flows += [series for series in result.series if series.id == _RUNNING_FLOW]
    flows = [flow for flow in flows if flow.mean.any()]
    if not flows:
        return None
    return spend_by_year(
        years_of(result, flows[0]),
        {flow.label.removesuffix(" a year"): flow.mean for flow in flows},
        basis=basis(result, "Basis: cost items and their spend curves, running cost, energy."),
    )


def years_of(result: PlanResult, flow: Series) -> list[int]:
    """The calendar years whose ends a flow is stated at."""
    last_days = days_of(result.data_date, flow.time_s) - np.timedelta64(1, "D")
    return [int(str(day)[:4]) for day in last_days]


def footprint_charts(result: PlanResult) -> list[Chart]:
    """Energy and carbon by year."""
    series = {each.id: each for each in result.series}
    charts = []
    if (energy := series.get("energy_j")) is not None:
        charts.append(_energy(result, energy))
    if (carbon := series.get("carbon_kg")) is not None:
        market, embodied = series.get("carbon_market_kg"), series.get("embodied_kg")
        charts.append(_carbon(result, carbon, market, embodied))
    return charts


def _yearly(result: PlanResult, flow: Series, unit: float) -> Yearly:
    return Yearly(years_of(result, flow), *(q / unit for q in (flow.p10, flow.p50, flow.p90)))


def _energy(result: PlanResult, energy: Series) -> Chart:
    return yearly(
        _yearly(result, energy, 1e12 * HOUR_S),
        energy.id,
        "Energy by year",
        "Energy (TWh a year)",
        "What the facilities draw from grid or own plant.",
        basis(result, "Basis: IT load × utilisation × yearly PUE."),
    )


def _carbon(
    result: PlanResult, location: Series, market: Series | None, embodied: Series | None
) -> Chart:
    """Both ways to count carbon in one chart, as GHG Protocol, scope 2, asks."""
    caption = "Location based: energy by what the grid of the site, or the own plant, emits."
    if market is not None:
        caption += (
            " Market based: by what the contracts say that is bought (GHG Protocol, scope 2), the "
            "median of each year."
        )
        if location.mean.any() and not market.mean.any():
            caption += " It is zero throughout: contracts for clean power cover all of it."
    if embodied is not None and embodied.mean.any():
        caption += (
            f" Making all accelerators on line at the end took {embodied.mean[-1] / 1e9:,.2f} Mt "
            "once, which is not shown."
        )
    return yearly(
        _yearly(result, location, 1e9),
        location.id,
        "Carbon by year",
        "Carbon (Mt CO2 a year)",
        caption,
        basis(result, "Basis: energy × carbon intensity; share of clean contracts."),
        names=("location based", "market based"),
        beside=None if market is None else market.p50 / 1e9,
    )


def joint_chart(result: PlanResult) -> Chart:
    """Date and capital of the last phase together."""
    last = result.phases[-1]
    return joint_confidence(
        days_of(result.data_date, last.online_s),
        last.capex_usd,
        target=None if last.target is None else np.datetime64(last.target, "D"),
        budget_usd=last.budget_high_usd,
        phase=last.name,
        basis=basis(result, "Basis: dates and costs of the same samples."),
    )


def driver_charts(result: PlanResult) -> list[Chart]:
    """Tornado of the last phase's date, of the programme's cost, and of what it is worth."""
    worth = result.cash.drivers if result.cash is not None and result.cash.has_revenue else ()
    outcomes = (
        ("s", strongest(result, "s"), f"the date of {result.phases[-1].name}", "months", MONTH_S),
        ("usd", strongest(result, "USD"), "the cost of the programme", "$ billion", 1e9),
        ("npv", worth, "the programme's net present value", "$ billion", 1e9),
    )
    return [
        tornado(
            [_swing(effect, scale) for effect in effects[:_DRIVERS_SHOWN]],
            chart_id=f"tornado-{name}",
            output=output,
            swing_unit=shown_unit,
            basis=basis(result, "Basis: correlation over the same futures; one input at a time."),
        )
        for name, effects, output, shown_unit, scale in outcomes
        if effects
    ]


def _swing(effect: DriverEffect, scale: float) -> Swing:
    low, high = (effect.low - effect.base) / scale, (effect.high - effect.base) / scale
    return Swing(
        effect.label,
        effect.rank_correlation,
        low if math.isfinite(low) else None,
        high if math.isfinite(high) else None,
    )
