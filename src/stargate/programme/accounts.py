"""Who pays and who is paid: each party's money, taxed and financed, and what it is worth.

The free cash flow of a party is what it is paid less what it pays, before interest and repayment;
what one party pays another cancels in the sum. Debt shows in the flow to its owners. Arrays keep
one column a sample; months become calendar years for taxes and for telling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stargate.plant.capital import discount_factor
from stargate.plant.loan import Loan, loan
from stargate.plant.returns import (
    internal_rates,
    payback_and_peak,
    tax,
    weighted_cost_of_capital,
)
from stargate.programme.cashflow import Case, middles_s
from stargate.programme.flows import Flows, by_year, written_off_usd, year_edges_s
from stargate.spec.finance import Finance, Party
from stargate.units import MONTH_S, YEAR_S

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Worth:
    """What a stream of money is worth, a sample; `nan` is no or no single internal rate."""

    npv_usd: FloatArray
    irr: FloatArray
    n_irr: IntArray
    payback_s: FloatArray
    peak_funding_usd: FloatArray


@dataclass(frozen=True, slots=True)
class Borrowing:
    """A party's debt: flows by year, the flow to its owners, and how well earnings cover it.

    Cover is what operation leaves after tax over interest and repayment, the least over the years
    with payments; `inf` without any. What is owed at the horizon is repaid there, outside of it.
    """

    drawn_by_year: FloatArray
    service_by_year: FloatArray
    owed_at_horizon_usd: FloatArray
    least_cover: FloatArray
    owners: Worth
    cost_of_equity: float


@dataclass(frozen=True, slots=True)
class Account:
    """The money of a party (or of the whole programme) by calendar year, signed for it.

    `parts_usd` are sums over the samples, (years, 1); the others have a column a sample.
    """

    id: str
    rate_per_year: float
    parts_usd: Mapping[str, FloatArray]
    net_by_year: FloatArray
    worth_by_year: FloatArray
    worth: Worth
    borrowing: Borrowing | None = None


def programme_account(given: Case, found: Flows, years: IntArray) -> Account:
    """The programme as a whole: before taxes and financing, at its own discount rate."""
    outside = {item.id for item in given.streams if item.kind == "revenue" and not item.payer}
    sales = sum((found.sales_usd[name] for name in sorted(outside)), start=0.0)
    parts = {
        "capital": -found.capital_usd,
        "operation": -found.operation_usd,
        "sales": sales + np.zeros_like(found.capital_usd),
        "book value": _at_the_end(found.book_usd, found.capital_usd),
    }
    return _account("programme", given.discount_rate_per_year, parts, given, years)


def party_accounts(
    finance: Finance, given: Case, found: Flows, years: IntArray
) -> tuple[Account, ...]:
    """Every party's account, in the order of the file."""
    written_off = written_off_usd(given.spendings, year_edges_s(given.edges_s, years), given.n)
    return tuple(
        _party(party, finance, given, found, written_off, years) for party in finance.parties
    )


def _party(
    party: Party,
    finance: Finance,
    given: Case,
    found: Flows,
    written_off: FloatArray,
    years: IntArray,
) -> Account:
    owns = finance.capital.get(party.id, 0.0)
    parts = _before_tax(party, finance, found)
    earned = parts["sales"] + parts["purchases"] + parts["operation"]
    profit = by_year(earned, years) - owns * written_off
    parts["tax"] = -_in_last_months(tax(profit, party.tax_rate), years)
    rate = _discount_rate(party, given.discount_rate_per_year)
    account = _account(party.id, rate, parts, given, years)
    if party.debt is None or not owns:
        return account
    lent = loan(
        party.debt.share * owns * found.capital_usd,
        party.debt.interest,
        max(1, round(party.debt.term_s / MONTH_S)),
        round(party.debt.grace_s / MONTH_S),
    )
    borrowing = _borrowing(party, parts, earned, profit, lent, given, years)
    return replace(account, borrowing=borrowing)


def _before_tax(party: Party, finance: Finance, found: Flows) -> dict[str, FloatArray]:
    owns, operates = (shares.get(party.id, 0.0) for shares in (finance.capital, finance.operators))
    nothing = np.zeros_like(found.capital_usd)
    # A sale of phases without blocks sells nothing.
    sales = [sale for sale in finance.revenues if sale.id in found.sales_usd]
    sold = [found.sales_usd[sale.id] for sale in sales if sale.payee == party.id]
    bought = [found.sales_usd[sale.id] for sale in sales if sale.payer == party.id]
    return {
        "capital": -owns * found.capital_usd,
        "operation": -operates * found.operation_usd,
        "sales": sum(sold, start=nothing),
        "purchases": -sum(bought, start=nothing),
        "book value": owns * _at_the_end(found.book_usd, nothing),
    }


def _discount_rate(party: Party, otherwise: float) -> float:
    """WACC where the cost of equity is stated, else the programme's rate."""
    if party.cost_of_equity is None:
        return otherwise
    if party.debt is None:
        return party.cost_of_equity
    debt = party.debt
    return weighted_cost_of_capital(party.cost_of_equity, debt.interest, debt.share, party.tax_rate)


def _account(
    name: str, rate: float, parts: Mapping[str, FloatArray], given: Case, years: IntArray
) -> Account:
    net = sum(parts.values(), start=np.zeros((len(years), given.n)))
    discounted = net * discount_factor(rate, middles_s(given.edges_s) / YEAR_S)[:, None]
    return Account(
        id=name,
        rate_per_year=rate,
        parts_usd={
            part: by_year(flow.sum(axis=1, keepdims=True), years) for part, flow in parts.items()
        },
        net_by_year=by_year(net, years),
        worth_by_year=np.cumsum(by_year(discounted, years), axis=0),
        worth=_worth(net, rate, given),
    )


def _worth(net: FloatArray, rate: float, given: Case) -> Worth:
    years = middles_s(given.edges_s) / YEAR_S
    rates, n_rates = internal_rates(net, years)
    payback, peak = payback_and_peak(net, given.edges_s[1:])
    return Worth(
        npv_usd=discount_factor(rate, years) @ net,
        irr=rates,
        n_irr=n_rates,
        payback_s=payback,
        peak_funding_usd=peak,
    )


def _borrowing(
    party: Party,
    parts: Mapping[str, FloatArray],
    earned: FloatArray,
    profit: FloatArray,
    lent: Loan,
    given: Case,
    years: IntArray,
) -> Borrowing:
    """Interest lowers the tax; what is owed at the horizon is repaid out of the last month."""
    due = tax(profit - by_year(lent.interest, years), party.tax_rate)
    before = sum((flow for part, flow in parts.items() if part != "tax"), start=0.0)
    owners = before - _in_last_months(due, years) + lent.drawn - lent.service
    owners[-1] -= lent.balloon
    service = by_year(lent.service, years)
    left = by_year(earned, years) - due
    cover = np.divide(left, service, out=np.full_like(left, np.inf), where=service > 1.0)
    rate = party.cost_of_equity
    equity = given.discount_rate_per_year if rate is None else rate
    return Borrowing(
        drawn_by_year=by_year(lent.drawn, years),
        service_by_year=service,
        owed_at_horizon_usd=lent.balloon,
        least_cover=cover.min(axis=0),
        owners=_worth(owners, equity, given),
        cost_of_equity=equity,
    )


def _in_last_months(yearly: FloatArray, years: IntArray) -> FloatArray:
    """Yearly amounts as flows of the last month of their year."""
    monthly = np.zeros((len(years), yearly.shape[1]))
    monthly[np.flatnonzero(np.diff(years, append=years[-1] + 1))] = yearly
    return monthly


def _at_the_end(amount: FloatArray, like: FloatArray) -> FloatArray:
    """An amount as a flow of the last month."""
    flow = np.zeros_like(like)
    flow[-1] = amount
    return flow
