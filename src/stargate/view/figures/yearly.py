"""A quantity by calendar year with its spread: energy, carbon, running cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stargate.view.figures.style import BLUE, GREY, Chart, Floats, new_figure, number_axis


@dataclass(frozen=True, slots=True)
class Yearly:
    """P10, median and P90 of a quantity in each calendar year, in the unit of its axis."""

    years: Sequence[int]
    p10: Floats
    p50: Floats
    p90: Floats


def yearly(flow: Yearly, chart_id: str, title: str, axis: str, caption: str, basis: str) -> Chart:
    """A bar for the median of each year, a whisker from P10 to P90."""
    figure = new_figure(270)
    figure.add_bar(
        x=list(flow.years),
        y=flow.p50,
        marker={"color": BLUE},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": flow.p90 - flow.p50,
            "arrayminus": flow.p50 - flow.p10,
            "color": GREY,
            "thickness": 1.4,
            "width": 5,
        },
        customdata=np.stack([flow.p10, flow.p90], axis=1),
        hovertemplate=(
            "%{x}: %{y:,.3~g} (P10 %{customdata[0]:,.3~g}, P90 %{customdata[1]:,.3~g})"
            "<extra></extra>"
        ),
    )
    figure.update_layout(bargap=0.4)
    figure.update_xaxes({**number_axis("Calendar year"), "dtick": 1, "tickformat": "d"})
    figure.update_xaxes(showgrid=False, separatethousands=False)
    figure.update_yaxes(number_axis(axis, rangemode="tozero"))
    peak = int(np.argmax(flow.p50))
    return Chart(
        id=chart_id,
        title=title,
        caption=f"{caption} Bars are the median of each year, whiskers run from P10 to P90.",
        basis=basis,
        alt=f"{title}: the largest median is {flow.p50[peak]:,.3g} in {flow.years[peak]}; {axis}.",
        figure=figure,
        columns=("Year", f"P10, {axis}", "P50", "P90"),
        rows=tuple(
            (str(year), *(f"{column[i]:,.3g}" for column in (flow.p10, flow.p50, flow.p90)))
            for i, year in enumerate(flow.years)
        ),
    )
