"""What a search weighed: each strategy a line over the axes of its choices, its memory and time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from stargate.perf.sample import Sample
from stargate.perf.search import describe
from stargate.perf.strategy import RECOMPUTE
from stargate.view.figures.style import (
    BLUE,
    GREY,
    ORANGE,
    SKY,
    VERMILLION,
    Chart,
    Floats,
    new_figure,
    note,
    tinted,
)
from stargate.view.wording import percent

_DEGREES = (
    ("tp", "tp"),
    ("pp", "pp"),
    ("vp", "vp"),
    ("cp", "cp"),
    ("ep", "ep"),
    ("dp", "dp"),
    ("micro_batch", "micro-<br>batch"),
    ("zero", "ZeRO"),
    ("recompute", "recom-<br>pute"),
)
# How much slower than the fastest shown, with the colour of its lines.
_BANDS = (
    (1.05, VERMILLION, 0.75, 1.6),
    (1.15, ORANGE, 0.6, 1.1),
    (1.3, BLUE, 0.35, 0.9),
    (1.5, SKY, 0.3, 0.8),
    (np.inf, GREY, 0.2, 0.7),
)
_SPREAD = 0.5  # of the room around a value, that lines through it are spread over
_TICKS_MAX = 9
_ROWS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Axis:
    """Where each line crosses an axis (0 to 1), and what is written beside it."""

    title: str
    at: Floats
    ticks: tuple[tuple[float, str], ...]


def search_picture(sample: Sample, *, slowest: float, basis: str) -> Chart:
    """Parallel coordinates of a sample of strategies, coloured by step time."""
    axes = _axes(sample)
    ratio = sample.steps.step_time_s / sample.steps.step_time_s[0]
    figure = new_figure(460, legend=True)
    _add_lines(figure, axes, ratio)
    for x, axis in enumerate(axes):
        _add_axis(figure, x, axis, last=x == len(axes) - 1)
    figure.update_xaxes(
        tickvals=list(range(len(axes))),
        ticktext=[f"<b>{axis.title}</b>" for axis in axes],
        range=[-0.45, len(axes) - 0.4],
        side="bottom",
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    figure.update_yaxes(visible=False, range=[-0.06, 1.06], fixedrange=True)
    return Chart(
        id="search",
        title="What the search weighed",
        caption=(
            f"{len(sample.table):,} strategies, each a line from its degrees of parallelism to its "
            f"memory and step time; of {sample.n_drawn:,} drawn, {sample.n_fit:,} fit and "
            f"{sample.n_near:,} take at most {slowest:g} times the fastest. Lines that share a "
            "value are spread around it. The colour says how much slower than the fastest shown; "
            "where the warm colours gather, the choice matters."
        ),
        basis=basis,
        alt=_alt(sample),
        figure=figure,
        columns=("Strategy", "Step time (s)", "Slower by", "Memory (GB)"),
        rows=tuple(_row(sample, row) for row in range(min(_ROWS_SHOWN, len(sample.table)))),
        min_width_px=660,
    )


def _row(sample: Sample, row: int) -> tuple[str, str, str, str]:
    time_s = float(sample.steps.step_time_s[row])
    return (
        describe(sample.table.strategy(row)),
        f"{time_s:,.4g}",
        f"+{percent(time_s / float(sample.steps.step_time_s[0]) - 1.0)}",
        f"{sample.steps.memory_bytes[row] / 1e9:,.1f}",
    )


def _alt(sample: Sample) -> str:
    best = describe(sample.table.strategy(0))
    slow_s, fast_s = float(sample.steps.step_time_s[-1]), float(sample.steps.step_time_s[0])
    return f"The fastest shown is {best} with {fast_s:.4g} s, the slowest takes {slow_s:.4g} s."


def _axes(sample: Sample) -> list[_Axis]:
    """The choices that differ within the sample, then memory and time."""
    axes = []
    for order, (name, title) in enumerate(_DEGREES):
        values = np.asarray(getattr(sample.table, name), np.float64)
        if len(np.unique(values)) > 1:
            axes.append(
                _choices(title, values, list(RECOMPUTE) if name == "recompute" else None, order)
            )
    memory_gb = np.asarray(sample.steps.memory_bytes, np.float64) / 1e9
    return [
        *axes,
        _measured("memory<br>(GB)", memory_gb),
        _measured("step<br>time (s)", np.asarray(sample.steps.step_time_s, np.float64)),
    ]


def _choices(title: str, values: Floats, names: list[str] | None, seed: int) -> _Axis:
    """Distinct values at equal distances; what shares one is spread a little around it."""
    distinct, rank = np.unique(values, return_inverse=True)
    room = 1.0 / (len(distinct) - 1)
    aside = np.random.default_rng(seed).uniform(-0.5, 0.5, len(values)) * _SPREAD
    at = (rank + aside * min(1.0, 0.16 / room)) * room
    shown = range(0, len(distinct), -(-len(distinct) // _TICKS_MAX))
    said = [names[int(value)] if names else f"{int(value):,}" for value in distinct]
    return _Axis(title, at, tuple((i * room, said[i]) for i in shown))


def _measured(title: str, values: Floats) -> _Axis:
    """A linear axis from the least to the most, with five labels."""
    low, high = float(values.min()), float(values.max())
    width = (high - low) or 1.0
    labels = np.linspace(low, high, 5)
    ticks = tuple((float((label - low) / width), f"{label:,.3g}") for label in labels)
    return _Axis(title, (values - low) / width, ticks)


def _add_lines(figure: go.Figure, axes: list[_Axis], ratio: Floats) -> None:
    """One trace a band of step times, slowest first so that the fastest lie on top."""
    points = np.stack([axis.at for axis in axes], 1)
    least = [1.0, *(band[0] for band in _BANDS)]
    order = list(enumerate(_BANDS))[::-1]
    for number, (limit, colour, opacity, width) in order:
        rows = (ratio <= limit) & ((ratio > least[number]) | (number == 0))
        if not rows.any():
            continue
        low, high = percent(least[number] - 1.0), percent(limit - 1.0)
        said = f"more than {low} slower" if np.isinf(limit) else f"up to {high}"
        path = np.full((int(rows.sum()), len(axes) + 1), np.nan)
        path[:, :-1] = points[rows]
        across = np.tile([*map(float, range(len(axes))), np.nan], len(path))
        figure.add_scatter(
            x=[None if np.isnan(x) else int(x) for x in across],
            y=[None if np.isnan(y) else round(float(y), 4) for y in path.ravel()],
            mode="lines",
            line={"color": tinted(colour, opacity), "width": width},
            name=said,
            legendgroup=said,
            showlegend=False,
            hoverinfo="skip",
        )
        # The lines are too thin to be told apart in a legend: a thick one stands for them.
        key = {"color": colour, "width": 4}
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="lines",
            line=key,
            name=said,
            legendgroup=said,
            legendrank=number,
        )


def _add_axis(figure: go.Figure, x: int, axis: _Axis, *, last: bool) -> None:
    figure.add_shape(type="line", x0=x, x1=x, y0=-0.03, y1=1.03, line={"color": GREY, "width": 1.2})
    for at, text in axis.ticks:
        place = {"xanchor": "left" if last else "right", "xshift": 5 if last else -5}
        figure.add_annotation(note(x, at, text, **place))
