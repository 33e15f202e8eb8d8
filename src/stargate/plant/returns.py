"""What an investment returns: internal rates, payback, the most that must be funded.

Flows are arrays of (periods, n): one column a sample, positive when money comes in.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Rates looked at: from -90 % to +900 % a year, evenly in the logarithm of 1 + r.
_LOGS = np.linspace(np.log(0.1), np.log(10.0), 65)
# On the cubic through four of them, which is cheap, and then on the flows themselves.
_CUBIC_STEPS, _NEWTON_STEPS = 4, 2
# Samples whose worth is found at once. A product this small stays on the calling thread; a larger
# one is shared out by the linear algebra library, whose idle threads spin, at ten times the cost,
# and whose sums then depend on how many cores there are.
_FEW = 20


def internal_rates(flows: FloatArray, years: FloatArray) -> tuple[FloatArray, IntArray]:
    """Internal rate of return a sample, and how many there are between -90 % and 900 %.

    The rate at which sum F_t (1 + r)^-t is 0. It is told only where it is the only one: flows that
    change sign several times may have several, none of which means anything (Brealey, Myers and
    Allen, Principles of Corporate Finance, chapter 5); then, and where there is none, it is nan.
    Roots are bracketed on a fine ladder of rates, then polished by Newton's method.
    """
    if not ((flows > 0).any() and (flows < 0).any()):
        none = np.zeros(flows.shape[1], dtype=np.int64)
        return np.full(flows.shape[1], np.nan), none
    worth = _worth(flows, years)
    worthwhile = worth >= 0
    changes = worthwhile[1:] != worthwhile[:-1]
    n_roots = changes.sum(axis=0)
    rates = np.full(flows.shape[1], np.nan)
    single = n_roots == 1
    if single.any():
        at = np.argmax(changes[:, single], axis=0)
        guess = _cubic_root(worth, at, np.flatnonzero(single))
        bracket = (_LOGS[at], _LOGS[at + 1])
        rates[single] = np.expm1(_polished(flows[:, single], years, guess, bracket))
    return rates, n_roots


def _cubic_root(worth: FloatArray, at: IntArray, columns: IntArray) -> FloatArray:
    """Where the cubic through the four nearest rates of the ladder crosses 0 between two of them.

    Newton's forward form, f0 + s (d1 + (s - 1) (d2 / 2 + (s - 2) d3 / 6)) with differences d, is
    solved by Newton's method from the crossing of the straight line between the two.
    """
    first = np.clip(at - 1, 0, len(_LOGS) - 4)
    four = np.stack([worth[first + k, columns] for k in range(4)])
    d1, d2, d3 = four[1] - four[0], four[2] - 2 * four[1] + four[0], np.diff(four, 3, axis=0)[0]
    low = (at - first).astype(np.float64)
    below, above = worth[at, columns], worth[at + 1, columns]
    s = low + below / (below - above)
    for _ in range(_CUBIC_STEPS):
        inner = d2 / 2 + (s - 2) * d3 / 6
        value = four[0] + s * (d1 + (s - 1) * inner)
        slope = d1 + (2 * s - 1) * inner + s * (s - 1) * d3 / 6
        step = np.divide(value, slope, out=np.zeros_like(s), where=slope != 0)
        s = np.clip(s - step, low, low + 1)
    return _LOGS[0] + (_LOGS[1] - _LOGS[0]) * (first + s)


def _worth(flows: FloatArray, years: FloatArray) -> FloatArray:
    """Present value of flows at each of the rates looked at: (rates, n)."""
    factors = np.exp(-np.outer(_LOGS, years))
    worth = np.empty((len(_LOGS), flows.shape[1]))
    for first in range(0, flows.shape[1], _FEW):
        few = slice(first, first + _FEW)
        worth[:, few] = factors @ flows[:, few]
    return worth


def _polished(
    flows: FloatArray, years: FloatArray, logs: FloatArray, bracket: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """Newton's method on the logarithm of 1 + r, kept within the bracket."""
    for _ in range(_NEWTON_STEPS):
        terms = flows * np.exp(-years[:, None] * logs)
        slope = -(years @ terms)
        step = np.divide(terms.sum(axis=0), slope, out=np.zeros_like(logs), where=slope != 0)
        logs = np.clip(logs - step, *bracket)
    return logs


def payback_and_peak(flows: FloatArray, ends_s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """When all that was put in has come back for good, and the most that was ever put in.

    Of the cumulative flow, undiscounted: the end of the last period in which it is below 0 is
    followed by the payback (0 where it never is, `inf` where it is at the end); its deepest point
    is the peak funding, a positive amount.
    """
    total = np.zeros(flows.shape[1])
    deepest, payback = np.zeros_like(total), np.zeros_like(total)
    for flow, then_s in zip(flows, np.append(ends_s[1:], np.inf), strict=True):
        total += flow
        np.minimum(deepest, total, out=deepest)
        np.copyto(payback, then_s, where=total < 0)
    return payback, -deepest


def weighted_cost_of_capital(
    cost_of_equity: float, interest: float, debt_share: float, tax_rate: float
) -> float:
    """WACC = E/V r_e + D/V r_d (1 - tax): Brealey, Myers and Allen, chapter 19. Rates per year."""
    return (1.0 - debt_share) * cost_of_equity + debt_share * interest * (1.0 - tax_rate)


def tax(profit: FloatArray, rate: float) -> FloatArray:
    """Tax by year: rate x profit above the losses carried forward. Arrays of (years, n)."""
    carried = np.zeros(profit.shape[1])
    due = np.zeros_like(profit)
    for year, amount in enumerate(profit):
        balance = amount + carried
        due[year] = rate * np.maximum(balance, 0.0)
        carried = np.minimum(balance, 0.0)
    return due
