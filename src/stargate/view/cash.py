"""Money over time in words, tables and charts: for the terminal and the report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from stargate.programme.cash_result import CashResult, PartyResult
from stargate.programme.result import PlanResult
from stargate.programme.sampled import Series
from stargate.view.answer import Answer
from stargate.view.figures.bands import Band
from stargate.view.figures.cash import by_year_and_name, contingency, worth_so_far
from stargate.view.figures.style import Chart
from stargate.view.figures.yearly import Yearly, yearly
from stargate.view.page import Cell, Column, Markup, bullets, chart_markup, table
from stargate.view.plan_charts import basis, days_of, years_of
from stargate.view.wording import billions, listing, money, month, percent, utilisation

PARTY_COLUMNS = (
    *("Rate", "NPV $B P10", "P50", "P90", "Above 0"),
    *("IRR P50", "Paid back P50", "Funding P80"),
)
_UNIT_TITLES = {
    "usd_per_accelerator_hour": ("Cost of an accelerator-hour", "$ per accelerator-hour"),
    "usd_per_exaflop": ("Cost of 1e18 FLOP", "$ per 1e18 FLOP"),
    "usd_per_million_tokens": ("Cost of a million tokens", "$ per million tokens"),
}
_UNIT_CAPTION = (
    "Annuity of the capital in service and the running cost of the year, over all that is on line, "
    "used or not."
)
# A rate that most futures do not have is no property of the plan.
_MOST = 0.5


def told_parties(cash: CashResult) -> tuple[PartyResult, ...]:
    """The programme as a whole and its parties."""
    return (cash.programme, *cash.parties)


def party_cells(result: PlanResult, party: PartyResult) -> tuple[str, ...]:
    """What a party's money is worth, in billions."""
    returns = party.returns
    usual = returns.irr is not None and 1 - _without_one(party) >= _MOST
    return (
        utilisation(party.discount_rate_per_year),
        *(_signed(at) for at in (returns.npv.p10, returns.npv.p50, returns.npv.p90)),
        percent(returns.probability_npv_positive),
        utilisation(returns.irr.p50) if returns.irr is not None and usual else "–",
        month(result.day(returns.payback.p50)),
        billions(returns.peak_funding.p80),
    )


def _without_one(party: PartyResult) -> float:
    return party.returns.probability_no_irr + party.returns.probability_several_irr


def _signed(usd: float) -> str:
    return billions(usd).replace("-", "−")


def cash_answers(result: PlanResult) -> list[Answer]:
    """What to keep in reserve, what is assumed of the revenue, and what the money is worth."""
    cash = result.cash
    if cash is None:
        return []
    found = (
        ("Reserve", " ".join(_reserve(result, cash))),
        ("Worth", _worth(cash) if cash.has_revenue else ""),
    )
    return [(question, told) for question, told in found if told]


def _worth(cash: CashResult) -> str:
    whole = cash.programme.returns
    parts = [
        f"{party.name} {_dollars(party.returns.npv.p50)} "
        f"(above 0 in {percent(party.returns.probability_npv_positive)})"
        for party in cash.parties
    ]
    assumed = next((line for line in cash.notes if line.startswith("Revenue is assumed")), "")
    text = (
        f"{assumed} With it, the programme as a whole has a net present value of "
        f"{_dollars(whole.npv.p50)} at the median, {_dollars(whole.npv.p10)} at P10 and "
        f"{_dollars(whole.npv.p90)} at P90, before tax and interest"
    )
    told = f"; after tax, each at its own rate: {listing(parts)}" if parts else ""
    return f"{text.strip()}{told}."


def _reserve(result: PlanResult, cash: CashResult) -> Iterator[str]:
    spare = cash.contingency
    if spare.base_usd > 0:
        share = spare.amount_usd / spare.base_usd
        yield (
            f"Over the base estimate of {money(spare.base_usd)}, capital needs a contingency of "
            f"{_dollars(spare.amount_usd)} ({_share(share)}) to hold in 80\u00a0% of the futures."
        )
    last = next((d for d in cash.delays if d.phase == result.phases[-1].id), None)
    if last is not None and math.isfinite(last.idle_usd.p50) and last.idle_usd.p50 > 0:
        yield (
            f"A month by which {last.name} comes on line late, its money spent, leaves capital "
            f"idle that costs {money(last.idle_usd.p50)}."
        )


def _dollars(usd: float) -> str:
    return money(usd).replace("-", "−")


def _share(share: float) -> str:
    return f"{100 * share:.0f}\u00a0%".replace("-", "−")


def cash_section(result: PlanResult) -> list[Markup]:
    """Contingency, parties, present value, unit costs, and the price of delay."""
    cash = result.cash
    if cash is None:
        return []
    charts = [_contingency(result, cash), *_unit_costs(result, cash)]
    if cash.has_revenue:
        charts[1:1] = [_by_party(result, cash), _worth_so_far(result, cash)]
    parts = [_returns(result, cash), *map(chart_markup, charts)]
    if cash.delays:
        parts.append(_delays(cash))
    debts = [party for party in cash.parties if party.debt is not None]
    if debts:
        parts.insert(1, _debts(debts))
    return [bullets(list(cash.notes)), *parts]


def _returns(result: PlanResult, cash: CashResult) -> Markup:
    rows = [(party.name, *party_cells(result, party)) for party in told_parties(cash)]
    columns = [Column("Money of"), *(Column(name, number=True) for name in PARTY_COLUMNS)]
    some = [party for party in told_parties(cash) if 0 < _without_one(party) < 1]
    shares = "; ".join(
        f"{party.name}: none in {percent(party.returns.probability_no_irr)}, several in "
        f"{percent(party.returns.probability_several_irr)}"
        for party in some
    )
    caption = (
        "From the data date to the horizon. The whole: before tax and financing. A party: after "
        "tax, before interest and repayment. Funding: the deepest point of the cumulative flow. "
        "An internal rate of return is told where most futures have exactly one"
        + (f" ({shares})." if shares else ".")
    )
    return table(columns, rows, caption)


def _debts(parties: list[PartyResult]) -> Markup:
    names = (
        *("Drawn P50 ($B)", "Owed at horizon", "Least cover P10", "P50"),
        *("Below 1 in", "Owners' NPV P50 ($B)", "Owners' IRR P50"),
    )
    columns = [Column("Debt of"), *(Column(name, number=True) for name in names)]
    caption = (
        "Cover: what operation leaves after tax over interest and repayment, the least of any "
        "year. The owners' money: after interest and repayment, at the cost of equity."
    )
    return table(columns, [_debt_row(party) for party in parties], caption)


def _debt_row(party: PartyResult) -> tuple[Cell, ...]:
    debt = party.debt
    assert debt is not None, "only called for parties with debt"
    owners = debt.owners
    return (
        party.name,
        billions(debt.drawn.p50),
        billions(debt.owed_at_horizon.p50),
        _cover(debt.least_cover.p10),
        _cover(debt.least_cover.p50),
        percent(debt.probability_cover_below_one),
        _signed(owners.npv.p50),
        utilisation(owners.irr.p50) if owners.irr else "–",
    )


def _cover(ratio: float) -> str:
    return f"{ratio:.2f}" if math.isfinite(ratio) else "–"


def _contingency(result: PlanResult, cash: CashResult) -> Chart:
    total = np.sum([phase.capex_usd for phase in result.phases], axis=0)
    return contingency(
        total,
        base_usd=cash.contingency.base_usd,
        p80_usd=cash.contingency.p80_usd,
        basis=basis(result, "Basis: all costs with their spread, prices, escalation and events."),
    )


def _by_party(result: PlanResult, cash: CashResult) -> Chart:
    return by_year_and_name(
        years_of(result, cash.programme.net),
        {party.name: party.net.mean / 1e9 for party in told_parties(cash)},
        chart_id="cash-by-party",
        title="Cash flow by party",
        axis="$ billion a year",
        caption=(
            "Mean free cash flow of each calendar year. What one party pays the other cancels in "
            f"the whole, which is before tax. {' '.join(cash.notes)}"
        ),
        basis=basis(result, "Basis: spend curves, running cost, energy, sales; tax by party."),
    )


def _worth_so_far(result: PlanResult, cash: CashResult) -> Chart:
    bands = [_band(result, party) for party in told_parties(cash)]
    return worth_so_far(
        bands,
        caption=(
            "What has flowed up to the end of each year, discounted to the data date: the lines "
            f"are medians, the tints run from P10 to P90. {' '.join(cash.notes)}"
        ),
        basis=basis(result, "Basis: free cash flow by month, at each party's own rate."),
    )


def _band(result: PlanResult, party: PartyResult) -> Band:
    worth = party.worth
    days = days_of(result.data_date, worth.time_s)
    return Band(party.name, days, worth.p10 / 1e9, worth.p50 / 1e9, worth.p90 / 1e9)


def _unit_costs(result: PlanResult, cash: CashResult) -> list[Chart]:
    return [_unit_cost(result, cost, cash.unit_costs) for cost in cash.unit_costs]


def _unit_cost(result: PlanResult, cost: Series, told: Sequence[Series]) -> Chart:
    kind, _, sale = cost.id.partition(":")
    title, axis = _UNIT_TITLES[kind]
    alone = sum(other.id.startswith(f"{kind}:") for other in told) == 1
    return yearly(
        Yearly(years_of(result, cost), cost.p10, cost.p50, cost.p90),
        cost.id.replace("_", "-").replace(":", "-"),
        title if alone or not sale else f"{title}, revenue “{sale}”",
        axis,
        f"{_UNIT_CAPTION} FLOP are those of the dense 16-bit peak."
        if kind == "usd_per_exaflop"
        else _UNIT_CAPTION,
        basis(result, "Basis: capital by its life at the discount rate, running cost, energy."),
    )


def _delays(cash: CashResult) -> Markup:
    rows = [
        (
            delay.name,
            billions(delay.idle_usd.p50),
            billions(delay.idle_usd.p80),
            "–" if delay.npv_lost_usd is None else _signed(delay.npv_lost_usd.p50),
            "–" if delay.npv_lost_usd is None else _signed(delay.npv_lost_usd.p80),
        )
        for delay in cash.delays
    ]
    names = ("Idle capital P50 ($B)", "P80", "NPV lost P50 ($B)", "P80")
    columns = [Column("A month's delay of"), *(Column(name, number=True) for name in names)]
    caption = (
        "On line a month later, the money being spent all the same: the capital charge of a month, "
        "and the present value that the whole programme loses, of the futures that build it."
    )
    return table(columns, rows, caption)


def footprint_more(result: PlanResult) -> list[Markup]:
    """Water, where sites state it."""
    found = [series for series in result.series if series.id == "water_m3" and series.mean.any()]
    return [chart_markup(_water(result, water)) for water in found]


def _water(result: PlanResult, water: Series) -> Chart:
    million = Yearly(years_of(result, water), *(q / 1e6 for q in (water.p10, water.p50, water.p90)))
    return yearly(
        million,
        "water",
        "Water by year",
        "Water (million m³ a year)",
        "What cooling evaporates on site; water used in making the electricity is left out.",
        basis(result, "Basis: IT energy × water intensity (WUE)."),
    )
