"""Machine sizes to choose from: how long a step takes on each, and what it costs."""

from __future__ import annotations

import numpy as np

from stargate.perf.search import describe
from stargate.programme.fronts import Front, Offer
from stargate.units import DAY_S, HOUR_S
from stargate.view.figures.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    Chart,
    new_figure,
    number_axis,
)
from stargate.view.wording import listing, utilisation

_COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, GREY)
_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "star", "hexagon")
_SMALLEST_PX, _LARGEST_PX = 5.0, 17.0
_TIME_TICKS = (1, 2, 3, 5, 7)
MWH_J = 1e6 * HOUR_S


def front_chart(front: Front, *, basis: str) -> Chart:
    """Time against cost, one series for each accelerator count, dots as large as their memory."""
    figure = new_figure(440, legend=True)
    priced = all(offer.usd_per_step is not None for offer in front.offers)
    what = "Cost (USD per billion tokens)" if priced else "Accelerator-hours per billion tokens"
    counts = sorted({offer.accelerators for offer in front.offers})
    most = max(offer.candidate.memory_bytes for offer in front.offers)
    bests = [offer for offer in front.bests if offer in front.offers]
    figure.add_scatter(
        x=[offer.candidate.step_time_s for offer in bests],
        y=[height(front, offer, priced=priced) for offer in bests],
        mode="lines",
        line={"color": GREY, "width": 1.4, "dash": "dot"},
        name="fastest of each count",
        hoverinfo="skip",
    )
    for order, accelerators in enumerate(counts):
        offers = [offer for offer in front.offers if offer.accelerators == accelerators]
        figure.add_scatter(
            x=[offer.candidate.step_time_s for offer in offers],
            y=[height(front, offer, priced=priced) for offer in offers],
            mode="markers",
            name=f"{accelerators:,}",
            text=[_said(offer) for offer in offers],
            marker={
                "color": _COLOURS[order % len(_COLOURS)],
                "symbol": _SYMBOLS[order % len(_SYMBOLS)],
                "opacity": 0.75,
                "size": [_size_px(offer.candidate.memory_bytes / most) for offer in offers],
                "line": {"width": 0},
            },
            hovertemplate="%{text}<br>%{x:.4~g} s a step, %{y:,.0f} "
            + _unit(priced)
            + "<extra></extra>",
        )
    times_s = [offer.candidate.step_time_s for offer in front.offers]
    figure.update_xaxes(number_axis("Step time (s), logarithmic", type="log", **_ticks(times_s)))
    figure.update_yaxes(number_axis(what))
    figure.update_layout(legend={"title": {"text": "accelerators "}})
    return Chart(
        id="front",
        title="Time, memory, accelerators, cost and energy",
        caption=(
            "Left is faster, low is cheaper, a small dot needs little memory; every offer shown is "
            "beaten by no other in all five at once. Energy follows cost, as both follow the "
            "accelerators' time. The dotted line joins the fastest offer of each count."
        ),
        basis=basis,
        alt=_alt(front),
        figure=figure,
        columns=offer_columns(front),
        rows=tuple(offer_row(front, offer) for offer in front.offers),
        min_width_px=560,
    )


def offer_columns(front: Front) -> tuple[str, ...]:
    """Headings of `offer_row`; those of the whole run where its tokens are known."""
    rest = ("Days", "USD million", "GWh") if front.tokens else ("MWh/10⁹ tokens",)
    first = ("Accelerators", "Step time (s)", "MFU", "Memory (GB)", "USD/10⁹ tokens")
    return (*first, *rest, "Strategy")


def offer_row(front: Front, offer: Offer) -> tuple[str, ...]:
    """One offer in the columns above."""
    c = offer.candidate
    share = 1e9 / front.tokens_per_step
    return (
        f"{offer.accelerators:,}",
        f"{c.step_time_s:,.4g}",
        utilisation(c.mfu),
        f"{c.memory_bytes / 1e9:,.1f}",
        _or_dash(offer.usd_per_step, share, ",.0f"),
        *(_of_run(front, offer) if front.tokens else _energy(offer, share)),
        describe(c.strategy),
    )


def _energy(offer: Offer, share: float) -> tuple[str]:
    return (_or_dash(offer.energy_j_per_step, share / MWH_J, ",.3g"),)


def _of_run(front: Front, offer: Offer) -> tuple[str, ...]:
    """Days, cost and energy of all tokens, without failures and checkpoints."""
    steps = (front.tokens or 0.0) / front.tokens_per_step
    return (
        f"{steps * offer.candidate.step_time_s / DAY_S:,.1f}",
        _or_dash(offer.usd_per_step, steps / 1e6, ",.3g"),
        _or_dash(offer.energy_j_per_step, steps / MWH_J / 1e3, ",.3g"),
    )


def _or_dash(value: float | None, factor: float, form: str) -> str:
    return "–" if value is None else format(value * factor, form)


def height(front: Front, offer: Offer, *, priced: bool) -> float:
    """Dollars, or accelerator-hours where no price is known, per billion tokens."""
    share = 1e9 / front.tokens_per_step
    if priced and offer.usd_per_step is not None:
        return offer.usd_per_step * share
    return offer.accelerators * offer.candidate.step_time_s / HOUR_S * share


def _unit(priced: bool) -> str:
    return "USD" if priced else "accelerator-hours"


def _size_px(share: float) -> float:
    """Diameter of a dot whose area grows with memory."""
    return _SMALLEST_PX + (_LARGEST_PX - _SMALLEST_PX) * float(np.sqrt(share))


def _said(offer: Offer) -> str:
    memory = f"{offer.candidate.memory_bytes / 1e9:,.1f} GB"
    return f"{offer.accelerators:,} accelerators, {memory}<br>{describe(offer.candidate.strategy)}"


def _ticks(times_s: list[float]) -> dict[str, object]:
    """Ticks at 1, 2, 3, 5 and 7 of each power of ten, written as plain numbers."""
    low, high = min(times_s), max(times_s)
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    values = [step * 10.0**power for power in powers for step in _TIME_TICKS]
    return {"tickvals": values, "ticktext": [f"{value:,g}" for value in values]}


def _alt(front: Front) -> str:
    said = [f"{o.accelerators:,} accelerators {o.candidate.step_time_s:.4g} s" for o in front.bests]
    return f"Fastest steps: {listing(said)}."
