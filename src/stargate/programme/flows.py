"""A case month by month: what is spent, what operation costs, what is sold, what is written off.

Arrays are (months, n) or (years, n), in positive dollars; who pays and who is paid stands in
`accounts`. Large sample counts go through in parts (`Case` rows), so that memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from stargate.programme.cashflow import (
    Case,
    book_value_usd,
    full_rate_usd_per_s,
    middles_s,
    monthly_price,
)
from stargate.programme.money import Spending, Window, cumulative_usd
from stargate.programme.price_worth import quarter_of
from stargate.programme.streams import Stream, paid_time_s, served_time_s

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Flows:
    """What flows in each month, whoever pays it; `book_usd` is what counts at the horizon."""

    capital_usd: FloatArray
    operation_usd: FloatArray
    sales_usd: Mapping[str, FloatArray]
    book_usd: FloatArray


def rows(given: Case, part: slice) -> Case:
    """The same case for some of its samples."""
    windows: dict[int, Window] = {}

    def cut(window: Window) -> Window:
        key = id(window)
        if key not in windows:
            stop = None if window.stop_s is None else window.stop_s[part]
            windows[key] = Window(window.start_s[part], window.finish_s[part], stop)
        return windows[key]

    return replace(
        given,
        spendings=tuple(
            replace(item, amount_usd=item.amount_usd[part], window=cut(item.window))
            for item in given.spendings
        ),
        streams=tuple(
            replace(
                item,
                scale=item.scale[part],
                sold=item.sold[part],
                path=None if item.path is None else item.path[part],
            )
            for item in given.streams
        ),
        online_s={name: times[part] for name, times in given.online_s.items()},
        shares={name: share[part] for name, share in given.shares.items()},
        offline_s={name: times[part] for name, times in given.offline_s.items()},
    )


def flows(given: Case) -> Flows:
    """The money of a case in each month."""
    operation = np.zeros((len(given.edges_s) - 1, given.n))
    sales: dict[str, FloatArray] = {}
    since = {name: given.since_online_s(name) for name in given.online_s}
    for name, alike in _by_id(given.streams).items():
        flow = _priced(alike[0], given, _paid(alike, given, since))
        if alike[0].kind == "revenue":
            sales[name] = flow
        else:
            operation += flow
    book = book_value_usd(given, given.horizon_s) if given.book_at_horizon else np.zeros(given.n)
    capital = np.diff(cumulative_usd(given.spendings, given.edges_s, given.n), axis=1).T
    return Flows(capital, operation, sales, book)


def _by_id(all_streams: Sequence[Stream]) -> Mapping[str, list[Stream]]:
    """Streams of one cost or sale: they differ by block alone, and share their price."""
    found: dict[str, list[Stream]] = {}
    for stream in all_streams:
        sold = stream.kind == "revenue"
        name = stream.id if sold else f"{stream.kind}/{stream.id}"
        found.setdefault(name, []).append(stream)
    return found


def _paid(alike: Sequence[Stream], given: Case, since_s: Mapping[str, FloatArray]) -> FloatArray:
    """Dollars by month before the course of the price, all blocks together."""
    total = np.zeros((len(given.edges_s) - 1, given.n))
    for stream in alike:
        first = _first_month(given, stream.block.id)
        paid_s = np.diff(paid_time_s(stream, since_s[stream.block.id][first:]), axis=0)
        paid_s *= full_rate_usd_per_s(stream, given)
        total[first:] += paid_s
    return total


def _first_month(given: Case, block: str) -> int:
    """The month before which a block is on line in no sample."""
    first = int(np.searchsorted(given.edges_s, given.online_s[block].min(), side="right")) - 1
    return min(max(first, 0), len(given.edges_s) - 1)


def _priced(stream: Stream, given: Case, flow: FloatArray) -> FloatArray:
    """A flow at the price of each month."""
    if stream.path is not None:
        flow *= stream.path[:, quarter_of(given.quarters_s, given.edges_s[:-1])].T
    if stream.escalation_per_s or stream.ageing_per_s:
        flow *= monthly_price(stream, given)[:, None]
    return flow


def tokens_served(given: Case, edges_s: FloatArray) -> FloatArray:
    """Tokens that all sales serve between the edges: (edges - 1, n)."""
    total = np.zeros((len(edges_s) - 1, given.n))
    for stream in given.streams:
        if stream.tokens_per_s:
            name = stream.block.id
            since = np.minimum(edges_s[:, None], given.ends_s(name)) - given.online_s[name]
            served_s = np.diff(served_time_s(stream, since), axis=0)
            total += served_s * (stream.tokens_per_s * given.shares[name])
    return total


def years_of(start: date, edges_s: FloatArray) -> IntArray:
    """The calendar year of each month."""
    middles = middles_s(edges_s)
    return np.array([(start + timedelta(seconds=float(t))).year for t in middles], dtype=np.int64)


def by_year(monthly: FloatArray, years: IntArray) -> FloatArray:
    """Sums over calendar years; the first may be a part of one."""
    firsts = np.flatnonzero(np.diff(years, prepend=years[0] - 1))
    total = np.empty((len(firsts), monthly.shape[1]))
    # Year by year: ten times as quick as reduceat along the first axis.
    for row, of_year in zip(total, np.split(monthly, firsts[1:]), strict=True):
        np.add.reduce(of_year, axis=0, out=row)
    return total


def year_edges_s(edges_s: FloatArray, years: IntArray) -> FloatArray:
    """The data date, and the ends of calendar years."""
    firsts = np.flatnonzero(np.diff(years, prepend=years[0] - 1))
    return np.append(edges_s[firsts], edges_s[-1])


def written_off_usd(spendings: Sequence[Spending], edges_s: FloatArray, n: int) -> FloatArray:
    """Straight-line depreciation between the edges: (1 - residual) x spent / life x time.

    From the end of the spending on. What has no life is not written off.
    """
    total = np.zeros((len(edges_s) - 1, n))
    for (_, life_s), (finish_s, amount) in _by_window_and_life(spendings, n).items():
        age = np.clip((edges_s[:, None] - finish_s) / life_s, 0.0, 1.0)
        total += np.diff(age, axis=0) * amount
    return total


def _by_window_and_life(
    spendings: Sequence[Spending], n: int
) -> Mapping[tuple[int, float], tuple[FloatArray, FloatArray]]:
    """What is written off together: when its spending ends, and how much."""
    found: dict[tuple[int, float], tuple[FloatArray, FloatArray]] = {}
    for item in spendings:
        if item.life_s is not None:
            key = (id(item.window), item.life_s)
            _, so_far = found.get(key, (item.window.finish_s, np.zeros(n)))
            amount = so_far + (1.0 - item.residual) * item.spent_usd()
            found[key] = (item.window.finish_s, amount)
    return found
