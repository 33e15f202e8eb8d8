"""Every chart says what its axes hold, and draws the numbers it was given."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.view import gate_charts, plan_charts
from stargate.view.figures.joint import joint_contour
from stargate.view.figures.online import PhaseDates, cumulative, online_dates
from stargate.view.figures.step import StrategyPoint, memory_stack, pareto, step_waterfall

UNITLESS = {"Date", "Calendar year", "Accelerators in service", "fullest rank"}
TERMS_S = {"linear": 4.0, "attention": 1.5, "pipeline bubble": 0.5, "hidden": 0.0}


def plan_figures(plan):
    return [
        plan_charts.online_chart(plan),
        plan_charts.schedule_chart(plan),
        plan_charts.spend_chart(plan),
        plan_charts.spend_by_year_chart(plan),
        plan_charts.joint_chart(plan),
        plan_charts.power_chart(plan),
        plan_charts.accelerators_chart(plan),
        *plan_charts.footprint_charts(plan),
        *gate_charts.gate_charts(plan, plan.gates[0]),
        gate_charts.run_chart(plan),
        *plan_charts.driver_charts(plan),
    ]


def step_figures():
    points = [StrategyPoint("tp=8", 6.0, 70e9), StrategyPoint("tp=4", 5.0, 75e9)]
    return [
        step_waterfall(TERMS_S, basis="Basis: given."),
        memory_stack({"weights": 2e10, "activations": 3e10}, 8e10, basis="Basis: given."),
        pareto(points, points[:1], 8e10, basis="Basis: given."),
    ]


def test_every_chart_has_words_that_explain_it(plan):
    charts = [*plan_figures(plan), *step_figures()]
    assert len(charts) == 17
    for chart in charts:
        assert chart.title
        assert len(chart.caption) > 40, chart.id
        assert chart.basis.startswith("Basis:"), chart.id
        assert len(chart.alt) > 10, chart.id
    assert len({chart.id for chart in charts}) == len(charts)


def test_every_axis_of_numbers_names_its_quantity_and_unit(plan):
    for chart in [*plan_figures(plan), *step_figures()]:
        axes = [*chart.figure.select_xaxes(), *chart.figure.select_yaxes()]
        numeric = [axis for axis in axes if axis.type != "category" and axis.matches is None]
        assert numeric, chart.id
        for axis in numeric:
            title = axis.title.text or ""
            assert (
                title in UNITLESS
                or title.startswith("On-line date")
                or re.search(r"\(.+\)$", title)
            ), (chart.id, title)


def test_the_curve_of_a_phase_ends_at_the_share_that_is_built(plan):
    five = plan.phases[-1]
    days, percent = cumulative(plan_charts.days_of(plan.data_date, five.online_s))
    assert percent[-1] == pytest.approx(100 * five.probability_online)
    assert np.all(np.diff(days.astype(int)) >= 0)
    assert np.all(np.diff(percent) > 0)


def test_the_marks_of_a_phase_are_the_percentiles_given(plan):
    figure = plan_charts.online_chart(plan).figure
    marks = [trace for trace in figure.data if trace.mode == "markers"][-1]
    online = plan.phases[-1].online
    assert list(marks.x) == [str(plan.day(at)) for at in (online.p10, online.p50, online.p80)]
    assert list(marks.y) == [10, 50, 80]


def test_a_phase_that_is_never_built_still_has_a_chart():
    never = np.full(50, np.datetime64("NaT", "D"))
    marks = {50: np.datetime64("NaT", "D")}
    chart = online_dates([PhaseDates("five", never, None, marks, None)], basis="Basis: none.")
    assert "not built in half" in chart.alt


@settings(max_examples=50)
@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=400), st.integers(0, 300))
def test_the_curve_is_the_share_of_all_samples_up_to_each_day(day_numbers, n_never):
    built = np.array(day_numbers).astype("datetime64[D]")
    online = np.concatenate([built, np.full(n_never, np.datetime64("NaT", "D"))])
    days, percent = cumulative(online)
    for day, share in list(zip(days, percent, strict=True))[:: max(1, len(days) // 5)]:
        assert share <= 100 * np.mean(online <= day) + 1e-9
    assert percent[-1] == pytest.approx(100 * built.size / online.size)


@pytest.mark.parametrize("level", [0.5, 0.8])
def test_points_of_a_joint_contour_hold_in_that_share_of_the_samples(level):
    rng = np.random.default_rng(3)
    days, cost = rng.gamma(3.0, 100.0, 4000).round(), rng.normal(140.0, 15.0, 4000)
    for day, limit in zip(*joint_contour(days, cost, level), strict=True):
        assert np.mean((days <= day) & (cost <= limit)) == pytest.approx(level, abs=0.01)


def test_the_schedule_draws_each_task_with_its_criticality(plan):
    figure = plan_charts.schedule_chart(plan).figure
    bars = figure.data[: len(plan.tasks)]
    for bar, task in zip(bars, plan.tasks, strict=True):
        assert list(bar.y) == [task.name, task.name]
        assert list(bar.x) == [str(plan.day(at)) for at in (task.start.p50, task.finish.p50)]
    lightness = [sum(int(bar.line.color[i : i + 2], 16) for i in (1, 3, 5)) for bar in bars]
    assert lightness == sorted(lightness, reverse=True)
    assert "98\u00a0%" in [note.text for note in figure.layout.annotations]


def test_the_odds_of_a_gate_add_up_to_one(plan):
    attempts, never = gate_charts.gate_charts(plan, plan.gates[0])[0].figure.data
    assert [*attempts.y, *never.y] == pytest.approx([42.0, 29.0, 29.0])
    assert list(never.x) == ["never"]


def test_the_strongest_driver_stands_first_in_the_tornado(plan):
    date_chart, cost_chart = plan_charts.driver_charts(plan)
    assert date_chart.rows[0] == ("method progress", "-0.62", "+9.0", "-6.0")
    assert cost_chart.rows[0] == ("accelerator price", "+0.74", "-22.0", "+25.0")


def test_power_is_drawn_in_megawatts_and_says_which(plan):
    chart = plan_charts.power_chart(plan)
    lines = {trace.name: trace for trace in chart.figure.data if trace.showlegend is None}
    assert set(lines) == {"facility", "IT load"}
    assert lines["IT load"].y[-1] == pytest.approx(plan.series_of("it_w").p50[-1] / 1e6)


def test_the_waterfall_ends_at_the_sum_of_its_terms():
    chart = step_waterfall(TERMS_S, basis="Basis: given.")
    bars = chart.figure.data[0]
    assert list(bars.y) == ["linear", "attention", "pipeline bubble", "step"]
    assert bars.x[-1] == pytest.approx(sum(TERMS_S.values()))
    assert bars.measure[-1] == "total"


def test_money_by_year_sums_to_the_mean_of_the_plan(plan):
    chart = plan_charts.spend_by_year_chart(plan)
    drawn = sum(np.sum(trace.y) for trace in chart.figure.data)
    given_usd = sum(
        s.mean.sum() for s in plan.series if s.id.startswith(("spend_usd:", "running_usd"))
    )
    assert drawn == pytest.approx(given_usd / 1e9)
    assert [row[0] for row in chart.rows] == [str(year) for year in range(2024, 2033)]


def test_words_on_targets_stand_above_the_curves_each_in_a_row_of_its_own():
    days = np.arange("2028-01-01", "2030-01-01", 30, dtype="datetime64[D]")
    targets = ("2028-12-31", "2029-01-31", "2028-06-30")
    phases = [
        PhaseDates(name, days, np.datetime64(target), {}, 0.5)
        for name, target in zip("abc", targets, strict=True)
    ]
    figure = online_dates(phases, basis="Basis: none.").figure
    heights = {note.x: note.y for note in figure.layout.annotations}
    ordered = [heights[day] for day in sorted(heights)]
    assert ordered == sorted(set(ordered), reverse=True)
    assert min(ordered) > 105
    # A line never reaches the words of an earlier target, which stand to the left and above.
    ends = {line.x0: line.y1 for line in figure.layout.shapes}
    for earlier, later in pairwise(sorted(heights)):
        assert ends[later] < heights[earlier]
    assert figure.layout.yaxis.range[1] > max(ordered)
