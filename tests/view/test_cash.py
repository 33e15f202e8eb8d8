"""Money in the report and on the terminal: parties, worth, units, and what is assumed."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from stargate.programme.plan import plan as make_plan
from stargate.programme.result import PlanResult
from stargate.spec.loader import load_document
from stargate.view.cash import cash_answers, cash_section, footprint_more, told_parties
from stargate.view.figures.cash import by_year_and_name, contingency
from stargate.view.plan_charts import footprint_charts
from stargate.view.plan_report import plan_page
from stargate.view.terminal import print_plan

EXAMPLE = Path(__file__).parents[2] / "examples" / "startup-100mw.yaml"


@pytest.fixture(scope="module")
def result() -> PlanResult:
    return make_plan(load_document(EXAMPLE), samples=300)


def test_the_answer_says_that_revenue_is_assumed_before_what_it_is_worth(result: PlanResult):
    words = " ".join(told for _, told in cash_answers(result)).replace("\u00a0", " ")
    assert "Revenue is assumed, not reported: accelerators rented out." in words
    assert words.index("Revenue is assumed") < words.index("net present value")
    assert "needs a contingency of" in words
    assert "The start-up" in words


def test_the_report_has_a_chart_and_a_table_for_each_part_of_the_money(result: PlanResult):
    page = plan_page(result)
    for chart in (
        *("contingency", "cash-by-party", "worth-so-far", "usd-per-accelerator-hour"),
        *("usd-per-exaflop", "carbon_kg", "water"),
    ):
        assert f'id="chart-{chart}"' in page, chart
    words = page.replace("\u00a0", " ")
    assert "Least cover P10" in words
    assert "A month&#x27;s delay of" in words or "A month's delay of" in words


def test_carbon_is_drawn_once_with_both_ways_to_count_it(result: PlanResult):
    carbon = [chart for chart in footprint_charts(result) if "arbon" in chart.title]
    assert len(carbon) == 1
    bars, marks = carbon[0].figure.data
    assert (bars.name, marks.name) == ("location based", "market based")
    market = next(series for series in result.series if series.id == "carbon_market_kg")
    assert list(marks.y) == pytest.approx(list(market.p50 / 1e9))
    assert carbon[0].columns[-1] == "market based"
    assert plan_page(result).count("<h3>Carbon") == 1


def test_a_market_based_count_of_zero_is_said_to_be_zero(result: PlanResult):
    none = [
        replace(one, mean=0 * one.mean, p50=0 * one.p50) if one.id == "carbon_market_kg" else one
        for one in result.series
    ]
    carbon = footprint_charts(replace(result, series=tuple(none)))[-1]
    assert "It is zero throughout" in carbon.caption
    assert "It is zero throughout" not in footprint_charts(result)[-1].caption


def test_the_cost_of_tokens_says_tokens_once():
    told = make_plan(load_document(EXAMPLE.with_name("stargate.yaml")), samples=100)
    page = plan_page(told)
    assert "<h3>Cost of a million tokens</h3>" in page
    assert "$ per million tokens" in page


def test_the_terminal_shows_the_parties_below_the_whole(result: PlanResult):
    out = io.StringIO()
    print_plan(result, Console(file=out, width=110))
    table = out.getvalue().partition("Money by party")[2]
    assert table.index("The programme as a") < table.index("The start-up")


def test_a_plan_that_says_nothing_of_money_has_no_section(plan: PlanResult):
    assert cash_section(plan) == []
    assert cash_answers(plan) == []
    assert footprint_more(plan) == []


def test_without_revenue_there_is_a_contingency_but_no_cash_flow_by_party():
    document = load_document(EXAMPLE, ["programme.finance.revenues=[]"])
    found = make_plan(document, samples=200)
    page = plan_page(found)
    assert 'id="chart-contingency"' in page
    assert 'id="chart-cash-by-party"' not in page
    assert "No revenue is stated" in page


def test_a_programme_that_costs_nothing_has_a_report_too():
    changes = ["programme.costs=[]", "programme.running=[]", "programme.risks=[]"]
    found = make_plan(load_document(EXAMPLE, changes), samples=50)
    page = plan_page(found)
    assert 'id="chart-spend-by-year"' in page  # energy is left
    assert "needs a contingency" not in page


def test_parties_come_after_the_whole(result: PlanResult):
    assert result.cash is not None
    assert [party.id for party in told_parties(result.cash)] == ["programme", "start-up"]


def test_the_contingency_chart_tells_what_p80_adds():
    capital = np.linspace(100e9, 200e9, 1001)
    chart = contingency(capital, base_usd=120e9, p80_usd=180e9, basis="b")
    assert ("Contingency to P80", "60.00") in chart.rows
    assert ("P50", "150.00") in chart.rows


def test_bars_by_name_give_all_their_numbers_in_the_table():
    chart = by_year_and_name(
        [2030, 2031],
        {"a": np.array([1.0, -2.0]), "b": np.array([0.5, 0.25])},
        chart_id="x",
        title="t",
        axis="$ billion a year",
        caption="c",
        basis="b",
    )
    assert chart.rows == (("2030", "1.00", "0.50"), ("2031", "-2.00", "0.25"))
    assert "a -1 in all" in chart.alt
