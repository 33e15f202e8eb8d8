"""Money by party and year, what it is worth so far, and what must be kept in reserve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from stargate.view.figures.bands import Band, add_band, band_columns, band_rows
from stargate.view.figures.style import (
    BLUE,
    GREY,
    PATTERNS,
    SERIES,
    VERMILLION,
    Chart,
    Floats,
    date_axis,
    new_figure,
    note,
    number_axis,
    overlay,
    percent_axis,
)


def by_year_and_name(
    years: Sequence[int],
    amounts: Mapping[str, Floats],
    *,
    chart_id: str,
    title: str,
    axis: str,
    caption: str,
    basis: str,
) -> Chart:
    """Bars side by side: one for each name in each calendar year, in the unit of the axis."""
    figure = new_figure(340, legend=True)
    for order, (name, values) in enumerate(amounts.items()):
        figure.add_bar(
            x=list(years),
            y=values,
            name=name,
            marker={
                "color": SERIES[order % len(SERIES)],
                "pattern": overlay(PATTERNS[order % len(PATTERNS)]),
                "line": {"width": 0},
            },
            hovertemplate="%{fullData.name} %{x}: %{y:,.3~g}<extra></extra>",
        )
    figure.update_layout(barmode="group", bargap=0.3)
    figure.update_xaxes({**number_axis("Calendar year"), "dtick": 1, "tickformat": "d"})
    figure.update_xaxes(showgrid=False, separatethousands=False)
    figure.update_yaxes(number_axis(axis, zeroline=True))
    totals = "; ".join(f"{name} {values.sum():,.3g} in all" for name, values in amounts.items())
    return Chart(
        id=chart_id,
        title=title,
        caption=caption,
        basis=basis,
        alt=f"{title}, {axis}: {totals}.",
        figure=figure,
        columns=("Year", *(f"{name}, {axis}" for name in amounts)),
        rows=tuple(
            (str(year), *(f"{values[i]:,.2f}" for values in amounts.values()))
            for i, year in enumerate(years)
        ),
    )


def worth_so_far(bands: Sequence[Band], *, caption: str, basis: str) -> Chart:
    """Present value cumulated over time, one band for each party."""
    figure = new_figure(380, legend=True)
    for order, band in enumerate(bands):
        add_band(figure, band, order)
    figure.update_layout(hovermode="x unified")
    figure.update_xaxes(date_axis())
    figure.update_yaxes(number_axis("Present value so far ($ billion)", zeroline=True))
    ends = "; ".join(
        f"{band.name} ends at a median of ${band.p50[-1]:,.1f} billion, P10 {band.p10[-1]:,.1f}, "
        f"P90 {band.p90[-1]:,.1f}"
        for band in bands
    )
    return Chart(
        id="worth-so-far",
        title="Net present value, cumulated",
        caption=caption,
        basis=basis,
        alt=f"Present value over time: {ends}.",
        figure=figure,
        columns=band_columns(bands, "$B"),
        rows=band_rows(bands, ",.1f"),
    )


def contingency(capital_usd: Floats, *, base_usd: float, p80_usd: float, basis: str) -> Chart:
    """The odds to stay within an amount of capital, the base estimate, and what P80 adds."""
    percents = np.arange(1, 100)
    amounts = np.percentile(capital_usd, percents) / 1e9
    figure = new_figure(300)
    figure.add_scatter(
        x=amounts,
        y=percents,
        mode="lines",
        line={"color": BLUE, "width": 2.2},
        hovertemplate="$%{x:,.1f} billion hold in %{y} %<extra></extra>",
    )
    for value, label, colour, dash in (
        (base_usd / 1e9, "base estimate", GREY, "dot"),
        (p80_usd / 1e9, "P80", VERMILLION, "dash"),
    ):
        figure.add_vline(x=value, line={"color": colour, "width": 1.6, "dash": dash})
        figure.add_annotation(note(value, 103, label, yanchor="top", xanchor="left"))
    figure.update_xaxes(number_axis("Capital, whole programme ($ billion)"))
    figure.update_yaxes(percent_axis("Futures that stay within it (%)"))
    spare = (p80_usd - base_usd) / 1e9
    return Chart(
        id="contingency",
        title="Contingency",
        caption=(
            "The curve gives the share of the futures that stay within an amount of capital. The "
            "base estimate has every input at its median, and only the events that are likelier "
            "than not; the contingency is what P80 adds to it."
        ),
        basis=basis,
        alt=(
            f"Base estimate ${base_usd / 1e9:,.1f} billion, P80 ${p80_usd / 1e9:,.1f} billion: a "
            f"contingency of ${spare:,.1f} billion."
        ),
        figure=figure,
        columns=("Capital", "$ billion"),
        rows=(
            ("Base estimate", f"{base_usd / 1e9:,.2f}"),
            *((f"P{p}", f"{amounts[p - 1]:,.2f}") for p in (10, 50, 80, 90)),
            ("Contingency to P80", f"{spare:,.2f}"),
        ),
    )
