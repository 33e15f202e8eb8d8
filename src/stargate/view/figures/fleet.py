"""A simulation over time: power of the sites, use of a pool, the queue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from stargate.engine.step_function import StepFunction
from stargate.fleet.result import PoolResult, SiteResult
from stargate.units import DAY_S
from stargate.view.figures.style import SERIES, Chart, Floats, new_figure, number_axis

_ROWS_MAX = 40


def power_chart(sites: Sequence[SiteResult], edges_s: Floats, *, basis: str) -> Chart:
    """Mean facility power of each hour, stacked by site."""
    figure = new_figure(320, legend=True)
    days = edges_s[:-1] / DAY_S
    for order, site in enumerate(sites):
        figure.add_scatter(
            x=days,
            y=site.power_w / 1e6,
            name=site.id,
            mode="lines",
            stackgroup="power",
            line={"width": 1, "shape": "hv", "color": SERIES[order % len(SERIES)]},
            hovertemplate="%{fullData.name}, day %{x:.2f}: %{y:,.3f} MW<extra></extra>",
        )
    _axes(figure, "Facility power (MW)")
    whole_mw = np.sum([site.power_w for site in sites], axis=0) / 1e6
    return Chart(
        id="power",
        title="Power drawn from the grid",
        caption="Mean of each hour, exact: power is constant between events. Sites add up.",
        basis=basis,
        alt=f"Power peaks at {whole_mw.max():,.2f} MW; its mean is {whole_mw.mean():,.2f} MW.",
        figure=figure,
        columns=("Day", *(f"{site.id} (MW)" for site in sites)),
        rows=_thinned([days, *(site.power_w / 1e6 for site in sites)]),
    )


def use_chart(pool: PoolResult, edges_s: Floats, *, basis: str) -> Chart:
    """Slots of a pool by what they are used for."""
    per_node = pool.n_slots / pool.n_nodes
    parts = {
        "jobs": pool.batch.means(edges_s),
        "services": pool.service.means(edges_s),
        "down": pool.down.means(edges_s) * per_node,
    }
    shown = {name: part for name, part in parts.items() if part.any()}
    figure, days = new_figure(280, legend=True), edges_s[:-1] / DAY_S
    for order, (name, part) in enumerate(shown.items()):
        figure.add_scatter(
            x=days,
            y=part,
            name=name,
            mode="lines",
            stackgroup="slots",
            line={"width": 1, "shape": "hv", "color": SERIES[order % len(SERIES)]},
            hovertemplate="%{fullData.name}, day %{x:.2f}: %{y:,.0f} slots<extra></extra>",
        )
    _axes(figure, f"Slots of {pool.n_slots:,}")
    figure.update_yaxes(range=[0, 1.02 * pool.n_slots])
    busy = pool.shares["batch"] + pool.shares["service"]
    return Chart(
        id=f"use-{pool.id}",
        title=f"Use of {pool.id}",
        caption="Mean of each hour; what is left to the top is idle.",
        basis=basis,
        alt=f"{pool.id} is {busy:.0%} in use over all.",
        figure=figure,
        columns=("Day", *shown),
        rows=_thinned([days, *shown.values()]),
    )


def queue_chart(queue: StepFunction, edges_s: Floats, *, basis: str) -> Chart:
    """How many jobs wait."""
    waiting, days = queue.means(edges_s), edges_s[:-1] / DAY_S
    figure = new_figure(240)
    figure.add_scatter(
        x=days,
        y=waiting,
        mode="lines",
        line={"width": 1.5, "shape": "hv", "color": SERIES[0]},
        hovertemplate="day %{x:.2f}: %{y:,.1f} jobs<extra></extra>",
    )
    _axes(figure, "Jobs that wait")
    return Chart(
        id="queue",
        title="The queue",
        caption="Jobs that wait for room, mean of each hour.",
        basis=basis,
        alt=f"At most {waiting.max(initial=0.0):,.0f} jobs wait, as a mean of an hour.",
        figure=figure,
        columns=("Day", "Jobs"),
        rows=_thinned([days, waiting]),
    )


def _axes(figure: go.Figure, title: str) -> None:
    figure.update_xaxes(number_axis("Day"))
    figure.update_yaxes({**number_axis(title), "rangemode": "tozero"})


def _thinned(columns: Sequence[Floats]) -> tuple[tuple[str, ...], ...]:
    """Some rows, evenly spread, for reading."""
    step = max(1, len(columns[0]) // _ROWS_MAX)
    return tuple(
        tuple(f"{column[i]:,.2f}" for column in columns) for i in range(0, len(columns[0]), step)
    )
