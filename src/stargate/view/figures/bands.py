"""Quantities over time with their P10-P90 band: megawatts, accelerators, money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from stargate.view.figures.style import (
    DASHES,
    GREY,
    SERIES,
    Chart,
    Days,
    Floats,
    date_axis,
    new_figure,
    note,
    number_axis,
    tinted,
)


@dataclass(frozen=True, slots=True)
class Band:
    """One quantity over time: its P10, P50 and P90 on each day, in the unit of the axis."""

    name: str
    days: Days
    p10: Floats
    p50: Floats
    p90: Floats


def add_band(figure: go.Figure, band: Band, order: int = 0, *, step: bool = False) -> None:
    """The band as a tint and its P50 as a line; `order` picks colour and dash."""
    colour = SERIES[order % len(SERIES)]
    days = band.days.astype("datetime64[D]")
    edge = {"width": 0, "shape": "hv" if step else "linear"}
    hidden = {"mode": "lines", "line": edge, "hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(x=days, y=band.p10, name=f"{band.name} P10", **hidden)
    figure.add_scatter(
        x=days,
        y=band.p90,
        name=f"{band.name} P90",
        fill="tonexty",
        fillcolor=tinted(colour, 0.18),
        **hidden,
    )
    figure.add_scatter(
        x=days,
        y=band.p50,
        name=band.name,
        mode="lines",
        line={
            "color": colour,
            "width": 2.2,
            "dash": DASHES[order % len(DASHES)],
            "shape": edge["shape"],
        },
        customdata=list(zip(band.p10, band.p90, strict=True)),
        hovertemplate="%{y:,.3~g} (P10 %{customdata[0]:,.3~g}, P90 %{customdata[1]:,.3~g})",
    )


def power_over_time(it: Band, facility: Band, *, basis: str) -> Chart:
    """Megawatts on line, IT and facility side by side, because most contradictions mix the two."""
    figure = new_figure(360, legend=True)
    add_band(figure, facility, 0, step=True)
    add_band(figure, it, 1, step=True)
    figure.update_layout(hovermode="x unified")
    figure.update_xaxes(date_axis())
    figure.update_yaxes(number_axis("Power on line (MW)", rangemode="tozero"))
    return Chart(
        id="power",
        title="Power on line",
        caption=(
            "Lines are the median at each quarter, tints run from P10 to P90. IT load is what the "
            "machines draw at full work; facility power adds cooling and losses at the peak."
        ),
        basis=basis,
        alt=(
            f"Power over time. At the end the median is {it.p50[-1]:,.0f} MW of IT load and "
            f"{facility.p50[-1]:,.0f} MW of facility power."
        ),
        figure=figure,
        columns=band_columns((it, facility), "MW"),
        rows=band_rows((it, facility), ",.0f"),
    )


def band_columns(bands: Sequence[Band], unit: str) -> tuple[str, ...]:
    """Headings of the table of numbers."""
    percentiles = ("P10", "P50", "P90")
    return ("End of", *(f"{band.name} {p} ({unit})" for band in bands for p in percentiles))


def band_rows(bands: Sequence[Band], form: str) -> tuple[tuple[str, ...], ...]:
    """The bands at the last point of each calendar year, its end being the next new year's day."""
    years = (bands[0].days - np.timedelta64(1, "D")).astype("datetime64[Y]")
    last = np.flatnonzero(np.append(years[1:] != years[:-1], True))
    columns = [column for band in bands for column in (band.p10, band.p50, band.p90)]
    return tuple(
        (str(years[at]), *(format(float(column[at]), form) for column in columns)) for at in last
    )


def accelerators_over_time(band: Band, *, basis: str) -> Chart:
    """Accelerators in service over time."""
    figure = new_figure(300)
    add_band(figure, band, 0, step=True)
    figure.update_layout(hovermode="x unified")
    figure.update_xaxes(date_axis())
    figure.update_yaxes(number_axis("Accelerators in service", rangemode="tozero"))
    return Chart(
        id="accelerators",
        title="Accelerators in service",
        caption="The line is the median at each quarter, the tint runs from P10 to P90.",
        basis=basis,
        alt=f"Accelerators over time; the median ends at {band.p50[-1]:,.0f}.",
        figure=figure,
        columns=band_columns((band,), "accelerators"),
        rows=band_rows((band,), ",.0f"),
    )


def spend_over_time(
    band: Band, *, budget_usd: tuple[float, float] | None, basis: str, source: str = ""
) -> Chart:
    """Cumulative money spent, against the range of the budget."""
    figure = new_figure(340)
    if budget_usd:
        _mark_budget(figure, budget_usd)
    add_band(figure, band, 0)
    figure.update_layout(hovermode="x unified")
    figure.update_xaxes(date_axis())
    figure.update_yaxes(number_axis("Cumulative spend ($ billion)", rangemode="tozero"))
    return Chart(
        id="spend",
        title="Money spent, cumulated",
        caption=(
            "The line is the median, the tint runs from P10 to P90. Capital cost as it falls due, "
            f"in money of the price base. {source}".strip()
        ),
        basis=basis,
        alt=(
            f"Cumulative spend; it ends at a median of ${band.p50[-1]:,.0f} billion, "
            f"P10 ${band.p10[-1]:,.0f} billion, P90 ${band.p90[-1]:,.0f} billion."
        ),
        figure=figure,
        columns=band_columns((band,), "$B"),
        rows=band_rows((band,), ",.1f"),
    )


def _mark_budget(figure: go.Figure, budget_usd: tuple[float, float]) -> None:
    low, high = (value / 1e9 for value in budget_usd)
    span = f"${high:,.4g}B" if low == high else f"${low:,.4g}–{high:,.4g}B"
    line = {"color": GREY, "width": 1.2, "dash": "dot"}
    figure.add_hrect(y0=low, y1=max(high, low), fillcolor=tinted(GREY, 0.15), line=line)
    label = note(0, high, f"budget: {span}", xref="paper")
    figure.add_annotation({**label, "xanchor": "left", "yanchor": "bottom"})
