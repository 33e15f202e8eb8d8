"""Money that flows as long as a block is on line: running cost, energy, and what is sold.

A stream is linear in the block's share of capacity and in its time on line, so that its flow over
any span, and its present value, are differences of one cumulative function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stargate.engine.sampling import correlated
from stargate.plant.power import mean_facility_draw_w
from stargate.plant.tariff import blended_price, load_weight
from stargate.programme.capacity import PlannedBlock
from stargate.programme.distributions import draw
from stargate.programme.draws import Draws
from stargate.spec.cost import Energy
from stargate.spec.finance import AcceleratorTime, PowerTime, Revenue, Tokens
from stargate.spec.programme import Programme

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stream:
    """What flows while a block is on line, in positive dollars.

    `usd_per_s` is that of the whole block, all of it sold, at the price of the price base;
    `scale` a factor a sample, `path` a price relative to the data date by quarter (n, quarters),
    `escalation_per_s` its growth from the price base on, `ageing_per_s` its fall with the block's
    time on line. What is paid is `sold` after a ramp from
    nothing, and never less than `floor`. `tokens_per_s` counts what the whole block serves.
    """

    id: str
    kind: Literal["running", "energy", "revenue"]
    block: PlannedBlock
    usd_per_s: float
    scale: FloatArray
    sold: FloatArray
    path: FloatArray | None = None
    escalation_per_s: float = 0.0
    ageing_per_s: float = 0.0
    floor: float = 0.0
    ramp_s: float = 0.0
    payee: str | None = None
    payer: str | None = None
    tokens_per_s: float = 0.0


def paid_time_s(stream: Stream, since_online_s: FloatArray) -> FloatArray:
    """Time on line, weighted by the share that is paid for: floor t + (sold - floor)+ G(t - a).

    The paid share is max(floor, sold x min(t / ramp, 1)): the floor up to a = ramp x floor / sold,
    then a straight line up to `sold` at the end of the ramp, then `sold`. G is the integral of
    that line scaled to 1.
    """
    time = np.maximum(since_online_s, 0.0)
    if not stream.ramp_s:
        return time * np.maximum(stream.sold, stream.floor)
    flat_s, above = _ramp(stream)
    return stream.floor * time + above * _line_integral(time - flat_s, stream.ramp_s - flat_s)


def served_time_s(stream: Stream, since_online_s: FloatArray) -> FloatArray:
    """Time on line, weighted by the share that is really used: a floor serves nobody."""
    time = np.maximum(since_online_s, 0.0)
    if not stream.ramp_s:
        return time * stream.sold
    return stream.sold * _line_integral(time, np.full_like(time, stream.ramp_s))


def _ramp(stream: Stream) -> tuple[FloatArray, FloatArray]:
    """How long the floor holds after the block comes on line, and what is sold above it."""
    reached = stream.floor / np.maximum(stream.sold, 1e-12)
    return stream.ramp_s * np.minimum(reached, 1.0), np.maximum(stream.sold - stream.floor, 0.0)


def _line_integral(time_s: FloatArray, length_s: FloatArray) -> FloatArray:
    """Integral of min(t / L, 1) from 0 on: with m = min(t, L), m^2 / 2L + t - m."""
    time = np.maximum(time_s, 0.0)
    length = np.maximum(length_s, 1e-9)
    rising = np.minimum(time, length)
    time -= rising
    rising *= rising
    rising *= 0.5 / length
    time += rising
    return time


def streams(
    programme: Programme,
    blocks: Sequence[PlannedBlock],
    draws: Draws,
    factors: Mapping[str, FloatArray],
    prices: Mapping[str, FloatArray],
) -> tuple[Stream, ...]:
    """Every stream of every block: running cost, energy, and sales."""
    return (
        *_running(programme, blocks, draws.n),
        *_energy(programme.energy, blocks, draws.n, prices),
        *_sales(programme, blocks, draws, factors, prices),
    )


def _running(programme: Programme, blocks: Sequence[PlannedBlock], n: int) -> Iterator[Stream]:
    one = np.ones(n)
    for item in programme.running:
        for block in blocks:
            watts = block.it_w if item.per == "it_power" else block.facility_w
            yield Stream(item.id, "running", block, item.rate_usd_per_w_s * watts, one, one)


def _energy(
    said: Energy | None,
    blocks: Sequence[PlannedBlock],
    n: int,
    prices: Mapping[str, FloatArray],
) -> Iterator[Stream]:
    """Energy follows the mean draw, as over_time counts it."""
    if said is None:
        return
    one = np.ones(n)
    path = prices[said.price_process] if said.price_process else None
    for block in blocks:
        watts = float(mean_facility_draw_w(block.it_w, said.utilisation, block.pue or said.pue))
        usd_per_s = watts * energy_price_usd_per_j(said, block)
        yield Stream("energy", "energy", block, usd_per_s, one, one, path)


def energy_price_usd_per_j(said: Energy, block: PlannedBlock) -> float:
    """The site's price or the programme's, weighted by hourly load; the clean part at its own."""
    price = said.price_usd_per_j if block.price_usd_per_j is None else block.price_usd_per_j
    if said.hourly is not None:
        price *= load_weight(said.hourly.price, said.hourly.load)
    if said.clean is None or said.clean.price_usd_per_j is None:
        return price
    return blended_price(price, said.clean.price_usd_per_j, said.clean.share)


def _sales(
    programme: Programme,
    blocks: Sequence[PlannedBlock],
    draws: Draws,
    factors: Mapping[str, FloatArray],
    prices: Mapping[str, FloatArray],
) -> Iterator[Stream]:
    for sale in programme.finance.revenues if programme.finance else ():
        sold = np.clip(_drawn(sale, "sold", draws, factors), 0.0, 1.0)
        scale = _drawn(sale, "price", draws, factors)
        for block in blocks:
            if sale.phases and block.phase not in sale.phases:
                continue
            yield Stream(
                id=sale.id,
                kind="revenue",
                block=block,
                usd_per_s=full_revenue_usd_per_s(sale, block),
                scale=scale,
                sold=sold,
                path=prices[sale.price_process] if sale.price_process else None,
                escalation_per_s=sale.escalation_per_s,
                ageing_per_s=sale.ageing_per_s,
                floor=sale.take_or_pay,
                ramp_s=sale.ramp_s,
                payee=sale.payee,
                payer=sale.payer,
                tokens_per_s=sale.rate_tokens_per_s * block.accelerators
                if isinstance(sale, Tokens)
                else 0.0,
            )


def _drawn(
    sale: Revenue, what: Literal["sold", "price"], draws: Draws, factors: Mapping[str, FloatArray]
) -> FloatArray:
    """One draw for all blocks: it is the market that is not known."""
    shape = sale.sold if what == "sold" else sale.price_factor
    if shape is None:
        return np.ones(draws.n)
    if shape.dist == "fixed":
        return draw(shape, np.zeros(draws.n))
    own = draws.score(f"revenue/{sale.id}/{what}")
    return draw(shape, correlated(own, sale.loads, factors))


def full_revenue_usd_per_s(sale: Revenue, block: PlannedBlock) -> float:
    """What a block earns, all of it sold: price x accelerators, watts, or tokens a second."""
    match sale:
        case AcceleratorTime(price_usd_per_s=price):
            return price * block.accelerators
        case PowerTime(price_usd_per_w_s=price):
            return price * block.it_w
        case Tokens(price_usd_per_token=price, rate_tokens_per_s=rate):
            return price * rate * block.accelerators
