"""When the money leaves, and how much of it: capital costs by block, running costs, energy.

Amounts are in dollars of the price base. What is spent follows what is built: a cost over a task
that never starts is never paid, one over a task that does is paid in full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stargate.engine.sampling import correlated
from stargate.programme.capacity import PlannedBlock
from stargate.programme.distributions import draw
from stargate.programme.draws import Draws
from stargate.programme.prices import price_at
from stargate.spec.cost import AcceleratorCost, BlockCost, Cost, PowerCost

FloatArray = NDArray[np.float64]
SpendShape = Literal["lump", "linear", "s_curve"]


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when a cost is spent; `inf` at the start: never.

    `stop_s` is when the works end before their end and nothing more is spent (None: they do not).
    """

    start_s: FloatArray
    finish_s: FloatArray
    stop_s: FloatArray | None = None

    def stopped(self, stop_s: FloatArray) -> Window:
        """The same window, spent no further than to a time."""
        return Window(self.start_s, self.finish_s, stop_s)


@dataclass(frozen=True, slots=True)
class Spending:
    """One cost at one block: how much, over which window, how.

    `amount_usd` is the whole of it; where the works stop before their end, less is spent.
    """

    cost: str
    block: PlannedBlock
    amount_usd: FloatArray
    window: Window
    shape: SpendShape
    life_s: float | None
    residual: float = 0.0

    def spent_usd(self) -> FloatArray:
        """What it costs in the end."""
        if self.window.stop_s is None:
            return self.amount_usd
        return self.amount_usd * spent_share(self.shape, self.window, np.inf)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What costs depend on besides the file: prices, shared factors, events, descoping.

    `price_base_s` is the middle of the year whose dollars amounts are in, from the data date.
    """

    grid_s: FloatArray
    price_base_s: float
    prices: Mapping[str, FloatArray]
    factors: Mapping[str, FloatArray]
    dearer: Mapping[tuple[str, str], FloatArray]
    capacity_share: Mapping[str, FloatArray]


def quantity_cost_usd(cost: Cost, block: PlannedBlock) -> float:
    """The cost of a block as planned: rate x watts of its basis, rate x accelerators, or as is."""
    match cost:
        case PowerCost(per="it_power", rate_usd_per_w=rate):
            return rate * block.it_w
        case PowerCost(rate_usd_per_w=rate):
            return rate * block.facility_w
        case AcceleratorCost(rate_usd_per_accelerator=rate):
            return rate * block.accelerators
        case BlockCost(amount_usd=amount):
            return amount


def spending(
    cost: Cost, block: PlannedBlock, window: Window, draws: Draws, given: Circumstances
) -> Spending:
    """A cost at a block: planned cost x uncertainty x price x escalation x events x capacity.

    Prices and escalation are those of the middle of the window. The uncertainty of a rate is one
    draw for all blocks: it is the rate that is not known.
    """
    middle_s = 0.5 * (window.start_s + window.finish_s)
    amount = np.where(np.isfinite(middle_s), quantity_cost_usd(cost, block), 0.0)
    amount = amount * given.capacity_share[block.id]
    if cost.factor is not None:
        own = draws.score(f"cost/{cost.id}")
        amount = amount * draw(cost.factor, correlated(own, cost.loads, given.factors))
    if cost.price_process is not None:
        amount = amount * price_at(given.prices[cost.price_process], given.grid_s, middle_s)
    if cost.escalation_per_s:
        since_base_s = np.where(np.isfinite(middle_s), middle_s - given.price_base_s, 0.0)
        amount = amount * np.exp(cost.escalation_per_s * since_base_s)
    if (dearer := given.dearer.get((cost.id, block.id))) is not None:
        amount = amount * dearer
    shape = cost.spend.shape
    return Spending(cost.id, block, amount, window, shape, cost.life_s, cost.residual)


def spent_share(shape: SpendShape, window: Window, time_s: float | FloatArray) -> FloatArray:
    """Share of a cost that is spent by a time, a sample: from 0 to 1 over its window.

    lump: all at the start. linear: x. s_curve: 3x^2 - 2x^3, slow at both ends and fastest in the
    middle, as payments for construction are. x runs from 0 to 1 over the window, or to where the
    works stop.
    """
    until = time_s if window.stop_s is None else np.minimum(time_s, window.stop_s)
    begun = (window.start_s <= until) & np.isfinite(window.start_s)
    if shape == "lump":
        return begun.astype(np.float64)
    done = begun & (window.finish_s <= until)
    under_way = begun & ~done
    start = np.where(under_way, window.start_s, 0.0)
    length = np.where(under_way, window.finish_s - start, 1.0)
    x = np.where(under_way, np.minimum((until - start) / np.maximum(length, 1.0), 1.0), done)
    return x if shape == "linear" else x * x * (3.0 - 2.0 * x)


def cumulative_usd(spendings: Sequence[Spending], time_s: FloatArray, n: int) -> FloatArray:
    """What all has cost by the times of a grid: (n, times). Costs of one window are added first."""
    together: dict[tuple[int, SpendShape], tuple[Window, FloatArray]] = {}
    for item in spendings:
        key = (id(item.window), item.shape)
        _, so_far = together.get(key, (item.window, np.zeros(n)))
        together[key] = (item.window, so_far + item.amount_usd)
    total = np.zeros((len(time_s), n))
    for (_, shape), (window, amount) in together.items():
        first, after = _span(window, time_s)
        if first < after:
            shares = _shares_by_time(shape, window, time_s[first:after])
            shares *= amount
            total[first:after] += shares
        total[after:] += amount * spent_share(shape, window, np.inf)
    return total.T


def _shares_by_time(shape: SpendShape, window: Window, time_s: FloatArray) -> FloatArray:
    """`spent_share` at many times, in few passes: (times, n).

    Windows shorter than a second are taken as the second that ends when they do.
    """
    until = time_s[:, None]
    if window.stop_s is not None:
        until = np.minimum(until, window.stop_s)
    if shape == "lump":
        return (window.start_s <= until).astype(np.float64)
    begins = np.isfinite(window.start_s) & np.isfinite(window.finish_s)
    start, finish = (np.where(begins, t, 0.0) for t in (window.start_s, window.finish_s))
    length = np.maximum(finish - start, 1.0)
    x = until - np.where(begins, finish - length, np.inf)
    x /= length
    np.clip(x, 0.0, 1.0, out=x)
    return x if shape == "linear" else x * x * (3.0 - 2.0 * x)


def _span(window: Window, time_s: FloatArray) -> tuple[int, int]:
    """Which times of a grid lie within the window of some sample; before it nothing is spent."""
    begun = np.isfinite(window.start_s)
    if not begun.any():
        return 0, 0
    first = int(np.searchsorted(time_s, window.start_s[begun].min()))
    after = int(np.searchsorted(time_s, window.finish_s[begun].max()))
    return first, after
