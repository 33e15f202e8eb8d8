"""What moves the answer: how strongly each uncertain input goes with it, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from stargate.view.figures.style import (
    BLUE,
    VERMILLION,
    Chart,
    category_axis,
    new_figure,
    number_axis,
    overlay,
)

_LINE_PX = 15
_NAME_CHARACTERS = 36


@dataclass(frozen=True, slots=True)
class Swing:
    """One uncertain input and what it does to one output.

    `rank_correlation` is Spearman's. `low` and `high` are the output's change when the
    input alone stands at its P10 and P90, in the unit of the axis; None where it never comes.
    """

    name: str
    rank_correlation: float
    low: float | None = None
    high: float | None = None


def tornado(
    swings: Sequence[Swing], *, chart_id: str, output: str, swing_unit: str, basis: str
) -> Chart:
    """Two panels with shared rows, the strongest input on top."""
    both = any(swing.low is not None for swing in swings)
    figure = make_subplots(1, 2 if both else 1, shared_yaxes=True, horizontal_spacing=0.08)
    figure.update_layout(new_figure(84 + _row_px(swings) * len(swings)).layout)
    _add_correlation(figure, swings)
    if both:
        _add_swing(figure, swings, swing_unit)
    names = [_folded(swing.name) for swing in swings]
    figure.update_layout(bargap=0.45, barmode="overlay", margin={"l": 20, "r": 24})
    figure.update_yaxes(category_axis(names))
    figure.update_yaxes(title_text="", range=[-0.6, len(names) - 0.4])
    strongest = swings[0] if swings else Swing("nothing", 0.0)
    return Chart(
        id=chart_id,
        title=f"What moves {output}",
        caption=_caption(output, both),
        basis=basis,
        alt=f"{strongest.name} goes with {output} most: rank correlation "
        f"{strongest.rank_correlation:+.2f}.",
        figure=figure,
        columns=(
            "Input",
            "Rank correlation",
            f"At its P10 ({swing_unit})",
            f"At its P90 ({swing_unit})",
        ),
        rows=tuple(
            (swing.name, f"{swing.rank_correlation:+.2f}", _signed(swing.low), _signed(swing.high))
            for swing in swings
        ),
        min_width_px=560,
    )


def _folded(name: str) -> str:
    """A long name on several lines, so that it leaves room for the bars."""
    return "<br>".join(wrap(name, _NAME_CHARACTERS))


def _row_px(swings: Sequence[Swing]) -> int:
    lines = max((len(wrap(swing.name, _NAME_CHARACTERS)) for swing in swings), default=1)
    return _LINE_PX * (lines + 1)


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.1f}"


def _caption(output: str, both: bool) -> str:
    left = (
        f"Spearman rank correlation of each input with {output}: +1 would be lockstep, 0 no link. "
    )
    right = (
        "Right: what becomes of it with that input at its P10 (blue, plain) or its P90 (red, "
        "hatched), or without and with an event, all others at their median. "
    )
    return f"Left: {left}{right}" if both else left


def _add_correlation(figure: go.Figure, swings: Sequence[Swing]) -> None:
    for colour, hatch, side in ((BLUE, "", -1), (VERMILLION, "/", 1)):
        shown = [swing for swing in swings if swing.rank_correlation * side > 0]
        figure.add_bar(
            orientation="h",
            x=[swing.rank_correlation for swing in shown],
            y=[_folded(swing.name) for swing in shown],
            text=[f"{swing.rank_correlation:+.2f}" for swing in shown],
            textposition="outside",
            cliponaxis=False,
            marker={"color": colour, "pattern": overlay(hatch)},
            customdata=[swing.name for swing in shown],
            hovertemplate="%{customdata}: %{x:+.2f}<extra></extra>",
            row=1,
            col=1,
        )
    strongest = max((abs(swing.rank_correlation) for swing in swings), default=1.0)
    reach = min(1.0, strongest) * 1.3 + 0.05
    axis = number_axis("Rank correlation (−1 to 1)", range=[-reach, reach], zeroline=True)
    figure.update_xaxes(axis, row=1, col=1)


def _add_swing(figure: go.Figure, swings: Sequence[Swing], unit: str) -> None:
    widest = max((abs(e) for s in swings for e in (s.low, s.high) if e is not None), default=1.0)
    for ends, colour, shape, name in (
        ([swing.low for swing in swings], BLUE, "", "input at its P10"),
        ([swing.high for swing in swings], VERMILLION, "/", "input at its P90"),
    ):
        figure.add_bar(
            orientation="h",
            x=ends,
            y=[_folded(swing.name) for swing in swings],
            name=name,
            text=["" if abs(end or 0.0) < widest / 100 else _signed(end) for end in ends],
            textposition="outside",
            cliponaxis=False,
            marker={"color": colour, "pattern": overlay(shape)},
            customdata=[swing.name for swing in swings],
            hovertemplate="%{customdata}, " + name + ": %{x:+.2f}<extra></extra>",
            row=1,
            col=2,
        )
    reach = widest * 1.3 or 1.0
    axis = number_axis(f"Change ({unit})", range=[-reach, reach], zeroline=True)
    figure.update_xaxes(axis, row=1, col=2)
