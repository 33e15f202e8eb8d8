"""Loans paid back in equal amounts, each dollar from the month it is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargate.plant.capital import capital_recovery_factor

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Loan:
    """Flows of (months, n). `balloon` is what is still owed after the last month, paid then."""

    drawn: FloatArray
    service: FloatArray
    interest: FloatArray
    balloon: FloatArray


def loan(
    drawn: FloatArray, interest_per_year: float, term_months: int, grace_months: int = 0
) -> Loan:
    """An annuity loan: i = (1 + r)^(1/12) - 1, payment = drawn (1 + i)^g CRF(i, N) a month.

    What is drawn at the end of a month bears interest from then on; it is paid back in N equal
    amounts, the first g + 1 months later. Interest of the g months of grace is added to the debt.
    """
    monthly = (1.0 + interest_per_year) ** (1.0 / 12.0) - 1.0
    payment = (1.0 + monthly) ** grace_months * capital_recovery_factor(monthly, term_months)
    total = np.cumsum(drawn, axis=0)
    due = _later(total, grace_months + 1) - _later(total, grace_months + 1 + term_months)
    service = payment * due
    interest = np.zeros_like(drawn)
    balance = np.zeros(drawn.shape[1])
    for month in range(len(drawn)):
        interest[month] = monthly * balance
        balance = balance + interest[month] + drawn[month] - service[month]
    return Loan(drawn, service, interest, balance)


def _later(total: FloatArray, months: int) -> FloatArray:
    """A cumulative amount as it stood some months before each month."""
    moved = np.zeros_like(total)
    if months < len(total):
        moved[months:] = total[: len(total) - months]
    return moved
