"""What is kept of the money of some samples: bands by year, and few numbers a sample.

A flow by year is told as bands, so that no sample of it stays. What is told as a percentile of the
whole (net present value, funding) keeps one number of four bytes a sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from stargate.programme.bands import Bands
from stargate.programme.cashflow import Case, streams_worth_usd
from stargate.programme.columns import joined
from stargate.programme.day_counts import DayCounts
from stargate.programme.flows import flows, rows, tokens_served, year_edges_s, years_of
from stargate.programme.unit_cost import unit_costs_usd, yearly_charge_usd
from stargate.spec.programme import Programme
from stargate.units import MONTH_S

FloatArray = NDArray[np.float64]
Column = NDArray[np.float32]

# Samples that go through at once: a part's arrays of months fit the cache.
PART = 2048


@dataclass(frozen=True, slots=True)
class WorthColumns:
    """What a stream of money is worth, a sample; `nan` is no or no single internal rate."""

    npv_usd: Column
    irr: Column
    n_irr: NDArray[np.int8]
    payback: DayCounts
    peak_funding_usd: Column


@dataclass(frozen=True, slots=True)
class DebtColumns:
    """A party's debt, a sample; cover is `inf` where nothing is ever due."""

    drawn_usd: Column
    owed_at_horizon_usd: Column
    least_cover: Column
    owners: WorthColumns
    cost_of_equity: float


@dataclass(frozen=True, slots=True)
class AccountColumns:
    """The money of a party, or of the programme; `parts_usd` are sums over samples, by year."""

    id: str
    rate_per_year: float
    parts_usd: Mapping[str, FloatArray]
    net: Bands
    worth_so_far: Bands
    worth: WorthColumns
    debt: DebtColumns | None


@dataclass(frozen=True, slots=True)
class DelayColumns:
    """What a month's delay of a phase costs, a sample; `nan` where it is not built."""

    idle_usd: Column
    npv_lost_usd: Column | None


@dataclass(frozen=True, slots=True)
class CashColumns:
    """The money of some samples.

    The first account is the programme's as a whole, the others are the parties'. `tokens` are
    None where nothing is sold by the token.
    """

    accounts: tuple[AccountColumns, ...]
    unit_costs_usd: Mapping[str, Bands]
    tokens: Bands | None
    delays: Mapping[str, DelayColumns]


@dataclass(frozen=True, slots=True)
class _Part:
    """The money of few samples, before it is cut down to what is kept."""

    accounts: tuple[Account, ...]
    unit_costs_usd: Mapping[str, FloatArray]
    tokens: FloatArray
    delays: Mapping[str, tuple[FloatArray, FloatArray | None]]


def cash_columns(programme: Programme, given: Case) -> CashColumns:
    """Accounts, unit costs and delays of a case, computed some samples at a time."""
    starts = range(0, given.n, PART)
    parts = [rows(given, slice(first, first + PART)) for first in starts]
    found = joined([_part(programme, part) for part in parts])
    sold_by_the_token = any(stream.tokens_per_s for stream in given.streams)
    return CashColumns(
        accounts=tuple(_account(account) for account in found.accounts),
        unit_costs_usd={name: Bands.of(cost) for name, cost in found.unit_costs_usd.items()},
        tokens=Bands.of(found.tokens) if sold_by_the_token else None,
        delays={
            phase: DelayColumns(_column(idle), None if lost is None else _column(lost))
            for phase, (idle, lost) in found.delays.items()
        },
    )


def _column(values: FloatArray) -> Column:
    """In four bytes: seven digits, enough for a percentile."""
    return values.astype(np.float32)


def _account(found: Account) -> AccountColumns:
    return AccountColumns(
        id=found.id,
        rate_per_year=found.rate_per_year,
        parts_usd={part: flow.sum(axis=1, keepdims=True) for part, flow in found.parts_usd.items()},
        net=Bands.of(found.net_by_year),
        worth_so_far=Bands.of(found.worth_by_year),
        worth=_worth(found.worth),
        debt=None if found.borrowing is None else _debt(found.borrowing),
    )


def _worth(found: Worth) -> WorthColumns:
    return WorthColumns(
        npv_usd=_column(found.npv_usd),
        irr=_column(found.irr),
        n_irr=found.n_irr.astype(np.int8),
        payback=DayCounts.of(found.payback_s),
        peak_funding_usd=_column(found.peak_funding_usd),
    )


def _debt(found: Borrowing) -> DebtColumns:
    return DebtColumns(
        drawn_usd=_column(found.drawn_by_year.sum(axis=0)),
        owed_at_horizon_usd=_column(found.owed_at_horizon_usd),
        least_cover=_column(found.least_cover),
        owners=_worth(found.owners),
        cost_of_equity=found.cost_of_equity,
    )


def _part(programme: Programme, given: Case) -> _Part:
    found, finance = flows(given), programme.finance
    years = years_of(programme.data_date, given.edges_s)
    parties = party_accounts(finance, given, found, years) if finance else ()
    return _Part(
        accounts=(programme_account(given, found, years), *parties),
        unit_costs_usd=unit_costs_usd(given, found, years, finance),
        tokens=tokens_served(given, year_edges_s(given.edges_s, years)),
        delays=dict(_delays(programme, given)),
    )


def _delays(
    programme: Programme, given: Case
) -> Iterator[tuple[str, tuple[FloatArray, FloatArray | None]]]:
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
        yield phase.id, (idle, lost)
