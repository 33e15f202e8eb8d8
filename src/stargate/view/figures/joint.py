"""Date and cost together: a plan is kept only when both hold in the same future."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from stargate.view.figures.style import (
    BLUE,
    GREY,
    VERMILLION,
    Chart,
    Days,
    Floats,
    date_axis,
    iso,
    new_figure,
    note,
    number_axis,
    tinted,
)
from stargate.view.wording import percent

_POINTS = 1200
_LEVELS = ((0.5, "solid"), (0.8, "dash"))


def joint_contour(days: Floats, cost: Floats, level: float) -> tuple[Floats, Floats]:
    """All pairs (date, cost) with P(date <= d and cost <= c) = level, over the given samples.

    For each date d: among the samples that are on line by d, cost c is their quantile at
    level / P(date <= d).
    """
    order = np.argsort(days, kind="stable")
    n = days.size
    counts = np.unique(np.linspace(np.ceil(level * n), n, 60).astype(int))
    pairs = [(days[order[k - 1]], np.quantile(cost[order[:k]], level * n / k)) for k in counts if k]
    return np.array([d for d, _ in pairs]), np.array([c for _, c in pairs])


def joint_confidence(
    online: Days,
    cost_usd: Floats,
    *,
    target: np.datetime64 | None,
    budget_usd: float | None,
    phase: str,
    basis: str,
) -> Chart:
    """Samples as dots, the curves of 50 % and 80 % joint confidence, target and budget."""
    built = ~np.isnat(online)
    days = online[built].astype("datetime64[D]").astype(np.float64)
    cost = cost_usd[built] / 1e9
    figure = new_figure(400, legend=True)
    _add_samples(figure, days, cost)
    for level, dash in _LEVELS:
        _add_contour(figure, days, cost, level, dash)
    _add_limits(figure, target, budget_usd)
    figure.update_xaxes(date_axis(f"On-line date of {phase}"))
    figure.update_yaxes(number_axis(f"Capital of {phase} ($ billion)"))
    both = _share_within(online, cost_usd, target, budget_usd)
    return Chart(
        id="joint",
        title="Date and cost together",
        caption=(
            "Each dot is one sampled future in which the phase is built. Date and cost of a point "
            "on a curve hold together in half, or four fifths, of those futures: what is gained in "
            "one direction is given up in the other. "
            + (
                ""
                if both is None
                else f"Target date and budget both hold in {percent(both)} of all samples."
            )
        ).strip(),
        basis=basis,
        alt=f"Scatter of on-line date and cost over {int(built.sum())} samples."
        + ("" if both is None else f" Both limits hold in {percent(both)}."),
        figure=figure,
    )


def _share_within(
    online: Days, cost_usd: Floats, target: np.datetime64 | None, budget_usd: float | None
) -> float | None:
    if target is None or budget_usd is None:
        return None
    return float(np.mean((online <= target) & (cost_usd <= budget_usd)))


def _add_samples(figure: go.Figure, days: Floats, cost: Floats) -> None:
    chosen = slice(None, None, max(1, days.size // _POINTS))
    figure.add_scatter(
        x=days[chosen].astype(np.int64).astype("datetime64[D]"),
        y=cost[chosen].round(2),
        name="one sample",
        mode="markers",
        marker={"size": 4, "color": tinted(BLUE, 0.28)},
        hovertemplate="%{x|%b %Y}, $%{y:,.0f} billion<extra></extra>",
    )


def _add_contour(figure: go.Figure, days: Floats, cost: Floats, level: float, dash: str) -> None:
    if days.size == 0:
        return
    x, y = joint_contour(days, cost, level)
    figure.add_scatter(
        x=x.astype(np.int64).astype("datetime64[D]"),
        y=y,
        name=f"{percent(level)} joint confidence",
        mode="lines",
        line={"color": VERMILLION, "width": 2.2, "dash": dash},
        hovertemplate="by %{x|%b %Y} and within $%{y:,.0f} billion",
    )


def _add_limits(figure: go.Figure, target: np.datetime64 | None, budget_usd: float | None) -> None:
    line = {"color": GREY, "width": 1.4, "dash": "dot"}
    if target is not None:
        figure.add_vline(x=iso(target), line=line)
        place = {"yref": "paper", "xanchor": "left", "yanchor": "bottom", "xshift": 4}
        figure.add_annotation(note(iso(target), 0, "target", **place))
    if budget_usd is not None:
        figure.add_hline(y=budget_usd / 1e9, line=line)
        place = {"xref": "paper", "xanchor": "right", "yanchor": "bottom"}
        text = f"budget ${budget_usd / 1e9:,.4g}B"
        figure.add_annotation(note(1, budget_usd / 1e9, text, **place))
