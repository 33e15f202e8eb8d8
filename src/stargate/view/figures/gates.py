"""A gate: the odds that it opens at each attempt, and how the odds add up with waiting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stargate.view.figures.style import (
    BLUE,
    GREY,
    Chart,
    new_figure,
    number_axis,
    overlay,
)
from stargate.view.wording import percent


def _step(heights: Sequence[float]) -> float:
    """Percent between the lines of the grid, so that none stands above 100."""
    return 25.0 if max(heights) > 60 else 10.0


def gate_odds(
    gate_id: str, name: str, labels: Sequence[str], shares: Sequence[float], *, basis: str
) -> Chart:
    """The chance that the gate opens at each attempt, and that it never does.

    `shares` are of all samples, one for each attempt; what they leave over never passes.
    """
    never = max(0.0, 1.0 - float(np.sum(shares)))
    heights = [100 * share for share in (*shares, never)]
    names = [*labels, "never"]
    texts = [percent(height / 100) for height in heights]
    figure = new_figure(290)
    attempts, held_shut = slice(None, -1), slice(-1, None)
    for part, colour, hatch in ((attempts, BLUE, ""), (held_shut, GREY, "/")):
        figure.add_bar(
            x=names[part],
            y=heights[part],
            text=texts[part],
            textposition="outside",
            cliponaxis=False,
            width=0.56,
            marker={"color": colour, "pattern": overlay(hatch)},
            hovertemplate="%{x}: %{text} of the samples<extra></extra>",
        )
    figure.update_layout(barmode="overlay")
    figure.update_xaxes({**number_axis("Attempt (median date)"), "type": "category"})
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(
        number_axis("Share of samples (%)", range=[0, max(heights) * 1.2], dtick=_step(heights))
    )
    return Chart(
        id=f"gate-{gate_id}",
        title="When the gate opens",
        caption=(
            f"Gate: {name} Share of all samples in which it opens at each attempt; the hatched bar "
            f"is the share in which it never does. In all it opens in {percent(1 - never)}."
        ),
        basis=basis,
        alt=", ".join(f"{label} {text}" for label, text in zip(names, texts, strict=True)),
        figure=figure,
        columns=("Attempt", "Opens, share of all samples"),
        rows=tuple(zip(names, texts, strict=True)),
    )
