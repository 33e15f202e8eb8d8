"""What computing costs by calendar year: an accelerator-hour, 1e18 FLOP, a million tokens.

The cost of a year is the annuity of all capital in service (over its life, from its block's day on
line) and what operation costs. It falls on all that stands, whether used or not: the FLOP are the
dense 16-bit peak, the tokens those of accelerators that do nothing else. Capital from before the
data date counts too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stargate.plant.capital import annuity
from stargate.programme.cashflow import Case
from stargate.programme.flows import Flows, by_year, year_edges_s
from stargate.spec.finance import Finance, Tokens
from stargate.units import HOUR_S, YEAR_S

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def unit_costs_usd(
    given: Case, found: Flows, years: IntArray, finance: Finance | None
) -> Mapping[str, FloatArray]:
    """Cost by unit, year and sample: (years, n); nan in years without anything on line."""
    edges = year_edges_s(given.edges_s, years)
    cost = by_year(found.operation_usd, years) + capital_charge_usd(given, edges)
    seconds, flop = np.zeros_like(cost), np.zeros_like(cost)
    for block in {item.block.id: item.block for item in given.streams + given.spendings}.values():
        since = np.minimum(edges[:, None], given.ends_s(block.id)) - given.online_s[block.id]
        service = np.diff(np.maximum(since, 0.0), axis=0) * given.shares[block.id]
        seconds += service * block.accelerators
        flop += service * block.accelerators * block.peak_flop_per_s
    each_s = np.divide(cost, seconds, out=np.full_like(cost, np.nan), where=seconds > 0)
    each_flop = np.divide(cost, flop, out=np.full_like(cost, np.nan), where=flop > 0)
    sales = finance.revenues if finance else ()
    return {
        "usd_per_accelerator_hour": each_s * HOUR_S,
        "usd_per_exaflop": each_flop * 1e18,
        **{
            f"usd_per_million_tokens:{sale.id}": each_s / sale.rate_tokens_per_s * 1e6
            for sale in sales
            if isinstance(sale, Tokens)
        },
    }


def capital_charge_usd(given: Case, edges_s: FloatArray) -> FloatArray:
    """Annuities of the capital in service between the edges: (edges - 1, n)."""
    total = np.zeros((len(edges_s) - 1, given.n))
    for (name, life_s), per_year in _annuities_usd(given, _phases(given)).items():
        online = np.minimum(given.online_s[name], given.horizon_s)
        until = np.minimum(edges_s[:, None], np.minimum(given.ends_s(name), online + life_s))
        total += np.diff(np.maximum(until - online, 0.0), axis=0) / YEAR_S * per_year
    return total


def yearly_charge_usd(given: Case, phase: str) -> FloatArray:
    """Annuity a year of all capital of a phase, a sample."""
    charges = _annuities_usd(given, [phase]).values()
    return sum(charges, start=np.zeros(given.n))


def _phases(given: Case) -> Sequence[str]:
    return list({item.block.phase for item in given.spendings})


def _annuities_usd(given: Case, phases: Sequence[str]) -> Mapping[tuple[str, float], FloatArray]:
    """Annuity a year by block and life; what has no life has none."""
    found: dict[tuple[str, float], FloatArray] = {}
    for item in given.spendings:
        if item.life_s is not None and item.block.phase in phases:
            key = (item.block.id, item.life_s)
            rate = given.discount_rate_per_year
            per_dollar = annuity(rate, item.life_s / YEAR_S, item.residual)
            found[key] = found.get(key, 0.0) + per_dollar * item.spent_usd()
    return found
