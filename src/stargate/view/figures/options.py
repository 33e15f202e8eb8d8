"""What each option adds, by its rule with the interval of sampling, always, and with hindsight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stargate.view.figures.style import (
    BLUE,
    GREY,
    VERMILLION,
    Chart,
    category_axis,
    new_figure,
    number_axis,
)

_ROW_PX = 46
_AXIS = "Gain of net present value ($B, mean)"


@dataclass(frozen=True, slots=True)
class Gain:
    """An option's mean gain in dollars: by its rule, its interval, always, with hindsight."""

    name: str
    value_usd: float
    low_usd: float
    high_usd: float
    always_usd: float
    hindsight_usd: float


def option_gains(gains: Sequence[Gain], basis: str) -> Chart:
    """A row for each option; losses that would squeeze all else are left to the table."""
    names = [gain.name for gain in gains]
    figure = new_figure(130 + _ROW_PX * len(names), legend=True)
    for gain in gains:
        figure.add_scatter(
            x=[gain.low_usd / 1e9, gain.high_usd / 1e9],
            y=[gain.name] * 2,
            mode="lines",
            line={"color": BLUE, "width": 4},
            showlegend=False,
            hoverinfo="skip",
        )
    marks = (
        ("by its rule", [g.value_usd for g in gains], BLUE, "circle"),
        ("exercised whenever possible", [g.always_usd for g in gains], VERMILLION, "x"),
        ("with hindsight (upper bound)", [g.hindsight_usd for g in gains], GREY, "line-ns-open"),
    )
    for label, values, colour, symbol in marks:
        figure.add_scatter(
            x=[value / 1e9 for value in values],
            y=names,
            mode="markers",
            name=label,
            marker={"color": colour, "symbol": symbol, "size": 11, "line": {"width": 2}},
            hovertemplate="%{y}: %{x:,.2f} $B<extra>" + label + "</extra>",
        )
    most = max(max(gain.hindsight_usd, gain.high_usd) for gain in gains) / 1e9 or 1.0
    least = max(min(gain.always_usd for gain in gains) / 1e9, -most)
    ends = [min(least, 0.0) - 0.06 * most, 1.08 * most]
    figure.update_xaxes(number_axis(_AXIS, range=ends))
    figure.update_yaxes(category_axis(names))
    return Chart(
        id="option-gains",
        title="What each decision buys",
        caption=(
            "The mean gain of net present value over the plan as it stands. A dot is the option by "
            "its rule, on what is known on the day; its line is the 95 % interval of sampling. A "
            "cross is what exercising whenever possible would gain or lose (losses beyond the axis "
            "stand in the table), a tick what perfect foresight would gain."
        ),
        basis=basis,
        alt="; ".join(f"{g.name}: {g.value_usd / 1e9:,.3g} billion dollars" for g in gains),
        figure=figure,
        columns=("Option", "By its rule ($B)", "95 % low", "95 % high", "Always", "Hindsight"),
        rows=tuple(_row(gain) for gain in gains),
        min_width_px=480,
    )


def _row(gain: Gain) -> tuple[str, ...]:
    values = (gain.value_usd, gain.low_usd, gain.high_usd, gain.always_usd, gain.hindsight_usd)
    return (gain.name, *(f"{value / 1e9:,.2f}" for value in values))
