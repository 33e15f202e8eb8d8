"""Planned dates and dates as they are now seen, a line for each activity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from stargate.programme.result import PlanResult
from stargate.programme.tracking import Slip, Tracking
from stargate.view.figures.style import (
    BLUE,
    GREY,
    VERMILLION,
    Chart,
    category_axis,
    date_axis,
    new_figure,
    note,
)
from stargate.view.wording import long_day, month

_ROW_PX = 34


def slip_chart(result: PlanResult, tracking: Tracking, slips: Sequence[Slip]) -> Chart:
    """A hollow mark where the median was planned, a full one where it now lies."""
    shown = [s for s in slips if math.isfinite(s.plan_p50_s) and math.isfinite(s.forecast_p50_s)]
    names = [slip.name for slip in shown]
    figure = new_figure(120 + _ROW_PX * len(shown), legend=True)
    for slip in shown:
        _add_line(figure, result, slip)
    planned = [_iso(result, slip.plan_p50_s) for slip in shown]
    now = [_iso(result, slip.forecast_p50_s) for slip in shown]
    hollow = {"color": "#FFFFFF", "size": 11, "line": {"color": GREY, "width": 2}}
    _add_marks(figure, names, planned, "planned (P50)", hollow)
    colours = [VERMILLION if slip.slip_s > 0 else BLUE for slip in shown]
    _add_marks(figure, names, now, "now (P50)", {"color": colours, "size": 11})
    today = result.data_date.isoformat()
    figure.add_vline(x=today, line={"color": GREY, "width": 1.2, "dash": "dot"})
    figure.add_annotation(note(today, 1.0, "known to here", yref="paper", xanchor="left"))
    figure.update_xaxes(date_axis("Median date"))
    figure.update_yaxes(category_axis(names))
    return Chart(
        id="slips",
        title="What has moved since the plan",
        caption=(
            f"From the plan of {long_day(tracking.planned)} (hollow) to the forecast of "
            f"{long_day(result.data_date)} (full; red is later). Left of the dotted line it has "
            "happened, right of it it is the median of what is to come."
        ),
        basis=f"{result.n_samples:,} futures each, on the same random numbers.",
        alt="; ".join(
            f"{slip.name} planned for {month(result.day(slip.plan_p50_s))}, now "
            f"{month(result.day(slip.forecast_p50_s))}"
            for slip in shown
        ),
        figure=figure,
        columns=("Activity", "Planned P50", "Now P50"),
        rows=tuple(zip(names, planned, now, strict=True)),
        min_width_px=520,
    )


def _iso(result: PlanResult, time_s: float) -> str:
    day = result.day(time_s)
    return day.isoformat() if day else ""


def _add_line(figure: go.Figure, result: PlanResult, slip: Slip) -> None:
    figure.add_scatter(
        x=[_iso(result, slip.plan_p50_s), _iso(result, slip.forecast_p50_s)],
        y=[slip.name] * 2,
        mode="lines",
        line={"color": VERMILLION if slip.slip_s > 0 else BLUE, "width": 2},
        showlegend=False,
        hoverinfo="skip",
    )


def _add_marks(
    figure: go.Figure, names: list[str], days: list[str], label: str, marker: Mapping[str, object]
) -> None:
    figure.add_scatter(
        x=days,
        y=names,
        name=label,
        mode="markers",
        marker=marker,
        hovertemplate="%{y}: %{x|%d %b %Y}<extra>" + label + "</extra>",
    )
