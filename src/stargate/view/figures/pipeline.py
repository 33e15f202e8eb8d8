"""The pipeline of one step: which stage runs which pass when, and where it stands idle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from stargate.perf.pipeline_order import KINDS
from stargate.perf.timeline import Timeline
from stargate.view.figures.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    Chart,
    new_figure,
    number_axis,
)
from stargate.view.wording import percent

_COLOURS = (BLUE, GREEN, ORANGE)
_HALF = 0.42  # of the room of a stage, above and below its middle
_ROW_PX = 26
_BOXES_OF_LANE = 360  # more would be too thin to see
_BOXES_OUTLINED = 130
_AFTER = 0.12  # of a window, for what follows the passes
_ONCE = "once a step"
_FILLED = {"mode": "lines", "fill": "toself", "hoverinfo": "skip"}

Boxes = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]  # stage, start, end


def pipeline_chart(timeline: Timeline, once_s: Mapping[str, float], *, basis: str) -> Chart:
    """A lane for each stage; what is empty is idle. `once_s` are the seconds after the passes.

    A long step shows its beginning and its end, at one scale, beside each other.
    """
    n_stages = int(timeline.stage.max()) + 1
    end_s = timeline.total_s + sum(once_s.values())
    windows = _windows(len(timeline) / n_stages, timeline.total_s, end_s)
    figure = new_figure(120 + _ROW_PX * max(n_stages, 4), legend=True)
    edge = 0.6 if len(timeline) <= _BOXES_OUTLINED * n_stages else 0.0
    for name, colour, boxes in _kinds(timeline, end_s):
        named = False
        for axis, window in zip(("x", "x2"), windows, strict=False):
            x, y = _path(_within(boxes, window))
            style = {"fillcolor": colour, "line": {"color": "rgba(255,255,255,0.7)", "width": edge}}
            words = {"name": name, "legendgroup": name, "showlegend": not named}
            if x:
                figure.add_scatter(x=x, y=y, xaxis=axis, **_FILLED, **style, **words)
                named = True
    _lay_out(figure, windows, n_stages)
    busy_s = np.bincount(timeline.stage, timeline.duration_s)
    idle = 1.0 - busy_s / timeline.total_s
    return Chart(
        id="pipeline",
        title="The pipeline, pass by pass",
        caption=(
            f"One replica, {n_stages} stages, replayed exactly; one box is a pass of one "
            f"micro-batch.{_shown(windows)} A stage stands idle for "
            f"{percent(float(idle.min()))} (the busiest) to {percent(float(idle.max()))} of the "
            "passes’ time. Once a step: gradients, optimiser, the wait for the slowest rank."
        ),
        basis=basis,
        alt=f"{len(timeline):,} passes on {n_stages} stages take {timeline.total_s:.4g} s.",
        figure=figure,
        columns=("Stage", "Works (s)", "Idle (s)", "Idle share"),
        rows=tuple(
            (str(s), f"{b:,.4g}", f"{timeline.total_s - b:,.4g}", percent(float(i)))
            for s, (b, i) in enumerate(zip(busy_s.tolist(), idle.tolist(), strict=True))
        ),
        min_width_px=620,
    )


def _windows(boxes_of_lane: float, passes_s: float, end_s: float) -> list[tuple[float, float]]:
    """The whole step, or its beginning and the end of its passes if these are too many to see."""
    width_s = passes_s * _BOXES_OF_LANE / boxes_of_lane / 2.0
    if 2.0 * width_s >= passes_s:
        return [(0.0, end_s)]
    right_s = min(end_s, passes_s + _AFTER * width_s)
    return [(0.0, width_s), (right_s - width_s, right_s)]


def _shown(windows: list[tuple[float, float]]) -> str:
    if len(windows) == 1:
        return ""
    return " Left the beginning of the step, right the end of its passes."


def _kinds(timeline: Timeline, end_s: float) -> Iterator[tuple[str, str, Boxes]]:
    for kind, name in enumerate(KINDS):
        rows = timeline.kind == kind
        if rows.any():
            boxes = (timeline.stage[rows], timeline.start_s[rows], timeline.end_s[rows])
            yield name, _COLOURS[kind], boxes
    stages = np.unique(timeline.stage)
    after = (stages, np.full(len(stages), timeline.total_s), np.full(len(stages), end_s))
    yield _ONCE, GREY, after


def _within(boxes: Boxes, window: tuple[float, float]) -> Boxes:
    """The boxes that lie in a window, cut at its edges."""
    stage, start_s, end_s = boxes
    left, right = window
    rows = (end_s > left) & (start_s < right)
    return stage[rows], np.maximum(start_s[rows], left), np.minimum(end_s[rows], right)


def _path(boxes: Boxes) -> tuple[list[float | None], list[float | None]]:
    """One path around all boxes: a page draws a few paths faster than thousands of bars."""
    x: list[float | None] = []
    y: list[float | None] = []
    for lane, left, right in zip(*(column.tolist() for column in boxes), strict=True):
        left, right = round(left, 6), round(right, 6)
        top, bottom = lane - _HALF, lane + _HALF
        x += [left, right, right, left, left, None]
        y += [top, top, bottom, bottom, top, None]
    return x, y


def _lay_out(figure: go.Figure, windows: list[tuple[float, float]], n_stages: int) -> None:
    """Axes of the one or two windows, and the stages from the top down."""
    room = [(0.0, 1.0)] if len(windows) == 1 else [(0.0, 0.49), (0.51, 1.0)]
    for number, (window, domain) in enumerate(zip(windows, room, strict=True)):
        axis = number_axis("Time (s)", range=list(window), domain=list(domain), anchor="y")
        figure.update_layout({"xaxis" if number == 0 else "xaxis2": axis})
    every = max(1, n_stages // 8)
    lanes = {"range": [n_stages - 0.5, -0.5], "tick0": 0, "dtick": every}
    figure.update_yaxes(number_axis("Stage", **lanes) | {"showgrid": False})
