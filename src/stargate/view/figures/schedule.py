"""The schedule: a bar for each task, whiskers for its uncertainty, colour for its criticality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from stargate.view.figures.style import (
    GREY,
    Chart,
    category_axis,
    date_axis,
    iso,
    new_figure,
    note,
)
from stargate.view.wording import percent

_ROW_PX = 25
_BAR_PX = 13
_CRITICALITY_SCALE = ((0.0, "#A3B1BD"), (0.5, "#D98A4B"), (1.0, "#B23A0E"))


@dataclass(frozen=True, slots=True)
class TaskBar:
    """One task: P50 start and finish, the spread of its finish, and its criticality index."""

    name: str
    start: np.datetime64
    finish: np.datetime64
    finish_p10: np.datetime64
    finish_p90: np.datetime64
    criticality: float
    """Share of samples in which the task lies on the critical path."""


def schedule(tasks: Sequence[TaskBar], *, n_tasks: int, basis: str) -> Chart:
    """Bars from P50 start to P50 finish, whiskers from P10 to P90 of the finish."""
    names = _distinct([task.name for task in tasks])
    figure = new_figure(80 + _ROW_PX * len(tasks))
    _add_bars(figure, tasks, names)
    _add_whiskers(figure, tasks, names)
    _add_criticality(figure, tasks, names)
    figure.update_layout(margin={"t": 28, "l": 20, "r": 54})
    figure.update_xaxes(date_axis())
    figure.update_yaxes(category_axis(names))
    figure.update_yaxes(title_text="", range=[-0.6, len(tasks) - 0.4])
    shown = f" The {len(tasks)} most critical of {n_tasks} tasks." if n_tasks > len(tasks) else ""
    worst = max(tasks, key=lambda task: task.criticality)
    return Chart(
        id="schedule",
        title="The schedule and what is critical",
        caption=(
            "Bars run from the median start to the median finish, whiskers from P10 to P90 of the "
            "finish (to the horizon where P90 is never). Colour and the figure at the right are "
            "the criticality index: the share of samples in which the task lies on the critical "
            f"path.{shown}"
        ),
        basis=basis,
        alt=f"{len(tasks)} tasks; most critical: {worst.name}, {percent(worst.criticality)}.",
        figure=figure,
        min_width_px=560,
    )


def criticality_colour(criticality: float) -> str:
    """From grey (never critical) by orange to dark red (always): also from light to dark."""
    places = [place for place, _ in _CRITICALITY_SCALE]
    channels = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for _, c in _CRITICALITY_SCALE])
    mixed = [round(float(np.interp(criticality, places, column))) for column in channels.T]
    return "#" + "".join(f"{value:02X}" for value in mixed)


def _distinct(names: Sequence[str]) -> list[str]:
    """Names that may serve as categories: a repeated one gets invisible spaces."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, -1) + 1
    counts: dict[str, int] = {}
    result = []
    for name in names:
        result.append(name + "\u200b" * counts.get(name, 0))
        counts[name] = counts.get(name, 0) + 1
    return result


def _add_bars(figure: go.Figure, tasks: Sequence[TaskBar], names: Sequence[str]) -> None:
    """Thick lines, because they lie on a date axis as plain dates."""
    for task, name in zip(tasks, names, strict=True):
        start, finish = iso(task.start), iso(task.finish)
        figure.add_scatter(
            x=[start, finish],
            y=[name, name],
            mode="lines",
            line={"color": criticality_colour(task.criticality), "width": _BAR_PX},
            hovertemplate=(
                f"%{{y}}<br>{start} to {finish} (P50)<br>finish P10 {iso(task.finish_p10)}, "
                f"P90 {iso(task.finish_p90)}<extra></extra>"
            ),
        )


def _add_whiskers(figure: go.Figure, tasks: Sequence[TaskBar], names: Sequence[str]) -> None:
    days: list[str | None] = []
    rows: list[str | None] = []
    for task, name in zip(tasks, names, strict=True):
        days += [iso(task.finish_p10), iso(task.finish_p90), None]
        rows += [name, name, None]
    figure.add_scatter(
        x=days,
        y=rows,
        mode="lines+markers",
        line={"width": 1.4, "color": GREY},
        marker={"symbol": "line-ns-open", "size": 8, "color": GREY, "line": {"width": 1.4}},
        hoverinfo="skip",
    )


def _add_criticality(figure: go.Figure, tasks: Sequence[TaskBar], names: Sequence[str]) -> None:
    place = {"xref": "paper", "xanchor": "left", "xshift": 6}
    for task, name in zip(tasks, names, strict=True):
        figure.add_annotation(note(1, name, percent(task.criticality), **place))
    heading = note(
        1, 1, "critical in", xref="paper", yref="paper", xanchor="right", yanchor="bottom"
    )
    figure.add_annotation({**heading, "xshift": 50})
