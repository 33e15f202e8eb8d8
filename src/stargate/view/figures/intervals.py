"""Distributions side by side as intervals: P10 to P90 a line, P50 a mark, a threshold across."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from stargate.view.figures.style import (
    BLUE,
    VERMILLION,
    Chart,
    category_axis,
    new_figure,
    note,
    number_axis,
)

_ROW_PX = 44
_WIDEST_GAP = 0.06


@dataclass(frozen=True, slots=True)
class Interval:
    """A distribution of which three percentiles are known, and a remark such as its odds."""

    name: str
    p10: float
    p50: float
    p90: float
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One quantity for all rows: its axis (with unit), its intervals, what it must reach."""

    axis: str
    intervals: Sequence[Interval]
    threshold: float | None = None
    log: bool = False


def intervals(
    panels: Sequence[Panel], chart_id: str, title: str, caption: str, basis: str
) -> Chart:
    """Panels with shared rows, one interval a row and panel."""
    names = [interval.name for interval in panels[0].intervals]
    figure = make_subplots(1, len(panels), shared_yaxes=True, horizontal_spacing=_WIDEST_GAP)
    figure.update_layout(new_figure(110 + _ROW_PX * len(names)).layout)
    for column, panel in enumerate(panels, start=1):
        _add_panel(figure, panel, column)
    figure.update_layout(margin={"t": 34, "l": 20})
    figure.update_yaxes(category_axis(names))
    figure.update_yaxes(title_text="", range=[-0.6, len(names) - 0.4])
    return Chart(
        id=chart_id,
        title=title,
        caption=caption,
        basis=basis,
        alt="; ".join(f"{panel.axis}: {_spoken(panel)}" for panel in panels),
        figure=figure,
        columns=("", *(f"{panel.axis} {p}" for panel in panels for p in ("P10", "P50", "P90"))),
        rows=tuple(_numbers(panels, row) for row in range(len(names))),
        min_width_px=520,
    )


def _numbers(panels: Sequence[Panel], row: int) -> tuple[str, ...]:
    cells = [panel.intervals[row] for panel in panels]
    values = (f"{value:,.4g}" for cell in cells for value in (cell.p10, cell.p50, cell.p90))
    return (cells[0].name, *values)


def _spoken(panel: Panel) -> str:
    spoken = ", ".join(
        f"{i.name} {i.p50:,.4g} ({i.p10:,.4g} to {i.p90:,.4g})" for i in panel.intervals
    )
    return spoken + (f", threshold {panel.threshold:,.4g}" if panel.threshold is not None else "")


def _add_panel(figure: go.Figure, panel: Panel, column: int) -> None:
    place = {"row": 1, "col": column}
    for interval in panel.intervals:
        figure.add_scatter(
            x=[interval.p10, interval.p90],
            y=[interval.name] * 2,
            mode="lines",
            line={"color": BLUE, "width": 3},
            hoverinfo="skip",
            **place,
        )
    figure.add_scatter(
        x=[interval.p50 for interval in panel.intervals],
        y=[interval.name for interval in panel.intervals],
        mode="markers",
        marker={"color": BLUE, "size": 11, "line": {"color": "#FFFFFF", "width": 1.5}},
        customdata=[[interval.p10, interval.p90] for interval in panel.intervals],
        hovertemplate=(
            "%{y}: P50 %{x:,.4~g}, P10 %{customdata[0]:,.4~g}, "
            "P90 %{customdata[1]:,.4~g}<extra></extra>"
        ),
        **place,
    )
    figure.add_scatter(
        x=[interval.p90 for interval in panel.intervals],
        y=[interval.name for interval in panel.intervals],
        mode="text",
        text=[f"  {interval.remark}" for interval in panel.intervals],
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
        **place,
    )
    figure.update_xaxes(_axis(panel), **place)
    if panel.threshold is not None:
        _add_threshold(figure, panel.threshold, column)


def _axis(panel: Panel) -> dict[str, object]:
    """Linear with room for the remarks; logarithmic where it is asked for and spans a decade."""
    low = min(interval.p10 for interval in panel.intervals)
    high = max(interval.p90 for interval in panel.intervals)
    if panel.log and high > 10 * low > 0:
        return number_axis(panel.axis, type="log", dtick=1, exponentformat="power")
    ends = [low, high, *([] if panel.threshold is None else [panel.threshold])]
    span = max(ends) - min(ends) or abs(high) or 1.0
    room = 0.22 if any(interval.remark for interval in panel.intervals) else 0.06
    settings = {
        "range": [min(ends) - 0.06 * span, max(ends) + room * span],
        "nticks": 4 if panel.log else 5,
    }
    return number_axis(panel.axis, **settings, exponentformat="power")


def _add_threshold(figure: go.Figure, threshold: float, column: int) -> None:
    figure.add_vline(
        x=threshold, line={"color": VERMILLION, "width": 1.6, "dash": "dash"}, row=1, col=column
    )
    axis = "x" if column == 1 else f"x{column}"
    label = note(threshold, 1, f"threshold {threshold:,.4g}", xref=axis, yref="paper")
    figure.add_annotation({**label, "yanchor": "bottom", "yshift": 2})
