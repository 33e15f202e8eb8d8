"""One training step: where its time goes, where the memory goes, which strategies compete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from stargate.view.figures.style import (
    BLUE,
    GREY,
    PATTERNS,
    SERIES,
    VERMILLION,
    Chart,
    category_axis,
    new_figure,
    note,
    number_axis,
    overlay,
)
from stargate.view.wording import percent

_ROW_PX = 28


def step_waterfall(terms_s: Mapping[str, float], *, basis: str) -> Chart:
    """The step from its first term to its total, each bar starting where the last one ended."""
    total_s = sum(terms_s.values())
    shown = {name: value for name, value in terms_s.items() if value > 0}
    names = [*shown, "step"]
    figure = new_figure(100 + _ROW_PX * len(names))
    figure.add_waterfall(
        orientation="h",
        y=names,
        x=[*shown.values(), total_s],
        measure=["relative"] * len(shown) + ["total"],
        text=[f"{value:.3g} s · {percent(value / total_s)}" for value in shown.values()]
        + [f"{total_s:.4g} s"],
        textposition="outside",
        cliponaxis=False,
        connector={"line": {"color": GREY, "width": 1}},
        increasing={"marker": {"color": BLUE}},
        totals={"marker": {"color": VERMILLION}},
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    figure.update_xaxes(number_axis("Time (s)", range=[0, total_s * 1.22]))
    figure.update_yaxes(category_axis(names))
    figure.update_yaxes(title_text="")
    largest = max(shown, key=lambda name: shown[name])
    return Chart(
        id="waterfall",
        title="Where the step goes",
        caption=(
            "Each bar starts where the one before ended; the last is the whole step. Only time "
            "that adds to the step is shown: what hides behind computation costs nothing."
        ),
        basis=basis,
        alt=f"The step takes {total_s:.3g} s; {largest} takes most, {shown[largest]:.3g} s.",
        figure=figure,
        columns=("Term", "Time (s)", "Share"),
        rows=tuple((n, f"{v:,.4g}", percent(v / total_s)) for n, v in shown.items()),
        min_width_px=520,
    )


def memory_stack(parts_bytes: Mapping[str, float], capacity_bytes: float, *, basis: str) -> Chart:
    """What fills the memory of the fullest accelerator, against what it has."""
    figure = new_figure(220, legend=True)
    shown = {name: size for name, size in parts_bytes.items() if size > 0}
    for order, (name, size_bytes) in enumerate(shown.items()):
        figure.add_bar(
            orientation="h",
            y=[""],
            x=[size_bytes / 1e9],
            name=name,
            width=0.5,
            marker={
                "color": SERIES[order % len(SERIES)],
                "pattern": overlay(PATTERNS[order % len(PATTERNS)]),
            },
            hovertemplate="%{fullData.name}: %{x:,.2f} GB<extra></extra>",
        )
    used_gb, capacity_gb = sum(shown.values()) / 1e9, capacity_bytes / 1e9
    gib = capacity_bytes / 2**30
    figure.add_vline(x=capacity_gb, line={"color": VERMILLION, "width": 2})
    place = {"yref": "paper", "xanchor": "right", "yanchor": "top", "xshift": -5}
    figure.add_annotation(
        note(capacity_gb, 1, f"usable {capacity_gb:,.1f} GB ({gib:,.1f} GiB)", **place)
    )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(number_axis("Memory (GB)", range=[0, max(used_gb, capacity_gb) * 1.04]))
    figure.update_yaxes(category_axis([""]))
    figure.update_yaxes(title_text="fullest rank")
    return Chart(
        id="memory",
        title="What fills the memory",
        caption=(
            f"On the fullest accelerator {used_gb:,.1f} GB of {capacity_gb:,.1f} GB "
            f"({gib:,.1f} GiB) are used ({percent(used_gb / capacity_gb)}). 1 GB is 1e9 bytes, "
            "1 GiB is 2^30."
        ),
        basis=basis,
        alt="; ".join(f"{name} {size / 1e9:.1f} GB" for name, size in shown.items()),
        figure=figure,
        columns=("Part", "Memory (GB)"),
        rows=tuple((name, f"{size / 1e9:,.2f}") for name, size in shown.items()),
    )


@dataclass(frozen=True, slots=True)
class StrategyPoint:
    """One strategy in the plane of time and memory."""

    name: str
    step_time_s: float
    memory_bytes: float


def pareto(
    front: Sequence[StrategyPoint],
    others: Sequence[StrategyPoint],
    limit_bytes: float,
    *,
    basis: str,
) -> Chart:
    """The strategies that none beats in both time and memory, and the next best of others."""
    figure = new_figure(360, legend=True)
    _add_points(figure, others, "next best layouts", GREY, "circle-open", "markers", 9)
    _add_points(figure, front, "not beaten in both", BLUE, "diamond", "lines+markers", 9)
    figure.add_hline(y=limit_bytes / 1e9, line={"color": VERMILLION, "width": 1.6})
    place = {"xref": "paper", "xanchor": "right", "yanchor": "top"}
    figure.add_annotation(note(1, limit_bytes / 1e9, "usable memory", **place))
    figure.update_xaxes(number_axis("Step time (s)"))
    figure.update_yaxes(number_axis("Memory, fullest rank (GB)", rangemode="tozero"))
    return Chart(
        id="pareto",
        title="Time against memory",
        caption=(
            "Left and low is better. Strategies on the line cannot be beaten in time and memory "
            "at once; hover for their layout."
        ),
        basis=basis,
        alt="; ".join(
            f"{point.name}: {point.step_time_s:,.4g} s, {point.memory_bytes / 1e9:,.1f} GB"
            for point in front
        ),
        figure=figure,
        columns=("Strategy", "Step time (s)", "Memory (GB)"),
        rows=tuple(
            (point.name, f"{point.step_time_s:,.4g}", f"{point.memory_bytes / 1e9:,.1f}")
            for point in front
        ),
    )


def _add_points(
    figure: go.Figure,
    points: Sequence[StrategyPoint],
    name: str,
    colour: str,
    symbol: str,
    mode: str,
    size: int,
) -> None:
    figure.add_scatter(
        x=[point.step_time_s for point in points],
        y=[point.memory_bytes / 1e9 for point in points],
        name=name,
        mode=mode,
        text=[point.name for point in points],
        line={"color": colour, "width": 1.6},
        marker={"color": colour, "size": size, "symbol": symbol},
        hovertemplate="%{text}<br>%{x:.4~g} s, %{y:,.1f} GB<extra></extra>",
    )
