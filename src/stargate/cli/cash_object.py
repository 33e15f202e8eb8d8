"""Money over time as it stands in `stargate plan --json`: the whole, the parties, the units."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from stargate.programme.cash_result import CashResult, DebtResult, PartyResult, ReturnResult
from stargate.programme.result import PlanResult
from stargate.programme.sampled import DriverEffect, Quantiles, Series

Told = Callable[[PlanResult, Series], dict[str, Any]]
ToldEffect = Callable[[PlanResult, DriverEffect], dict[str, Any]]


def finance_object(
    result: PlanResult, cash: CashResult | None, series: Told, effect: ToldEffect
) -> dict[str, Any]:
    """What the programme as a whole is worth, and what its units, its risk and delays cost."""
    if cash is None:
        return {}
    whole = cash.programme
    spare = cash.contingency
    return {
        "has_revenue": cash.has_revenue,
        "returns": _returns(result, whole.returns),
        "parts_mean_usd": _parts(whole),
        "net": series(result, whole.net),
        "worth": series(result, whole.worth),
        "contingency": {**asdict(spare), "amount_usd": spare.amount_usd},
        "delays": [
            {
                "phase": delay.phase,
                "idle_usd_per_month": numbers(delay.idle_usd),
                "npv_lost_usd_per_month": numbers(delay.npv_lost_usd),
            }
            for delay in cash.delays
        ],
        "unit_costs": [series(result, cost) for cost in cash.unit_costs],
        "tokens": series(result, cash.tokens) if cash.tokens else None,
        "drivers": [effect(result, driver) for driver in cash.drivers],
        "notes": list(cash.notes),
    }


def parties_object(result: PlanResult, cash: CashResult | None, series: Told) -> dict[str, Any]:
    """Who pays and who is paid."""
    return {"parties": [_party(result, party, series) for party in cash.parties] if cash else []}


def _party(result: PlanResult, party: PartyResult, series: Told) -> dict[str, Any]:
    return {
        "id": party.id,
        "name": party.name,
        "discount_rate_per_year": party.discount_rate_per_year,
        "returns": _returns(result, party.returns),
        "parts_mean_usd": _parts(party),
        "net": series(result, party.net),
        "worth": series(result, party.worth),
        "debt": _debt(result, party.debt) if party.debt else None,
    }


def _parts(party: PartyResult) -> dict[str, list[float]]:
    return {name: flow.tolist() for name, flow in party.parts_mean_usd.items()}


def _debt(result: PlanResult, debt: DebtResult) -> dict[str, Any]:
    return {
        "drawn_usd": numbers(debt.drawn),
        "owed_at_horizon_usd": numbers(debt.owed_at_horizon),
        "least_cover": numbers(debt.least_cover),
        "probability_cover_below_one": debt.probability_cover_below_one,
        "cost_of_equity_per_year": debt.cost_of_equity_per_year,
        "owners": _returns(result, debt.owners),
    }


def _returns(result: PlanResult, returns: ReturnResult) -> dict[str, Any]:
    payback = {
        name: result.day(getattr(returns.payback, name)) for name in ("p10", "p50", "p80", "p90")
    }
    return {
        "net_present_value_usd": numbers(returns.npv),
        "probability_npv_positive": returns.probability_npv_positive,
        "irr_per_year": numbers(returns.irr),
        "probability_no_irr": returns.probability_no_irr,
        "probability_several_irr": returns.probability_several_irr,
        "payback": {name: day.isoformat() if day else None for name, day in payback.items()},
        "peak_funding_usd": numbers(returns.peak_funding),
    }


def numbers(values: Quantiles | None) -> dict[str, float | None] | None:
    """Percentiles and mean, null where not finite; null for none at all."""
    if values is None:
        return None
    return {k: v if math.isfinite(v) else None for k, v in asdict(values).items()}
