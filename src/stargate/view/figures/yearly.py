"""A quantity by calendar year with its spread: energy, carbon, running cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from stargate.view.figures.style import (
    BLUE,
    GREY,
    VERMILLION,
    Chart,
    Floats,
    new_figure,
    number_axis,
)


@dataclass(frozen=True, slots=True)
class Yearly:
    """P10, median and P90 of a quantity in each calendar year, in the unit of its axis."""

    years: Sequence[int]
    p10: Floats
    p50: Floats
    p90: Floats


def yearly(
    flow: Yearly,
    chart_id: str,
    title: str,
    axis: str,
    caption: str,
    basis: str,
    *,
    names: tuple[str, str] = ("", ""),
    beside: Floats | None = None,
) -> Chart:
    """A bar for the median of each year, a whisker from P10 to P90; `beside`: a second as marks."""
    figure = new_figure(270 if beside is None else 300, legend=beside is not None)
    figure.add_bar(
        name=names[0],
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
    if beside is not None:
        _add_marks(figure, flow.years, beside, names[1])
    figure.update_layout(bargap=0.4)
    figure.update_xaxes({**number_axis("Calendar year"), "dtick": 1, "tickformat": "d"})
    figure.update_xaxes(showgrid=False, separatethousands=False)
    figure.update_yaxes(number_axis(axis, rangemode="tozero"))
    columns = [flow.p10, flow.p50, flow.p90, *([] if beside is None else [beside])]
    peak = int(np.argmax(flow.p50))
    return Chart(
        id=chart_id,
        title=title,
        caption=f"{caption} Bars are the median of each year, whiskers run from P10 to P90.",
        basis=basis,
        alt=f"{title}: the largest median is {flow.p50[peak]:,.3g} in {flow.years[peak]}; {axis}.",
        figure=figure,
        columns=("Year", f"P10, {axis}", "P50", "P90", *([] if beside is None else [names[1]])),
        rows=tuple(
            (str(year), *(f"{column[i]:,.3g}" for column in columns))
            for i, year in enumerate(flow.years)
        ),
    )


def _add_marks(figure: go.Figure, years: Sequence[int], values: Floats, name: str) -> None:
    """Marks instead of bars, so that a value of zero is seen too."""
    figure.add_scatter(
        x=list(years),
        y=values,
        name=name,
        mode="markers",
        marker={"color": VERMILLION, "size": 10, "symbol": "diamond"},
        cliponaxis=False,
        hovertemplate="%{fullData.name} %{x}: %{y:,.3~g}<extra></extra>",
    )
