"""Money over time, from samples to what is told: parties, unit costs, contingency, delays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stargate.programme.bands import Bands, Line
from stargate.programme.cash_columns import (
    AccountColumns,
    CashColumns,
    DebtColumns,
    DelayColumns,
    WorthColumns,
)
from stargate.programme.cash_result import (
    CashResult,
    Contingency,
    DebtResult,
    DelayResult,
    PartyResult,
    ReturnResult,
)
from stargate.programme.cashflow import Case
from stargate.programme.flows import year_edges_s, years_of
from stargate.programme.sampled import DriverEffect, Quantiles, Series
from stargate.spec.finance import Party
from stargate.spec.programme import Programme

FloatArray = NDArray[np.float64]


def cash(
    programme: Programme,
    columns: CashColumns,
    base: Case,
    drivers: Sequence[DriverEffect],
    capital: Quantiles,
) -> CashResult:
    """The programme's money over time.

    `base` is the case with one input moved at a time, of which row 0 has all at their median;
    `drivers` are what moves the net present value, `capital` is all that is spent on the works.
    """
    years = years_of(programme.data_date, base.edges_s)
    ends_s, n = year_edges_s(base.edges_s, years)[1:], len(columns.accounts[0].worth.npv_usd)
    names = {party.id: party.name or party.id for party in _parties(programme)}
    whole, *parties = (
        _party(account, names.get(account.id, "The programme as a whole"), ends_s, n)
        for account in columns.accounts
    )
    return CashResult(
        programme=whole,
        parties=tuple(parties),
        has_revenue=any(item.kind == "revenue" for item in base.streams),
        contingency=Contingency(
            base_usd=sum(float(item.spent_usd()[0]) for item in base.spendings),
            p80_usd=capital.p80,
        ),
        delays=tuple(_delay(programme, columns.delays)),
        tokens=Line("tokens", "tokens served a year", "1", ends_s).series(columns.tokens)
        if columns.tokens is not None and columns.tokens.mean.any()
        else None,
        unit_costs=tuple(_unit_series(columns.unit_costs_usd, n, ends_s)),
        drivers=tuple(drivers),
        notes=tuple(notes(programme, base)),
    )


def _parties(programme: Programme) -> tuple[Party, ...]:
    return programme.finance.parties if programme.finance else ()


def _party(account: AccountColumns, name: str, ends_s: FloatArray, n: int) -> PartyResult:
    net = Line(f"net_usd:{account.id}", f"{name}, a year", "USD", ends_s)
    so_far = f"{name}, net present value so far"
    worth = Line(f"worth_usd:{account.id}", so_far, "USD", ends_s)
    return PartyResult(
        id=account.id,
        name=name,
        discount_rate_per_year=account.rate_per_year,
        time_s=ends_s,
        parts_mean_usd={
            part: flow.sum(axis=1) / n for part, flow in account.parts_usd.items() if flow.any()
        },
        net=net.series(account.net),
        worth=worth.series(account.worth_so_far),
        returns=_returns(account.worth),
        debt=None if account.debt is None else _debt(account.debt),
    )


def _returns(worth: WorthColumns) -> ReturnResult:
    single = np.isfinite(worth.irr)
    return ReturnResult(
        npv=Quantiles.of(worth.npv_usd),
        probability_npv_positive=float(np.mean(worth.npv_usd > 0)),
        irr=Quantiles.of(worth.irr[single]) if single.any() else None,
        probability_no_irr=float(np.mean(worth.n_irr == 0)),
        probability_several_irr=float(np.mean(worth.n_irr > 1)),
        payback=worth.payback.quantiles(),
        peak_funding=Quantiles.of(worth.peak_funding_usd),
    )


def _debt(debt: DebtColumns) -> DebtResult:
    return DebtResult(
        drawn=Quantiles.of(debt.drawn_usd),
        owed_at_horizon=Quantiles.of(debt.owed_at_horizon_usd),
        least_cover=Quantiles.of(debt.least_cover),
        probability_cover_below_one=float(np.mean(debt.least_cover < 1)),
        owners=_returns(debt.owners),
        cost_of_equity_per_year=debt.cost_of_equity,
    )


_UNITS = {
    "usd_per_accelerator_hour": ("an accelerator-hour", "USD/GPU-hour"),
    "usd_per_exaflop": ("1e18 FLOP of dense 16-bit peak", "USD/1e18 FLOP"),
    "usd_per_million_tokens": ("a million tokens", "USD/Mtok"),
}


def _unit_series(found: Mapping[str, Bands], n: int, ends_s: FloatArray) -> Iterator[Series]:
    """Bands over the samples with anything on line, of the years in which most have."""
    for name, bands in found.items():
        told = 2 * bands.n >= n
        if told.any():
            kind, _, sale = name.partition(":")
            words, unit = _UNITS[kind]
            label = f"cost of {words}" + (f" ({sale})" if sale else "")
            yield Line(name, label, unit, ends_s[told]).series(bands.at(told))


def _delay(programme: Programme, delays: Mapping[str, DelayColumns]) -> Iterator[DelayResult]:
    """Over the samples that build the phase."""
    names = {phase.id: phase.name or phase.id for phase in programme.phases}
    for phase, told in delays.items():
        built = np.isfinite(told.idle_usd)
        if built.any():
            lost = told.npv_lost_usd
            yield DelayResult(
                phase=phase,
                name=names[phase],
                idle_usd=Quantiles.of(told.idle_usd[built]),
                npv_lost_usd=None if lost is None else Quantiles.of(lost[built]),
            )


def assumed_revenue(programme: Programme) -> Iterator[str]:
    """That revenue rests on assumptions alone, where it does."""
    sales = programme.finance.revenues if programme.finance else ()
    assumed = [sale.name or sale.id for sale in sales if sale.trust == "assumed"]
    if assumed:
        yield f"Revenue is assumed, not reported: {', '.join(assumed)}."


def notes(programme: Programme, given: Case) -> Iterator[str]:
    """What a reader of the money must know."""
    yield from assumed_revenue(programme)
    finance = programme.finance
    if finance is None or not finance.revenues:
        yield "No revenue is stated: what the programme is worth is what it costs."
        return
    if finance.terminal == "nothing":
        yield "Nothing counts after the horizon, although plant may last longer."
    else:
        yield "What is not written off at the horizon counts there at its book value."
    if any(item.window.start_s.min() < 0 for item in given.spendings):
        yield "Capital from before the data date is spent whatever is decided, and is left out."
