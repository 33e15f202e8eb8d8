"""What the money goes to, year by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from stargate.view.figures.style import (
    PATTERNS,
    SERIES,
    Chart,
    Floats,
    new_figure,
    number_axis,
    overlay,
)


def spend_by_year(years: Sequence[int], usd: Mapping[str, Floats], *, basis: str) -> Chart:
    """Mean spend in each year, stacked by category (means add up; medians do not)."""
    figure = new_figure(340, legend=True)
    for order, (category, amounts) in enumerate(usd.items()):
        figure.add_bar(
            x=list(years),
            y=amounts / 1e9,
            name=category,
            marker={
                "color": SERIES[order % len(SERIES)],
                "pattern": overlay(PATTERNS[order % len(PATTERNS)]),
                "line": {"width": 0},
            },
            hovertemplate="%{fullData.name} %{x}: $%{y:,.2f} billion<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.35)
    figure.update_xaxes({**number_axis("Calendar year"), "dtick": 1, "tickformat": "d"})
    figure.update_xaxes(showgrid=False, separatethousands=False)
    figure.update_yaxes(number_axis("Mean spend ($ billion a year)"))
    totals_usd = np.sum(list(usd.values()), axis=0)
    top = int(np.argmax(totals_usd))
    return Chart(
        id="spend-by-year",
        title="Money by year and purpose",
        caption=(
            "Mean over all samples, so that the parts add up to the whole; a phase that is not "
            "built counts with what was committed to it. Spending before the data date is left out."
        ),
        basis=basis,
        alt=f"Spending peaks in {years[top]} at ${totals_usd[top] / 1e9:,.1f} billion.",
        figure=figure,
        columns=("Year", *(f"{category} ($B)" for category in usd), "Total ($B)"),
        rows=tuple(
            (
                str(year),
                *(f"{amounts[i] / 1e9:,.2f}" for amounts in usd.values()),
                f"{totals_usd[i] / 1e9:,.2f}",
            )
            for i, year in enumerate(years)
        ),
    )
