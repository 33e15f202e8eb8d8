"""When each phase is on line: the cumulative probability of its date, against its target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from stargate.view.figures.style import (
    DASHES,
    SERIES,
    Chart,
    Days,
    Floats,
    date_axis,
    iso,
    new_figure,
    note,
    percent_axis,
)
from stargate.view.wording import percent

_CURVE_POINTS = 161
# Rows of words above 100 %, in the axis's own percent and in pixels.
_FIRST_ROW, _ROW, _ROW_PX = 107.0, 7.0, 22
_MARK_SYMBOLS = {10: "triangle-up", 50: "circle", 80: "diamond", 90: "square"}


@dataclass(frozen=True, slots=True)
class PhaseDates:
    """The sampled on-line dates of one phase; NaT where it was not built within the horizon."""

    name: str
    online: Days
    target: np.datetime64 | None
    marks: Mapping[int, np.datetime64]
    """Percentile to date, such as {10: 2028-03-01, 50: ..., 80: ...}; NaT when never reached."""
    probability_by_target: float | None


def cumulative(online: Days) -> tuple[Days, Floats]:
    """The distribution function (%) of the dates over *all* samples, thinned to some 160 points.

    Samples that never come on line count in the denominator, so a curve may end below 1.
    """
    reached = np.sort(online[~np.isnat(online)])
    if reached.size == 0:
        return reached, np.zeros(0)
    ranks = np.unique(np.linspace(1, reached.size, _CURVE_POINTS).round().astype(int))
    return reached[ranks - 1], 100 * ranks / online.size


def online_dates(phases: Sequence[PhaseDates], *, basis: str) -> Chart:
    """One S-curve for each phase, with P10, P50 and P80 marked and the target as a line."""
    rows = sum(phase.target is not None for phase in phases)
    figure = new_figure(400 + _ROW_PX * rows, legend=True)
    for order, phase in enumerate(phases):
        _add_curve(figure, phase, order)
        _add_marks(figure, phase, order)
    _add_targets(figure, phases)
    figure.update_xaxes(date_axis("On-line date"))
    top = _FIRST_ROW + _ROW * (rows - 0.4) if rows else 103
    ticks = {"tickvals": list(range(0, 101, 20)), "range": [-2, top]}
    figure.update_yaxes(percent_axis("Probability of being on line (%)", **ticks))
    return Chart(
        id="online",
        title="When each phase is on line",
        caption=(
            "Read a curve as the chance that the phase runs by that date. Marks: ▲ P10, ● P50, "
            "◆ P80. Upright lines are the targets, with the odds of keeping them. A curve that "
            "ends below 100 is a phase that is not built in some of the samples."
        ),
        basis=basis,
        alt="; ".join(_spoken(phase) for phase in phases) + ".",
        figure=figure,
    )


def _add_curve(figure: go.Figure, phase: PhaseDates, order: int) -> None:
    days, probability = cumulative(phase.online)
    figure.add_scatter(
        x=days.astype("datetime64[D]"),
        y=probability,
        name=phase.name,
        legendgroup=phase.name,
        mode="lines",
        line={
            "color": SERIES[order % len(SERIES)],
            "width": 2.4,
            "dash": DASHES[order % len(DASHES)],
        },
        hovertemplate="%{y:.0f} % by %{x|%d %b %Y}",
    )


def _add_marks(figure: go.Figure, phase: PhaseDates, order: int) -> None:
    reached = {p: day for p, day in phase.marks.items() if not np.isnat(day)}
    figure.add_scatter(
        x=[iso(day) for day in reached.values()],
        y=list(reached),
        name=phase.name,
        legendgroup=phase.name,
        showlegend=False,
        mode="markers",
        marker={
            "color": SERIES[order % len(SERIES)],
            "size": 11,
            "symbol": [_MARK_SYMBOLS.get(p, "circle") for p in reached],
            "line": {"width": 1.5, "color": "#FFFFFF"},
        },
        text=[f"P{p}" for p in reached],
        hovertemplate="%{text}: %{x|%d %b %Y}",
    )


def _add_targets(figure: go.Figure, phases: Sequence[PhaseDates]) -> None:
    """Upright lines up to their words, a row each above the curves, the earliest highest.

    Words stand to the right of their line; a later line ends below the words of an earlier one.
    """
    targets = [(p.target, order, p) for order, p in enumerate(phases) if p.target is not None]
    targets.sort(key=lambda found: found[:2], reverse=True)
    for row, (target, order, phase) in enumerate(targets):
        day, top = iso(target), _FIRST_ROW + _ROW * row
        line = {"color": SERIES[order % len(SERIES)], "width": 1.3, "dash": "dot"}
        figure.add_shape(type="line", x0=day, x1=day, y0=0, y1=top + _ROW / 2, line=line)
        odds = phase.probability_by_target
        text = f"target {day}" + ("" if odds is None else f" · {percent(odds)}")
        figure.add_annotation(note(day, top, text, xanchor="left", yanchor="middle", xshift=2))


def _spoken(phase: PhaseDates) -> str:
    median = phase.marks.get(50)
    when = "not built in half of the samples"
    if median is not None and not np.isnat(median):
        when = f"even odds by {median.astype('datetime64[D]').astype(object):%B %Y}"
    if phase.probability_by_target is None:
        return f"{phase.name}: {when}"
    return f"{phase.name}: {when}, {percent(phase.probability_by_target)} by its target"
