"""What one plan changes against another: both S-curves, and the differences as intervals."""

from __future__ import annotations

import math

import numpy as np

from stargate.programme.compare import Comparison, Difference
from stargate.programme.result import PhaseResult, PlanResult
from stargate.programme.sampled import PERCENTILES
from stargate.units import DAY_S, MONTH_S
from stargate.view.figures.intervals import Interval, Panel, intervals
from stargate.view.figures.online import PhaseDates, online_dates
from stargate.view.figures.style import Chart, Days

_AXES = {
    "s": ("Later by (months)", MONTH_S, "dates", "When: B less A"),
    "USD": ("Dearer by ($B)", 1e9, "costs", "Capital: B less A"),
}


def online_chart(found: Comparison, labels: tuple[str, str]) -> Chart | None:
    """The last phase that both have, once as A has it and once as B has it."""
    if not found.phases:
        return None
    name = found.phases[-1].id
    curves = [
        _curve(plan, plan.phase(name), f"{letter}: {label}")
        for plan, letter, label in zip((found.a, found.b), "AB", labels, strict=True)
    ]
    return online_dates(curves, basis=_basis(found))


def _curve(plan: PlanResult, phase: PhaseResult, label: str) -> PhaseDates:
    start = np.datetime64(plan.data_date, "D")
    marks = zip(PERCENTILES, (getattr(phase.online, f"p{p}") for p in PERCENTILES), strict=True)
    return PhaseDates(
        name=label,
        online=_days(start, phase.online_s),
        target=None if phase.target is None else np.datetime64(phase.target, "D"),
        marks={p: _days(start, np.array([time]))[0] for p, time in marks},
        probability_by_target=phase.probability_by_target,
    )


def _days(start: np.datetime64, times_s: np.typing.NDArray[np.float64]) -> Days:
    reached = np.isfinite(times_s)
    whole = np.floor(np.where(reached, times_s, 0.0) / DAY_S).astype(np.int64)
    days = start + whole.astype("timedelta64[D]")
    return np.where(reached, days, np.datetime64("NaT", "D"))


def difference_chart(found: Comparison, unit: str) -> Chart | None:
    """P10 to P90 of the difference for each phase (and gate, for dates); none where all is 0."""
    axis, size, name, title = _AXES[unit]
    rows: list[tuple[str, Difference]] = [
        (phase.name, phase.online if unit == "s" else phase.capex) for phase in found.phases
    ]
    rows += [(gate.name, gate.opens) for gate in found.gates] if unit == "s" else []
    shown = [(label, d) for label, d in rows if math.isfinite(d.p50)]
    if all(d.p10 == d.p90 == 0 for _, d in shown):
        return None
    bars = [Interval(label, d.p10 / size, d.p50 / size, d.p90 / size) for label, d in shown]
    return intervals(
        [Panel(axis, bars, threshold=0.0)],
        f"difference-{name}",
        title,
        "P10, P50 and P90 of what B changes within one future. Left of the dashed line B is "
        + ("earlier." if unit == "s" else "cheaper."),
        _basis(found),
    )


def _basis(found: Comparison) -> str:
    return f"{found.a.n_samples:,} futures, the same random numbers for both."
