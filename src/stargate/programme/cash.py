"""Money over time, from samples to what is told: parties, unit costs, contingency, delays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargate.programme.accounts import (
    Account,
    Borrowing,
    Worth,
    party_accounts,
    programme_account,
)
from stargate.programme.cash_result import (
    CashResult,
    Contingency,
    DebtResult,
    DelayResult,
    PartyResult,
    ReturnResult,
)
from stargate.programme.cashflow import Case, streams_worth_usd
from stargate.programme.columns import joined
from stargate.programme.flows import flows, rows, tokens_served, year_edges_s, years_of
from stargate.programme.sampled import DriverEffect, Quantiles, Series
from stargate.programme.unit_cost import unit_costs_usd, yearly_charge_usd
from stargate.spec.finance import Party
from stargate.spec.programme import Programme
from stargate.units import MONTH_S

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Samples that go through at once: a part's arrays of months fit the cache.
PART = 2048


@dataclass(frozen=True, slots=True)
class DelayColumns:
    """What a month's delay of a phase costs, a sample; `nan` where it is not built."""

    idle_usd: FloatArray
    npv_lost_usd: FloatArray | None


@dataclass(frozen=True, slots=True)
class CashColumns:
    """The money of some samples: arrays whose last axis is the samples.

    The first account is the programme's as a whole, the others are the parties'.
    """

    accounts: tuple[Account, ...]
    unit_costs_usd: Mapping[str, FloatArray]
    capital_usd: FloatArray
    tokens: FloatArray
    delays: Mapping[str, DelayColumns]


def cash_columns(programme: Programme, given: Case) -> CashColumns:
    """Accounts, unit costs and delays of a case, some samples at a time."""
    starts = range(0, given.n, PART)
    parts = [rows(given, slice(first, first + PART)) for first in starts]
    return joined([_columns(programme, part) for part in parts])


def _columns(programme: Programme, given: Case) -> CashColumns:
    found, finance = flows(given), programme.finance
    years = years_of(programme.data_date, given.edges_s)
    parties = party_accounts(finance, given, found, years) if finance else ()
    spent = (item.spent_usd() for item in given.spendings)
    return CashColumns(
        accounts=(programme_account(given, found, years), *parties),
        unit_costs_usd=unit_costs_usd(given, found, years, finance),
        capital_usd=sum(spent, start=np.zeros(given.n)),
        tokens=tokens_served(given, year_edges_s(given.edges_s, years)),
        delays=dict(_delays(programme, given)),
    )


def _delays(programme: Programme, given: Case) -> Iterator[tuple[str, DelayColumns]]:
    """The capital charge of a month, and the present value that a month later on line loses."""
    for phase in programme.phases:
        own = given.of_phases([phase.id])
        names = sorted({item.block.id for item in own.spendings + own.streams})
        if phase.status == "done" or not names:
            continue
        built = np.isfinite(np.max([given.online_s[name] for name in names], axis=0))
        idle = np.where(built, yearly_charge_usd(own, phase.id) / 12.0, np.nan)
        lost = None
        if any(item.kind == "revenue" for item in own.streams):
            # The money is spent all the same: only what flows while on line differs.
            later = streams_worth_usd(own.later(names, MONTH_S))
            lost = np.where(built, streams_worth_usd(own) - later, np.nan)
        yield phase.id, DelayColumns(idle, lost)


def cash(
    programme: Programme, columns: CashColumns, base: Case, drivers: Sequence[DriverEffect]
) -> CashResult:
    """The programme's money over time.

    `base` is the case with one input moved at a time, of which row 0 has all at their median;
    `drivers` are what moves the net present value.
    """
    years = years_of(programme.data_date, base.edges_s)
    ends_s = year_edges_s(base.edges_s, years)[1:]
    names = {party.id: party.name or party.id for party in _parties(programme)}
    whole, *parties = (
        _party(account, names.get(account.id, "The programme as a whole"), ends_s)
        for account in columns.accounts
    )
    return CashResult(
        programme=whole,
        parties=tuple(parties),
        has_revenue=any(item.kind == "revenue" for item in base.streams),
        contingency=Contingency(
            base_usd=sum(float(item.spent_usd()[0]) for item in base.spendings),
            p80_usd=Quantiles.of(columns.capital_usd).p80,
        ),
        delays=tuple(_delay(programme, columns.delays)),
        tokens=_bands("tokens", "tokens served a year", "1", ends_s, columns.tokens)
        if columns.tokens.any()
        else None,
        unit_costs=tuple(_unit_series(columns.unit_costs_usd, ends_s)),
        drivers=tuple(drivers),
        notes=tuple(notes(programme, base)),
    )


def _parties(programme: Programme) -> tuple[Party, ...]:
    return programme.finance.parties if programme.finance else ()


def _party(account: Account, name: str, ends_s: FloatArray) -> PartyResult:
    debt = account.borrowing
    return PartyResult(
        id=account.id,
        name=name,
        discount_rate_per_year=account.rate_per_year,
        time_s=ends_s,
        parts_mean_usd={
            part: flow.sum(axis=1) / account.net_by_year.shape[1]
            for part, flow in account.parts_usd.items()
            if flow.any()
        },
        net=_bands(f"net_usd:{account.id}", f"{name}, a year", "USD", ends_s, account.net_by_year),
        worth=_bands(
            f"worth_usd:{account.id}",
            f"{name}, net present value so far",
            "USD",
            ends_s,
            account.worth_by_year,
        ),
        returns=_returns(account.worth),
        debt=None if debt is None else _debt(debt),
    )


def _returns(worth: Worth) -> ReturnResult:
    single = np.isfinite(worth.irr)
    return ReturnResult(
        npv=Quantiles.of(worth.npv_usd),
        probability_npv_positive=float(np.mean(worth.npv_usd > 0)),
        irr=Quantiles.of(worth.irr[single]) if single.any() else None,
        probability_no_irr=float(np.mean(worth.n_irr == 0)),
        probability_several_irr=float(np.mean(worth.n_irr > 1)),
        payback=Quantiles.of(worth.payback_s),
        peak_funding=Quantiles.of(worth.peak_funding_usd),
    )


def _debt(debt: Borrowing) -> DebtResult:
    return DebtResult(
        drawn=Quantiles.of(debt.drawn_by_year.sum(axis=0)),
        owed_at_horizon=Quantiles.of(debt.owed_at_horizon_usd),
        least_cover=Quantiles.of(debt.least_cover),
        probability_cover_below_one=float(np.mean(debt.least_cover < 1)),
        owners=_returns(debt.owners),
        cost_of_equity_per_year=debt.cost_of_equity,
    )


def _bands(
    series_id: str, label: str, unit: str, time_s: FloatArray, by_year: FloatArray
) -> Series:
    p10, p50, p90 = np.percentile(by_year, (10, 50, 90), axis=1)
    return Series(series_id, label, unit, time_s, p10, p50, p90, by_year.mean(axis=1))


_UNITS = {
    "usd_per_accelerator_hour": ("an accelerator-hour", "USD/GPU-hour"),
    "usd_per_exaflop": ("1e18 FLOP of dense 16-bit peak", "USD/1e18 FLOP"),
    "usd_per_million_tokens": ("a million tokens", "USD/Mtok"),
}


def _unit_series(found: Mapping[str, FloatArray], ends_s: FloatArray) -> Iterator[Series]:
    """Bands over the samples with anything on line, of the years in which most have."""
    for name, by_year in found.items():
        told = np.isfinite(by_year).mean(axis=1) >= 0.5
        if told.any():
            kept = by_year[told]
            p10, p50, p90 = np.nanpercentile(kept, (10, 50, 90), axis=1)
            kind, _, sale = name.partition(":")
            words, unit = _UNITS[kind]
            label = f"cost of {words}" + (f" ({sale})" if sale else "")
            mean = np.nanmean(kept, axis=1)
            yield Series(name, label, unit, ends_s[told], p10, p50, p90, mean)


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
