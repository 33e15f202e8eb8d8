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
    middles_s,
    monthly_price,
    quarter_of,
)
from stargate.programme.money import Spending, Window, cumulative_usd
from stargate.programme.streams import Stream, paid_time_s, served_time_s

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Flows:
    """What flows in each month, whoever pays it; `book_usd` is what counts at the horizon."""

    capital_usd: FloatArray
    operation_usd: FloatArray
    sales_usd: Mapping[str, FloatArray]
    tokens: FloatArray
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
    """The money of a case in each month, and the tokens that it serves."""
    shape = (len(given.edges_s) - 1, given.n)
    operation, tokens = np.zeros(shape), np.zeros(shape)
    sales: dict[str, FloatArray] = {}
    since = {name: given.since_online_s(name) for name in given.online_s}
    months = {name: np.diff(time, axis=0) for name, time in since.items()}
    for stream in given.streams:
        name = stream.block.id
        flow = _stream_usd(stream, given, since[name], months[name])
        if stream.kind == "revenue":
            sales[stream.id] = sales.get(stream.id, 0.0) + flow
            if stream.tokens_per_s:
                tokens += _tokens(stream, given, since[name])
        else:
            operation += flow
    book = np.zeros(given.n)
    if given.book_at_horizon:
        book = book_value_usd(given, given.horizon_s)
    capital = np.diff(cumulative_usd(given.spendings, given.edges_s, given.n), axis=1).T
    return Flows(capital, operation, sales, tokens, book)


def _stream_usd(
    stream: Stream, given: Case, since_s: FloatArray, months_s: FloatArray
) -> FloatArray:
    """Dollars of a stream in each month: rate x time paid for x the month's price."""
    if stream.ramp_s:
        paid_s = np.diff(paid_time_s(stream, since_s), axis=0)
    else:
        paid_s = months_s * np.maximum(stream.sold, stream.floor)
    paid_s *= stream.usd_per_s * stream.scale * given.shares[stream.block.id]
    if stream.path is not None:
        paid_s *= stream.path[:, quarter_of(given, given.edges_s[:-1])].T
    if stream.escalation_per_s:
        paid_s *= monthly_price(stream, given)[:, None]
    return paid_s


def _tokens(stream: Stream, given: Case, since_s: FloatArray) -> FloatArray:
    rate = stream.tokens_per_s * given.shares[stream.block.id]
    return np.diff(served_time_s(stream, since_s), axis=0) * rate


def years_of(start: date, edges_s: FloatArray) -> IntArray:
    """The calendar year of each month."""
    middles = middles_s(edges_s)
    return np.array([(start + timedelta(seconds=float(t))).year for t in middles], dtype=np.int64)


def by_year(monthly: FloatArray, years: IntArray) -> FloatArray:
    """Sums over calendar years; the first may be a part of one."""
    firsts = np.flatnonzero(np.diff(years, prepend=years[0] - 1))
    return np.add.reduceat(monthly, firsts, axis=0)


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
