"""What a programme is worth: its money month by month, and its net present value a sample.

A `Case` holds all that money depends on: what is spent when, what flows while which block is on
line, and the dates and sizes themselves. `net_present_value_usd(case)` is a pure function of it;
whoever weighs another decision on the same samples replaces dates and sizes and asks again:

    later = replace(case, online_s={**case.online_s, "P5.a": case.online_s["P5.a"] + MONTH_S})
    lost_usd = net_present_value_usd(case) - net_present_value_usd(later)

Smaller capacity is a smaller `shares` (streams follow it) and smaller `spendings`
(`Spending.amount_usd`); spending at another time is another `Spending.window`; what is never built
has `online_s` inf and no spending; `Case.of_phases` keeps some phases only. It counts the money of
the programme as a whole, before tax and financing, from the data date to the horizon, in dollars
of the price base; what one partner pays the other cancels. Money from before the data date is
spent whatever is decided, and is left out. A month's money counts at the middle of the month.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from stargate.plant.capital import discount_factor
from stargate.programme.capacity import PlannedBlock
from stargate.programme.draws import Draws
from stargate.programme.money import Spending, Window, spent_share
from stargate.programme.price_worth import PriceWorth, price_worth
from stargate.programme.simulation import Outcome
from stargate.programme.streams import Stream, streams
from stargate.spec.programme import Programme
from stargate.units import DAY_S, YEAR_S

FloatArray = NDArray[np.float64]

# Gauss and Legendre's nodes and weights on [0, 1]: exact to the seventh power.
_NODES = 0.5 + 0.5 * np.array(
    [-0.8611363115940526, -0.3399810435848563, 0.3399810435848563, 0.8611363115940526]
)
_WEIGHTS = 0.5 * np.array(
    [0.3478548451374538, 0.6521451548625461, 0.6521451548625461, 0.3478548451374538]
)


def months_s(start: date, end: date) -> FloatArray:
    """The start day, and the first day of every month after it up to the end of the horizon."""
    days = [
        date(year, month, 1)
        for year in range(start.year, end.year + 2)
        for month in range(1, 13)
        if start < date(year, month, 1) <= date(end.year + 1, 1, 1)
    ]
    return np.array([(day - start).days * DAY_S for day in (start, *days)], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Case:
    """Money, dates and sizes, one value a sample.

    `edges_s` are the ends of months, `quarters_s` the times from which the prices of
    `Stream.path` hold, `price_base_s` the middle of the price base's year. `book_at_horizon`:
    whether what is not yet written off counts as an income at the horizon. `offline_s`: when a
    block leaves, of those that may; a sale's price is the decision's, not this module's.
    """

    spendings: tuple[Spending, ...]
    streams: tuple[Stream, ...]
    online_s: Mapping[str, FloatArray]
    shares: Mapping[str, FloatArray]
    edges_s: FloatArray
    quarters_s: FloatArray
    price_base_s: float
    discount_rate_per_year: float
    book_at_horizon: bool
    offline_s: Mapping[str, FloatArray] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """How many samples."""
        return len(next(iter(self.online_s.values())))

    @property
    def horizon_s(self) -> float:
        """The end of the last month."""
        return float(self.edges_s[-1])

    def ends_s(self, block: str) -> FloatArray:
        """When the service of a block ends: when it leaves, at the latest at the horizon."""
        offline = self.offline_s.get(block)
        whole = np.full(self.n, self.horizon_s)
        return whole if offline is None else np.clip(offline, 0.0, whole)

    def since_online_s(self, block: str) -> FloatArray:
        """Time on line so far at the end of each month, and at the data date: (months + 1, n)."""
        since = np.minimum(self.edges_s[:, None], self.ends_s(block))
        since -= self.online_s[block]
        return np.maximum(since, 0.0, out=since)

    def later(self, blocks: Sequence[str], delay_s: float) -> Case:
        """Some blocks on line later, their money spent as before."""
        moved = {name: self.online_s[name] + delay_s for name in blocks}
        return replace(self, online_s={**self.online_s, **moved})

    def of_phases(self, phases: Sequence[str]) -> Case:
        """The money of some phases only."""
        return replace(
            self,
            spendings=tuple(item for item in self.spendings if item.block.phase in phases),
            streams=tuple(item for item in self.streams if item.block.phase in phases),
        )


def case(
    programme: Programme,
    blocks: Sequence[PlannedBlock],
    draws: Draws,
    outcome: Outcome,
    quarters_s: FloatArray,
) -> Case:
    """The money of what was drawn."""
    factors = {
        driver.id: draws.score(f"driver/{driver.id}")
        for driver in programme.drivers
        if driver.process == "normal"
    }
    finance = programme.finance
    return Case(
        spendings=outcome.spendings,
        streams=streams(programme, blocks, draws, factors, outcome.prices),
        online_s={block.id: outcome.schedule.finish[f"{block.id}.online"] for block in blocks},
        shares=outcome.shares,
        edges_s=months_s(programme.data_date, programme.horizon),
        quarters_s=quarters_s,
        price_base_s=(date(programme.price_base, 7, 1) - programme.data_date).days * DAY_S,
        discount_rate_per_year=programme.discount_rate,
        book_at_horizon=finance is not None and finance.terminal == "book_value",
    )


def net_present_value_usd(given: Case) -> FloatArray:
    """Net present value of a case, a sample: sales - running - energy - capital (+ book value).

    By closed forms and tables instead of months; agrees with the sum over months to about 1e-4 of
    the money that flows.
    """
    total = np.zeros(given.n)
    for item in given.spendings:
        total -= spending_worth_usd(item, given.discount_rate_per_year)
    total += streams_worth_usd(given)
    if given.book_at_horizon:
        years = middles_s(given.edges_s)[-1] / YEAR_S
        rate = given.discount_rate_per_year
        total += book_value_usd(given, given.horizon_s) * discount_factor(rate, years)
    return total


def streams_worth_usd(given: Case) -> FloatArray:
    """Present value of all sales to the outside, less that of all running cost and energy."""
    total = np.zeros(given.n)
    prices: dict[tuple[float, float, int], PriceWorth] = {}
    for stream in given.streams:
        if stream.payer is None:
            key = (stream.escalation_per_s, stream.ageing_per_s, id(stream.path))
            if key not in prices:
                prices[key] = _price_worth(stream, given)
            sign = 1.0 if stream.kind == "revenue" else -1.0
            total += sign * stream_worth_usd(stream, given, prices[key])
    return total


def _price_worth(stream: Stream, given: Case) -> PriceWorth:
    years = middles_s(given.edges_s) / YEAR_S
    weights = monthly_price(stream, given) * discount_factor(given.discount_rate_per_year, years)
    return price_worth(weights, given.edges_s, given.quarters_s, stream.path)


def spending_worth_usd(item: Spending, rate_per_year: float) -> FloatArray:
    """Present value of what is spent from the data date on: amount x integral of f(x) (1 + r)^-t.

    f is the density of the spend shape over the window, t = start + x length. The part of a
    window before the data date is left out, and the part after the works have stopped.
    """
    start, length = _finite(item.window)
    stop = item.window.stop_s
    if item.shape == "lump":
        paid = (start > 0) & (True if stop is None else start <= stop)
        return item.amount_usd * np.where(paid, discount_factor(rate_per_year, start / YEAR_S), 0.0)
    first = np.clip(-start / length, 0.0, 1.0)
    last = 1.0 if stop is None else np.clip((stop - start) / length, first, 1.0)
    worth = np.zeros_like(start)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        x = first + (last - first) * node
        density = 1.0 if item.shape == "linear" else 6.0 * x * (1.0 - x)
        years = (start + x * length) / YEAR_S
        worth += weight * (last - first) * density * discount_factor(rate_per_year, years)
    return item.amount_usd * worth


def _finite(window: Window) -> tuple[FloatArray, FloatArray]:
    """Start and length of a window; what never starts costs nothing, so any numbers do."""
    start = np.where(np.isfinite(window.start_s), window.start_s, 0.0)
    finish = np.where(np.isfinite(window.finish_s), window.finish_s, start)
    return start, np.maximum(finish - start, 1.0)


def stream_worth_usd(stream: Stream, given: Case, price: PriceWorth) -> FloatArray:
    """Present value of a stream from its block's day on line to the horizon.

    With W(t) the discounted price from t to the horizon, a paid share that rises in a straight
    line from `floor` at a to `sold` at b is worth floor W(0) + (sold - floor) x the mean of W over
    [a, b] (integration by parts).
    """
    name = stream.block.id
    online, end = given.online_s[name], given.ends_s(name)
    left = price.from_s(end)

    def worth_from(time_s: FloatArray) -> FloatArray:
        return price.from_s(np.clip(time_s, 0.0, end)) - left

    if stream.ramp_s:
        flat = stream.ramp_s * np.minimum(stream.floor / np.maximum(stream.sold, 1e-12), 1.0)
        above = np.maximum(stream.sold - stream.floor, 0.0)
        rise = sum(
            weight * worth_from(online + flat + node * (stream.ramp_s - flat))
            for node, weight in zip(_NODES, _WEIGHTS, strict=True)
        )
        paid = stream.floor * worth_from(online) + above * rise
    else:
        paid = np.maximum(stream.sold, stream.floor) * worth_from(online)
    return full_rate_usd_per_s(stream, given) * paid


def full_rate_usd_per_s(stream: Stream, given: Case) -> FloatArray:
    """What a stream brings when all is sold, but for the course of its price, a sample.

    A price that falls with age, e^(-a (t - online)), is e^(-a t), the same for all samples and
    part of `monthly_price`, times e^(a online), which stands here.
    """
    name = stream.block.id
    rate = stream.usd_per_s * stream.scale * given.shares[name]
    if not stream.ageing_per_s:
        return rate
    online = np.where(np.isfinite(given.online_s[name]), given.online_s[name], 0.0)
    return rate * np.exp(stream.ageing_per_s * online)


def middles_s(edges_s: FloatArray) -> FloatArray:
    """The middle of each month."""
    return 0.5 * (edges_s[1:] + edges_s[:-1])


def monthly_price(stream: Stream, given: Case) -> FloatArray:
    """The course of a price that is the same in all samples: e^(g (t - price base) - a t)."""
    middles = middles_s(given.edges_s)
    growth = stream.escalation_per_s * (middles - given.price_base_s)
    return np.exp(growth - stream.ageing_per_s * middles)


def book_value_usd(given: Case, time_s: float) -> FloatArray:
    """What is not yet written off at a time: spent x (1 - (1 - residual) x age / life).

    In a straight line from the end of the spending on, down to the residual value. What has no
    life counts nothing; nor does what never comes on line, or has left.
    """
    total = np.zeros(given.n)
    for item in given.spendings:
        if item.life_s is not None:
            age = (time_s - np.minimum(item.window.finish_s, time_s)) / item.life_s
            spent = item.amount_usd * spent_share(item.shape, item.window, time_s)
            name = item.block.id
            of_use = np.isfinite(given.online_s[name]) & (given.ends_s(name) >= time_s)
            total += of_use * spent * (1.0 - (1.0 - item.residual) * np.minimum(age, 1.0))
    return total
